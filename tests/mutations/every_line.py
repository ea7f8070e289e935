#!/usr/bin/env python3
"""Mutates every eligible line of the core with fixed operators, and shows that the tests notice.

All mutants are compiled into one instrumented copy of the core, each chosen at run time, and its test
programs are built once. A first run notes which test reaches which mutant; then each mutant's tests run
with it alive, until one fails, crashes, leaks or runs on for ever. The few that the compiler itself
evaluates are compiled on their own.

Exit 0 if 95 % are caught and every survivor has a reason in survivors.toml.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import sys
import tempfile
import time

import report
from laboratory import Laboratory, Outcome
from operators import mutants_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUIRED = 95.0
FILES = [*sorted(ROOT.glob("core/src/**/*.[ch]pp")), *sorted(ROOT.glob("core/include/switchgear/**/*.hpp"))]


def all_mutants():
    """Returns: the mutants, in the order of files and places, and per file what instrumenting needs."""
    mutants, constants = [], {}
    for path in FILES:
        name = str(path.relative_to(ROOT))
        found, constants[name] = mutants_of(name, path.read_text())
        mutants += sorted(found, key=lambda m: (m.line, m.column, m.operator, m.into))
    return mutants, constants


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="list the mutants and stop")
    parser.add_argument("--check", action="store_true", help="run nothing: whether each survivor of survivors.toml is still there")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, drawn at random")
    parser.add_argument("--seed", type=int, help="of the sample (default: a new one, printed)")
    parser.add_argument("--only", metavar="FILE", action="append", help="only files whose path ends so")
    parser.add_argument("--operator", action="append", help="only this operator")
    parser.add_argument("--id", action="append", help="only the mutants whose id begins so")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--work", metavar="DIR", help="build here and leave it there")
    parser.add_argument("--without", metavar="PROGRAM", action="append", default=[], help="do not run this test program")
    parser.add_argument("--again", action="store_true", help="only those that the run before in the same --work did not catch")
    parser.add_argument("--report", metavar="FILE", action="append",
                        help="run nothing: report what the runs that kept these outcomes.json found (with --save, write it)")
    parser.add_argument("--save", action="store_true", help="write results.md")
    return parser.parse_args()


def chosen(mutants, options):
    if options.only:
        mutants = [m for m in mutants if any(m.file.endswith(f) for f in options.only)]
    if options.operator:
        mutants = [m for m in mutants if m.operator in options.operator]
    if options.id:
        mutants = [m for m in mutants if any(m.id.startswith(i) for i in options.id)]
    if options.sample and options.sample < len(mutants):
        seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
        print(f"{options.sample} of {len(mutants)} mutants, drawn with --seed {seed}")
        drawn = set(random.Random(seed).sample(mutants, options.sample))
        mutants = [m for m in mutants if m in drawn]
    return mutants


def keys_of(mutants):
    """What a mutant is known by after its line has moved: the line itself, and which of several that are the same."""
    keys, seen, lines = {}, collections.Counter(), {}
    for mutant in mutants:
        if mutant.file not in lines:
            lines[mutant.file] = (ROOT / mutant.file).read_text().splitlines()
        code = report.code_of(lines[mutant.file][mutant.line - 1])
        key = "|".join((mutant.file, code, mutant.operator, mutant.into))
        keys[mutant] = f"{key}|{seen[key]}"
        seen[key] += 1
    return keys


def keep(where, known, keys, outcomes, uncompilable):
    where.write_text(json.dumps(known | {keys[m]: {"done": True, "by": o.what} if o.caught else {} for m, o in outcomes.items()}
                                | {keys[m]: {"done": True} for m in uncompilable}))


def found_before(files, mutants, keys):
    """Returns: outcomes and what does not compile. What no run has caught, or none has tried, counts as a survivor."""
    runs = [json.loads(pathlib.Path(f).read_text()) for f in files]
    outcomes, uncompilable = {}, []
    for mutant in mutants:
        seen = [run[keys[mutant]] for run in runs if keys[mutant] in run]
        by = next((one["by"] for one in seen if one.get("by")), None)
        if by is None and any(one.get("done") for one in seen):
            uncompilable.append(mutant)
        else:
            outcomes[mutant] = Outcome(by is not None, by or ("survived" if seen else "not tried"))
    return outcomes, uncompilable


def main():
    options = parsed()
    everything, constants = all_mutants()
    mutants = chosen(everything, options)
    if options.check:
        gone = report.gone(everything)
        print(*(f"survivors.toml: no such mutant any more: {' | '.join(one)}" for one in gone), sep="\n")
        sys.exit(1 if gone else 0)
    if options.list:
        for mutant in mutants:
            print(mutant.id)
        print(f"{len(mutants)} mutants: {dict(collections.Counter(m.operator for m in mutants))}")
        return
    if not mutants:
        sys.exit("no such mutant")
    if options.report:
        conclude(options, *found_before(options.report, mutants, keys_of(everything)), None)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="switchgear-mutants-") as scratch:
        work = pathlib.Path(options.work or scratch).resolve()
        kept = work / "outcomes.json"
        known = json.loads(kept.read_text()) if options.again else {}
        keys = keys_of(everything)
        before = {m.id: known[keys[m]] for m in mutants if keys[m] in known}
        laboratory = Laboratory(work, options.compiler, options.jobs, options.without)
        laboratory.build({n: m for n, m in enumerate(mutants, 1) if not before.get(m.id, {}).get("done")}, constants)
        print(f"built in {time.monotonic() - began:.0f} s; {len(laboratory.uncompilable)} do not compile", flush=True)
        laboratory.note_reached()
        outcomes = {m: Outcome(True, before[m.id]["by"]) for m in mutants if before.get(m.id, {}).get("by")}
        laboratory.uncompilable += [m for m in mutants if before.get(m.id, {}).get("done") and m not in outcomes]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            # Those that are compiled on their own come last: each takes as long as a hundred others.
            in_turn = sorted(laboratory.mutants, key=lambda number: laboratory.mutants[number].fixed)
            running = {pool.submit(laboratory.try_mutant, number): number for number in in_turn}
            for done in concurrent.futures.as_completed(running):
                mutant = laboratory.mutants[running[done]]
                outcome = done.result()
                if outcome is None:
                    laboratory.uncompilable.append(mutant)
                    continue
                outcomes[mutant] = outcome
                if not outcome.caught:
                    print(f"{outcome.what:>14}  {mutant.id}", flush=True)
                if len(outcomes) % 25 == 0:
                    print(f"{len(outcomes)} tried after {time.monotonic() - began:.0f} s", flush=True)
                    keep(kept, known, keys, outcomes, laboratory.uncompilable)
        keep(kept, known, keys, outcomes, laboratory.uncompilable)
    conclude(options, {m: outcomes[m] for m in mutants if m in outcomes}, laboratory.uncompilable, time.monotonic() - began)


def conclude(options, outcomes, uncompilable, seconds):
    """Reports, and ends the program."""
    text, share, without_reason = report.written(outcomes, uncompilable, seconds)
    print(text)
    if options.save:
        (pathlib.Path(__file__).parent / "results.md").write_text(text)
    for mutant in without_reason:
        print(f"no reason given: {mutant.id}")
    if share < REQUIRED:
        print(f"{share:.1f} % of all are caught, and not the {REQUIRED:.0f} % aimed at")
    sys.exit(1 if share < REQUIRED or without_reason else 0)


if __name__ == "__main__":
    main()
