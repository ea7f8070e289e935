"""The mutation operators: every mutant of a source, found by its tokens alone."""
import re
from dataclasses import dataclass

from cpp_source import Source

COMPARISONS = {"<": ("<=", ">"), ">": (">=", "<"), "<=": ("<", ">="), ">=": (">", "<="), "==": ("!=",), "!=": ("==",)}
ARITHMETIC = {a: b for pair in ("+ -", "* /", "<< >>", "& |", "+= -=", "*= /=", "<<= >>=", "&= |=", "++ --")
              for a, b in (pair.split(), pair.split()[::-1])}
LOGIC = {"&&": "||", "||": "&&"}
# What of the file is no run-time code, with what follows in brackets.
ASIDE = {"static_assert", "assert", "alignas", "noexcept", "decltype", "sizeof"}
# Calls that promise nothing but speed: whoever leaves them out, or asks for less, gets the same.
HINTS = {"reserve", "yield"}
JUMPS = {"if", "for", "while", "switch", "return", "break", "continue", "case", "default", "using", "static_assert", "assert",
         "constexpr", "const", "static", "auto", "template", "typename", "struct", "class", "enum", "union", "do", "try",
         "catch", "throw", "goto", "else", "friend", "namespace", "typedef", "public", "private", "protected"}
NO_NAME = JUMPS | {"delete", "new", "this", "operator", "sizeof"}


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    column: int
    operator: str  # comparison, constant, arithmetic, memory order, removed statement, removed check
    into: str      # what stands there instead
    form: str      # expression, condition, declared condition, statement
    begin: int     # what the choice is made around
    end: int
    text: str      # of the mutant, from begin to end
    fixed: bool = False       # cannot be chosen at run time: compiled on its own
    in_constexpr: bool = False
    name: str = ""            # of a declared condition

    @property
    def id(self):
        return f"{self.file}:{self.line}:{self.column}:{self.operator}:{self.into}".replace(" ", "-")


