r"""The tokens of a SPARQL query or update, as the engines themselves read them.

Security decisions and parameter binding rest on this, so two things are exact here that tokenizers often get wrong.

`<` begins an IRI or means "less than". SPARQL's own rule is the longest match, but Oxigraph reads by position: in
`FILTER(?a<'>')SERVICE <http://...> {}` the longest match is an IRI `<'>`, after which the rest looks like a string, while
Oxigraph compares with `'>'` and calls the service. After an operand inside an expression only an operator can follow, so
that is what `<` is read as there, and an IRI everywhere else. Every valid query reads the same by both rules.

Codepoint escapes (`\u0053`, SPARQL 1.1 section 19.2) are resolved before the grammar by the standard, and only inside IRIs
and strings by Oxigraph. `tokens` reads the text as it stands; `decodings` gives the texts that others make of it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "iri", "string", "comment", "variable", "name", "blank", "language", "number", "word", "punctuation", "unknown"
]


class Token(NamedTuple):
    """One token. `text` is as written, `offset` counts characters from 0; `place` makes a line and a column of it.

    A `name` is a prefixed name, a `word` a bare one (a keyword or a function). What fits nothing is `unknown`: one
    character, or a string that does not end.
    """

    kind: Kind
    text: str
    offset: int


_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_MORE = "0-9\u00b7\u0300-\u036f\u203f\u2040"
_CHARS = f"{_BASE}_{_MORE}\\-"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_LOCAL = rf"(?:[{_BASE}_:0-9]|{_ESCAPED})(?:[{_CHARS}:]++|{_ESCAPED}|\.++(?=[{_CHARS}:]|{_ESCAPED}))*+"
_UCHAR = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"

# Possessive quantifiers (`++`, `*+`) never give back what they took: no text makes these patterns slow.
_PATTERN = rf"""[\ \t\r\n]*+(?:
    (?P<variable>[?$][{_BASE}_0-9][{_BASE}_{_MORE}]*+)
  | (?P<name>:(?:{_LOCAL})?)
  | (?P<word>WORD)
  | (?P<string>\"\"\"(?:[^"\\]++|\\.|"(?!""))*+\"\"\" | '''(?:[^'\\]++|\\.|'(?!''))*+'''
      | "(?!"")(?:[^"\\\r\n]++|\\[^\r\n])*+" | '(?!'')(?:[^'\\\r\n]++|\\[^\r\n])*+')
  | (?P<less><)
  | (?P<number>[0-9]++\.[0-9]*+[eE][+-]?[0-9]++ | \.?[0-9]++[eE][+-]?[0-9]++ | [0-9]*\.[0-9]++ | [0-9]++)
  | (?P<open>[({{\[])
  | (?P<close>[)}}\]])
  | (?P<more>>=|>)
  | (?P<punctuation>\^\^|&&|\|\||!=|[;,.+\-*/|^!=?~])
  | (?P<comment>\#[^\r\n]*+)
  | (?P<blank>_:[{_BASE}_0-9](?:[{_CHARS}]++|\.++(?=[{_CHARS}]))*+)
  | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?)
  | (?P<unended>\"\"\".*+ | '''.*+ | ["'][^\r\n]*+)
  | (?P<unknown>.)
)"""
_WORDS = "[A-Za-z][A-Za-z0-9_]*+"
# A word may turn out to be the prefix of a name, so more is taken first; where it cannot be, only the word is.
_TOKEN = re.compile(_PATTERN.replace("WORD", f"[{_BASE}][{_CHARS}.]*+"), re.VERBOSE | re.DOTALL)
_NAMELESS = re.compile(_PATTERN.replace("WORD", _WORDS), re.VERBOSE | re.DOTALL)
_IRI = re.compile(rf"<(?:[^\x00-\x20<>\"{{}}|^`\\]++|{_UCHAR})*+>")
_WORD = re.compile(_WORDS)
_NAME_TAIL = re.compile(rf":(?:{_LOCAL})?")

_PAIRS = {")": "(", "}": "{", "]": "["}
_OPERANDS = frozenset({"variable", "string", "number", "language", "iri", "name"})
# After these, `(` opens an expression until the level ends or VALUES begins; after those, only the next one does.
_CLAUSES = frozenset({"select", "group", "having", "order"})
_NEXT = frozenset({"filter", "bind"})


class _Level:
    """An open bracket: whether it is an expression, and whether a `(` directly inside opens one."""

    __slots__ = ("bracket", "clause", "expression", "pending")

    def __init__(self, bracket: str, *, expression: bool = False) -> None:
        self.bracket = bracket
        self.expression = self.clause = expression
        self.pending = False

    def meet(self, word: str) -> None:
        """Takes notice of a keyword."""
        if word in _CLAUSES:
            self.clause = True
        elif word == "values":
            self.clause = False
        elif word in _NEXT:
            self.pending = True


def tokens(text: str) -> Iterator[Token]:
    """Every token of the text in order, comments too. Never raises; takes time linear in the text.

    >>> [token.text for token in tokens("SELECT * { ?s ex:SERVICE 'SERVICE' } # SERVICE")]
    ['SELECT', '*', '{', '?s', 'ex:SERVICE', "'SERVICE'", '}', '# SERVICE']
    """
    level = _Level("")
    outer: list[_Level] = []
    operand = False  # the last token ends an operand of an expression
    nameless = 0  # no prefixed name begins before this offset
    end = 0
    while found := (_TOKEN if end >= nameless else _NAMELESS).match(text, end):
        kind: Any = found.lastgroup
        start, end = found.span(kind)
        if kind == "punctuation":
            operand = False
        elif kind == "word":
            tail = _NAME_TAIL.match(text, end) if start >= nameless and text[end - 1] != "." else None
            if tail:
                kind, end, operand = "name", tail.end(), True
            else:
                nameless = max(nameless, end)
                kind, end, operand = _word(text, start, level)
        elif kind == "less":
            end = _less(text, start, operator=operand and level.expression)
            kind = "iri" if text[end - 1] == ">" else "punctuation"
            operand = kind == "iri"
            if end == start + 2 and text[start + 1] == "<":
                outer.append(level)
                level = _Level("<<")
        elif kind == "open":
            kind, operand = "punctuation", False
            outer.append(level)
            level = _open(level, text[start])
        elif kind == "close":
            kind, operand = "unknown", True
            if level.bracket == _PAIRS[text[start]]:
                kind, level = "punctuation", outer.pop()
        elif kind == "more":
            kind, operand = "punctuation", False
            if level.bracket == "<<" and text.startswith(">>", start):
                end, operand, level = start + 2, True, outer.pop()
        elif kind == "unended":
            kind = "unknown"
        elif kind != "comment":
            operand = kind in _OPERANDS
        yield Token(kind, text[start:end], start)


def _word(text: str, start: int, level: _Level) -> tuple[Kind, int, bool]:
    found = _WORD.match(text, start)
    if not found:
        return "unknown", start + 1, False
    word = found[0].lower()
    level.meet(word)
    return "word", found.end(), word in {"true", "false"}


def _open(level: _Level, bracket: str) -> _Level:
    expression = bracket == "(" and (level.expression or level.clause or level.pending)
    level.pending = False
    return _Level(bracket, expression=expression)


def _less(text: str, start: int, *, operator: bool) -> int:
    """Where the token ends that begins with `<`: an IRI, or else one of `<<`, `<=` and `<`."""
    if not operator:
        if iri := _IRI.match(text, start):
            return iri.end()
        if text.startswith("<<", start):
            return start + 2
    return start + (2 if text.startswith("<=", start) else 1)


def place(text: str, offset: int) -> tuple[int, int]:
    r"""The line and the column of an offset, both from 1; lines end as Oxigraph counts them, at `\n`.

    >>> place("ASK\n{ }", 4)
    (2, 1)
    """
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def decodings(text: str) -> tuple[str, ...]:
    r"""The other texts that an engine may read, which resolves codepoint escapes first; none where that changes nothing.

    Engines differ on a backslash that is itself escaped (`"\\u0041"`): both readings are given.

    >>> decodings(r"\u0041SK {}")
    ('ASK {}',)
    """
    if "\\u" not in text and "\\U" not in text:
        return ()
    both = (_UCHARS.sub(_decoded, text), _PAIRED.sub(_decoded, text))
    return tuple(dict.fromkeys(reading for reading in both if reading != text))


def unescape(text: str) -> str:
    r"""An IRI's text with its codepoint escapes resolved.

    >>> unescape(r"http://\u0061.nl/")
    'http://a.nl/'
    """
    return _UCHARS.sub(_decoded, text)


_UCHARS = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_PAIRED = re.compile(r"\\\\|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def _decoded(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    if not digits:
        return found[0]
    code = int(digits, 16)
    # What is no character stays as it is written, which no grammar accepts.
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else found[0]
