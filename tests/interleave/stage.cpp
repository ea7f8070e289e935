#include "stage.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace switchgear::interleave {
namespace {

using detail::moved;
using detail::word;

/// Which of the machine's atoms is the state word: found by what a trip does to it, so that nothing here knows
/// how the machine lays itself out.
std::uint32_t word_among_atoms(const std::shared_ptr<const detail::plan>& by) {
    static thread_local std::uint32_t found = 0;
    if (found != 0) return found - 1;
    struct deaf {
        void told(const moved&) noexcept {}
    } sink;
    explorer& now = explorer::current();
    const std::uint32_t first = now.locations();
    detail::machine<explored_atomics, deaf> one{sink, by, 1, 0};
    const std::uint32_t end = now.locations();
    std::vector<std::uint64_t> before;
    for (auto i = first; i < end; ++i) before.push_back(now.peek(i));
    one.trip({}, 0);
    for (auto i = first; i < end; ++i) {
        const word was{before[i - first]}, is{now.peek(i)};
        if (was.where() == state::closed && was.epoch() == 0 && is.where() == state::open && is.epoch() == 1) {
            found = i - first + 1;
            return found - 1;
        }
    }
    now.fail("found no atom that is the state word");
    return 0;
}

/// The location that it will be in the next machine made.
std::uint32_t word_of_next_machine(const std::shared_ptr<const detail::plan>& by) {
    const std::uint32_t offset = word_among_atoms(by);
    return explorer::current().locations() + offset;
}

std::string number(std::uint64_t n) { return std::to_string(n); }

std::string place(const detail::grant& of) {
    const std::string what = of.is(detail::grant::probe)       ? "probe"
                             : of.is(detail::grant::bystander) ? "bystander"
                                                               : "counted";
    return what + " in " + number(of.epoch);
}

std::string written(const moved& what) {
    std::string text{to_string(what.from)};
    text += std::string{" -> "} + std::string{to_string(what.to)} + " epoch " + number(what.epoch) + ' ';
    text += to_string(what.cause);
    text += " calls " + number(what.evidence.calls) + " failures " + number(what.evidence.failures);
    text += " pause " + number(static_cast<std::uint64_t>(what.pause)) + " attempt " + number(what.attempt);
    if (what.kept_closed) text += " kept closed";
    return text;
}

/// What belongs to one instant (rule 31).
std::string instant(const snapshot& seen) {
    std::string text{to_string(seen.current)};
    text += std::string{" override "} + std::string{to_string(seen.override)} + " epoch " + number(seen.epoch);
    text += std::string{seen.probe_due ? " due" : ""} + " attempt " + number(seen.attempt);
    text += " wait " + number(static_cast<std::uint64_t>(seen.retry_after.count()));
    return text += " share " + number(static_cast<std::uint64_t>(seen.admitted_share * 1000));
}

std::string window_of(const snapshot& seen) {
    return " window " + number(seen.window.calls) + '/' + number(seen.window.failures) + '/' +
           number(seen.window.slow) + " run " + number(seen.failures_in_a_row);
}

}  // namespace

stage::stage(std::shared_ptr<const detail::plan> by)
    : probes_{by->given.recovery.probes},
      lease_{detail::plan::in_ticks(by->given.recovery.probe_timeout)},
      word_atom_{word_of_next_machine(by)},
      machine_{*this, by, 1, 0} {
    explorer& now = explorer::current();
    word_ = word{now.peek(word_atom_)};
    now.watch(word_atom_, [this](std::uint64_t bits) { swung(word{bits}); });
}

void stage::require(bool holds, const char* what) {
    if (!holds) explorer::current().fail(what);
}

/// The running thread; `most_threads` before and after them.
std::size_t stage::who() {
    const explorer& now = explorer::current();
    return now.in_thread() ? now.running() : most_threads;
}

void stage::begin(const char* what) {
    explorer::current().boundary();
    explorer::current().note(what);
}

void stage::say(std::string text) {
    std::string& into = said_[who()];
    into += std::move(text);
    into += "; ";
}

void stage::tell(const std::optional<moved>& what) {
    if (what) told_.push_back(*what);
}

/// The state word was written: the epoch grows by one when the state changes, and never otherwise.
void stage::swung(word to) {
    const bool changes = to.where() != word_.where();
    require(to.epoch() == word_.epoch() + (changes ? 1 : 0), "the epoch does not follow the state");
    if (changes) states_.push_back(to.where());
    word_ = to;
    // A verdict that has not begun in fact, though its thread has announced it.
    const explorer& now = explorer::current();
    for (held& one : calls_) {
        if (!one.settles_at || !now.is_still_at(*one.settles_at)) continue;
        const word sees{now.surely_seen(word_atom_, one.settles_at->thread)};
        if (sees.epoch() != one.given->epoch) one.surely_late = true;
    }
}

