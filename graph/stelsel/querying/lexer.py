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
from typing import Literal, NamedTuple

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
_TOKEN = re.compile(
    rf"""
    (?P<space>[\ \t\r\n]++)
  | (?P<variable>[?$][{_BASE}_0-9][{_BASE}_{_MORE}]*+)
  | (?P<name>:(?:{_LOCAL})?)
  | (?P<run>[{_BASE}][{_CHARS}.]*+)
  | (?P<string>\"\"\"(?:[^"\\]++|\\.|"(?!""))*+\"\"\" | '''(?:[^'\\]++|\\.|'(?!''))*+'''
      | "(?!"")(?:[^"\\\r\n]++|\\[^\r\n])*+" | '(?!'')(?:[^'\\\r\n]++|\\[^\r\n])*+')
  | (?P<less><)
  | (?P<number>[0-9]++\.[0-9]*+[eE][+-]?[0-9]++ | \.?[0-9]++[eE][+-]?[0-9]++ | [0-9]*\.[0-9]++ | [0-9]++)
  | (?P<open>[({{\[])
  | (?P<close>[)}}\]])
  | (?P<more>>)
  | (?P<punctuation>\^\^|&&|\|\||!=|[;,.+\-*/|^!=?~])
  | (?P<comment>\#[^\r\n]*+)
  | (?P<blank>_:[{_BASE}_0-9](?:[{_CHARS}]++|\.++(?=[{_CHARS}]))*+)
  | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?)
  | (?P<unended>\"\"\".*+ | '''.*+ | ["'][^\r\n]*+)
  | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_IRI = re.compile(rf"<(?:[^\x00-\x20<>\"{{}}|^`\\]++|{_UCHAR})*+>")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*+")
_NAME_TAIL = re.compile(rf":(?:{_LOCAL})?")

_PAIRS = {")": "(", "}": "{", "]": "["}
_OPERANDS = frozenset({"variable", "string", "number", "language", "iri", "name"})
# After these, `(` opens an expression until the level ends or VALUES begins; after those, only the next one does.
_CLAUSES = frozenset({"select", "group", "having", "order"})
_NEXT = frozenset({"filter", "bind"})


class _Level:
    """An open bracket: whether it is an expression, and whether a `(` directly inside opens one."""

    __slots__ = ("bracket", "clause", "expression", "pending")

    def __init__(self, bracket: str, *, expression: bool) -> None:
        self.bracket = bracket
        self.expression = expression
        self.clause = expression
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
    levels = [_Level("", expression=False)]
    level = levels[0]
    operand = False  # the last token ends an operand of an expression
    nameless = 0  # up to here no prefixed name begins: stops the search for a colon from being done again
    position = 0
    length = len(text)
    match = _TOKEN.match
    while position < length:
        found = match(text, position)
        group = found.lastgroup  # type: ignore[union-attr]  # `unknown` matches any character
        end = found.end()  # type: ignore[union-attr]
        if group == "space":
            position = end
            continue
        kind: Kind
        if group == "run":
            tail = _NAME_TAIL.match(text, end) if position >= nameless and text[end - 1] != "." else None
            if tail:
                kind, end = "name", tail.end()
            else:
                nameless = max(nameless, end)
                word = _WORD.match(text, position)
                kind, end = ("word", word.end()) if word else ("unknown", position + 1)
        elif group == "less":
            kind, end = _less(text, position, operator=operand and level.expression)
            if end - position == 2 and text[position:end] == "<<":
                level = _Level("<<", expression=False)
                levels.append(level)
        elif group == "open":
            kind = "punctuation"
            bracket = text[position]
            level = _open(level, bracket)
            levels.append(level)
        elif group == "close":
            kind = "punctuation" if level.bracket == _PAIRS[text[position]] else "unknown"
            if kind == "punctuation":
                levels.pop()
                level = levels[-1]
        elif group == "more":
            kind = "punctuation"
            if level.bracket == "<<" and text.startswith(">>", position):
                end = position + 2
                levels.pop()
                level = levels[-1]
            elif text.startswith(">=", position):
                end = position + 2
        elif group == "unended":
            kind = "unknown"
        else:
            kind = group  # type: ignore[assignment]
        token = Token(kind, text[position:end], position)
        if kind == "word":
            lowered = token.text.lower()
            level.meet(lowered)
            operand = lowered in {"true", "false"}
        elif kind != "comment":
            operand = kind in _OPERANDS or token.text in {")", "}", ">>"}
        position = end
        yield token


def _open(level: _Level, bracket: str) -> _Level:
    expression = bracket == "(" and (level.expression or level.clause or level.pending)
    level.pending = False
    return _Level(bracket, expression=expression)


def _less(text: str, position: int, *, operator: bool) -> tuple[Kind, int]:
    if not operator:
        iri = _IRI.match(text, position)
        if iri:
            return "iri", iri.end()
        if text.startswith("<<", position):
            return "punctuation", position + 2
    return "punctuation", position + (2 if text.startswith("<=", position) else 1)


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
