#!/usr/bin/env python3
"""Shows that each rule's tests notice the fault planted for that rule (mutations.py).

Compiles the core and its rule tests once, then for each fault what it touches, and runs the tests of the
rule alone: they must fail. Exit 0 if every fault is noticed; 1 if one survives, does not compile or no
longer applies, or if the tests fail without any fault.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from mutations import MUTATIONS

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ROOT / "core"
SECONDS = 20  # tests that take so much longer than without a fault hang, and have noticed
FLAGS = ["-std=c++20", "-O0", "-w", f"-I{ROOT}/testing/include"]


def compile_file(compiler, core, source, into):
    """Compiles core/<source> of one tree. Returns the compiler's complaint, or None."""
    includes = [f"-I{core}/include", f"-I{core}/generated", f"-I{core}/src", f"-I{core}/tests"]
    done = subprocess.run([*compiler, *FLAGS, *includes, "-c", f"{core}/{source}", "-o", into],
                          capture_output=True, text=True)
    return done.stderr if done.returncode else None


def link(compiler, objects, into):
    return subprocess.run([*compiler, *map(str, objects), "-o", str(into), "-lgmock", "-lgtest_main", "-lgtest", "-lpthread"],
                          capture_output=True, text=True)


def copy_core(into):
    shutil.copytree(CORE, into)
    generated = into / "generated" / "switchgear"
    generated.mkdir(parents=True)
    template = (CORE / "include/switchgear/version.hpp.in").read_text()
    for field in ("MAJOR", "MINOR", "PATCH"):
        template = template.replace(f"@PROJECT_VERSION_{field}@", "0")
    (generated / "version.hpp").write_text(template.replace("@PROJECT_VERSION@", "0.0.0"))


def object_name(source):
    return source.replace("/", "_") + ".o"


def run_rule(program, rule, seconds=600):
    """Returns (passed, what happened)."""
    # A rule's tests are in suites named rule_NN…; none found counts as passed, hence as a survivor.
    tests = f"rule_{rule:02}*" if isinstance(rule, int) else f"{rule}.*"
    try:
        done = subprocess.run([program, f"--gtest_filter={tests}", "--gtest_brief=1", "--gtest_fail_fast"],
                              capture_output=True, text=True, errors="replace", timeout=seconds)
    except subprocess.TimeoutExpired:
        return False, "hangs"
    if done.returncode == 0:
        return True, "no test notices"
    failed = [line.split("]")[1].split("(")[0].strip() for line in done.stdout.splitlines() if line.startswith("[  FAILED  ]")]
    return False, failed[0] if failed else f"ends with {done.returncode}"


def why_it_no_longer_applies(mutation):
    """Returns a sentence, or None where the text to change stands in its file once."""
    _, file, old, _, _ = mutation
    times = (CORE / file).read_text().count(old)
    return None if times == 1 else f"{file}: the text to change stands there {times} times: {old!r}"


def try_mutation(compiler, work, objects, mutation, seconds):
    """Returns (rule, noticed, what happened)."""
    rule, file, old, new, sources = mutation
    if reason := why_it_no_longer_applies(mutation):
        return rule, False, reason
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        tree = pathlib.Path(scratch) / "core"
        copy_core(tree)
        (tree / file).write_text((CORE / file).read_text().replace(old, new))
        # What was mutated comes first: of a function that is inline in several files the linker takes the first.
        mutated = {source: None for source in sources} | objects
        for source in sources:
            mutated[source] = f"{scratch}/{object_name(source)}"
            complaint = compile_file(compiler, tree, source, mutated[source])
            if complaint:
                return rule, False, f"does not compile: {complaint.splitlines()[0]}"
        program = f"{scratch}/tests"
        linked = link(compiler, mutated.values(), program)
        if linked.returncode:
            return rule, False, f"does not link: {linked.stderr.splitlines()[0]}"
        passed, what = run_rule(program, rule, seconds)
        return rule, not passed, what


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rule", type=int, action="append", help="only the faults of this rule (may be repeated)")
    parser.add_argument("--suite", action="append", help="… or of this suite, for what has no number")
    parser.add_argument("--check", action="store_true", help="only look whether each fault still applies, and compile nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once (default: one for each core)")
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    options = parser.parse_args()

    wanted = [*(options.rule or ()), *(options.suite or ())]
    chosen = [m for m in MUTATIONS if not wanted or m[0] in wanted]
    missing = set(range(1, 41)) - {m[0] for m in MUTATIONS}
    if missing or not chosen:
        sys.exit(f"mutations.py: no fault for rule(s) {sorted(missing) or wanted}")
    if options.check:
        moved = [f"{m[0]}  {reason}" for m in chosen if (reason := why_it_no_longer_applies(m))]
        print(*moved, f"{len(chosen) - len(moved)} of {len(chosen)} faults apply", sep="\n")
        sys.exit(1 if moved else 0)
    # Through ccache if it is there: most of what is compiled here is the same each time.
    compiler = ([shutil.which("ccache")] if shutil.which("ccache") else []) + [options.compiler]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="switchgear-mutations-") as work, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tree = pathlib.Path(work) / "core"
        copy_core(tree)
        sources = sorted(str(p.relative_to(CORE)) for p in [*CORE.glob("src/**/*.cpp"), *CORE.glob("tests/rules/*.cpp")])
        # breaker.cpp first: of the machine's inline functions the linker takes the first it meets.
        sources.sort(key=lambda s: s != "src/breaker.cpp")
        objects = {s: f"{work}/{object_name(s)}" for s in sources}
        complaints = list(pool.map(lambda s: compile_file(compiler, tree, s, objects[s]), sources))
        for complaint in filter(None, complaints):
            sys.exit(complaint)
        program = f"{work}/tests"
        linked = link(compiler, objects.values(), program)
        if linked.returncode:
            sys.exit(linked.stderr)

        seconds = {}
        for rule in dict.fromkeys(m[0] for m in chosen):
            started = time.monotonic()
            passed, what = run_rule(program, rule)
            if not passed:
                sys.exit(f"{rule}: its tests fail without any fault: {what}")
            seconds[rule] = SECONDS + 2 * (time.monotonic() - started)

        survivors = 0
        tried = pool.map(lambda m: try_mutation(compiler, work, objects, m, seconds[m[0]]), chosen)
        for rule, noticed, what in tried:
            survivors += not noticed
            print(f"{rule:>16}  {'noticed ' if noticed else 'SURVIVED'}  {what}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} faults noticed in {time.monotonic() - began:.0f} s")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
