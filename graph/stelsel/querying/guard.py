"""Judges a query before it runs: SERVICE and LOAD reach the network from inside the engine and have no off switch.

The judgement reads tokens only and leaves the grammar to the engine. It fails closed: a text that could make an engine
read other tokens than these is not let through. Oxigraph reads without tokens, so that it takes `SERVICEex:a { }` for
`SERVICE ex:a { }` and `SERVICESILENT<...>` for two keywords; by SPARQL's own rules neither text is a query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, NoReturn, TypeVar, cast

from stelsel.errors import QueryRefused, QuerySyntaxError
from stelsel.querying.lexer import Token, decodings, place, tokens, unescape
from stelsel.querying.nesting import DEEPEST, suspect
from stelsel.querying.references import resolve

__all__ = ["Form", "judge", "judge_update", "resolve"]

Form = Literal["select", "ask", "construct", "describe"]
_Verdict = TypeVar("_Verdict")

_FORMS = frozenset({"select", "ask", "construct", "describe"})
_CHANGES = frozenset({"insert", "delete", "with", "clear", "drop", "create", "add", "move", "copy"})
_MENTION = re.compile(r"service|\\u", re.IGNORECASE | re.ASCII)
# Oxigraph ends a name at its second dot, so that `ex:a.b.SERVICE <...>` is a call to it.
_FIRST_DOT = re.compile(r"(?<!\\)\.[^.]")
_DOT_SERVICE = re.compile(r"(?<!\\)\.service", re.IGNORECASE | re.ASCII)
_LOCAL_ESCAPE = re.compile(r"\\(.)")
_OPENS = frozenset({"(", "{", "[", "<<"})
_CLOSES = frozenset({")", "}", "]", ">>"})
_END = Token("unknown", "", -1)


def judge(text: str, *, allowed_services: frozenset[str] = frozenset(), base: str = "") -> Form:
    """The form of a query, which may then run. `base` is what the engine will resolve relative IRIs against.

    Raises QueryRefused for an update, and for SERVICE to anything but an endpoint that is exactly on the list;
    QuerySyntaxError where the text is no query by its tokens (what else is wrong with it, the engine says), and where it
    nests its brackets too deep.
    """
    if not _MENTION.search(text) and not suspect(text):
        return _Reading(text, allowed_services, base).form()  # only the prologue is read: microseconds
    return _by_every_reading(text, lambda reading: _Reading(reading, allowed_services, base).query())


def judge_update(text: str, *, allowed_services: frozenset[str] = frozenset(), base: str = "") -> None:
    """Lets an update through, or raises as `judge` does; QueryRefused for LOAD and for a query too."""
    _by_every_reading(text, lambda reading: _Reading(reading, allowed_services, base).update())


class _Unreadable(QuerySyntaxError):
    """A character that no token begins with, or a string without end: no engine reads this text in this way."""


def _by_every_reading(text: str, verdict: Callable[[str], _Verdict]) -> _Verdict:
    """The first verdict there is. What one reading refuses is refused; what one cannot read, another may."""
    verdicts: list[_Verdict] = []
    failures: list[_Unreadable] = []
    for reading in (text, *decodings(text)):
        try:
            verdicts.append(verdict(reading))
        except _Unreadable as error:
            failures.append(error)
    if not verdicts:
        raise failures[0]
    return verdicts[0]


class _Reading:
    """One pass over the tokens of a text, with one token in sight."""

    def __init__(self, text: str, allowed: frozenset[str], base: str) -> None:
        self._text = text
        self._allowed = allowed
        self._base = base
        self._prefixes: dict[str, str] = {}
        self._tokens: Iterator[Token] = (token for token in tokens(text) if token.kind != "comment")
        self._open: list[str] = []
        self._before = self._last = self._here = _END
        self._step()

    def form(self) -> Form:
        """Reads the prologue and the word that says which form of query this is."""
        self._prologue()
        word = self._word()
        if word in _CHANGES or word == "load":
            raise QueryRefused(
                f"{word.upper()} changes data, and this is where questions are asked; see /sparql/update"
            )
        if word not in _FORMS:
            self._fail("SELECT, ASK, CONSTRUCT or DESCRIBE is expected here, or PREFIX or BASE before it")
        return cast("Form", word)

    def query(self) -> Form:
        """Reads all of a query."""
        form = self.form()
        self._rest()
        return form

    def update(self) -> None:
        """Reads all of an update: operations with `;` between them, each with its own prologue."""
        while True:
            self._prologue()
            if self._here is _END:
                return
            word = self._word()
            if word == "load":
                raise QueryRefused(f"LOAD {self._source()} is refused: this service fetches nothing by itself")
            if word in _FORMS:
                raise QueryRefused(f"{word.upper()} is a question, and this is where data is changed; see /sparql")
            if word not in _CHANGES:
                self._fail("INSERT, DELETE, WITH, CLEAR, DROP, CREATE, ADD, MOVE or COPY is expected here")
            self._rest()
            self._step()

    def _step(self) -> None:
        self._before, self._last, self._here = self._last, self._here, next(self._tokens, _END)
        kind, text, _ = token = self._here
        if kind == "punctuation":
            self._bracket(text)
        elif kind == "word":
            lowered = text.lower()
            if ("service" in lowered and lowered != "service") or ("load" in lowered and lowered != "load"):
                self._fail(f"{text[:80]} is no word of SPARQL")
        elif (
            kind == "name"
            and (dot := _FIRST_DOT.search(text, text.index(":")))
            and _DOT_SERVICE.search(text, dot.end())
        ):
            self._fail(f"{text[:80]} can be read in two ways: write the IRI in full")
        elif kind == "unknown" and token is not _END:
            self._fail(f"{text[:20]!r} cannot stand here, or does not end", kind=_Unreadable)

    def _bracket(self, text: str) -> None:
        if text in _OPENS:
            if text == "{" and self._open:
                self._mind_the_gap()
            self._open.append(text)
            if len(self._open) > DEEPEST:
                self._fail(f"brackets are nested more than {DEEPEST} deep: ask for less at a time, or ask in steps")
        elif text in _CLOSES and self._open:
            self._open.pop()

    def _mind_the_gap(self) -> None:
        """Inside a group, `name {` follows GRAPH or SERVICE only. Oxigraph finds that SERVICE inside the name as well."""
        after = self._before.text.lower() if self._before.kind == "word" else ""
        if self._last.kind == "name" and after not in {"graph", "service", "silent"}:
            prefix = self._last.text.partition(":")[0].lower()
            if "service" in prefix:
                self._fail(f"{self._last.text[:80]} cannot stand before {{: put a space after SERVICE", self._last)

    def _rest(self) -> None:
        """Reads on to the end, or to the `;` that ends an operation."""
        while self._here is not _END and (self._open or self._here.text != ";"):
            word = self._word()
            if word == "service":
                self._service()
            elif word == "load":
                self._fail("LOAD cannot stand here")
            else:
                self._step()

    def _service(self) -> None:
        self._step()
        if self._word() == "silent":
            self._step()
        kind, text, _ = endpoint = self._here
        if kind == "variable":
            raise QueryRefused(f"SERVICE {text[:80]} is refused: the endpoint must stand in the query, not in its data")
        if kind == "name" and text.lower().startswith("silent") and self._last.text.lower() != "silent":
            self._fail(f"{text[:80]} can be read in two ways: put a space after SILENT", endpoint)
        address = self._iri("SERVICE is followed by its endpoint, such as <https://data.example.nl/sparql>")
        if address not in self._allowed:
            may = ", ".join(f"<{each}>" for each in sorted(self._allowed)) or "no endpoint"
            raise QueryRefused(f"SERVICE <{address[:200]}> is refused: this service asks {may}")

    def _source(self) -> str:
        self._step()
        if self._word() == "silent":
            self._step()
        return f"<{self._iri('LOAD is followed by an IRI')[:200]}>"

    def _prologue(self) -> None:
        while (word := self._word()) in {"prefix", "base", "version"}:
            self._step()
            if word == "version":
                self._expect("string", "VERSION is followed by a string")
                continue
            name = self._expect("name", "PREFIX is followed by a name that ends in a colon") if word == "prefix" else ""
            iri = self._resolved(self._expect("iri", f"{word.upper()} needs an IRI between < and >"))
            if word == "base":
                self._base = iri
            elif name.find(":") == len(name) - 1:
                self._prefixes[name[:-1]] = iri
            else:
                self._fail(f"PREFIX {name[:80]}: only a colon comes after the prefix itself", self._last)

    def _word(self) -> str:
        return self._here.text.lower() if self._here.kind == "word" else ""

    def _expect(self, kind: str, otherwise: str) -> str:
        token = self._here
        if token.kind != kind:
            self._fail(otherwise)
        self._step()
        return token.text

    def _iri(self, otherwise: str) -> str:
        if self._here.kind != "name":
            return self._resolved(self._expect("iri", otherwise))
        prefix, _, local = self._here.text.partition(":")
        if prefix not in self._prefixes:
            self._fail(f"the prefix {prefix[:80]}: is not declared")
        self._step()
        return self._prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local)

    def _resolved(self, iri: str) -> str:
        return resolve(self._base, unescape(iri[1:-1]))

    def _fail(
        self, message: str, token: Token | None = None, kind: type[QuerySyntaxError] = QuerySyntaxError
    ) -> NoReturn:
        token = token or self._here
        offset = len(self._text) if token is _END else token.offset
        line, column = place(self._text, offset)
        raise kind(f"line {line}, column {column}: {message}", line=line, column=column)
