"""What the core is meant to cost, and what the machine asks for its parts; bench/run compares.

The limits are for a quiet machine like the reference machine, whose floors stand in REFERENCE_FLOORS. On
another machine a figure is also shown with the floors exchanged, as an estimate.
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


class Target(NamedTuple):
    what: str
    row: str
    limit: float
    over: tuple = ()            # the limit is on row / the sum of these rows
    unit: str = "ns"            # "ns", "×" or "bytes"


def floors_of(row):
    """The atomic operations and clock readings that the row is made of: {floor: how many}."""
    what, *rest = row.split("/")
    if what == "registry":
        return {ADD: 2}  # the handle is counted up and down
    if what in ("refused", "ramp"):
        return {ADD: 1, COARSE: 1} if rest[1] == "system" else {ADD: 1}
    if what != "admitted":
        return {}
    subject, clock = rest[0], rest[1]
    # Exchanged, not added: who stalled over a change of epoch must not count in a window that it never saw.
    parts = {SWAP: 1, ADD: 2} if subject == "get_and_call" else {SWAP: 1}
    exact = TOLD if clock == "ticking" else STEADY
    if subject == "slow_5ms" and clock != "callers":
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
        Target("failures in a row", "admitted/in_a_row/system/healthy/1", 3),
        Target("last 100 calls", "admitted/last_100/system/healthy/1", 3.5),
        Target("last 100 calls, 1 % failures", "admitted/last_100/system/1pct/1", 6),
        Target("last 10 s, the system's coarse clock", "admitted/last_10s/system/healthy/1", 9),
        Target("last 10 s, a coarse clock in memory", "admitted/last_10s/ticking/healthy/1", 4),
        Target("the defaults, the system's coarse clock", "admitted/defaults/system/healthy/1", 10),
        Target("the defaults, a coarse clock in memory", "admitted/defaults/ticking/healthy/1", 5),
        Target("slow rule of 1 s: the exact clock once, then a coarse one", "admitted/slow_1s/system/healthy/1", 30),
        Target("slow rule of 1 s: the same with `ticking_time`", "admitted/slow_1s/ticking/healthy/1", 30),
        Target("slow rule of 5 ms: the exact clock twice", "admitted/slow_5ms/system/healthy/1", 30),
        Target("slow rule of 5 ms: the same with `ticking_time`", "admitted/slow_5ms/ticking/healthy/1", 30),
        Target("slow rule of 1 s: a time source that is coarse altogether", "admitted/slow_1s/callers/healthy/1", 15),
        Target("refused: open", "refused/open/system/1", 9),
        Target("refused: forced open", "refused/forced_open/system/1", 9),
        Target("refused: half-open, the probes busy", "refused/half_open/system/1", 12),
    ]


def two_threads():
    healthy = [
        Target(f"{text}: 2 threads on one breaker to 1 thread", f"admitted/{name}/system/healthy/2on1", 1.5,
               over=(f"admitted/{name}/system/healthy/1",), unit="×")
        for name, text in SUBJECTS.items()
    ]
    failing = [  # a slow rule may cost 30 on one thread, so this limit is not for it
        Target(f"{SUBJECTS[name]}: 2 threads on one breaker, 1 % failures", f"admitted/{name}/system/1pct/2on1", 15)
        for name in ("in_a_row", "last_100", "last_10s", "defaults")
    ]
    return healthy + failing


def around():
    noise = 1.05  # "nothing extra", as far as a measurement can tell
    return [
        Target("a held handle of a registry to a breaker of one's own", "admitted/held_handle/system/healthy/1", noise,
               over=("admitted/defaults/system/healthy/1",), unit="×"),
        Target("a caller's own clock: the call, to one that reads no clock and a reading of that clock",
               "admitted/last_10s/callers/healthy/1", noise,
               over=("admitted/in_a_row/callers/healthy/1", "floor/clock_in_memory/1"), unit="×"),
        Target("get of one key among a million", "registry/get/one_key/1", 40),
        Target("get of a thousand keys in turn, of a million", "registry/get/thousand_keys/1", 40),
        Target("get of a million keys at random (caches miss)", "registry/get/million_keys/1", 40),
    ]


def memory():
    return [
        Target("a breaker with the defaults, fresh", "alone", 1024, unit="bytes"),
        Target("… after failures and a trip", "alone, after a trip", 1024, unit="bytes"),
        Target("… of a registry, its place in the table included, fresh", "fresh", 1024, unit="bytes"),
        Target("… after two threads contended for it", "after contention", 2560, unit="bytes"),
        Target("… and tripped it", "after contention and a trip", 2560, unit="bytes"),
        Target("an idle key of a million, name and table included", "idle key of a million", 700, unit="bytes"),
        Target("growth by 10,000 threads that come and go", "growth by 10,000 threads", 0, unit="bytes"),
    ]


class Outcome(NamedTuple):
    target: Target
    measured: float
    estimate: Optional[float]  # with the reference machine's floors; None where there is nothing to exchange
    verdict: str


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
    estimate = None if target.unit != "ns" else on_reference_machine(target.row, medians)
    if measured <= target.limit:
        verdict = "met"
    elif estimate is not None and estimate <= target.limit:
        verdict = f"not met here ({floor_text(target.row, medians)})"
    else:
        verdict = "**not met**"
    return Outcome(target, measured, estimate, verdict)


def on_reference_machine(row, medians):
    parts = floors_of(row)
    if not parts or any(floor not in medians for floor in parts):
        return None
    return medians[row] + sum(n * (REFERENCE_FLOORS[floor] - medians[floor]) for floor, n in parts.items())


def floor_text(row, medians):
    names = {ADD: "atomic add", SWAP: "atomic exchange", COARSE: "coarse clock", STEADY: "steady clock",
             TOLD: "time told from the counter"}
    return "floors here: " + ", ".join(
        f"{n if n > 1 else ''}{' × ' if n > 1 else ''}{names[floor]} {medians[floor]:.1f}"
        for floor, n in floors_of(row).items())
