"""Faults, at least one for each rule: (rule, or suite of tests, file below core/, the text as it is, the text with the fault).

The text must stand in the file exactly once. The files that must be compiled again are named last: of the
machine src/breaker.cpp, which instantiates it; of what is inline in its callers the rule's tests.
"""

MACHINE = ("src/breaker.cpp",)

MUTATIONS = [
    # 1 a verdict is counted exactly once
    (1, "include/switchgear/detail/tally.hpp", "cell.compare_exchange_strong(seen, seen + 1,", "cell.compare_exchange_strong(seen, seen + 2,", (*MACHINE, "tests/rules/closed_test.cpp")),
    # 2 each rule trips on its own
    (2, "src/rules.hpp", "if (rules.failures && by.reaches(weight, *rules.failures))", "if (false)", MACHINE),
    # 3 thresholds are reached at equal
    (3, "src/rules.hpp", "by.reaches(failing, *rules.failure_ratio)", "failing > *rules.failure_ratio", MACHINE),
    # 4 a success may be the verdict that trips
    (4, "src/machine_verdicts.hpp", "if (tally >= from || tally > to) look_again(", "if (false) look_again(", MACHINE),
    # 5 failures have weights
    (5, "src/rules.hpp", "static_cast<double>(seen.failed[i]) * by.weights[i]", "static_cast<double>(seen.failed[i])", MACHINE),
    # 6 ignored verdicts end no run
    (6, "src/machine_verdicts.hpp", "        ignored_.fetch_add(", "        run_ = 0;\n        ignored_.fetch_add(", MACHINE),
    # 7 a success ends a run
    (7, "src/machine_judging.hpp", "return tally == run_tally_ ? run_ : 0;", "return run_;", MACHINE),
    # 8 a window holds just the newest
    (8, "src/window.hpp", "marks_[first_].number + size_ <= number", "marks_[first_].number + size_ < number", MACHINE),
    # 9 a trip verdict needs no rule
    (9, "src/machine_judging.hpp", "if (by && by->is_trip())", "if (found && by && by->is_trip())", MACHINE),
    # 10 an overdue call is counted once
    (10, "src/machine_verdicts.hpp", "if (!counted_before && (what.counts_call", "if ((how.is_failure()", MACHINE),
    # 11 the pause grows
    (11, "src/machine_moves.hpp", "static_cast<double>(from.of.base_pause) * rules.backoff", "static_cast<double>(from.of.base_pause)", MACHINE),
    # 12 hints are clamped
    (12, "src/machine_moves.hpp", "return std::min(hint.value_or(ticks{}), plan::in_ticks(by.given.recovery.max_retry_after));", "return (static_cast<void>(by), hint.value_or(0));", MACHINE),
    # 13 retry_after is what remains
    (13, "src/machine_admission.hpp", "known.refuse(reject_reason::open, std::min(deadline - now, pause))", "known.refuse(reject_reason::open, pause)", MACHINE),
    # 14 late verdicts are dropped
    (14, "src/machine_verdicts.hpp", "const bool late = at.epoch() != of.epoch;", "of.epoch = at.epoch();\n    const bool late = false;", MACHINE),
    # 15 an open breaker whose pause is over reads as due
    (15, "src/machine_orders.hpp", "open && (seen.at.due() || now >= seen.of.deadline)", "open && seen.at.due()", MACHINE),
    # 16 the first caller at the deadline probes
    (16, "src/machine_admission.hpp", "if (!at.due() && now < deadline) {", "if (!at.due() && now <= deadline) {", MACHINE),
    # 17 never more than `probes` permits
    (17, "src/probing.hpp", "now.outstanding >= most", "now.outstanding > most", MACHINE),
    # 18 so many successes close
    (18, "src/probing.hpp", "now.successes >= successes_needed", "now.successes > successes_needed", MACHINE),
    # 19 what says nothing proves nothing
    (19, "src/machine_verdicts.hpp", "known.probes.end(of.epoch, probing<A>::ending::given_back, {},", "known.probes.end(of.epoch, probing<A>::ending::success, 1,", MACHINE),
    # 20 a lease runs out
    (20, "src/leases.hpp", "if (age < length) {", "if (age >= 0) {", MACHINE),
    # 21 a late verdict frees no slot
    (21, "src/machine_verdicts.hpp", "    } else {\n        late_.fetch_add(", "    } else {\n        in_trouble().probes.end(at.epoch(), probing<A>::ending::given_back, 0, [] { return true; });\n        late_.fetch_add(", MACHINE),
    # 22 the share grows
    (22, "src/ramp.hpp", "return from + (1.0 - from) * done;", "return done < 0 ? done : from;", MACHINE),
    # 23 a close forgets
    (23, "src/machine_moves.hpp", ".window_base = open_window(from.at, epoch),\n            .window = from.of.window + 1,", ".window_base = (static_cast<void>(epoch), from.of.window_base),\n            .window = from.of.window,", MACHINE),
    # 24 an override ends at its time
    (24, "src/machine_admission.hpp", "if (ends && now >= until) {", "if (false) {", MACHINE),
    # … for orders too
    (24, "src/breaker.cpp", "    machine::expire_override(at);  // tells of it, so no lock is held here\n", "", ("src/breaker.cpp",)),
    # 25 observing admits every call
    (25, "src/machine_admission.hpp", "if (at.observes()) return let_by(at, time, to);\n", "", MACHINE),
    # 26 a permit is settled once
    (26, "include/switchgear/permit.hpp", "return std::exchange(at_, nullptr);", "return at_;", ("tests/rules/permits_test.cpp",)),
    # 27 who is held is not forgotten
    (27, "src/registry.cpp", "if (of.held.use_count() != 1) return false;", "", ("src/registry.cpp",)),
    # 28 whatever is thrown is a failure
    (28, "include/switchgear/breaker.hpp", "if (thrown) p.settle(judge_exception(judge, thrown));", "p.ignore();", ("tests/rules/permits_test.cpp",)),
    # 29 listeners are told without a lock
    (29, "src/machine_verdicts.hpp", "        made = judge_window(of.epoch, how, now, tally, what.counts_call && !counted_before);\n    }\n    tell(made);", "        made = judge_window(of.epoch, how, now, tally, what.counts_call && !counted_before);\n        tell(made);\n    }", MACHINE),
    # 30 a transition names the epoch that began
    (30, "src/machine_moves.hpp", ".to = state::half_open,\n                 .epoch = to.epoch()", ".to = state::half_open,\n                 .epoch = from.epoch()", MACHINE),
    # 31 totals add up
    (31, "src/machine_orders.hpp", "tally_.sum() + other_successes_.load()", "tally_.sum()", MACHINE),
    # 32 one clock drives everything
    (32, "src/breaker_core.hpp", "return in_ticks(its_time.now());", "return in_ticks(time_source::steady().now());", MACHINE),
    # 33 a suspended call is not judged for slowness
    (33, "src/machine_verdicts.hpp", "if (in_ticks(time.resumed_at()) > of.begun) return {.ended = now};", "if (false) return {.ended = now};", MACHINE),
    # 34 settings out of range are refused
    (34, "src/settings.cpp", "recovery.jitter >= 0 && recovery.jitter < 1", "recovery.jitter >= 0 && recovery.jitter <= 1", ("src/settings.cpp",)),
    # 35 a reload keeps the samples that fit
    (35, "src/machine_orders.hpp", ".adopt(window_, tally, judged);", ";", MACHINE),
    # 36 a damaged record is refused
    (36, "src/record.cpp", " || text.substr(end + before_checksum.size()) != checksum_of(text.substr(0, end))", "", ("src/record.cpp",)),
    # 37 what is not closed is not evicted
    (37, "src/registry.cpp", "if (!may_go(one)) continue;", "", ("src/registry.cpp",)),
    # 38 an exact key beats a pattern
    (38, "src/registry.cpp", "if (exact != rules.end()) return exact->by;", "if (exact != rules.end() && exact == rules.begin()) return exact->by;", ("src/registry.cpp",)),
    # 39 one change of the word, by one thread
    (39, "src/machine.hpp", "return word_.compare_exchange_strong(expected, to.revised().bits(), std::memory_order_seq_cst);", "word_.store(to.revised().bits());\n    return word{expected} == from;", MACHINE),
    # 40 no allocation
    (40, "src/machine_verdicts.hpp", "    const word at = current();\n    const bool late", "    delete new int{0};\n    const word at = current();\n    const bool late", MACHINE),

    # What has no number of its own: the suite of its tests.
    # the rule trips on its own, and of several that hold it is named last
    ("adaptive_rule", "src/machine_judging.hpp", "if (!found && watcher != nullptr) found = watcher->found(now);", "static_cast<void>(watcher);", MACHINE),
    ("adaptive_rule", "src/machine_judging.hpp", "if (!found && watcher != nullptr) found = watcher->found(now);", "if (watcher != nullptr && watcher->found(now)) found = watcher->found(now);", MACHINE),
    # a call that hangs counts once
    ("adaptive_rule", "src/machine_verdicts.hpp", "    if (of.is(grant::overlong)) return {};\n", "", MACHINE),
    # calls whose start is not known are no evidence
    ("adaptive_rule", "src/machine_verdicts.hpp", "return of.is(grant::watched) && !of.is(grant::paced) ?", "return !of.is(grant::paced) ?", MACHINE),
    # an outage is not learned, and a needless trip has its price
    ("adaptive_rule", "src/adaptive/watch.hpp", "judged(needless ? ", "judged(needless || true ? ", MACHINE),
    ("adaptive_rule", "src/adaptive/watch.hpp", "judged(needless ? ", "judged(false && needless ? ", MACHINE),
    # what was found before a reload or an order is of another time
    ("adaptive_rule", "src/adaptive/watch.hpp", "if (rule && !on()) new_window();", "", MACHINE),
    ("adaptive_rule", "src/machine_orders.hpp", "        watcher->forget(made.at);\n", "", MACHINE),
    # the gap follows the root of the outage's age, and the first one is short
    ("learned_pacing", "src/pacing.hpp", "std::sqrt(2 * price", "std::sqrt(price", MACHINE),
    ("learned_pacing", "src/pacing.hpp", "first ? longest_first_gap : never", "(static_cast<void>(first), never)", MACHINE),
    # each quick answer lets one more in, a failure halves, and seven of ten end the ramp
    ("ramp_by_evidence", "src/evidence_ramp.hpp", "width_ + std::min(1.0, width_)", "width_ + std::min(0.5, width_)", MACHINE),
    ("ramp_by_evidence", "src/evidence_ramp.hpp", "cut(0.5, now);", "cut(0.9, now);", MACHINE),
    ("ramp_by_evidence", "src/evidence_ramp.hpp", "relapse_failures = 7", "relapse_failures = 8", MACHINE),
    # what is quick is a mean of several answers, and gives way in the end, but not to a queue; slowness starves nobody
    ("ramp_by_evidence", "src/evidence_ramp.hpp", "in_a_round_trip = 1.0 / 64", "in_a_round_trip = 0", MACHINE),
    ("ramp_by_evidence", "src/evidence_ramp.hpp", "if (now - forgot_at_ >= latency_) {", "{", MACHINE),
    ("ramp_by_evidence", "src/evidence_ramp.hpp", "cut(0.7, now, first_width_ / 4)", "cut(0.7, now)", MACHINE),
    ("ramp_by_evidence", "src/evidence_ramp.hpp", "if (latency > 0) fresh.learn(latency);", "fresh.learn(latency);", MACHINE),
    # a clock may begin below 0
    ("ramp_by_evidence", "src/evidence_ramp.hpp", "refused_at{std::numeric_limits<ticks>::min()}", "refused_at{0}", MACHINE),
    # a call that never ends loses its place, and counts as a failure
    ("ramp_by_evidence", "src/machine_evidence.hpp", "        on.lose(at.epoch(), got.lost);\n", "", MACHINE),
]