class Finder:
    def __init__(self, file, text):
        self.file = file
        self.source = Source(text)
        self.text = text
        self.tokens = self.source.tokens
        self.found = []
        self.local_constants = []  # offsets of `constexpr` that may as well be `const`
        self.aside, self.fixed, self.constexpr = set(), set(), set()
        self._mark_what_is_aside()
        self._mark_what_only_the_compiler_runs()
        self._mark_constexpr()

    def mutants(self):
        for i, token in enumerate(self.tokens):
            if i in self.aside:
                continue
            if token.binary or token.text in ("++", "--"):
                self._operator(i)
            elif token.text == "!" and self.tokens[i + 1].text != "=":
                self._not(i)
            elif token.kind == "number" or token.text in ("true", "false"):
                self._constant(i)
            elif token.text.startswith("memory_order_") and token.text != "memory_order_relaxed":
                begin = i - 2 if self.tokens[i - 1].text == "::" else i
                self._add(i, "memory order", "relaxed", begin, i + 1, "std::memory_order_relaxed")
            elif token.text in ("if", "while", "for"):
                self._check(i)
            if self._starts_statement(i):
                self._statement(i)
        return self.found

    # -- what is eligible

    def _mark(self, group, first, last):
        group.update(range(first, last + 1))

    def _mark_what_is_aside(self):
        tokens = self.tokens
        for i, token in enumerate(tokens):
            after = tokens[i + 1] if i + 1 < len(tokens) else token
            if token.text == "<" and self.source.is_open(i):
                self._mark(self.aside, i, token.match)
            elif token.text in ASIDE | HINTS and after.text == "(":
                self._mark(self.aside, i, after.match)
            elif token.text == "[" and after.text == "[":
                self._mark(self.aside, i, token.match)
            elif token.text == "operator":
                self._mark(self.aside, i, i + 1)
            elif token.text == "using" or token.text in ("concept", "requires"):
                # A clause ends before the body of its function, an expression has one of its own.
                body = token.text == "concept" or tokens[i - 1].text in ("=", "&&", "||", "(", "!", "requires")
                end = i
                while tokens[end].text != ";" and (body or tokens[end].text != "{") and not self.source.is_close(end):
                    end = tokens[end].match + 1 if self.source.is_open(end) else end + 1
                self._mark(self.aside, i, end)
            elif token.text == "if" and after.text == "constexpr":
                self._mark(self.aside, i, tokens[i + 2].match)
            elif token.text == "{" and token.scope == "enum":
                self._mark(self.fixed, i, token.match)
            elif token.text == "=" and after.text == "0" and tokens[i - 1].text in ("noexcept", "const", ")", "override"):
                self._mark(self.aside, i, i + 1)  # a pure virtual function
            elif token.text == "[" and tokens[i - 1].kind == "name" and tokens[i - 2].kind == "name" and after.kind == "number":
                self._mark(self.fixed, i, token.match)  # the bound of an array

    def _mark_what_only_the_compiler_runs(self):
        """Functions that begin with `if (!std::is_constant_evaluated()) return;`, and calls of them: mutants are chosen at
        run time, and there they do nothing. Static assertions check them."""
        tokens = self.tokens
        only_the_compiler = set()
        for i, token in enumerate(tokens):
            begins = "".join(t.text for t in tokens[i + 1:i + 12])
            if token.scope == "block" and begins == "if(!std::is_constant_evaluated())return;":
                head = tokens[self.source.begin_of_statement(i):i]
                only_the_compiler.add(next(t.text for t, after in zip(head, head[1:]) if after.text == "("))
                self._mark(self.aside, i, token.match)
        for i, token in enumerate(tokens):
            if token.text in only_the_compiler:
                self.aside.add(i)

    def _mark_constexpr(self):
        for i, token in enumerate(self.tokens):
            if token.text not in ("constexpr", "constinit") or self.tokens[i - 1].text == "if":
                continue
            at = i + 1
            while self.tokens[at].text not in ("(", "=", "{", ";"):
                if self.tokens[at].text == "operator":
                    at += 1
                at = self.tokens[at].match + 1 if self.tokens[at].text in ("<", "[") else at + 1
            end = at
            if self.tokens[at].text == "(":  # a function: to the end of its body
                while self.tokens[end].text != ";" and self.tokens[end].scope != "block":
                    end = self.tokens[end].match + 1 if self.source.is_open(end) else end + 1
                if self.tokens[end].scope == "block":
                    self._mark(self.constexpr, i, self.tokens[end].match)
                continue
            while self.tokens[end].text != ";":
                end = self.tokens[end].match + 1 if self.source.is_open(end) else end + 1
            parent = self.tokens[i].parent
            local = parent >= 0 and self.tokens[parent].scope == "block"
            if local and token.text == "constexpr" and self.tokens[i - 1].text != "static":
                self.local_constants.append(token.start)
            else:
                self._mark(self.fixed, i, end)

    # -- the operators

    def _add(self, at, operator, into, first, last, text, form="expression", name=""):
        begin, end = self.tokens[first].start, self.tokens[last - 1].end
        offset = self.tokens[at].start
        line = self.text.count("\n", 0, offset) + 1
        column = offset - self.text.rfind("\n", 0, offset)
        self.found.append(Mutant(self.file, line, column, operator, into, form, begin, end, text, at in self.fixed,
                                 at in self.constexpr, name))

    def _with(self, at, text, first, last):
        """The text from the first token up to the last, with other text at one of them."""
        token = self.tokens[at]
        return self.text[self.tokens[first].start:token.start] + text + self.text[token.end:self.tokens[last - 1].end]

    def _operator(self, i):
        op = self.tokens[i].text
        if op in ("++", "--"):
            prefix = self.tokens[i + 1].kind == "name" or self.tokens[i + 1].text in ("(", "*")
            first, last = (i, self.source.unary_operand(i)) if prefix else (self.source.chain_before(i), i + 1)
            self._add(i, "arithmetic", ARITHMETIC[op], first, last, self._with(i, ARITHMETIC[op], first, last))
            return
        kinds = (("comparison", COMPARISONS.get(op, ())), ("arithmetic", (ARITHMETIC[op],) if op in ARITHMETIC else ()),
                 ("removed check", (LOGIC[op],) if op in LOGIC else ()))
        for kind, others in kinds:
            for other in others:
                first, last = self.source.left_operand(i), self.source.right_operand(i)
                text = self._with(i, other, first, last)
                if kind == "removed check":  # || in the middle of && would bind otherwise
                    left = self.text[self.tokens[first].start:self.tokens[i - 1].end]
                    right = self.text[self.tokens[i + 1].start:self.tokens[last - 1].end]
                    text = f"({left}) {other} ({right})"
                self._add(i, kind, other, first, last, text)

    def _not(self, i):
        last = self.source.unary_operand(i)
        inner = self.text[self.tokens[i + 1].start:self.tokens[last - 1].end]
        self._add(i, "removed check", "no !", i, last, f"static_cast<bool>({inner})")

    def _is_initialiser_of_a_private_struct(self, i):
        """What everyone who makes one sets anyway; settings.hpp's defaults are another matter."""
        parent = self.tokens[i].parent
        if parent < 0 or self.tokens[parent].scope != "class" or not ("/src/" in self.file or "/detail/" in self.file):
            return False
        head = self.tokens[self.source.begin_of_statement(parent):parent]
        return any(t.text == "struct" for t in head) and self.tokens[i - 1].text == "=" and i not in self.fixed

    def _constant(self, i):
        text = self.tokens[i].text
        if self._is_initialiser_of_a_private_struct(i):
            return
        if text in ("true", "false"):
            other = "false" if text == "true" else "true"
            self._add(i, "constant", other, i, i + 1, other)
        elif self.tokens[i - 1].text != "-":
            self._add(i, "constant", f"{text}+1", i, i + 1, f"({text} + 1)")

    def _check(self, i):
        if self.tokens[i + 1].text != "(":
            return
        first, last = i + 2, self.tokens[i + 1].match
        parts = [first]
        at = first
        while at < last:
            if self.tokens[at].text == ";":
                parts.append(at + 1)
            at = self.tokens[at].match + 1 if self.source.is_open(at) else at + 1
        loop = self.tokens[i].text != "if"
        if self.tokens[i].text == "for":
            if len(parts) != 3 or parts[1] + 1 >= parts[2]:
                return
            first, last = parts[1], parts[2] - 1
        elif len(parts) == 2:
            first = parts[1]
        declared = [at for at in range(first, last) if self.tokens[at].text == "=" and self.tokens[at].parent == i + 1]
        form = "declared condition" if declared else "condition"
        name = self.tokens[declared[0] - 1].text if declared else ""
        for to in ("false",) if loop else ("false", "true"):
            self._add(i, "removed check", to, first, last, to, form, name)

    # -- statements

    def _starts_statement(self, i):
        tokens = self.tokens
        if i == 0 or tokens[i].parent < 0 or tokens[tokens[i].parent].scope != "block":
            return False
        if tokens[i].text in JUMPS or tokens[i].text in (";", "{", "}"):
            return False
        before = tokens[i - 1]
        if before.text in ("{", ";", "else", "do"):
            return True
        if before.text == "}":
            return tokens[before.match].scope == "block"
        if before.text == "]" and tokens[before.match + 1].text == "[":  # [[likely]]
            return tokens[before.match - 1].text in (")", "else")
        if before.text == ")":
            return tokens[before.match - 1].text in ("if", "for", "while", "switch")
        if before.text == ":":
            return any(t.text == "case" for t in tokens[self.source.begin_of_statement(i - 1):i])
        return False

    def _statement(self, i):
        end = i
        while self.tokens[end].text != ";":
            if self.tokens[end].text == "}" and self.source.is_close(end):
                return
            end = self.tokens[end].match + 1 if self.source.is_open(end) else end + 1
        last = self.tokens[end - 1]
        hint = last.text == ")" and self.tokens[last.match - 1].text in HINTS
        if not hint and self._is_expression(i, end):
            self._add(i, "removed statement", "nothing", i, end + 1, "", "statement")

    def _is_expression(self, i, end):
        tokens = self.tokens
        if tokens[i].text in ("delete", "++", "--", "*", "("):
            return True
        if tokens[i].kind != "name" or tokens[i].text in NO_NAME - {"this"}:
            return False
        at, called = i + 1, False
        while at < end:
            token = tokens[at]
            if token.text in (".", "->", "::"):
                at += 2
            elif token.text in ("++", "--"):
                return True
            elif self.source.is_open(at) and token.text in ("(", "[", "<", "{") and token.glued:
                called |= token.text in ("(", "{")
                at = token.match + 1
            else:
                break
        if at >= end:
            return called
        return tokens[at].binary  # else a type and a name


def mutants_of(file, text):
    """Returns: the mutants, and the offsets of `constexpr` that are to become `const` so that they can be."""
    finder = Finder(file, text)
    return finder.mutants(), finder.local_constants
