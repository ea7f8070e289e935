#!/usr/bin/env python3
"""Checks that every atomic operation weaker than seq_cst says why it may be.

A comment on its line says what it pairs with or why with nothing ("pairs with give_back()", "a count"), or one that is
at most NEAR lines above it does and names the order ("acquire: pairs with ..."). Where several of one order follow one
another, the first comment does for all.

    tools/check_orders.py [FILE...]     (default: all of the library that is tracked)
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
NEAR = 6  # lines
ORDER = re.compile(r"memory_order(?:_|::)(relaxed|acquire|release|acq_rel)\b")


def without_reason(text):
    """[(line number, order)]"""
    lines = text.splitlines()
    found = []
    explained = {}  # order: the last line whose operation of that order has a reason
    for at, line in enumerate(lines):
        code, _, beside = line.partition("//")
        above = " ".join(one.partition("//")[2] for one in lines[max(0, at - NEAR):at])
        for order in dict.fromkeys(ORDER.findall(code)):
            if beside or re.search(rf"\b({order}|as in|as above)\b", above, re.IGNORECASE) \
                    or at - explained.get(order, -NEAR) <= 2:
                explained[order] = at
            else:
                found.append((at + 1, order))
    return found


def main():
    files = sys.argv[1:] or subprocess.run(
        ["git", "ls-files", "--", "core/src", "core/include", "adapters", "policies"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    faults = [f"{name}:{line}: {order} without a reason"
              for name in files if name.endswith((".hpp", ".cpp"))
              for line, order in without_reason((ROOT / name).read_text(encoding="utf-8"))]
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
