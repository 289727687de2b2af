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
from collections.abc import Callable, Iterator
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
  | (?P<unknown>\"\"\".*+ | '''.*+ | ["'][^\r\n]*+ | .)
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


def tokens(text: str) -> Iterator[Token]:
    """Every token of the text in order, comments too. Never raises; takes time linear in the text.

    >>> [token.text for token in tokens("SELECT * { ?s ex:SERVICE 'SERVICE' } # SERVICE")]
    ['SELECT', '*', '{', '?s', 'ex:SERVICE', "'SERVICE'", '}', '# SERVICE']
    """
    context = _Context(text)
    special = context.special
    end = 0
    while found := (_TOKEN if end >= context.nameless else _NAMELESS).match(text, end):
        kind: Any = found.lastgroup
        start, end = found.span(kind)
        if kind in special:
            kind, end = special[kind](start, end)
        elif kind != "comment":
            context.operand = kind in _OPERANDS
        yield Token(kind, text[start:end], start)


class _Level:
    """An open bracket: whether it is an expression, and whether a `(` directly inside opens one."""

    __slots__ = ("bracket", "clause", "expression", "pending")

    def __init__(self, bracket: str, *, expression: bool = False) -> None:
        self.bracket = bracket
        self.expression = self.clause = expression
        self.pending = False


class _Context:
    """What tells the tokens apart that look alike: the open brackets, and whether an operand came just before."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._level = _Level("")
        self._outer: list[_Level] = []
        self.operand = False
        self.nameless = 0  # no prefixed name begins before this offset
        self.special: dict[str, Callable[[int, int], tuple[Kind, int]]] = {
            "word": self._word,
            "less": self._less,
            "open": self._opened,
            "close": self._closed,
            "more": self._more,
        }

    def _word(self, start: int, end: int) -> tuple[Kind, int]:
        text = self._text
        if start >= self.nameless and text[end - 1] != ".":
            tail = _NAME_TAIL.match(text, end)
            if tail:
                self.operand = True
                return "name", tail.end()
        self.nameless = max(self.nameless, end)
        found = _WORD.match(text, start)
        if not found:
            return "unknown", start + 1
        word = found[0].lower()
        self.operand = word in {"true", "false"}
        level = self._level
        level.clause = (level.clause or word in _CLAUSES) and word != "values"
        level.pending = level.pending or word in _NEXT
        return "word", found.end()

    def _less(self, start: int, _: int) -> tuple[Kind, int]:
        text, operator = self._text, self.operand and self._level.expression
        self.operand = False
        if not operator:
            iri = _IRI.match(text, start)
            if iri:
                self.operand = True
                return "iri", iri.end()
            if text.startswith("<<", start):
                self._push(_Level("<<"))
                return "punctuation", start + 2
        return "punctuation", start + (2 if text.startswith("<=", start) else 1)

    def _more(self, start: int, end: int) -> tuple[Kind, int]:
        self.operand = self._level.bracket == "<<" and self._text.startswith(">>", start)
        if not self.operand:
            return "punctuation", end
        self._level = self._outer.pop()
        return "punctuation", start + 2

    def _opened(self, start: int, end: int) -> tuple[Kind, int]:
        level, bracket = self._level, self._text[start]
        expression = bracket == "(" and (level.expression or level.clause or level.pending)
        level.pending = self.operand = False
        self._push(_Level(bracket, expression=expression))
        return "punctuation", end

    def _closed(self, start: int, end: int) -> tuple[Kind, int]:
        if self._level.bracket != _PAIRS[self._text[start]]:
            return "unknown", end
        self._level = self._outer.pop()
        self.operand = True
        return "punctuation", end

    def _push(self, level: _Level) -> None:
        self._outer.append(self._level)
        self._level = level


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
