#!/usr/bin/env python3
"""Checks the code, the configurations and the links in the documents.

  check_snippets.py cpp --output FILE     writes every ```cpp block into one source file, to be compiled
  check_snippets.py run --output FILE     writes the one block that is a whole program, to be built and run
  check_snippets.py yaml --switchgear F   runs `switchgear check` on every ```yaml block that is a configuration
  check_snippets.py links                 looks for the target of every relative link and #anchor

An HTML comment before a ```cpp block says what the block is, and is not seen by readers:

  <!-- snippet: body -->         statements; put into a function of their own, which is compiled
  <!-- snippet: call -->         the same, and called when the program runs; its assertions are on
  <!-- snippet: scope -->        declarations; what follows in the same document may use them
  <!-- snippet: run -->          a whole program; compiled and run, at most one in all documents
  <!-- snippet: prelude          no block: the lines up to the end of the comment are declarations that
  ... -->                        what follows in the same document may use

A block without a mark is `scope`. Messages name the document and its line.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

HEADERS = """\
// Written by tools/check_snippets.py from the documents.
#undef NDEBUG
#include <algorithm>
#include <cassert>
#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <switchgear/switchgear.hpp>
#include <switchgear/testing/event_log.hpp>
#include <switchgear/testing/manual_time.hpp>
#include <switchgear/testing/scripted_service.hpp>
"""
KINDS = ("body", "call", "scope", "run", "prelude")


class Block(NamedTuple):
    path: pathlib.Path
    where: str          # the path, as people name it
    line: int           # of the first line of the text
    language: str
    kind: str           # one of KINDS, for C++
    text: str


class Mistake(Exception):
    """A document is not as the checker needs it."""


def documents(root):
    """Every Markdown file of the project, with its name."""
    for path in sorted(root.rglob("*.md")):
        name = path.relative_to(root)
        if name.parts[0] not in ("build", ".git"):
            yield path, name.as_posix()


def blocks_of(path, where):
    """The fenced blocks and hidden preludes, in order."""
    mark, fence, started, lines = "scope", None, 0, []
    in_prelude = False
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if fence is not None or in_prelude:
            if (in_prelude and line.strip() == "-->") or (fence is not None and line.strip() == "```"):
                yield Block(path, where, started, "cpp" if in_prelude else fence, "prelude" if in_prelude else mark,
                            "\n".join(lines) + "\n")
                mark, fence, in_prelude, lines = "scope", None, False, []
            else:
                lines.append(line)
        elif match := re.fullmatch(r"\s*```(\w*).*", line):
            fence, started = match[1], number + 1
        elif match := re.fullmatch(r"<!-- snippet: (\w+)( -->)?", line.strip()):
            if match[1] not in KINDS or (match[1] == "prelude") == bool(match[2]):
                raise Mistake(f"{where}:{number}: snippet is one of {', '.join(KINDS)}, got '{line}'")
            mark, in_prelude, started = match[1], match[1] == "prelude", number + 1
    if fence is not None or in_prelude:
        raise Mistake(f"{where}:{started - 1}: the block has no end")


def all_blocks(root, language):
    return [block for document in documents(root) for block in blocks_of(*document) if block.language == language]


def scope_name(where):
    return re.sub(r"\W", "_", where)


def split_includes(text):
    """The #include lines, which belong to the top of the file, and the text with blank lines in their place."""
    includes = re.findall(r"^#include .*$", text, re.M)
    return includes, re.sub(r"^#include .*$", "", text, flags=re.M)


def translation_unit(blocks):
    """Each document is a namespace of its own, each body a function; main calls those that want it."""
    includes, out, calls, current = [], [], [], None
    for block in blocks:
        if block.kind == "run":
            continue
        found, text = split_includes(block.text)
        includes += found
        if block.path != current:
            if current is not None:
                out.append("}  // namespace")
            current = block.path
            out.append(f"namespace {scope_name(block.where)} {{\nusing namespace std::chrono_literals;")
        out.append(f'#line {block.line} "{block.path}"')
        if block.kind in ("body", "call"):
            text = f"void line_{block.line}();\nvoid line_{block.line}() {{\n#line {block.line} \"{block.path}\"\n{text}}}"
        if block.kind == "call":
            calls.append(f"    {scope_name(block.where)}::line_{block.line}();")
        out.append(text.rstrip("\n"))
    if current is not None:
        out.append("}  // namespace")
    out += ["int main() {", *calls, "}"]
    return HEADERS + "\n".join(dict.fromkeys(includes)) + "\n\n" + "\n".join(out) + "\n"


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def check_cpp(arguments):
    blocks = all_blocks(arguments.root, "cpp")
    if not blocks:
        raise Mistake("no ```cpp block in any document")
    write_if_changed(arguments.output, translation_unit(blocks))
    return []


def check_run(arguments):
    programs = [block for block in all_blocks(arguments.root, "cpp") if block.kind == "run"]
    if len(programs) != 1:
        raise Mistake(f"expected one block marked 'run', found {[f'{b.where}:{b.line}' for b in programs]}")
    write_if_changed(arguments.output, f'#line {programs[0].line} "{programs[0].path}"\n{programs[0].text}')
    return []


def check_yaml(arguments):
    """A block that has listeners and routes is a whole configuration; the others are parts of one."""
    problems, checked = [], 0
    for block in all_blocks(arguments.root, "yaml"):
        if not (re.search(r"^listeners:", block.text, re.M) and re.search(r"^routes:", block.text, re.M)):
            continue
        checked += 1
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(block.text)
            file.flush()
            done = subprocess.run([arguments.switchgear, "check", file.name], capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            said = (done.stdout + done.stderr).replace(file.name, "line").strip()
            problems.append(f"{block.where}:{block.line}: switchgear check: exit code {done.returncode}\n{said}")
    if not checked:
        problems.append("no ```yaml block in any document is a configuration")
    return problems


def anchors_of(path):
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def check_links(arguments):
    problems = []
    for path, name in documents(arguments.root):
        text = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), path.read_text(), flags=re.M | re.S)
        for number, line in enumerate(text.splitlines(), start=1):
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", target):
                    continue
                file, _, anchor = target.partition("#")
                found = (path.parent / file).resolve() if file else path
                where = f"{name}:{number}"
                if not found.exists():
                    problems.append(f"{where}: {target} does not exist")
                elif anchor and found.suffix == ".md" and anchor not in anchors_of(found):
                    problems.append(f"{where}: {target}: no heading makes that anchor")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    commands = parser.add_subparsers(required=True)
    for name, check in (("cpp", check_cpp), ("run", check_run)):
        command = commands.add_parser(name)
        command.add_argument("--output", type=pathlib.Path, required=True)
        command.set_defaults(check=check)
    yaml = commands.add_parser("yaml")
    yaml.add_argument("--switchgear", type=pathlib.Path, required=True, help="the program")
    yaml.set_defaults(check=check_yaml)
    commands.add_parser("links").set_defaults(check=check_links)
    arguments = parser.parse_args()
    arguments.root = arguments.root.resolve()
    try:
        problems = arguments.check(arguments)
    except Mistake as mistake:
        problems = [str(mistake)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
