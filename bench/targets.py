"""What the core is meant to cost, and what the machine asks for its parts; bench/run compares.

The limits are for a quiet machine like the reference machine, whose floors stand in REFERENCE_FLOORS. On
another machine a figure of one thread is also shown with the floors exchanged, as an estimate, which is never
less than what those floors add up to.
"""

from typing import NamedTuple, Optional

# Nanoseconds on the reference machine: a 2-core AMD EPYC virtual machine, Debian 12, g++ 12 -O2.
# The time told from the counter was not measured there: reading the counter was (9.8), and the rest is this project's.
REFERENCE_FLOORS = {"floor/atomic_add/1": 2.3, "floor/compare_and_swap/1": 2.7, "floor/clock_coarse/1": 6.0,
                    "floor/clock_steady/1": 25.0, "floor/clock_told/1": 10.8}

ADD, SWAP = "floor/atomic_add/1", "floor/compare_and_swap/1"
COARSE, STEADY, TOLD = "floor/clock_coarse/1", "floor/clock_steady/1", "floor/clock_told/1"

SUBJECTS = {
    "in_a_row": "failures in a row",
    "last_100": "last 100 calls",
    "last_10s": "last 10 s",
    "slow_1s": "last 10 s, slow rule of 1 s",
    "slow_5ms": "last 10 s, slow rule of 5 ms",
    "defaults": "the defaults of `settings`",
}
READS_THE_COARSE_CLOCK = ("last_10s", "defaults", "held_handle", "get_and_call")

# Why a target may be missed: rules are those of the contract.
EXCHANGE = "totals are exact and no verdict is of a wrong epoch (rules 1, 39): a success is one atomic exchange"
STRICTLY = "slow is *strictly longer* (rule 3): the beginning is dated by the exact clock"
REFUSAL = "a refusal is counted exactly, by an atomic addition, and looks at the deadline, by the coarse clock"
FAILURES = "a failure is placed in the window under a lock, and every success that the other thread counts meets its lines"
BYTES = "a breaker has grown"
CACHES = "each key is in lines that the caches do not hold: its bucket, its node, its name, its count"


class Target(NamedTuple):
    what: str
    row: str
    limit: float
    why: str                    # what stands against it where it is missed
    over: tuple = ()            # the limit is on row / the sum of these rows
    unit: str = "ns"            # "ns", "×" or "bytes"


def floors_of(row):
    """The atomic operations and clock readings that the row is made of: {floor: how many}."""
    what, *rest = row.split("/")
    if what == "registry":
        return {ADD: 2}  # the handle is counted up and down
    if what == "refused":
        return {ADD: 1, COARSE: 1} if rest[1] == "system" else {ADD: 1}
    if what != "admitted":
        return {}
    subject, clock = rest[0], rest[1]
    # Exchanged, not added: who stalled over a change of epoch must not count in a window that it never saw.
    parts = {SWAP: 1, ADD: 2} if subject == "get_and_call" else {SWAP: 1}
    exact = TOLD if clock == "ticking" else STEADY
    if subject in ("slow_5ms", "adaptive") and clock != "callers":
        parts[exact] = 2
    elif subject == "slow_1s" and clock != "callers":
        parts[exact] = 1
        if clock == "system":
            parts[COARSE] = 1
    elif subject in READS_THE_COARSE_CLOCK and clock == "system":
        parts[COARSE] = 1
    return parts


def targets():
    return [*one_thread(), *two_threads(), *around(), *memory()]


def one_thread():
    return [
        Target("failures in a row", "admitted/in_a_row/system/healthy/1", 3, EXCHANGE),
        Target("last 100 calls", "admitted/last_100/system/healthy/1", 3.5, EXCHANGE),
        Target("last 100 calls, 1 % failures", "admitted/last_100/system/1pct/1", 6, EXCHANGE),
        Target("last 10 s, the system's coarse clock", "admitted/last_10s/system/healthy/1", 9, EXCHANGE),
        Target("last 10 s, a coarse clock in memory", "admitted/last_10s/ticking/healthy/1", 4, EXCHANGE),
        Target("the defaults, the system's coarse clock", "admitted/defaults/system/healthy/1", 10, EXCHANGE),
        Target("the defaults, a coarse clock in memory", "admitted/defaults/ticking/healthy/1", 5, EXCHANGE),
        Target("slow rule of 1 s, the exact clock", "admitted/slow_1s/system/healthy/1", 30,
               STRICTLY + ", the end by the coarse one"),
        Target("slow rule of 1 s, the exact clock of `ticking_time`", "admitted/slow_1s/ticking/healthy/1", 30, STRICTLY),
        Target("slow rule of 1 s, whose threshold allows a coarse clock", "admitted/slow_1s/system/healthy/1", 15,
               STRICTLY + "; only the end may be coarse"),
        Target("slow rule of 1 s, a time source that is coarse altogether", "admitted/slow_1s/callers/healthy/1", 15,
               EXCHANGE),
        Target("slow rule of 5 ms, the exact clock", "admitted/slow_5ms/system/healthy/1", 30,
               STRICTLY + ", and so is the end: the coarse one lags by more than 5 ms"),
        Target("slow rule of 5 ms, the exact clock of `ticking_time`", "admitted/slow_5ms/ticking/healthy/1", 30, STRICTLY),
        Target("refused: open", "refused/open/system/1", 9, REFUSAL),
        Target("refused: forced open", "refused/forced_open/system/1", 9, REFUSAL),
        Target("refused: half-open, the probes busy", "refused/half_open/system/1", 12,
               REFUSAL + ", and at the leases: one may have run out"),
    ]


