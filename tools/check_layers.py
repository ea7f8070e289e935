#!/usr/bin/env python3
"""Refuses an include against the arrows, a real clock or a sleep where time must be an argument, and what g++ 12
compiles wrongly: a co_await behind &&, || or ?.

    core <- policies <- adapters/* <- gateway,   adapters <- simulation <- cli,   testing beside core

Usage: tools/check_layers.py [--root DIR]. Exit code 1 names file, line and the arrow that is broken.
"""

import argparse
import pathlib
import re
import sys
from typing import NamedTuple

SUFFIXES = {".hpp", ".cpp", ".h", ".in"}

# The words of the core that travel over the admin API; the rest of the core is not the client's business.
CORE_VOCABULARY = (
    "switchgear/event.hpp", "switchgear/fwd.hpp", "switchgear/result.hpp", "switchgear/settings.hpp",
    "switchgear/snapshot.hpp", "switchgear/state.hpp", "switchgear/time.hpp", "switchgear/verdict.hpp",
    "switchgear/version.hpp",
)
# Standard headers that bring I/O or threads of one's own; <thread> is there for this_thread::yield alone.
OUTSIDE_WORLD = {"condition_variable", "cstdio", "filesystem", "fstream", "future", "iostream", "syncstream"}
POSIX = ("arpa/", "net/if.h", "netdb.h", "netinet/", "poll.h", "pthread.h", "pwd.h", "sched.h", "signal.h", "sys/",
         "syslog.h", "unistd.h", "fcntl.h", "spawn.h")
TEST_LIBRARIES = ("gtest/", "gmock/", "rapidcheck.h", "rapidcheck/")


class Layer(NamedTuple):
    folder: str
    may_include: tuple          # prefixes of #include <...>, beside the layer's own and the standard library
    pure: bool = False          # no I/O, no threads, no clock
    tests_may_include: tuple = ()


CORE = ("switchgear/*",)        # the headers directly in switchgear/
BELOW_ADAPTERS = CORE + ("switchgear/policies/",)

LAYERS = (
    Layer("core", CORE + ("switchgear/detail/",), pure=True),
    Layer("testing", CORE + ("switchgear/policies/", "switchgear/testing/")),
    Layer("policies", BELOW_ADAPTERS, pure=True),
    Layer("adapters/http", BELOW_ADAPTERS + ("switchgear/http/",)),
    Layer("adapters/ticking", CORE + ("switchgear/ticking/", "cpuid.h", "x86intrin.h")),
    Layer("adapters/wire", BELOW_ADAPTERS + ("switchgear/wire/", "boost/json", "boost/system/")),
    Layer("adapters/asio", BELOW_ADAPTERS + ("switchgear/asio/", "switchgear/wire/", "boost/asio", "boost/system/"),
          tests_may_include=("boost/beast/core/error.hpp",)),
    Layer("adapters/prometheus", BELOW_ADAPTERS + ("switchgear/prometheus/", "switchgear/wire/", "prometheus/")),
    Layer("simulation", BELOW_ADAPTERS + ("switchgear/http/", "switchgear/wire/", "switchgear/simulation/", "boost/json",
                                          "boost/system/", "fmt/", "zlib.h") + POSIX),
    Layer("cli", CORE_VOCABULARY + ("switchgear/wire/", "switchgear/simulation/", "switchgear/cli/", "boost/", "openssl/",
                                    "CLI/", "fmt/") + POSIX),
    Layer(
        "gateway",
        BELOW_ADAPTERS + ("switchgear/http/", "switchgear/asio/", "switchgear/wire/", "switchgear/prometheus/",
                          "switchgear/gateway/", "boost/", "openssl/", "prometheus/", "yaml-cpp/", "spdlog/", "fmt/",
                          "CLI/", "zlib.h", "malloc.h") + POSIX,
    ),
)
# The one file where gateway and command line meet.
EXCEPTIONS = {"gateway/main.cpp": ("switchgear/cli/", "switchgear/simulation/")}
# Folders that may use every layer.
FREE = ("bench", "ci", "examples", "fuzz", "tests", "third_party")

REAL_CLOCK = re.compile(r"\b(sleep_for|sleep_until|(?:steady|system|high_resolution)_clock::now)\b")
OWN_THREAD = re.compile(r"\bstd::(thread|jthread)\b(?!::)")
MAY_READ_THE_CLOCK = {"core/src/time.cpp", "core/include/switchgear/detail/clock.hpp", "core/tests/time_test.cpp"}
UNIT_TESTS = ("core/tests/", "policies/tests/", "testing/tests/", "adapters/http/tests/", "adapters/wire/tests/",
              "adapters/prometheus/tests/", "gateway/tests/unit/", "cli/tests/unit/", "simulation/tests/unit/", "tests/model/")

