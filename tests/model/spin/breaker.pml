/* The breaker's state machine as its lock-free code runs it: every access to something shared is a step of
 * its own, and any thread may stall between two of them for as long as it likes. Names are those of the
 * code; README.md says which function each part follows, and what is left out.
 *
 * check.py compiles it once for each configuration. The bounds, by -D:
 *
 *   CALLERS, PERMITS  threads that call; they ask until so many permits were given, of which each of
 *                     them may get one more (LIVENESS: without end)
 *   ORDERS, KINDS     orders of the operator, at any time; which kinds: the sum of 1 end_pause, 2 reset,
 *                     4 trip, 8 lift, 16 force_open, 32 force_closed
 *   PROBES, SUCCESSES probes at a time, and successes_to_close
 *   RAMP              1: half-open goes on to a ramp
 *   GROW              1: the tally gets a second cell at any moment
 *   START_OPEN        1: begins open; else closed
 *   LIVENESS          callers call for ever, nothing is counted, and all stop at epoch LAST
 *
 * A macro that begins with FAULT plants one fault; check.py sees to it that each is found.
 */
#ifndef CALLERS
#define CALLERS 2
#endif
#ifndef PERMITS
#define PERMITS 2
#endif
#ifndef ORDERS
#define ORDERS 0
#endif
#ifndef KINDS
#define KINDS 63
#endif
#ifndef PROBES
#define PROBES 1
#endif
#ifndef SUCCESSES
#define SUCCESSES 1
#endif
#ifndef RAMP
#define RAMP 0
#endif
#ifndef GROW
#define GROW 0
#endif
#ifndef START_OPEN
#define START_OPEN 0
#endif
#ifndef LAST
#define LAST 5
#endif

#define SLOTS 2   /* of leases; at least PROBES */
#define PAUSE 1   /* ticks: what an open period, a lease, a ramp and a timed override last */
#define LEASE 1
#define NEVER 3
#define OVERRIDES (ORDERS > 0 && (KINDS & 48) != 0)  /* whether there are any */

/* ---- the word (word.hpp): epoch | revision:4 | ramp | due | override:2 | state:2 ----
 * The revision begins anew in each epoch: the pair is as unique, and there are fewer states. */
#define CLOSED    0
#define OPEN      1
#define HALF_OPEN 2
#define FORCED_OPEN   1
#define FORCED_CLOSED 2

#define STATE(w)    ((w) & 3)
#define OVERRIDE(w) (((w) >> 2) & 3)
#define DUE(w)      (((w) >> 4) & 1)
#define ON_RAMP(w)  (((w) >> 5) & 1)
#define REVISION(w) (((w) >> 6) & 15)
#define EPOCH(w)    ((w) >> 10)
#define PLAINLY_CLOSED(w) (((w) & 15) == 0)
#define COUNTS(w)   (STATE(w) == CLOSED || (STATE(w) == HALF_OPEN && ON_RAMP(w)))
#define WITH_STATE(w, s)    (((EPOCH(w) + 1) << 10) | ((w) & 12) | (s))
#define WITH_OVERRIDE(w, o) (((w) & ~12) | ((o) << 2))
#define WITH_DUE(w)         ((w) | 16)
#define WITHOUT_DUE(w)      ((w) & ~16)
#define WITH_RAMP(w)        ((w) | 32)
#define REVISED(w)          ((w) + 64)

short word = START_OPEN;  /* epoch 0, revision 0 */

/* ---- the period that the word points to (period.hpp); written by the swing that publishes it ---- */
byte pause_left = PAUSE;  /* what is left until the deadline */
byte ramp_left;
byte override_left = NEVER;
byte window_base;
#define OVERRIDE_OVER (OVERRIDE(word) != 0 && override_left == 0)

/* ---- the tally (tally.hpp): cells of tag | count:5; tag 0 is a fresh cell ---- */
#define TAG_OF(e)   ((e) + 1)
#define TAG(c)      ((c) >> 5)
#define COUNT(c)    ((c) & 31)
#define CELL(t, n)  (((t) << 5) | (n))
short cell[2];    /* first_, and one of lanes_ */
bool lanes;       /* whether the second is published */
#define SUM       (COUNT(cell[0]) + COUNT(cell[1]))

/* ---- the ledger of probing (probing.hpp); a ledger of another epoch reads as nothing done ---- */
#define LEDGER_TAG(l)  ((l) >> 8)
#define OUTSTANDING(l) (((l) >> 4) & 15)
#define SUCCESSES_OF(l) (((l) >> 1) & 7)
#define ENOUGH_OF(l)   ((l) & 1)
#define LEDGER(e)      (TAG_OF(e) << 8)
short ledger;
#define ENOUGH(e) (LEDGER_TAG(ledger) == TAG_OF(e) && ENOUGH_OF(ledger))

