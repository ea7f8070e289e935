"""Writes what bench/run measured as Markdown, and reads it again for the README."""

import datetime
import os
import re
import statistics
import subprocess

import measure
import targets

# The rows that peers are set against; then one row that says what two threads do, and one refusal.
HEADLINES = ("in_a_row", "last_100", "last_10s", "slow_1s", "defaults")


def medians_of(samples):
    return {row: statistics.median(values) for row, values in samples.items()}


def write(samples, bytes_held, peers, about):
    medians = medians_of(samples)
    return "\n".join([
        *about, "",
        "## Targets", "", *target_lines(medians, bytes_held), "",
        "## Peers", "", *peer_lines(medians, peers), "",
        "## Every row", "", *row_lines(samples), "",
        "## Bytes", "", *byte_lines(bytes_held),
    ]) + "\n"


def about(folder, options, load_before):
    """The machine, the compiler, the date and the command, without which the numbers mean nothing."""
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    compiler = said(["readelf", "-p", ".comment", os.path.join(folder, "bench_core")], r"\]\s+(.*)")
    commit = said(["git", "-C", measure.ROOT, "rev-parse", "--short", "HEAD"], r".*")
    changed = said(["git", "-C", measure.ROOT, "status", "--porcelain", "--", "core"], r"\S") != "unknown"
    return [
        f"# The core, {datetime.date.today()}",
        "",
        f"- machine: {model[1] if model else 'unknown'}, {os.cpu_count()} cores, Linux {os.uname().release}; "
        f"load {load_before:.1f} before, {os.getloadavg()[0]:.1f} at the end",
        f"- switchgear {commit}{' with changes in core' if changed else ''}, compiled by {compiler}, preset `release` (-O2)",
        f"- command: `{options.said}`: {options.repetitions} repetitions of at least {options.seconds} s of "
        "every row, in random order in one run",
        "- nanoseconds of one call as its thread sees it (`try_acquire` and the verdict; the call itself does nothing); "
        "medians of the repetitions",
    ]


def said(command, pattern):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, done.stdout)
    return found[found.lastindex or 0].strip() if found else "unknown"


def outcomes(medians, bytes_held):
    compared = (targets.compare(target, medians, bytes_held) for target in targets.targets())
    return [outcome for outcome in compared if outcome]


def target_lines(medians, bytes_held):
    lines = [
        "The limits are for a quiet machine like the reference machine (atomic exchange "
        f"{targets.REFERENCE_FLOORS[targets.SWAP]} ns, coarse clock {targets.REFERENCE_FLOORS[targets.COARSE]}, steady "
        f"clock {targets.REFERENCE_FLOORS[targets.STEADY]}). The last column but one is an **estimate, not a "
        "measurement**, for one thread: the figure, less the floors of this machine, plus those of that one, and no less "
        "than those add up to. Where a target is missed, the last column says what stands against it.",
        "",
        "| target | row | limit | measured | estimated there | |",
        "|---|---|---|---|---|---|",
    ]
    for target, measured, estimate, verdict in outcomes(medians, bytes_held):
        number = (lambda value: f"{value:,.0f} B") if target.unit == "bytes" else (
            (lambda value: f"{value:.2f} ×") if target.unit == "×" else (lambda value: f"{value:.1f} ns"))
        lines.append(f"| {target.what} | {target.row} | ≤ {number(target.limit)} | {number(measured)} | "
                     f"{'–' if estimate is None else number(estimate)} | {verdict} |")
    return lines


