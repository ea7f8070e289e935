#!/usr/bin/env python3
"""Tells which tests of ctest failed, and the end of what each of them printed.

A long log is looked at from its end, and often only its end is kept: .ci/run says this once more there.
"""

import argparse
import pathlib
import re
import sys

LINES = 40  # of each failed test: a traceback of Python's or the expectations of a test of GoogleTest
WIDTH = 300


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the builds are; every ctest below it is looked at")
    parser.add_argument("--newer", type=pathlib.Path, metavar="FILE", help="only runs that ended after FILE was touched")
    return parser.parse_args()


def outputs(log):
    """What each test printed, by its name: as ctest writes it to LastTest.log."""
    pieces = re.split(r"(?m)^\d+/\d+ Testing: (.*)\n", log)[1:]
    for name, piece in zip(pieces[::2], pieces[1::2]):
        printed = re.split(r"(?m)^Output:\n-+\n", piece, maxsplit=1)[-1]
        yield name, re.split(r"(?m)^<end of output>\n", printed, maxsplit=1)[0]


def main():
    given = arguments()
    for failed in sorted(given.folder.rglob("Testing/Temporary/LastTestsFailed.log")):
        if given.newer and failed.stat().st_mtime <= given.newer.stat().st_mtime:
            continue
        names = [line.split(":", 1)[1] for line in failed.read_text().splitlines() if ":" in line]
        log = (failed.parent / "LastTest.log").read_text(errors="replace")
        said = dict(outputs(log))
        for name in names:
            print(f"    {name}")
            for line in said.get(name, "").rstrip().splitlines()[-LINES:]:
                print(f"        {line[:WIDTH]}")


if __name__ == "__main__":
    sys.exit(main())