/* ---- the leases (leases.hpp): the tag of an epoch, and the age; a slot of another epoch is free ---- */
#define MARKED (LEASE + 1)
byte slot_tag[SLOTS];
byte slot_age[SLOTS];

bool evidence;    /* the lock */

/* ---- what only the checks need ---- */
#ifdef LIVENESS
#define STOPPED     (EPOCH(word) >= LAST)
#define GHOST(what) skip
#else
#define GHOST(what) what
byte given, succeeded, failed, ignored, late, unsettled;  /* permits, and what became of them */
byte other_successes;
byte slot_holder[SLOTS];
byte live;        /* probes of the present epoch that run */
byte finished;
#endif
#if OVERRIDES && !defined(LIVENESS)
byte came_after;  /* a bit for each thread that came when the override was over that is still there */
#define COMES       came_after = came_after | (1 << _pid)
#define ACTS        assert((came_after & (1 << _pid)) == 0)  /* as if it were still in force */
#define LEAVES      came_after = came_after & ~(1 << _pid)
#define ENDS_OVERRIDE(to, by) came_after = (OVERRIDE(to) == 0 || (by) == FORCE -> 0 : came_after)
#else
#define COMES       skip
#define ACTS        skip
#define LEAVES      skip
#define ENDS_OVERRIDE(to, by) skip
#endif
#define MARK(what) printf(what)  /* a place that some run reaches, or the check fails */

#define FORCE 2
/* One change of the breaker. Whoever wins it made it; `by_order`: an operator's, FORCE if it begins an override. */
inline swing(from, to, by_order) {
    made = false;
    if
    :: word == (from) ->
        assert(REVISION(word) < 14);
        check_move(to, by_order);
        word = REVISED(to);
        ENDS_OVERRIDE(to, by_order);
        made = true;
    :: else
    fi
}

inline check_move(to, by_order) {
    if
    :: STATE(to) == STATE(word) -> assert(EPOCH(to) == EPOCH(word));
    :: else ->
        assert(EPOCH(to) == EPOCH(word) + 1);  /* one change of state an epoch */
        assert(STATE(to) != HALF_OPEN || STATE(word) == OPEN);
        assert(STATE(to) != CLOSED || STATE(word) == HALF_OPEN || (by_order));
        GHOST(live = 0);
    fi
}

/* tally::retag, for one cell. */
inline retag(k, while_at, epoch) {
    do
    :: c = cell[k];
       atomic {
           if
           :: TAG(c) == TAG_OF(epoch) || word != (while_at) -> base = base + COUNT(c); c = 0; break
           :: else
           fi
       }
       atomic {
           if
           :: cell[k] == c -> cell[k] = CELL(TAG_OF(epoch), COUNT(c)); base = base + COUNT(c); c = 0; break
           :: else
           fi
       }
    od
}

/* machine::open_window, tally::open_window: leaves in `base` the sum at the window's beginning. */
inline open_window(while_at, epoch) {
    base = 0;
    retag(0, while_at, epoch);
#if GROW && !defined(FAULT_further_cells_not_retagged)
    if
    :: lanes -> retag(1, while_at, epoch);  /* the look for further cells, after the first one */
    :: !lanes
    fi;
#endif
}

/* machine::close, from a state that is not closed. */
inline close(from, to, by_order, until) {
#ifndef FAULT_swing_before_the_window_is_open
    open_window(from, EPOCH(to));
    atomic {
        swing(from, to, by_order);
        if
        :: made ->
            /* Exactly what was counted before, and nobody counts for the old epoch any more. */
            assert(base == SUM && TAG(cell[0]) == TAG_OF(EPOCH(to)));
            window_base = base;
            override_left = until;
        :: else
        fi;
        base = 0;
    }
#else
    atomic { swing(from, to, by_order); }
    if
    :: made -> short now_at = word; open_window(now_at, EPOCH(to)); window_base = base; base = 0
    :: else
    fi
#endif
}

/* machine::begin_ramp. Nobody counts while it is probed, so the sum is the window's beginning; the window
 * of the epoch was opened when half-open began. */