def peer_lines(medians, peers):
    rows = {name: f"admitted/{name}/system/healthy/1" for name in HEADLINES}
    lines = [
        "How many times ours each peer's figure is. *Here*: measured in this run. *Reference*: measured by this "
        "project earlier, on the reference machine; the ratios of one thread and of refusals are to what is estimated of "
        "ours there, that of two threads is to ours of this run. *Published*: the library's own figure, on a machine of "
        "its own, to ours of this run. Bold: the rule that is most like the peer's. What a call alone costs in a runtime "
        "is its row without a breaker.",
        "",
        "| peer | setting | figures | 1 thread | 2 threads | refused | "
        + " | ".join(f"÷ {targets.SUBJECTS[name]}" for name in HEADLINES)
        + " | 2 threads ÷ the same rule | refused ÷ open |",
        "|---" * (8 + len(HEADLINES)) + "|",
    ]
    for peer in [*here(peers), *measure.documented_peers()]:
        name = f"[{peer['name']}]({peer['source']})" if peer["source"] else peer["name"]
        cells = [name, peer["setting"], peer["kind"], *(number(peer[key]) for key in ("one", "two", "refused"))]
        for headline, row in rows.items():
            text = ratio(peer["one"], ours(row, peer["kind"], medians))
            cells.append(f"**{text}**" if headline == peer["like"] and text != "–" else text)
        like = peer["like"] or "defaults"
        cells += [ratio(peer["two"], medians.get(f"admitted/{like}/system/healthy/2on1")),
                  ratio(peer["refused"], ours("refused/open/system/1", peer["kind"], medians))]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def ours(row, kind, medians):
    """Our figure on the machine that a peer's figure of that kind is from, as far as we can say."""
    there = targets.on_reference_machine(row, medians) if kind == "reference" else None
    return there or medians.get(row)


def here(peers):
    """The peers of this run, in the form of the documented ones."""
    found = []
    for runtime in peers or []:
        medians = medians_of(runtime["samples"])
        for row, ns in medians.items():
            library, _, rule = row.partition("/")
            if rule in targets.SUBJECTS:
                found.append({"name": f"{library} ({runtime['runtime']})", "setting": targets.SUBJECTS[rule], "like": rule,
                              "kind": "here", "one": ns, "two": medians.get(f"{row}/2on1"),
                              "refused": medians[f"{library}/refused"], "source": None})
            elif not rule:
                found.append({"name": f"{library} ({runtime['runtime']})", "setting": "no breaker", "like": None,
                              "kind": "here", "one": ns, "two": None, "refused": None, "source": None})
    return found


def ratio(theirs, ours):
    return "–" if theirs is None or not ours else f"{theirs / ours:.1f}"


def number(value):
    return "–" if value is None else f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def row_lines(samples):
    """Floors first. The spread is from the tenth to the ninetieth percentile of the repetitions."""
    medians = medians_of(samples)
    lines = [
        "A row's name is what / settings / clock / failures / threads: `2on1` is two threads on one breaker, `2on2` on one "
        "each. Clock `system`: the library's own; `ticking`: `ticking_time`, exact as told from the processor's counter, "
        "coarse from memory; `callers`: a caller's own, a memory read. ÷ floors: to the atomic operations and clock reads that the row is made of.",
        "",
        "| row | median | least | p10–p90 | ÷ floors |",
        "|---|---|---|---|---|",
    ]
    for row, values in sorted(samples.items(), key=lambda item: reading_order(item[0])):
        parts = targets.floors_of(row)
        known = parts and all(floor in medians for floor in parts)
        floor = sum(n * medians[part] for part, n in parts.items()) if known else 0
        lines.append(f"| `{row}` | {medians[row]:.1f} | {min(values):.1f} | {spread(values)} | {ratio(medians[row], floor)} |")
    return lines


def reading_order(row):
    """The runs come in random order; a reader wants the floors first, then the rows by what they are about."""
    order = ("floor", "admitted", "refused", "probe", "ramp", "registry",
             *targets.SUBJECTS, "held_handle", "get_and_call",
             "system", "ticking", "callers", "healthy", "1pct", "20pct")
    return [(order.index(part), "") if part in order else (len(order), part) for part in row.split("/")]


def spread(values):
    if len(values) < 2:
        return "–"
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return f"{tenths[0]:.1f}–{tenths[-1]:.1f}"


def byte_lines(bytes_held):
    return [
        "As the allocator gives them out; what shares its settings is measured as one more key of a registry, name and "
        "table slot included.",
        "",
        "| what | bytes |",
        "|---|---|",
        *(f"| {name} | {value:,} |" for name, value in bytes_held.items()),
    ]
