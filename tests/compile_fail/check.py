#!/usr/bin/env python3
"""Programs that must not compile, and do when they are written the right way.

Each *.cpp here is compiled twice: as it stands it must be refused, with the text after `// expect:` (a
regular expression) in the compiler's message; with -DRIGHT it must pass. So none of them is refused for a
reason of its own making.
"""
import argparse
import pathlib
import re
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--includes", required=True, help="directories, separated by ':'")
    options = parser.parse_args()
    flags = ["-std=c++20", "-fsyntax-only", "-Werror=unused-result", *(f"-I{d}" for d in options.includes.split(":"))]

    programs = sorted(pathlib.Path(__file__).parent.glob("*.cpp"))
    if not programs:
        sys.exit("no programs found")
    wrong = 0
    for program in programs:
        expected = re.search(r"^// expect: (.+)$", program.read_text(), re.MULTILINE).group(1)
        as_it_is, right = (
            subprocess.run([options.compiler, *flags, *more, program], capture_output=True, text=True)
            for more in ([], ["-DRIGHT"])
        )
        verdict = "refused"
        if as_it_is.returncode == 0:
            verdict = "WRONG: it compiles"
        elif not re.search(f"error:.*({expected})", as_it_is.stderr):
            verdict = f"WRONG: refused for another reason than {expected!r}:\n{as_it_is.stderr}"
        elif right.returncode != 0:
            verdict = f"WRONG: refused with -DRIGHT too:\n{right.stderr}"
        wrong += verdict != "refused"
        print(f"{program.name}: {verdict}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