/// A probe whose place is not free, whether or not its lease ran out: scoring that ends the epoch, and with it every
/// admission as a probe of it (rule 20).
bool stage::is_live_probe(const held& one, std::uint64_t epoch) const {
    if (!one.given || !one.given->is(detail::grant::probe) || one.given->epoch != epoch) return false;
    return !one.settled || (one.settles_at && explorer::current().is_still_at(*one.settles_at));
}

/// A caller came after the end of that lease, and may have scored it.
bool stage::may_have_run_out(const held& one) const {
    return one.given->leased() && asked_at_ - one.given->begun >= lease_;
}

/// Never more than `probes` at once (rule 17), and none beside a lease that is over, of those that this caller knew.
void stage::audit_probe(const held& mine, const std::vector<const held*>& known, ticks at) {
    const auto epoch = mine.given->epoch;
    const auto live =
        std::count_if(calls_.begin(), calls_.end(), [&](const held& one) { return is_live_probe(one, epoch); });
    require(static_cast<std::uint32_t>(live) <= probes_, "more probes at once than allowed");
    for (const held* one : known) {
        const bool over = one->given->leased() && at - one->given->begun >= lease_;
        require(!is_live_probe(*one, epoch) || !over, "a probe is let in beside a lease that is over");
    }
}

void stage::acquire(std::size_t call, ticks at) {
    begin("acquire");
    const explorer& now = explorer::current();
    held& mine = calls_[call];
    mine = {};
    if (now.in_thread()) mine.admitted_by = now.running();
    std::vector<const held*> known;
    for (const held& one : calls_) {
        if (one.given && (!one.admitted_by || one.admitted_by == mine.admitted_by)) known.push_back(&one);
    }
    asked_at_ = std::max(asked_at_, at);
    detail::grant given;
    const detail::answer got = machine_.acquire(at_time{at}, given);
    if (!got.admitted()) {
        ++counted_.refused;
        require(got.wait > 0, "refused with nothing to wait for");
        say(number(call) + " refused " + std::string{to_string(got.why)});
        return;
    }
    ++counted_.admitted;
    mine.given = given;
    say(number(call) + ' ' + place(given));
    require(given.epoch <= word_.epoch(), "admitted in an epoch that has not begun");
    if (given.is(detail::grant::probe)) audit_probe(mine, known, at);
}

/// The healthy path first, which is compiled into its caller.
void stage::settle_as_a_permit_does(const detail::grant& given, verdict how, const at_time& time) {
    if (how.is_success() && given.plain_under_watch()) {
        return machine_.success_under_watch(given.epoch, given.begun, time);
    }
    if (!how.is_success() || !given.plain()) return machine_.settle(given, how, time);
    using got = breaker::progress;
    switch (machine_.count_success(given, time)) {
        case got::counted: return;
        case got::look_further: return machine_.success_counted(given.epoch, time);
        case got::late: return machine_.success_late(given.epoch, time);
        case got::not_yet: return machine_.settle(given, how, time);
    }
}

void stage::settle(std::size_t call, verdict how, ticks at) {
    held& mine = calls_[call];
    if (!mine.given || std::exchange(mine.settled, true)) return;
    begin(how.is_success() ? "success" : how.is_failure() ? "failure" : "ignore");
    const explorer& now = explorer::current();
    const auto epoch = mine.given->epoch;
    mine.settles_at = now.here();
    const auto changes = changes_by_[who()];
    mine.surely_late = word{now.surely_seen(word_atom_, now.running())}.epoch() != epoch;
    settle_as_a_permit_does(*mine.given, how, at_time{at});
    if (how.is_ignored()) {
        ++counted_.ignored;
        return;
    }
    ++counted_.evidence;
    if (mine.surely_late) ++counted_.surely_late;
    // It has ended its epoch itself: so it counted, or it found its lease marked, scored it, and was late.
    if (changes_by_[who()] != changes && !may_have_run_out(mine)) return;
    if (word_.epoch() != epoch) {
        ++counted_.perhaps_late;
    } else if (may_have_run_out(mine)) {
        perhaps_scored_.push_back(epoch);
    }
}

void stage::overdue(std::size_t call, ticks at) {
    held& mine = calls_[call];
    if (!mine.given || mine.settled) return;
    begin("overdue");
    machine_.overdue(*mine.given, at_time{at});
}

void stage::answered(std::size_t call, ticks at) {
    held& mine = calls_[call];
    if (!mine.given || mine.settled) return;
    begin("answered");
    machine_.answered(*mine.given, at_time{at});
}