inline begin_ramp(from) {
#ifdef FAULT_ramp_opens_its_window_itself
    open_window(from, EPOCH(from));
#else
    base = COUNT(cell[0]);
    base = base + COUNT(cell[1]);
#endif
    atomic {
        swing(from, WITH_RAMP(from), false);
        if
        :: made -> assert(base == SUM); window_base = base; ramp_left = PAUSE
        :: else
        fi;
        base = 0;
    }
}

/* machine::open. */
inline open(from, by_order) {
    swing(from, WITH_STATE(from, OPEN), by_order);
    if
    :: made -> pause_left = PAUSE
    :: else
    fi
}

/* machine::finish_probing. */
inline finish_probing(epoch) {
    do
    :: atomic {
           seen = word;
           if
           :: EPOCH(seen) != epoch || ON_RAMP(seen) -> seen = 0; break
           :: else
           fi
       }
#if RAMP
       begin_ramp(seen);
#else
       close(seen, WITH_STATE(seen, CLOSED), false, override_left);
#endif
       if
       :: made -> seen = 0; break
       :: !made
       fi
    od
}

/* machine::end_override, by lift(), and after its time by whoever comes. */
inline end_override(from) {
    if
    :: OVERRIDE(from) == FORCED_OPEN ->
        atomic {
            if
            :: STATE(from) != OPEN ->
                swing(from, WITH_OVERRIDE(WITH_DUE(WITH_STATE(from, OPEN)), 0), true)
            :: else -> swing(from, WITH_OVERRIDE(WITH_DUE(from), 0), true)
            fi;
            if
            :: made -> override_left = NEVER
            :: else
            fi
        }
    :: OVERRIDE(from) == FORCED_CLOSED && STATE(from) == CLOSED ->
        with_empty_window(from, WITH_OVERRIDE(from, 0), true, NEVER)
    :: else -> close(from, WITH_OVERRIDE(WITH_STATE(from, CLOSED), 0), true, NEVER)
    fi
}

/* machine::with_empty_window and the swing to it: calls that run will count in it. */
inline with_empty_window(from, to, by_order, until) {
    base = COUNT(cell[0]);
    base = base + COUNT(cell[1]);
    atomic {
        swing(from, to, by_order);
        if
        :: made -> assert(base <= SUM); window_base = base; override_left = until
        :: else
        fi;
        base = 0;
    }
}

/* machine::expire_override, by who saw in `at` that the override is over. */
inline expire_override() {
    do
    :: end_override(at);
       atomic {
           at = word;
           if
           :: made || !OVERRIDE_OVER -> made = false; at = 0; break
           :: else
           fi
       }
    od
}

/* probing::end: gives a place back, perhaps with a success. Leaves whether the epoch was still probed. */
inline end_probe(epoch, success) {
    do
    :: c = ledger;
       atomic {
           if
#ifndef FAULT_late_verdict_frees_a_place
           :: EPOCH(word) != epoch -> MARK("a place of a past epoch"); made = false; c = 0; break
#endif
           :: else
           fi
       }
       atomic {
           if
           :: ledger == c -> c = 0; exchange_ledger(epoch, success); break
           :: else  /* somebody was in the way */
           fi
       }
    od
}

inline exchange_ledger(epoch, success) {
    made = false;
    if
#ifdef FAULT_late_verdict_frees_a_place
    :: OUTSTANDING(ledger) > 0 ->
#else
    :: LEDGER_TAG(ledger) == TAG_OF(epoch) && OUTSTANDING(ledger) > 0 ->
#endif
        ledger = ledger - 16;
        if
        :: success && SUCCESSES_OF(ledger) < SUCCESSES -> ledger = ledger + 2
        :: else
        fi;
        if
        :: success && SUCCESSES_OF(ledger) >= SUCCESSES -> ledger = ledger | 1
        :: else
        fi;
        made = true
    :: else
    fi
}

/* score_expired_lease, by whom a marked lease belonged to. */
inline score_lease() {
    do
    :: atomic {
           seen = word;
           if
           :: EPOCH(seen) != p_epoch || ON_RAMP(seen) -> seen = 0; break
           :: else
           fi
       }
       atomic {
           open(seen, false);
           if
           :: made -> made = false; seen = 0; MARK("its lease was scored"); break
           :: !made
           fi
       }
    od
}

/* leases::end: the one exchange that decides whether a verdict came in time. */
inline end_lease() {
    made = false;
    if
    :: slot_tag[p_slot] == TAG_OF(p_epoch) && slot_age[p_slot] != MARKED ->
        GHOST(assert(slot_holder[p_slot] == _pid));
        slot_tag[p_slot] = 0;
        slot_age[p_slot] = 0;
        GHOST(slot_holder[p_slot] = 0);
        made = true
    :: else
    fi
}