def two_threads():
    healthy = [
        Target(f"{text}: 2 threads on one breaker to 1 thread", f"admitted/{name}/system/healthy/2on1", 1.5, EXCHANGE,
               over=(f"admitted/{name}/system/healthy/1",), unit="×")
        for name, text in SUBJECTS.items()
    ]
    failing = [  # a slow rule may cost 30 on one thread, so this limit is not for it
        Target(f"{SUBJECTS[name]}: 2 threads on one breaker, 1 % failures", f"admitted/{name}/system/1pct/2on1", 15,
               FAILURES)
        for name in ("in_a_row", "last_100", "last_10s", "defaults")
    ]
    return healthy + failing


def around():
    noise = 1.05  # "nothing extra", as far as a measurement can tell
    return [
        Target("a held handle of a registry to a breaker of one's own", "admitted/held_handle/system/healthy/1", noise,
               "noise", over=("admitted/defaults/system/healthy/1",), unit="×"),
        Target("a caller's own clock: the call, to one that reads no clock and a reading of that clock",
               "admitted/last_10s/callers/healthy/1", noise, "noise",
               over=("admitted/in_a_row/callers/healthy/1", "floor/clock_in_memory/1"), unit="×"),
        Target("get of one key among a million", "registry/get/one_key/1", 40,
               "the handle is shared, so it is counted up and down: two atomic additions; reading takes a lock"),
        Target("get of a thousand keys in turn, of a million", "registry/get/thousand_keys/1", 40, CACHES),
        Target("get of a million keys at random", "registry/get/million_keys/1", 40, CACHES),
    ]


def memory():
    return [
        Target("a breaker with the defaults, fresh", "alone", 1024, BYTES, unit="bytes"),
        Target("… after failures and a trip", "alone, after a trip", 1024, BYTES, unit="bytes"),
        Target("… of a registry, name and place in the table included, fresh", "fresh", 1024, BYTES, unit="bytes"),
        Target("… and after a trip", "after a trip", 1024,
               "the limit is for a breaker alone; this is with name, node and place in the table", unit="bytes"),
        Target("… after two threads contended for it", "after contention", 2560, BYTES, unit="bytes"),
        Target("… and tripped it", "after contention and a trip", 2560, BYTES, unit="bytes"),
        Target("an idle key of a million, name and table included", "idle key of a million", 700, BYTES, unit="bytes"),
        Target("growth by 10,000 threads that come and go", "growth by 10,000 threads", 0, BYTES, unit="bytes"),
    ]


class Outcome(NamedTuple):
    target: Target
    measured: float
    estimate: Optional[float]  # with the reference machine's floors; None where there is nothing to exchange
    verdict: str

    @property
    def met_there(self):
        """Here, or by the estimate."""
        return min(self.measured, self.measured if self.estimate is None else self.estimate) <= self.target.limit


def compare(target, medians, bytes_held):
    """None if the rows it needs were not measured."""
    if target.unit == "bytes":
        measured = bytes_held.get(target.row)
    elif any(row not in medians for row in (target.row, *target.over)):
        measured = None
    else:
        measured = medians[target.row] / (sum(medians[row] for row in target.over) or 1)
    if measured is None:
        return None
    estimate = on_reference_machine(target.row, medians) if target.unit == "ns" else None
    if measured <= target.limit:
        verdict = "met"
    elif estimate is not None and estimate <= target.limit:
        verdict = "; ".join([f"not met here: {target.why}", *floor_text(target.row, medians)])
    else:
        verdict = "; ".join([f"**not met**: {target.why}", *floor_text(target.row, medians)])
    return Outcome(target, measured, estimate, verdict)


def on_reference_machine(row, medians):
    """What one thread would take there, about, as finely as its floors are known; no less than they add up to there,
    because floors overlap."""
    parts = floors_of(row)
    if not parts or not row.endswith("/1") or any(needed not in medians for needed in (row, *parts)):
        return None
    there = sum(n * REFERENCE_FLOORS[floor] for floor, n in parts.items())
    here = sum(n * medians[floor] for floor, n in parts.items())
    return round(there + max(0.0, medians[row] - here), 1)


def floor_text(row, medians):
    """A list of one text, or of none where the row has no floors or they were not measured."""
    names = {ADD: "atomic add", SWAP: "atomic exchange", COARSE: "coarse clock", STEADY: "steady clock",
             TOLD: "time told from the counter"}
    parts = floors_of(row)
    if not parts or any(floor not in medians for floor in parts):
        return []
    return ["floors here: " + ", ".join(f"{f'{n} × ' if n > 1 else ''}{names[floor]} {medians[floor]:.1f}"
                                        for floor, n in parts.items())]
