"""One copy of the sources that holds all mutants, each chosen at run time by its number (mutant schemata:
Untch, Offutt, Harrold, "Mutation analysis using mutant schemata", ISSTA 1993)."""
from dataclasses import dataclass, field


@dataclass
class Place:
    begin: int
    end: int
    form: str
    mutants: list
    inner: list = field(default_factory=list)


# Around one and the same text: from the outside to the inside.
OUTER_FIRST = ["statement", "declared condition", "condition", "expression"]


def instrumented(name, text, numbered, local_constants, fixed=None):
    """`numbered`: pairs of a number and a mutant. A compiler's complaint names the line 'mutant-<number>'.
    `fixed`: a mutant that is there without a choice."""
    places = {}
    if fixed:
        places[None] = Place(fixed.begin, fixed.end, "statement", [(0, fixed)])
    for number, mutant in numbered:
        key = (mutant.begin, mutant.end, mutant.form)
        places.setdefault(key, Place(*key, [])).mutants.append((number, mutant))
    ordered = sorted(places.values(), key=lambda p: (p.begin, -p.end, OUTER_FIRST.index(p.form)))
    root = Place(0, len(text), "file", [])
    stack = [root]
    for place in ordered:
        while place.begin >= stack[-1].end:
            stack.pop()
        if place.end > stack[-1].end:
            raise ValueError(f"{place.mutants[0][1].id}: not nested in {stack[-1].mutants[0][1].id}")
        stack[-1].inner.append(place)
        stack.append(place)
    return f'#include "mutant.hpp"\n#line 1 "{name}"\n' + _render(name, text, root, set(local_constants))


def _render(name, text, place, local_constants):
    parts, at = [], place.begin
    for inner in place.inner:
        parts.append(_plain(text, at, inner.begin, local_constants))
        parts.append(_render(name, text, inner, local_constants))
        at = inner.end
    parts.append(_plain(text, at, place.end, local_constants))
    inside = "".join(parts)
    if not place.mutants:
        return inside
    if place.mutants[0][1].fixed:
        return f"({place.mutants[0][1].text})"
    here = f'\n#line {text.count(chr(10), 0, place.begin) + 1} "{name}"\n'
    after = f'\n#line {text.count(chr(10), 0, place.end) + 1} "{name}"\n'
    if place.form == "statement":
        number, mutant = place.mutants[0]
        return f"{{ if (!{_on(number, mutant)}) {{{here}{inside} }} }}{after}"
    choices = "".join(f'\n#line 1 "mutant-{number}"\n{_on(number, mutant)} ? ({mutant.text}) :'
                      for number, mutant in place.mutants)
    if place.form == "expression":
        return f"({choices}{here}({inside}))"
    if place.form == "condition":
        return f"{choices}{here}static_cast<bool>({inside})"
    return f"{inside}; {choices}{here}static_cast<bool>({place.mutants[0][1].name})"


def _on(number, mutant):
    which = "on_at_run_time" if mutant.in_constexpr else "on"
    return f"::switchgear_mutants::{which}({number})"


def _plain(text, begin, end, local_constants):
    part = text[begin:end]
    for offset in sorted((o for o in local_constants if begin <= o < end), reverse=True):
        at = offset - begin
        part = part[:at] + "const    " + part[at + len("constexpr"):]
    return part
