"""A C++ file as tokens with their brackets: as much of the language as the mutation operators need.

The files are formatted by clang-format, and this relies on it: a binary operator stands between spaces,
a unary one does not, and the < of a template follows its name at once.
"""
import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<directive>\#(?:[^\n\\]|\\.)*)
  | (?P<string>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+')
  | (?P<number>\.?\d(?:'?[\w.]|(?<=[pPeE])[+-])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark><=>|<<=|>>=|\.\.\.|->\*|::|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.VERBOSE | re.DOTALL)

BINARY = {op: rank for rank, ops in enumerate(
    ["= += -= *= /= %= &= |= ^= <<= >>=", "||", "&&", "|", "^", "&", "== !=", "< <= > >=", "<=>", "<< >>", "+ -", "* / %"]
) for op in ops.split()}
CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
# Never part of an expression.
STOPS = {";", ",", "?", ":", "return", "throw", "case", "else", "do", "default", "goto", "using", "delete"}


@dataclass
class Token:
    kind: str
    text: str
    start: int
    spaced: bool = False  # between spaces
    glued: bool = False   # at once after the token before it
    match: int = -1       # the other bracket
    parent: int = -1      # the innermost bracket around it
    scope: str = ""       # of a {: namespace, class, enum, block or init
    binary: bool = False

    @property
    def end(self):
        return self.start + len(self.text)


@dataclass
class Source:
    text: str
    tokens: list = field(default_factory=list)

    def __post_init__(self):
        self._read()
        self._match()
        for i, token in enumerate(self.tokens):
            if token.text == "{":
                token.scope = self._scope_of(i)

    def _read(self):
        for found in TOKEN.finditer(self.text):
            kind, text = found.lastgroup, found.group()
            if kind in ("space", "directive"):
                continue
            before = self.text[found.start() - 1:found.start()]
            if text == ">>" and not before.isspace():  # closes two templates
                self.tokens += [Token("mark", ">", found.start(), glued=True), Token("mark", ">", found.start() + 1, glued=True)]
                continue
            after = self.text[found.end():found.end() + 1]
            self.tokens.append(Token(kind, text, found.start(), before.isspace() and after.isspace(), not before.isspace()))
        for i, token in enumerate(self.tokens):
            token.binary = token.kind == "mark" and token.text in BINARY and token.spaced and not self._opens_template(i)
            if token.text in ("&", "&&") and i + 1 < len(self.tokens) and self.tokens[i + 1].text in ("{", ";", "noexcept", "requires"):
                token.binary = False  # of a member that is called on one kind of object

    def _opens_template(self, i):
        return self.tokens[i].text == "<" and i > 0 and (self.tokens[i].glued or self.tokens[i - 1].text == "template")

    def _match(self):
        open_ones = []
        for i, token in enumerate(self.tokens):
            if token.text == ">" and not token.binary and open_ones and self.tokens[open_ones[-1]].text == "<":
                self._close(open_ones.pop(), i)
            elif token.kind == "mark" and token.text in ")]}":
                while self.tokens[open_ones[-1]].text == "<":
                    open_ones.pop()
                self._close(open_ones.pop(), i)
            token.parent = open_ones[-1] if open_ones else -1
            if token.kind == "mark" and (token.text in "([{" or self._opens_template(i)):
                open_ones.append(i)

    def _close(self, first, last):
        self.tokens[first].match, self.tokens[last].match = last, first

    def is_open(self, i):
        return self.tokens[i].match > i

    def is_close(self, i):
        return 0 <= self.tokens[i].match < i

    def begin_of_statement(self, i):
        """The first token of what the token i ends or continues, at its own level."""
        while i > 0:
            before = i - 1
            if self.tokens[before].text in ("{", ";", "}") and not self._is_inner_close(before):
                return i
            if self.tokens[before].text == ":" and self.tokens[before - 1].text in ("public", "private", "protected"):
                return i
            i = self.tokens[before].match if self.is_close(before) else before
        return i

    def _is_inner_close(self, i):
        return self.tokens[i].text == "}" and self.tokens[self.tokens[i].match].scope == "init"

    def _scope_of(self, i):
        tokens = self.tokens
        parent = tokens[i].parent
        around = "namespace" if parent < 0 else tokens[parent].scope or "init"
        before = tokens[i - 1].text
        header = tokens[self.begin_of_statement(i):i]
        words = {t.text for t in header if t.parent == parent}
        if "namespace" in words:
            return "namespace"
        if "enum" in words:
            return "enum"
        if before in (")", "]", "else", "do", "try", "noexcept", "const", "override", "mutable"):
            return "block"
        if words & {"class", "struct", "union"} and "(" not in words and "=" not in words:
            return "class"
        if around in ("namespace", "class"):
            if before in ("}", "{") or "->" in words:
                return "block"
        elif around == "block" and before in (";", "{", "}"):
            return "block"
        if before == ":" and around == "block":
            return "block"
        # A lambda that names what it returns.
        back = i - 1
        while tokens[back].kind == "name" or tokens[back].text in ("::", "&", "*") or tokens[back].text == ">":
            back = (tokens[back].match if self.is_close(back) else back) - 1
        return "block" if tokens[back].text == "->" and tokens[back - 1].text == ")" else "init"

    def left_operand(self, i):
        """The first token of the operand before the binary operator i."""
        rank = BINARY[self.tokens[i].text]
        at = i
        while at > 0:
            before = self.tokens[at - 1]
            if self.is_open(at - 1) or before.text in STOPS:
                break
            if before.binary and (BINARY[before.text] < rank or rank == 0):
                break
            if before.text == "}" and self.tokens[before.match].scope != "init":
                break
            # The head of a statement: if (…) a += b;
            if before.text == ")" and self.tokens[before.match - 1].text in ("if", "for", "while", "switch"):
                break
            at = before.match if self.is_close(at - 1) else at - 1
        return at

    def right_operand(self, i):
        """One past the last token of the operand after the binary operator i."""
        rank = BINARY[self.tokens[i].text]
        at = i + 1
        while at < len(self.tokens):
            token = self.tokens[at]
            if self.is_close(at) or token.text in (";", ","):
                break
            if rank > 0 and (token.text in ("?", ":") or (token.binary and BINARY[token.text] <= rank)):
                break
            at = token.match + 1 if self.is_open(at) else at + 1
        return at

    def unary_operand(self, i):
        """One past the last token of the operand of a prefix operator at i."""
        at = i + 1
        while self.tokens[at].text in ("!", "*", "-", "~", "++", "--", "&"):
            at += 1
        at = self.tokens[at].match + 1 if self.is_open(at) else at + 1
        while True:
            token = self.tokens[at]
            if token.text in (".", "->", "::"):
                at += 2
            elif token.text in ("(", "[", "{", "<") and self.is_open(at) and (token.glued or token.text == "("):
                if token.text == "{" and token.scope != "init":
                    return at
                at = token.match + 1
            else:
                return at

    def chain_before(self, i):
        """The first token of what a postfix operator at i belongs to."""
        at = i
        while True:
            at = self.tokens[at - 1].match if self.is_close(at - 1) else at - 1
            if self.tokens[at].text in ("(", "[") and self.tokens[at - 1].kind == "name":
                continue
            if self.tokens[at - 1].text not in (".", "->", "::"):
                return at
            at -= 1