#define COUNTED   0  /* grant::role */
#define PROBE     1
#define BYSTANDER 2

#define SUCCESS 0
#define FAILURE 1

inline admit(role) {
    p_epoch = EPOCH(at);
    p_part = role;
    at = 0;
    GHOST(given++);
}

proctype caller() {
    short at, seen, c;
    byte base, tag, i, k;
    byte p_epoch, p_part, p_slot;  /* the permit */
    byte how;
    bool made, expired, placed, ignored_one;

idle:
#ifdef LIVENESS
    atomic {
        how = 0;
        if
        :: STOPPED -> goto gone
        :: else
        fi
    }
#else
    atomic {
        how = 0;
        if
        :: given < PERMITS
        :: goto gone
        fi
    }
#endif

    /* ---------------------------------------------------------------- machine::acquire */
look:
    atomic {
        seen = 0; c = 0; made = false; i = 0; expired = false; placed = false;
        at = word;
        if
        :: PLAINLY_CLOSED(at) -> admit(COUNTED); goto running
        :: OVERRIDE(at) != 0 -> goto overridden
        :: OVERRIDE(at) == 0 && STATE(at) == OPEN -> goto opened
        :: OVERRIDE(at) == 0 && STATE(at) == HALF_OPEN && ON_RAMP(at) -> goto ramping
        :: OVERRIDE(at) == 0 && STATE(at) == HALF_OPEN && !ON_RAMP(at) -> goto probing
        fi
    }

overridden: /* acquire_overridden. read(): the word unchanged, and the period that it points to */
    atomic {
        if
        :: word != at -> goto look
#ifdef FAULT_override_outlives_its_time
        :: word == at && override_left == 0 -> goto refused
#else
        :: word == at && override_left == 0 -> MARK("override over")
#endif
        :: word == at && override_left != 0 && OVERRIDE(at) == FORCED_OPEN -> MARK("forced open"); goto refused
        :: word == at && override_left != 0 && OVERRIDE(at) == FORCED_CLOSED ->
            if
            :: STATE(at) == CLOSED -> admit(COUNTED)
            :: else -> MARK("bystander"); admit(BYSTANDER)
            fi;
            goto running
        fi
    }
    expire_override();
    goto look;

opened: /* acquire_open */
    atomic {
        if
        :: word != at -> goto look
        :: word == at && (DUE(at) || pause_left == 0)
        :: word == at && !DUE(at) && pause_left > 0 -> goto refused
        fi
    }
    /* half_open */
#if !defined(FAULT_ramp_opens_its_window_itself)
    open_window(at, EPOCH(at) + 1);
    base = 0;
#endif
    atomic {
#ifdef FAULT_half_open_without_an_exchange
        check_move(WITH_STATE(at, HALF_OPEN), false);
        word = REVISED(WITH_STATE(at, HALF_OPEN));
#else
        swing(at, WITH_STATE(at, HALF_OPEN), false);
#endif
    }
    goto look;

ramping: /* acquire_ramp */
    atomic {
        if
        :: word != at -> goto look
        :: word == at && ramp_left == 0
        :: word == at && ramp_left > 0 -> MARK("on the ramp"); admit(COUNTED); goto running
        :: word == at && ramp_left > 0 -> goto refused
        fi
    }
    do /* end_ramp */
    :: atomic {
           seen = word;
           if
           :: EPOCH(seen) != EPOCH(at) -> seen = 0; break
           :: else
           fi
       }
       close(seen, WITH_STATE(seen, CLOSED), false, override_left);
       atomic {
           if
           :: made -> seen = 0; break
           :: else
           fi
       }
    od;
    goto look;

probing: /* acquire_probe */
    if
    :: atomic { ENOUGH(EPOCH(at)) -> MARK("finish for another") }
       k = EPOCH(at);
       finish_probing(k);
       atomic { k = 0; goto look }
    :: atomic { !ENOUGH(EPOCH(at)) -> i = 0 }
    fi;
look_at_leases: /* leases::look, before a place is asked for and once more with it */
    do
    :: atomic {
           if
           :: i == SLOTS || expired -> i = 0; break
           :: i < SLOTS && !expired && slot_tag[i] == TAG_OF(EPOCH(at)) && slot_age[i] == MARKED -> expired = true
           :: i < SLOTS && !expired && slot_tag[i] == TAG_OF(EPOCH(at)) && slot_age[i] == LEASE
           :: i < SLOTS && !expired && (slot_tag[i] != TAG_OF(EPOCH(at)) || slot_age[i] < LEASE) -> i++
           fi
       }
       atomic {
           if
#ifdef FAULT_expiry_is_not_scored
           :: !expired && i < SLOTS -> i++
#else
           :: !expired && i < SLOTS && slot_tag[i] == TAG_OF(EPOCH(at)) && slot_age[i] == LEASE ->
               slot_age[i] = MARKED;
               expired = true
           :: !expired && i < SLOTS && slot_tag[i] != TAG_OF(EPOCH(at)) -> i++  /* settled this moment */
#endif
           :: else
           fi
       }
    od;
    if
    :: expired -> /* score_expired_lease */
        do
        :: atomic {
               expired = false; placed = false; made = false;
               seen = word;
               if
               :: EPOCH(seen) != EPOCH(at) || ON_RAMP(seen) -> MARK("expired, but over"); goto look
               :: else
               fi
           }
           atomic {
               open(seen, false);
               if
               :: made -> MARK("expired"); goto look
               :: !made
               fi
           }
        od
    :: !expired && placed -> goto placed_in_time
    :: !expired && !placed
    fi;
    /* probing::take */
    do
    :: c = ledger;
       atomic {
           if
#ifndef FAULT_ledger_taken_back
           :: EPOCH(word) != EPOCH(at) -> MARK("a newer ledger"); goto look
#endif
           :: else
           fi
       }
       atomic {
           if
           :: ledger == c && LEDGER_TAG(c) != TAG_OF(EPOCH(at)) ->
               ledger = LEDGER(EPOCH(at)) + 16; c = 0; placed = true; goto look_at_leases
           :: ledger == c && LEDGER_TAG(c) == TAG_OF(EPOCH(at)) && OUTSTANDING(c) < PROBES && !ENOUGH_OF(c) ->
               ledger = c + 16; c = 0; placed = true; goto look_at_leases
           :: LEDGER_TAG(c) == TAG_OF(EPOCH(at)) && (OUTSTANDING(c) >= PROBES || ENOUGH_OF(c)) -> goto busy
           :: else  /* somebody was in the way */
           fi
       }
    od;
placed_in_time: /* leases::take */
    atomic { placed = false; i = 0 }
    do
    :: atomic {
           tag = slot_tag[i]; k = slot_age[i];
           if
           :: tag == TAG_OF(EPOCH(at)) -> i = (i + 1) % SLOTS; tag = 0; k = 0
           :: else
           fi
       }
       if
       :: tag == 0 && slot_tag[i] == TAG_OF(EPOCH(at))
       :: else ->
#ifndef FAULT_lease_taken_in_any_epoch
           atomic {
               if
               :: EPOCH(word) != EPOCH(at) -> MARK("no lease any more"); tag = 0; k = 0; goto look
               :: else
               fi
           }
#endif
           atomic {
               if
               :: slot_tag[i] == tag && slot_age[i] == k && tag != TAG_OF(EPOCH(at)) ->
                   slot_tag[i] = TAG_OF(EPOCH(at));
                   slot_age[i] = 0;
                   GHOST(slot_holder[i] = _pid);
                   p_slot = i;
                   tag = 0; k = 0; i = 0;
                   break
               :: else -> i = (i + 1) % SLOTS; tag = 0; k = 0
               fi
           }
       fi
    od;
    atomic {
#ifndef LIVENESS
        if
        :: EPOCH(word) == EPOCH(at) ->
            live++;
            assert(live <= PROBES)  /* never more than `probes` at a time */
        :: else
        fi;
#endif
        admit(PROBE);
        goto running
    }

busy:
    atomic {
        if
        :: word != at || ENOUGH(EPOCH(at)) -> goto look
        :: else -> MARK("probes busy")
        fi
    }
refused:
    atomic { at = 0; goto idle }

    /* ---------------------------------------------------------------- the call, and machine::settle */
running:
    atomic {
        if
        :: how = SUCCESS
        :: how = FAILURE
        :: true -> goto ignoring      /* cancelled, or the permit was dropped */
        :: true -> goto never_settled
        fi;
#if OVERRIDES
        if
        :: how == SUCCESS && p_part == COUNTED -> goto in_force  /* count_success: one addition, whatever is over */
        :: !OVERRIDE_OVER -> goto in_force
        :: OVERRIDE_OVER -> COMES; at = word
        fi
#endif
    }
#if OVERRIDES
#ifndef FAULT_verdict_under_an_override_that_is_over
    expire_override();
    MARK("a verdict ended an override");
#endif
in_force:
#endif
    atomic {
        at = word;
        if
        :: EPOCH(at) != p_epoch -> MARK("late at once"); goto settled_late
        :: EPOCH(at) == p_epoch && p_part == BYSTANDER -> goto settled_elsewhere
        :: EPOCH(at) == p_epoch && p_part == PROBE && !ON_RAMP(at) -> goto settle_probe
        :: EPOCH(at) == p_epoch && (p_part == COUNTED || (p_part == PROBE && ON_RAMP(at))) ->
            GHOST(live = (p_part == PROBE && live > 0 -> live - 1 : live));
            at = 0
        fi
    }

settle_counted:
    if
    :: how == FAILURE -> goto settle_evidence
    :: how == SUCCESS
    fi;
    /* tally::add */
    do
    ::
#if GROW
       k = lanes;
#endif
       atomic { c = cell[k]; tag = TAG(c) }
#if GROW
       if
       :: c == 0 ->
#ifdef FAULT_fresh_cell_opened_blindly
           tag = TAG_OF(p_epoch)
#else
           tag = TAG(cell[0])  /* a fresh cell is opened if the first one still counts */
#endif
       :: c != 0
       fi;
#endif
#ifndef FAULT_counted_without_the_tag
       atomic {
           if
           :: tag != TAG_OF(p_epoch) || EPOCH(word) != p_epoch ->
               c = 0; tag = 0; k = 0;
               MARK("the window is over");
               goto window_over
           :: else
           fi
       }
#endif
       atomic {
           if
           :: cell[k] == c ->
               /* In no window that it did not see. */
               assert(!COUNTS(word) || EPOCH(word) == p_epoch);
#ifndef LIVENESS
               cell[k] = CELL(tag, COUNT(c)) + 1;
#else
               cell[k] = CELL(tag, 0);
#endif
               c = 0; tag = 0; k = 0;
               GHOST(succeeded++);
               break
           :: else -> c = 0; tag = 0
           fi
       }
    od;
    atomic {
        if
        :: true -> goto settled
#if OVERRIDES
        :: !OVERRIDE_OVER -> goto look_again
        :: OVERRIDE_OVER -> COMES; at = word
#else
        :: true  /* it may matter to a rule: look_again */
#endif
        fi
    }
#if OVERRIDES
#ifndef FAULT_success_under_an_override_that_is_over
    expire_override();
    MARK("a success ended an override");
#endif
look_again: /* it may matter to a rule */
#endif
    atomic { !evidence -> evidence = true; goto judge }

settle_evidence:
    atomic { !evidence -> evidence = true }
    atomic {
        at = word;
        if
#ifdef FAULT_evidence_of_any_epoch
        :: false
#else
        :: EPOCH(at) != p_epoch || !COUNTS(at) -> evidence = false; MARK("evidence of another epoch"); goto settled_late
#endif
        :: else -> GHOST(failed++)
        fi
    }
    /* judge_window: whether a rule holds is any thread's guess */
judge:
    do
    :: atomic {
           at = word;
           ACTS;
#ifndef FAULT_evidence_of_any_epoch
           if
           :: EPOCH(at) != p_epoch || !COUNTS(at) || OVERRIDE(at) == FORCED_CLOSED -> break
           :: else
           fi;
#endif
           if
           :: break  /* no rule holds */
           :: true   /* one does */
           fi
       }
       atomic {
           assert(EPOCH(at) == p_epoch);  /* acts in no epoch that it did not see */
           open(at, false);
           if
           :: made -> MARK("tripped"); break
           :: else
           fi
       }
    od;
    atomic { evidence = false; goto settled }

settle_probe:
#ifndef LIVENESS
    atomic { at = 0; live = (EPOCH(word) == p_epoch && live > 0 -> live - 1 : live) }
#endif
    atomic {
        at = 0;
        end_lease();
        if
        :: !made -> MARK("its lease ran out")
        :: else -> made = false; goto in_time
        fi
    }
    score_lease();
    goto settled_late;
in_time:
    if
    :: how == FAILURE ->
        /* reopen */
        do
        :: atomic {
               seen = word;
               ACTS;
               if
               :: EPOCH(seen) != p_epoch || ON_RAMP(seen) -> break
               :: else
               fi
           }
           atomic {
               open(seen, false);
               if
               :: made -> seen = 0; MARK("probe failed"); GHOST(failed++); goto settled
               :: else
               fi
           }
        od;
        atomic {
            seen = 0;
            if
            :: EPOCH(word) == p_epoch && ON_RAMP(word) -> MARK("the ramp began meanwhile"); goto settle_counted
            :: else -> goto settled_late
            fi
        }
    :: how == SUCCESS ->
        end_probe(p_epoch, true);
        atomic {
            if
            :: !made -> goto settled_late
            :: else -> made = false
            fi
        }
#ifdef FAULT_place_given_back_twice
        end_probe(p_epoch, false);
        made = false;
#endif
        atomic {
            expired = ENOUGH(p_epoch)
        }
        if
        :: expired -> atomic { expired = false; MARK("enough") }; finish_probing(p_epoch)
        :: else
        fi;
        goto settled_elsewhere
    fi;

ignoring: /* give_back */
#ifdef LIVENESS
    /* Such verdicts prove nothing, and may go on for ever (rule 19); here each caller has one. */
    atomic {
        if
        :: !ignored_one -> ignored_one = true
        :: else -> goto never_settled
        fi
    }
#endif
    if
    :: p_part == PROBE ->
#ifndef LIVENESS
        atomic { live = (EPOCH(word) == p_epoch && !ON_RAMP(word) && live > 0 -> live - 1 : live) }
#endif
        atomic {
            end_lease();
            if
            :: made -> made = false; goto gives_back
            :: else
            fi
        }
        score_lease();
        atomic { GHOST(ignored++); goto settled }
gives_back:
        end_probe(p_epoch, false);
        MARK("given back");
#ifdef FAULT_place_given_back_twice
        end_probe(p_epoch, false);
#endif
    :: else
    fi;
    atomic { GHOST(ignored++); goto settled }

never_settled:
    atomic { GHOST(unsettled++); goto settled }

settled_elsewhere:
    atomic {
#ifndef LIVENESS
        if
        :: how == SUCCESS -> succeeded++; other_successes++
        :: else -> failed++
        fi;
#endif
        goto settled
    }

window_over: /* success_late */
    atomic {
        if
        :: EPOCH(word) == p_epoch ->
            MARK("in time, but the window was closed");
            assert(TAG(cell[0]) == TAG_OF(p_epoch + 1));
            goto settled_elsewhere
        :: else -> goto settled_late
        fi
    }

settled_late:
    atomic {
#ifndef LIVENESS
        late++;
        /* Never of the present epoch, but after a lease ran out. */
        assert(EPOCH(word) != p_epoch
               || (p_part == PROBE && slot_tag[p_slot] == TAG_OF(p_epoch) && slot_age[p_slot] == MARKED));
#endif
        at = 0
    }

settled:
    atomic { LEAVES; made = false; at = 0; seen = 0; how = 0; p_epoch = 0; p_part = 0; p_slot = 0; goto idle }

gone:
    GHOST(finished++)
}

