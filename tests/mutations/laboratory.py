"""Builds the instrumented core with its test programs, and runs them on one mutant after another."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from programs import PROGRAMS
from schemata import instrumented

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCES = [str(p.relative_to(ROOT)) for p in sorted(ROOT.glob("core/src/**/*.cpp"))]
FLAGS = ["-std=c++20", "-O0", "-w", "-Wno-narrowing", "-fmax-errors=0", "-DNDEBUG", "-D_GLIBCXX_ASSERTIONS", "-pthread", f"-I{HERE}/schema",
         f"-I{ROOT}/testing/include"]
TIERS_S = (0.003, 0.015, 0.1)  # the tests of all programs that take less are run before any that takes longer
# Tests that take longer are left out; longer ones are run for what only they can see.
LONGEST_S, LONGEST_FOR_ORDERS_S = 1.5, 30
SPARE_S = 3      # of processor time, beyond four times what the tests take without a mutant
ENVIRONMENT = os.environ | {"LSAN_OPTIONS": "hard_rss_limit_mb=2000:exitcode=23"}


@dataclass(frozen=True)
class Outcome:
    caught: bool
    what: str     # by which program, or why not
    test: str = ""


class Laboratory:
    def __init__(self, work, compiler, jobs, without):
        self.work = work
        self.tree = work / "tree"
        self.compiler = ([shutil.which("ccache")] if shutil.which("ccache") else []) + [compiler]
        self.jobs = jobs
        self.programs = [p for p in PROGRAMS if p.name not in without and all((ROOT / s).exists() for s in p.sources)]
        self.uncompilable = []
        self.reached = {}  # program -> number -> tests
        self.seconds = {}  # program -> test -> how long it takes

    # -- building

    def build(self, mutants, constants):
        self.mutants, self.constants = mutants, constants
        for folder in ("core", *{str(pathlib.Path(s).parent) for p in self.programs for s in p.sources if "core" not in s}):
            shutil.rmtree(self.tree / folder, ignore_errors=True)
            shutil.copytree(ROOT / folder, self.tree / folder)
        generated = self.tree / "generated" / "switchgear"
        generated.mkdir(parents=True, exist_ok=True)
        template = (ROOT / "core/include/switchgear/version.hpp.in").read_text()
        (generated / "version.hpp").write_text(re.sub(r"@\w+@", "0", template))
        for name in self.constants:
            self._write(self.tree, name)
        tests = [(s, p.flags) for p in self.programs for s in p.sources]
        cores = [(s, p.flags) for p in self.programs if p.flags for s in SOURCES]
        # The core first: what does not compile is mostly found there.
        for units in ([(s, ()) for s in SOURCES], tests + cores):
            self._compile_all(units)
        self._drop_what_is_not_compiled_here()
        for name in ("alive", "by_test"):
            self._run([*self.compiler, *FLAGS, "-c", f"{HERE}/schema/{name}.cpp", "-o", f"{self.work}/{name}.o"])
        for program in self.programs:
            self._link(program, {}, self.work / program.name)

    def _write(self, tree, name, fixed=None):
        """The instrumented file, and if given with one of the mutants that cannot be chosen."""
        here = [(n, m) for n, m in self.mutants.items() if m.file == name and not m.fixed]
        text = instrumented(name, (ROOT / name).read_text(), here, self.constants[name], fixed)
        (tree / name).write_text(text)

    def _object(self, source, flags=()):
        return self.work / ("".join(f"{f}_" for f in flags) + source.replace("/", "_") + ".o")

    def _compile(self, source, tree, into, flags=()):
        """Returns the compiler's complaint, or None."""
        includes = ["core/include", "generated", "core/src", "core/tests", *(i for p in self.programs for i in p.includes)]
        done = subprocess.run([*self.compiler, *FLAGS, *flags, *(f"-I{tree}/{i}" for i in includes), "-MMD", "-MF", f"{into}.d",
                               "-c", f"{tree}/{source}", "-o", str(into)], capture_output=True, text=True)
        return done.stderr if done.returncode else None

    def _compile_all(self, units):
        """Leaves out the mutants that the compiler complains of, until it does not."""
        while units:
            with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
                complaints = list(pool.map(lambda u: self._compile(u[0], self.tree, self._object(*u), u[1]), units))
            guilty = {n for complaint in filter(None, complaints) for n in blamed(complaint)}
            if not guilty and any(complaints):
                sys.exit(next(filter(None, complaints)))
            for number in guilty & self.mutants.keys():
                self.uncompilable.append(self.mutants.pop(number))
            for name in {m.file for m in self.uncompilable}:
                self._write(self.tree, name)
            units = [u for u, complaint in zip(units, complaints) if complaint]

    def _drop_what_is_not_compiled_here(self):
        """Under an #if for other compilers."""
        includes = ["core/include", "generated", "core/src", "core/tests"]
        everything = "".join(f'#include "{self.tree}/{name}"\n' for name in self.constants)
        done = subprocess.run([self.compiler[-1], *FLAGS, *(f"-I{self.tree}/{i}" for i in includes), "-E", "-x", "c++", "-"],
                              input=everything, capture_output=True, text=True)
        there = {int(n) for n in re.findall(r"switchgear_mutants::on(?:_at_run_time)?\((\d+)\)", done.stdout)}
        for number in [n for n, m in self.mutants.items() if n not in there and not m.fixed]:
            self.uncompilable.append(self.mutants.pop(number))

    def _link(self, program, others, into):
        objects = [str(others.get(s, self._object(s, program.flags))) for s in (*SOURCES, *program.sources)]
        self._run([self.compiler[-1], "-pthread", *program.flags, *program.link, *objects, f"{self.work}/alive.o", f"{self.work}/by_test.o",
                   "-lgmock", "-lgtest_main", "-lgtest", "-o", str(into)])

    @staticmethod
    def _run(command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")

    # -- running

    def note_reached(self):
        for program in self.programs:
            notes, times = self.work / f"{program.name}.reached", self.work / f"{program.name}.json"
            notes.unlink(missing_ok=True)
            # Once to note, once for the time that it takes otherwise.
            for more in ({"SWITCHGEAR_MUTANTS_REACHED": str(notes)}, {}):
                done = subprocess.run([self.work / program.name, "--gtest_brief=1", f"--gtest_output=json:{times}"],
                                      env=ENVIRONMENT | program.environment | more, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{program.name} fails without any mutant:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
            self.seconds[program.name] = {
                f"{suite['name']}.{test['name']}": float(test["time"].rstrip("s"))
                for suite in json.loads(times.read_text())["testsuites"] for test in suite["testsuite"]}
            by_number = self.reached[program.name] = {}
            for line in notes.read_text().splitlines():
                test, *numbers = line.split()
                # What is reached at the beginning of the program or at its end may matter to every test.
                tests = [test] if test != "between" else list(self.seconds[program.name])
                for number in map(int, numbers):
                    by_number.setdefault(number, set()).update(tests)

    def try_mutant(self, number):
        mutant = self.mutants[number]
        if mutant.fixed:
            return self._try_fixed(mutant)
        programs = [p for p in self.programs if mutant.operator != "memory order" or p.sees_memory_orders]
        if not programs:
            return Outcome(False, "pending")
        of_orders = mutant.operator == "memory order"
        longest = LONGEST_FOR_ORDERS_S if of_orders else LONGEST_S
        reached = [(p, self.reached[p.name][number]) for p in programs if self.reached[p.name].get(number)]
        for above, below in zip((-1.0, *TIERS_S), (*TIERS_S, longest)):
            for program, tests in reached:
                left_out = None if of_orders else program.only_for_orders or None
                seconds = self.seconds[program.name]
                tier = [t for t in sorted(tests) if above < seconds.get(t, 0) <= below and not (left_out and t.endswith(left_out))]
                failed = tier and self._fails(self.work / program.name, program, number, tier)
                if failed:
                    return Outcome(True, program.name, failed)
        return Outcome(False, "survived" if reached else "not reached")

    def _fails(self, executable, program, number, tests):
        """Returns what failed, or nothing."""
        seconds = sum(self.seconds[program.name].get(t, 0) for t in tests or self.seconds[program.name])
        limit = int(SPARE_S + 4 * seconds)
        environment = ENVIRONMENT | program.environment | {"SWITCHGEAR_MUTANT": str(number)}
        memory = "" if program.link or program.flags else "ulimit -v 4000000;"
        command = ["bash", "-c", f'ulimit -t {limit} -c 0; {memory} exec "$0" "$@"', executable, "--gtest_brief=1",
                   "--gtest_fail_fast", f"--gtest_filter={':'.join(tests) or '*'}"]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace",
                                  stdin=subprocess.DEVNULL, timeout=20 + 5 * limit)
        except subprocess.TimeoutExpired:
            return "hangs"
        if done.returncode == 0:
            return None
        failed = [line.split("]")[1].split("(")[0].split(",")[0].strip() for line in done.stdout.splitlines()
                  if line.startswith("[  FAILED  ]")]
        return failed[0] if failed else {-24: "hangs", -9: "hangs", 23: "leaks"}.get(done.returncode, f"ends with {done.returncode}")

    def _try_fixed(self, mutant):
        """Compiles what depends on the mutant's file. Returns None if it does not compile."""
        with tempfile.TemporaryDirectory(dir=self.work) as scratch:
            tree = pathlib.Path(scratch) / "tree"
            shutil.copytree(self.tree, tree)
            self._write(tree, mutant.file, mutant)
            others = {}
            for program in (p for p in self.programs if p.name in ("rules", "surface", "recovery_formulas", "adaptive")):
                needed = [s for s in (*SOURCES, *program.sources) if s not in others and self._depends(s, mutant.file)]
                for source in needed:
                    others[source] = pathlib.Path(scratch) / self._object(source).name
                    if self._compile(source, tree, others[source]):
                        return None
                if not any(s in others for s in (*SOURCES, *program.sources)):
                    continue
                executable = pathlib.Path(scratch) / program.name
                self._link(program, others, executable)
                quick = sorted(t for t, seconds in self.seconds[program.name].items() if seconds < LONGEST_S)
                failed = self._fails(executable, program, 0, quick)
                if failed:
                    return Outcome(True, program.name, failed)
        return Outcome(False, "survived")

    def _depends(self, source, name):
        # As written there a header may be reached by way of another folder: core/src/adaptive/../pacing.hpp.
        needs = pathlib.Path(f"{self._object(source)}.d").read_text().replace("\\\n", " ").split()
        return any(os.path.normpath(path).endswith(f"/{name}") for path in needs)


def blamed(complaint):
    """The numbers of the mutants that a compiler's complaint is about."""
    numbers, context = set(), []
    for line in complaint.splitlines():
        here = re.match(r"mutant-(\d+):", line)
        if re.search(r"(^|: )(fatal )?error: ", line):
            if here:
                numbers.add(int(here[1]))
            elif context:
                numbers.add(context[-1])
            context = []
        elif here:
            context.append(int(here[1]))
    return numbers