void stage::apply(const std::shared_ptr<const detail::plan>& by, ticks at) {
    begin("apply");
    machine_.apply(by, at);
}
/// An order finds what it would have found, had somebody called when an override's time came: so a breaker gives it.
void stage::begin_order(const char* what, ticks at) {
    begin(what);
    machine_.expire_override(at);
}
void stage::reset(ticks at) {
    begin_order("reset", at);
    told_.push_back(machine_.reset(at));
}
void stage::trip(ticks at, std::optional<ticks> pause) {
    begin_order("trip", at);
    tell(machine_.trip(pause, at));
}
void stage::force(override_mode mode, ticks at, ticks until) {
    begin_order(mode == override_mode::forced_open ? "force_open" : "force_closed", at);
    told_.push_back(machine_.force(mode, until, at));
}
void stage::lift(ticks at) {
    begin_order("lift", at);
    tell(machine_.lift(at));
}
void stage::end_pause() {
    begin("end_pause");
    machine_.end_pause();
}
void stage::extend_pause(ticks wait, ticks at) {
    begin_order("extend_pause", at);
    machine_.extend_pause(wait, at);
}

void stage::restore(const detail::saved_state& record, ticks at) {
    begin_order("restore", at);
    tell(machine_.restore(record, at));
}

void stage::observe(ticks at) {
    begin("observe");
    snapshot seen;
    machine_.observe(seen, at);
    say(instant(seen) + window_of(seen));
    require(seen.epoch < states_.size(), "observed an epoch that has not begun");
}

void stage::glance_at(ticks at) {
    begin("observe");
    snapshot seen;
    machine_.observe(seen, at);
}

void stage::audit() {
    snapshot last;
    machine_.observe(last, 0);
    audit_moves(last);
    audit_totals(last);
}

/// Every epoch was told of once, and as it was.
void stage::audit_moves(const snapshot& last) {
    require(last.epoch + 1 == states_.size() && word_.epoch() == last.epoch, "the last epoch is not the one observed");
    std::vector<std::uint32_t> told(states_.size());
    for (const moved& one : told_) {
        require(one.epoch < states_.size(), "told of an epoch that has not begun");
        require(one.evidence.calls <= counted_.admitted, "evidence of calls that were not made");
        if (one.epoch >= states_.size()) return;
        require(one.to == states_[one.epoch], "told of another state than the epoch had");
        if (one.from == one.to) continue;
        ++told[one.epoch];
        require(one.epoch != 0 && one.from == states_[one.epoch - 1], "told of another state before than there was");
    }
    for (std::size_t epoch = 1; epoch < told.size(); ++epoch) {
        require(told[epoch] != 0, "an epoch began and nobody was told");
        require(told[epoch] < 2, "an epoch was told of twice");
    }
}

/// Permits = successes + failures + ignored + late + unsettled; late is what came after its epoch, no less and
/// no more.
void stage::audit_totals(const snapshot& last) {
    const auto& totals = last.totals;
    std::uint64_t unsettled = 0;
    for (const held& one : calls_) unsettled += one.given && !one.settled ? 1 : 0;
    require(counted_.admitted == counted_.evidence + counted_.ignored + unsettled, "the play lost a call");
    require(totals.successes + totals.failures + totals.late == counted_.evidence,
            "a verdict was lost or counted twice");
    require(totals.ignored == counted_.ignored, "an ignored verdict was lost or counted twice");
    require(totals.rejected == counted_.refused, "a refusal was lost or counted twice");
    require(totals.late >= counted_.surely_late, "a verdict was counted in a later epoch than its own");
    // Late before the end of its epoch, as its lease was scored: that ends the epoch.
    const auto scored = std::count_if(perhaps_scored_.begin(), perhaps_scored_.end(),
                                      [&](std::uint64_t epoch) { return epoch != word_.epoch(); });
    require(totals.late <= counted_.perhaps_late + static_cast<std::uint64_t>(scored),
            "a verdict was late in its own epoch");
}

std::string stage::outcome() {
    snapshot last;
    machine_.observe(last, 0);
    std::string text;
    for (std::size_t t = 0; t < said_.size(); ++t) {
        if (said_[t].empty()) continue;
        text += t == most_threads ? "before: " : "thread " + number(t) + ": ";
        text += said_[t] + '\n';
    }
    std::vector<std::string> moves;
    for (const moved& one : told_) moves.push_back(number(one.epoch) + ": " + written(one));
    std::sort(moves.begin(), moves.end());
    for (const auto& one : moves) text += "told " + one + '\n';
    const auto& t = last.totals;
    text += "at the end " + instant(last) + window_of(last) + '\n';
    // A verdict that comes between the judgement of another one and the change of epoch that follows still counts in
    // the old epoch, though the evidence is without it: whether it is late, audit_totals() bounds.
    return text += "totals counted or late " + number(t.successes + t.failures + t.late) + " ignored " +
                   number(t.ignored) + " rejected " + number(t.rejected) + '\n';
}

}  // namespace switchgear::interleave