/* Time. One tick brings all that is waited for nearer; it comes at any moment, and only where something
 * is waited for, so that waiting for ever is a cycle that the search for one finds. */
#define LEASE_RUNS(i) (slot_tag[i] == TAG_OF(EPOCH(word)) && slot_age[i] < LEASE)
#define TIME_MATTERS \
    ((STATE(word) == OPEN && pause_left > 0) || (ON_RAMP(word) && ramp_left > 0) || \
     (STATE(word) == HALF_OPEN && !ON_RAMP(word) && (LEASE_RUNS(0) || LEASE_RUNS(1))) || \
     (OVERRIDE(word) != 0 && override_left > 0 && override_left < NEVER))
proctype clock() {
end_of_time:
    do
    :: d_step {
           TIME_MATTERS ->
           if :: STATE(word) == OPEN && pause_left > 0 -> pause_left-- :: else fi;
           if :: ON_RAMP(word) && ramp_left > 0 -> ramp_left-- :: else fi;
           if :: LEASE_RUNS(0) -> slot_age[0]++ :: else fi;
           if :: LEASE_RUNS(1) -> slot_age[1]++ :: else fi;
           if :: OVERRIDE(word) != 0 && override_left > 0 && override_left < NEVER -> override_left-- :: else fi
       }
    od
}

