"""Keeps what the README says about speed the same as what a file in bench/results says."""

import glob
import os
import re

import measure
import targets

README = os.path.join(measure.ROOT, "README.md")
BLOCK = re.compile(r"(<!-- bench/run --readme -->\n).*?(<!-- end of bench/run --readme -->)", re.DOTALL)


def newest():
    files = sorted(glob.glob(os.path.join(measure.BENCH, "results", "core-*.md")))
    if not files:
        raise SystemExit("bench/run: no bench/results/core-*.md yet; measure with bench/run --save")
    return files[-1]


def update(path, only_check):
    """Writes the block; with only_check only says whether it is as the file says."""
    with open(README, encoding="utf-8") as file:
        before = file.read()
    if not BLOCK.search(before):
        raise SystemExit("bench/run: README.md has no block between the comments of bench/run --readme")
    after = BLOCK.sub(lambda found: found[1] + block(path) + found[2], before)
    if before == after:
        return 0
    if only_check:
        print(f"README.md does not say what {os.path.relpath(path, measure.ROOT)} says; run bench/run --readme")
        return 1
    with open(README, "w", encoding="utf-8") as file:
        file.write(after)
    return 0


def block(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    figures = {row: float(median) for row, median in re.findall(r"^\| `([^`]+)` \| ([\d.]+) \|", text, re.MULTILINE)}
    machine = re.search(r"^- machine: (.*?);", text, re.MULTILINE)[1]
    date = re.search(r"^# The core, (\S+)", text)[1]
    verdicts = re.findall(r"^\| .* \| ≤ .* \| ([^|]*) \|$", text, re.MULTILINE)
    met = sum(verdict == "met" for verdict in verdicts)
    lines = [
        f"How fast is it? Nanoseconds of one call – admitted, settled, counted exactly – on {machine}, {date}, medians:",
        "",
        "| rules | 1 thread | 1 % failures | 2 threads, one breaker |",
        "|---|---|---|---|",
    ]
    for name, text_of in targets.SUBJECTS.items():
        rows = [f"admitted/{name}/system/{rest}" for rest in ("healthy/1", "1pct/1", "healthy/2on1")]
        lines.append(f"| {text_of} | " + " | ".join(f"{figures[row]:.1f}" for row in rows) + " |")
    rows = [f"admitted/defaults/ticking/{rest}" for rest in ("healthy/1", "1pct/1", "healthy/2on1")]
    lines.append("| the defaults, coarse clock in memory | " + " | ".join(f"{figures[row]:.1f}" for row in rows) + " |")
    link = os.path.relpath(path, measure.ROOT)
    lines += [
        "",
        f"A refusal costs {figures['refused/open/system/1']:.1f}; one atomic exchange costs {figures[targets.SWAP]:.1f} there, "
        f"the coarse clock {figures[targets.COARSE]:.1f}.{peers(text)} {met} of {len(verdicts)} targets are met on that "
        f"machine. [Every figure, with spread, floors, peers and targets]({link}); `bench/run` measures on yours.",
    ]
    return "\n".join(lines) + "\n"


def peers(text):
    """What the same run says of the others: of each library the least and the most that its rules cost."""
    found = {}
    for name, runtime, ns in re.findall(r"^\| ([\w-]+) \(([A-Z]\w+) [^)]*\) \| [^|]* \| here \| ([\d.,]+) \|", text,
                                        re.MULTILINE):
        found.setdefault(f"{name} ({runtime})", []).append(ns)
    costs = (name + " " + " to ".join(dict.fromkeys((min(all_of, key=value), max(all_of, key=value))))
             for name, all_of in found.items())
    return " In the same run: " + ", ".join(costs) + "." if found else ""


def value(written):
    return float(written.replace(",", ""))
