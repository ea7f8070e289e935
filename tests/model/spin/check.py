#!/usr/bin/env python3
"""Checks breaker.pml with Spin: every configuration exhaustively, and that every planted fault is found.

Exit 0 if all holds. Exit 1 if a property is violated, a search is not complete, a marked place of the
model is reached in no configuration, or a planted fault is not found.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).resolve().parent / "breaker.pml"
MEBIBYTES = 1500
DEPTH = 1_000_000
SECONDS = 300  # no single search may take longer

# Name: (bounds, property). "safety" is the assertions and no deadlock; else the name of an ltl formula.
CONFIGURATIONS = {
    "closed": ("PERMITS=3", "safety"),
    "one_probe": ("PERMITS=3 START_OPEN=1", "safety"),
    "two_probes": ("PERMITS=3 START_OPEN=1 PROBES=2", "safety"),
    "two_successes": ("PERMITS=3 START_OPEN=1 PROBES=2 SUCCESSES=2", "safety"),
    "three_callers": ("CALLERS=3 PERMITS=1 START_OPEN=1", "safety"),
    "ramp": ("PERMITS=3 START_OPEN=1 RAMP=1", "safety"),
    "any_order": ("PERMITS=2 ORDERS=1", "safety"),
    "reset_on_the_ramp": ("PERMITS=2 ORDERS=1 KINDS=2 START_OPEN=1 RAMP=1", "safety"),
    "overrides": ("PERMITS=1 ORDERS=2 KINDS=56", "safety"),
    "trip_under_an_override": ("PERMITS=1 ORDERS=2 KINDS=36", "safety"),
    "growth": ("PERMITS=2 START_OPEN=1 RAMP=1 GROW=1", "safety"),
    "growth_and_trip": ("PERMITS=2 ORDERS=1 KINDS=4 GROW=1", "safety"),
    "is_probed": ("LIVENESS LAST=5", "probed"),
    "is_left": ("LIVENESS LAST=5", "left"),
    "is_left_two_probes": ("LIVENESS LAST=3 START_OPEN=1 PROBES=2 SUCCESSES=2", "left"),
    "is_probed_ramp": ("LIVENESS LAST=4 START_OPEN=1 RAMP=1", "probed"),
    "is_left_ramp": ("LIVENESS LAST=4 START_OPEN=1 RAMP=1", "left"),
    "is_probed_orders": ("LIVENESS LAST=3 ORDERS=1 KINDS=5 START_OPEN=1", "probed"),
    "is_left_orders": ("LIVENESS LAST=3 ORDERS=1 KINDS=5 START_OPEN=1", "left"),
    "is_lifted": ("LIVENESS LAST=2 ORDERS=1 KINDS=48", "lifted"),
}

# Each FAULT_... of the model, and the bounds and property under which it has to be found.
FAULTS = {
    "counted_without_the_tag": ("PERMITS=3", "safety"),
    "evidence_of_any_epoch": ("PERMITS=3", "safety"),
    "half_open_without_an_exchange": ("PERMITS=2 START_OPEN=1", "safety"),
    "swing_before_the_window_is_open": ("PERMITS=3 START_OPEN=1", "safety"),
    "ledger_taken_back": ("PERMITS=3 START_OPEN=1", "safety"),
    "lease_taken_in_any_epoch": ("PERMITS=3 START_OPEN=1 PROBES=2", "safety"),
    "late_verdict_frees_a_place": ("PERMITS=3 START_OPEN=1 PROBES=2", "safety"),
    "place_given_back_twice": ("PERMITS=3 START_OPEN=1 PROBES=2 SUCCESSES=2", "safety"),
    "ramp_opens_its_window_itself": ("PERMITS=2 ORDERS=1 KINDS=2 START_OPEN=1 RAMP=1", "safety"),
    "further_cells_not_retagged": ("PERMITS=3 GROW=1", "safety"),
    "fresh_cell_opened_blindly": ("PERMITS=3 START_OPEN=1 RAMP=1 GROW=1", "safety"),
    "verdict_under_an_override_that_is_over": ("PERMITS=1 ORDERS=1 KINDS=32", "safety"),
    "success_under_an_override_that_is_over": ("PERMITS=1 ORDERS=1 KINDS=32", "safety"),
    "order_under_an_override_that_is_over": ("CALLERS=1 PERMITS=1 ORDERS=2 KINDS=36", "safety"),
    "override_outlives_its_time": ("LIVENESS LAST=2 ORDERS=1 KINDS=16", "lifted"),
    "expiry_is_not_scored": ("LIVENESS LAST=3 START_OPEN=1", "left"),
}


class Broken(Exception):
    """The check itself could not be made."""


def run(command, where):
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode != 0:
        raise Broken(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Search:
    """One exhaustive search, and what came of it."""

    def __init__(self, bounds, what, optimize="-O2"):
        defines = [f"-D{bound}" for bound in bounds.split()]
        with tempfile.TemporaryDirectory(prefix="switchgear-spin-") as where:
            run(["spin", "-a", *defines, str(MODEL)], where)
            # pan keeps every state that it has seen (COLLAPSE compresses without loss).
            flags = ["-DSAFETY", "-DNOCLAIM"] if what == "safety" else ["-DNFAIR=3"]
            run(["gcc", optimize, "-w", "-DCOLLAPSE", f"-DMEMLIM={MEBIBYTES}", *flags, "-o", "pan", "pan.c"], where)
            # -a -f: cycles that keep a property from coming true, under weak fairness.
            arguments = [] if what == "safety" else ["-a", "-f", "-N", what]
            began = time.monotonic()
            self.output = run(["./pan", f"-m{DEPTH}", *arguments], where)
            self.seconds = time.monotonic() - began
            self.trail = ""
            if (pathlib.Path(where) / "breaker.pml.trail").exists():
                self.trail = subprocess.run(["spin", "-t", "-p", "-k", "breaker.pml.trail", *defines, str(MODEL)],
                                            cwd=where, capture_output=True, text=True).stdout
        self.states = int(self.number(r"(\d+) states, stored"))
        self.depth = int(self.number(r"depth reached (\d+)"))
        self.errors = int(self.number(r"errors: (\d+)"))

    def number(self, pattern):
        found = re.search(pattern, self.output)
        if not found:
            raise Broken(f"pan says nothing of '{pattern}':\n{self.output}")
        return found.group(1)

    def complaint(self):
        """Why this search proves nothing, or None."""
        if self.errors:
            return re.search(r"pan:\d+: (.*)", self.output).group(1)
        if "Search not completed" in self.output or "max search depth too small" in self.output:
            return f"not complete within {MEBIBYTES} MiB and depth {DEPTH}"
        return None

    def unreached(self):
        """The marks (MARK in the model) that this search did not come to."""
        return set(re.findall(r'"printf\(\'(.*?)\'\)"', self.output))

    def __str__(self):
        return f"{self.states:>11,} states  depth {self.depth:>5}  {self.seconds:6.1f} s"


def marks():
    return set(re.findall(r'MARK\("(.*?)"\)', MODEL.read_text()))


def searches(plan):
    """Each (name, Search, arguments…) made, two at once (each takes up to MEBIBYTES), told in order."""
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        begun = [(name, pool.submit(make, *arguments)) for name, make, *arguments in plan]
        try:
            yield from ((name, search.result()) for name, search in begun)
        finally:
            pool.shutdown(cancel_futures=True)


def check_configurations(names):
    """Returns the failures, and the marks reached."""
    failures, reached = [], set()
    for name, search in searches((name, Search, *CONFIGURATIONS[name]) for name in names):
        bounds, what = CONFIGURATIONS[name]
        complaint = search.complaint()
        print(f"{name:<22} {what:<7} {search}  {complaint or 'holds'}   [{bounds}]", flush=True)
        if complaint:
            failures.append(f"{name}: {complaint}")
            if search.trail:
                print("the way there, its last 80 steps:", *search.trail.splitlines()[-80:], sep="\n    ")
        elif what == "safety":
            reached |= marks() - search.unreached()
    return failures, reached


def check_faults(names):
    failures = []
    # Found soon: compiling takes longer, so -O1.
    plan = ((name, Search, f"{FAULTS[name][0]} FAULT_{name}", FAULTS[name][1], "-O1") for name in names)
    for name, search in searches(plan):
        bounds, what = FAULTS[name]
        found = "found" if search.errors else "NOT FOUND"
        print(f"fault {name:<32} {what:<7} {search}  {found}   [{bounds}]", flush=True)
        if not search.errors:
            failures.append(f"the planted fault {name} was not found")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the configurations and faults")
    parser.add_argument("--only", metavar="NAME", action="append", help="this configuration or fault (repeatable)")
    options = parser.parse_args()
    known = [*CONFIGURATIONS, *FAULTS]
    if options.list:
        print(*known, sep="\n")
        return 0
    for name in options.only or []:
        if name not in known:
            parser.error(f"unknown name '{name}'; see --list")
    chosen = options.only or known
    planted = set(re.findall(r"FAULT_(\w+)", MODEL.read_text()))
    try:
        failures, reached = check_configurations([n for n in CONFIGURATIONS if n in chosen])
        failures += check_faults([n for n in FAULTS if n in chosen])
    except (Broken, OSError, subprocess.TimeoutExpired) as problem:
        print(f"check.py: {problem}", file=sys.stderr)
        return 1
    if not options.only:
        failures += [f"no configuration reaches '{mark}'" for mark in sorted(marks() - reached)]
        failures += [f"no configuration is given for FAULT_{name}" for name in sorted(planted - set(FAULTS))]
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