#if GROW
proctype contention() { /* the tally grows whenever two threads meet in it: at any moment */
    lanes = true
}
#endif

/* machine_orders.hpp: every order loops until it is obeyed. All but end_pause end an override that is over first
 * (breaker_core::now_without_expired_override). */
proctype operator() {
    short at, c;
    byte orders, base, until, kind;
    bool made;

next_order:
    atomic {
        LEAVES; at = 0; made = false; until = 0; kind = 0;
        if
        :: orders < ORDERS -> orders++
        :: goto gone
        fi;
        if
        :: KINDS & 1 -> kind = 1
        :: KINDS & 2 -> kind = 2
        :: KINDS & 4 -> kind = 4
        :: KINDS & 8 -> kind = 8
        :: KINDS & 16 -> kind = 16; until = NEVER
        :: KINDS & 16 -> kind = 16; until = 1
        :: KINDS & 32 -> kind = 32; until = NEVER
        :: KINDS & 32 -> kind = 32; until = 1
        fi;
#if OVERRIDES
        if
        :: kind == 1 || !OVERRIDE_OVER -> goto obey
        :: kind != 1 && OVERRIDE_OVER -> COMES; at = word
        fi
    }
#ifndef FAULT_order_under_an_override_that_is_over
    expire_override();
    MARK("an order ended an override");
#endif
obey:
    atomic {
#endif
        if
        :: kind == 1 -> goto end_pause
        :: kind == 2 -> goto reset
        :: kind == 4 -> goto trip
        :: kind == 8 -> goto lift
        :: kind == 16 -> goto force_open
        :: kind == 32 -> goto force_closed
        fi
    }

end_pause:
    atomic {
        at = word;
        if
        :: STATE(at) != OPEN || DUE(at) -> goto next_order
        :: else
        fi
    }
    atomic {
        swing(at, WITH_DUE(at), true);
        if
        :: made -> MARK("pause ended"); goto next_order
        :: else -> goto end_pause
        fi
    }

reset:
    atomic { at = word; ACTS }
    if
    :: STATE(at) == CLOSED -> with_empty_window(at, at, true, override_left)
    :: else -> close(at, WITH_STATE(at, CLOSED), true, override_left)
    fi;
    if
    :: made -> goto next_order
    :: !made -> goto reset
    fi;

trip:
    atomic { at = word; ACTS }
    atomic {
        if
        :: STATE(at) != OPEN -> open(at, true)
        :: else -> swing(at, WITHOUT_DUE(at), true); pause_left = (made -> PAUSE : pause_left)
        fi;
        if
        :: made -> goto next_order
        :: else -> goto trip
        fi
    }

lift:
    atomic {
        at = word;
        if
        :: OVERRIDE(at) == 0 -> goto next_order
        :: else
        fi
    }
    end_override(at);
    if
    :: made -> MARK("lifted"); goto next_order
    :: !made -> goto lift
    fi;

force_open:
    atomic { at = word; ACTS }
    atomic {
        swing(at, WITH_OVERRIDE(at, FORCED_OPEN), FORCE);
        if
        :: made -> override_left = until; goto next_order
        :: else -> goto force_open
        fi
    }

force_closed:
    atomic { at = word; ACTS }
    if
    :: STATE(at) == CLOSED -> with_empty_window(at, WITH_OVERRIDE(at, FORCED_CLOSED), FORCE, until)
    :: else -> close(at, WITH_OVERRIDE(WITH_STATE(at, CLOSED), FORCED_CLOSED), FORCE, until)
    fi;
    if
    :: made -> goto next_order
    :: !made -> goto force_closed
    fi;

gone:
    GHOST(finished++)
}