# g++ 12 awaits what follows them in a co_return, in the condition of a loop and in an argument, whatever stands before.
CONDITION = re.compile(r"&&|\|\||\?")
END_OF_EXPRESSION = re.compile(r"\bco_await\b|[()\[\],;{}]|(?<![=!<>])=(?!=)")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    return next((layer for layer in LAYERS if path.startswith(layer.folder + "/")), None)


def in_tests(path, layer):
    return path.startswith(layer.folder + "/tests/")


def allowed(name, prefixes):
    for prefix in prefixes:
        if prefix == "switchgear/*":
            if name.startswith("switchgear/") and name.count("/") == 1:
                return True
        elif name.startswith(prefix):
            return True
    return False


def target_of(name):
    """What an angle-bracket include points at, in the words of the table."""
    if not name.startswith("switchgear/"):
        return name
    if name.count("/") == 1 or name.startswith("switchgear/detail/"):
        return "core"
    part = name.split("/")[1]
    return part if part in ("policies", "testing", "simulation", "gateway", "cli") else "adapters/" + part


def quoted_include_problem(root, path, layer, name):
    """A quoted include stays in its own layer: beside the file, or in the layer's src/ or include/."""
    home = (root / layer.folder).resolve()
    here = (root / path).resolve().parent
    up_to_home = [folder for folder in here.parents if home in folder.parents]
    for folder in (here, *up_to_home, home, home / "src", home / "include"):
        found = (folder / name).resolve()
        if found.exists():
            if home in found.parents:
                return None
            return f'{layer.folder} -> {found.relative_to(root.resolve())} ("{name}" leaves its layer)'
    return f'{layer.folder} -> "{name}" (not found in the layer; another layer is included with <>)'


def include_problem(root, path, layer, bracket, name):
    if bracket == '"':
        return quoted_include_problem(root, path, layer, name)
    tested = in_tests(path, layer)
    if "/" not in name and not name.endswith(".h") and not name.endswith(".hpp"):
        if layer.pure and not tested and name in OUTSIDE_WORLD:
            return f"{layer.folder} -> <{name}> (no I/O and no threads here)"
        return None
    prefixes = layer.may_include + EXCEPTIONS.get(path, ())
    if tested:
        prefixes += TEST_LIBRARIES + POSIX + ("switchgear/testing/",) + layer.tests_may_include
    if allowed(name, prefixes):
        return None
    return f"{layer.folder} -> {target_of(name)} (<{name}>)"


def without_comments(text):
    """The text with comments blanked out, line for line."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
    return pattern.sub(lambda m: m[0] if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text)


def conditional_awaits(text):
    """The places of &&, || and ? that decide whether a co_await of the same expression takes place."""
    for condition in CONDITION.finditer(text):
        depth = 0
        for token in END_OF_EXPRESSION.finditer(text, condition.end()):
            if token[0] == "co_await":
                yield condition.start()
                break
            depth += (token[0] in "([") - (token[0] in ")]")
            # `=` is behind the && of a reference: auto&& a = co_await b;
            if depth < 0 or token[0] in ";{}" or (depth == 0 and token[0] in ",="):
                break


def problems_in(root, path):
    layer = layer_of(path)
    if layer is None:
        if path.split("/")[0] not in FREE:
            yield 1, f"the folder {path.rsplit('/', 1)[0] or '.'} is no layer of the table in tools/check_layers.py"
    time_is_an_argument = ((layer is not None and layer.pure) or path.startswith(UNIT_TESTS)) \
        and path not in MAY_READ_THE_CLOCK
    text = without_comments((root / path).read_text())
    code = re.sub(r"(?m)^[ \t]*#.*", "", text)
    for number in sorted({code.count("\n", 0, place) + 1 for place in conditional_awaits(code)}):
        yield number, "a co_await behind &&, || or ?, which g++ 12 may await in any case: use an if"
    for number, line in enumerate(text.splitlines(), start=1):
        if layer is not None and (match := INCLUDE.match(line)):
            if problem := include_problem(root, path, layer, match[1], match[2]):
                yield number, f"include against the arrows: {problem}"
        if layer is not None and layer.pure and not in_tests(path, layer) and OWN_THREAD.search(line):
            yield number, f"{layer.folder} -> thread: no threads of its own here"
        if time_is_an_argument and (match := REAL_CLOCK.search(line)):
            yield number, f"{match[1]}: time comes in through time_source; in tests use testing::manual_time"


def sources(root):
    for folder in sorted(p for p in root.iterdir() if p.is_dir()):
        if folder.name in ("build", ".git"):
            continue
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in SUFFIXES and (path.suffix != ".in" or ".hpp" in path.name):
                yield path.relative_to(root).as_posix()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    count = 0
    files = list(sources(root))
    for path in files:
        for number, problem in problems_in(root, path):
            print(f"{path}:{number}: {problem}")
            count += 1
    if not files:
        print(f"check_layers: no source file below {root}")
        return 1
    print(f"check_layers: {len(files)} files, {count} problems")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
