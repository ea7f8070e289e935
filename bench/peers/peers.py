"""What a protected call that does nothing costs with circuitbreaker, admitted and refused: prints one JSON object,
row to nanoseconds of each repetition. The rows take turns, so that a noisy moment hits them all.

    /usr/bin/python3 peers.py [REPETITIONS [MILLISECONDS]]      (bench/run does)
"""

import json
import platform
import sys
import time

from circuitbreaker import CircuitBreaker, CircuitBreakerError

HOUR = 3_600


def succeed():
    return 1


def fail():
    raise OSError("down")


def opened():
    """A function whose breaker is open."""
    down = [True]
    guarded = CircuitBreaker(failure_threshold=1, recovery_timeout=HOUR)(lambda: fail() if down[0] else succeed())
    try:
        guarded()
    except OSError:
        down[0] = False
    return guarded


def alone(count):
    for _ in range(count):
        succeed()


def admitted(guarded):
    def row(count):
        for _ in range(count):
            guarded()
    return row


def refused(guarded):
    """A call that is made after all is not what the row's name says."""
    def row(count):
        for _ in range(count):
            try:
                guarded()
            except CircuitBreakerError:
                continue
            raise SystemExit("peers.py: a call was admitted that should have been refused")
    return row


def nanoseconds(row, count):
    begun = time.perf_counter_ns()
    row(count)
    return (time.perf_counter_ns() - begun) / count


def main():
    given = [int(text) for text in sys.argv[1:3]]
    repetitions, milliseconds = given + [7, 200][len(given):]
    rows = {
        "call alone": alone,
        "circuitbreaker/in_a_row": admitted(CircuitBreaker(failure_threshold=5, recovery_timeout=HOUR)(succeed)),
        "circuitbreaker/refused": refused(opened()),
    }
    counts = {name: max(1_000, int(milliseconds * 1e6 / nanoseconds(row, 2_000))) for name, row in rows.items()}
    samples = {name: [] for name in rows}
    for _ in range(repetitions):
        for name, row in rows.items():
            samples[name].append(nanoseconds(row, counts[name]))
    print(json.dumps({"runtime": f"Python {platform.python_version()}", "samples": samples}))


main()