init {
    atomic {
        cell[0] = CELL(TAG_OF(0), 0);
        byte n = 0;
        do
        :: n < CALLERS -> run caller(); n++
        :: n == CALLERS -> n = 0; break
        od;
        run clock();
        run operator();
#if GROW
        run contention();
#endif
    }
#ifndef LIVENESS
    /* When all have gone, all adds up. */
    atomic {
        finished == CALLERS + 1 ->
        assert(given == succeeded + failed + ignored + late + unsettled);
        assert(SUM + other_successes == succeeded);
        assert(!COUNTS(word) || window_base <= SUM);
        MARK("all gone")
    }
#endif
}

#ifdef LIVENESS
/* Under weak fairness: time passes, and callers come. Epochs are never seen twice, so a run without end
 * stays in one epoch for ever; a breaker that stays open or half-open is the fault that is looked for, and
 * an override that stays after its time. */
#define opened    (STATE(word) == OPEN && OVERRIDE(word) == 0)
#define half_open (STATE(word) == HALF_OPEN && OVERRIDE(word) == 0)
#define timed     (OVERRIDE(word) != 0 && override_left != NEVER)
#define stopped   (EPOCH(word) >= LAST)
ltl probed { [] (opened -> <> (!opened || stopped)) }
ltl left   { [] (half_open -> <> (!half_open || stopped)) }
ltl lifted { [] (timed -> <> (!timed || stopped)) }
#endif
