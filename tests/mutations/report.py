"""What became of the mutants, as Markdown."""
import collections
import pathlib
import re
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def reasons():
    """Per survivor that is known: (file, line of code, operator, into) -> its kind and why nothing notices it."""
    known = tomllib.loads((HERE / "survivors.toml").read_text()).get("survivor", [])
    return {(one["file"], code_of(one["code"]), one["operator"], into): (one["kind"], one["reason"])
            for one in known for into in one["into"]}


def code_of(line):
    """Without what is said beside it: another comment makes no other mutant."""
    return re.sub(r"\s+//.*", "", line.strip())


def key_of(mutant):
    line = (ROOT / mutant.file).read_text().splitlines()[mutant.line - 1]
    return mutant.file, code_of(line), mutant.operator, mutant.into


def gone(mutants):
    """The known survivors of which there is no such mutant any more."""
    return sorted(set(reasons()) - {key_of(mutant) for mutant in mutants})


def written(outcomes, uncompilable, seconds):
    """Returns: the text, the share caught in percent, and the survivors without a reason."""
    known = reasons()
    pending = [m for m, o in outcomes.items() if o.what == "pending"]
    counted = {m: o for m, o in outcomes.items() if o.what != "pending"}
    survivors = [m for m, o in counted.items() if not o.caught]
    share = 100 * (1 - len(survivors) / len(counted)) if counted else 100.0
    how = f"in {seconds:.0f} s" if seconds else ("added up over several runs, in which a mutant whose line had not "
                                                 "changed was not tried again once caught")
    lines = ["# Mutants of the core", "",
             f"{len(counted)} mutants, {len(counted) - len(survivors)} caught: {share:.1f} %, {how}. "
             f"{len(uncompilable)} more do not compile and are not counted."]
    kinds = collections.Counter(known[key_of(m)][0] if key_of(m) in known else "without a reason" for m in survivors)
    lines.append("Of the survivors, as judged by reading: " + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()) + ".")
    aside = kinds["equivalent"]
    lines.append(f"Of the {len(counted) - aside} that are not equivalent {100 * (len(counted) - len(survivors)) / max(len(counted) - aside, 1):.1f} % are caught.")
    if pending:
        lines.append(f"{len(pending)} of memory order wait for a program that explores schedules, and are not counted.")
    for title, of in (("operator", lambda m: m.operator), ("file", lambda m: m.file)):
        lines += ["", f"| {title} | mutants | caught | % |", "|---|---:|---:|---:|"]
        all_of = collections.Counter(map(of, counted))
        lost = collections.Counter(map(of, survivors))
        lines += [f"| {name} | {n} | {n - lost[name]} | {100 * (n - lost[name]) / n:.1f} |" for name, n in sorted(all_of.items())]
    by = collections.Counter(o.what for o in counted.values() if o.caught)
    lines += ["", "| caught by | mutants |", "|---|---:|", *(f"| {name} | {n} |" for name, n in by.most_common())]
    without = [m for m in survivors if key_of(m) not in known]
    lines += ["", "## Survivors", ""]
    for mutant in survivors:
        what = "" if counted[mutant].what == "survived" else f" ({counted[mutant].what})"
        lines.append(f"- `{mutant.id}`{what} `{key_of(mutant)[1]}`: {known.get(key_of(mutant), ('', '**no reason given**'))[1]}")
    return "\n".join(lines) + "\n", share, without
