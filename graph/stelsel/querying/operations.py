"""The operations of an update: which graphs each of them may write, and where a dataset would be named.

Read from tokens, like the guard, and closed like it: what is not exactly the grammar's in the parts that write (heads
and templates) is refused. What stands in WHERE writes nothing and is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from stelsel.errors import QuerySyntaxError
from stelsel.querying.guard import resolve
from stelsel.querying.lexer import Token, decodings, place, tokens, unescape

DEFAULT: Final = "default"
"""Among the targets of an operation: the default graph. No IRI is spelled so."""
ANY: Final = "any"
"""Among the targets of an operation: graphs that it does not name one by one."""

_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")
_END: Final = Token("unknown", "", -1)


@dataclass(frozen=True)
class Operation:
    """One operation. `targets` are IRIs, DEFAULT or ANY; offsets are of characters in the text.

    `where` is the offset of WHERE where a dataset may be named before it, and `template` the span of the braces of
    DELETE WHERE, which is its pattern too. `dataset` says that the operation names a dataset itself (USING, WITH).
    """

    word: str
    targets: frozenset[str]
    start: int
    end: int
    where: int | None = None
    template: tuple[int, int] | None = None
    dataset: bool = False


def operations(text: str, base: str) -> list[Operation]:
    """The operations of an update in order. Raises QuerySyntaxError where the text is none by its tokens."""
    return _Reading(text, base).update()


def targets(text: str, base: str) -> frozenset[str]:
    """The graphs that an update may write, by every way in which engines read its escapes. Raises QuerySyntaxError."""
    found: set[str] = set()
    failures: list[QuerySyntaxError] = []
    readings = (text, *decodings(text))
    for reading in readings:
        try:
            found.update(*(operation.targets for operation in operations(reading, base)))
        except QuerySyntaxError as error:
            failures.append(error)
    if len(failures) == len(readings):
        raise failures[0]
    return frozenset(found)


class _Reading:
    """One pass over the tokens of an update, with one token in sight."""

    def __init__(self, text: str, base: str) -> None:
        self._text, self._base = text, base
        self._prefixes: dict[str, str] = {}
        self._tokens = (token for token in tokens(text) if token.kind != "comment")
        self._here = _END
        self._step()

    def update(self) -> list[Operation]:
        """Operations with `;` between them, each with its own prologue."""
        found: list[Operation] = []
        while True:
            self._prologue()
            if self._here is _END:
                return found
            found.append(self._operation())
            if self._here is not _END:
                self._need(";")

    def _operation(self) -> Operation:
        start, word = self._here.offset, self._word()
        if word not in {"clear", "drop", "create", "add", "move", "copy", "load"}:
            return self._modification(start)
        self._step()
        silent = self._optional("silent")
        if word == "load":
            self._iri()
            into = self._graph_reference() if self._optional("into") else {DEFAULT}
            return self._made("load silent" if silent else word, into, start)
        if word in {"clear", "drop", "create"}:
            return self._made(word, self._graph_reference(), start)
        source = self._graph_or_default()
        self._need("to")
        target = self._graph_or_default()
        return self._made(word, {source, target} if word == "move" else {target}, start)

    def _modification(self, start: int) -> Operation:
        implied = DEFAULT
        dataset = self._optional("with")
        if dataset:
            implied = self._iri()
        word = self._word()
        if word not in {"insert", "delete"}:
            self._fail("INSERT, DELETE, WITH, CLEAR, DROP, CREATE, ADD, MOVE or COPY is expected here")
        self._step()
        if not dataset and self._optional("data"):
            return self._made(f"{word} data", self._template(implied), start)
        where = self._here.offset
        if word == "delete" and not dataset and self._optional("where"):
            begin = self._here.offset
            found = self._template(implied)
            return self._made("delete where", found, start, where=where, template=(begin, self._done))
        found = self._template(implied)
        if word == "delete" and self._optional("insert"):
            found |= self._template(implied)
        while self._optional("using"):
            dataset = True
            self._optional("named")
            self._iri()
        where = self._here.offset
        self._need("where")
        self._group()
        return self._made(word, found, start, where=where, dataset=dataset)

    def _template(self, implied: str) -> set[str]:
        """The graphs that a template or data in braces writes to."""
        self._need("{")
        found: set[str] = set()
        while self._here.text != "}" or self._here.kind != "punctuation":
            if self._optional("graph"):
                variable = self._here.kind == "variable"
                found.add(ANY if variable else self._iri())
                if variable:
                    self._step()
                self._group(strict=True)
            elif self._here.text != ".":
                found.add(implied)
                self._term()
            else:
                self._step()
        self._step()
        return found

    def _group(self, *, strict: bool = False) -> None:
        """Braces and all that is in them; when strict, a brace in them opens an annotation only."""
        if self._here.text != "{":
            self._fail("{ is expected here")
        opened = 0
        while True:
            kind, text, _ = token = self._here
            if token is _END or kind == "unknown":
                self._fail("this does not end")
            if kind == "punctuation" and text in "({[":
                opened += 1
            elif kind == "punctuation" and text in ")}]":
                opened -= 1
            self._step()
            if text == "{" and opened > 1 and strict and self._here.text != "|":
                self._fail("{ cannot stand here", token)
            if not opened:
                return

    def _term(self) -> None:
        """One token of a triple, or all of a bracket."""
        kind, text, _ = token = self._here
        if token is _END or kind == "unknown":
            self._fail("this does not end")
        if kind == "punctuation" and text == "{":
            self._step()
            if self._here.text != "|":
                self._fail("{ cannot stand here", token)
            while self._here.text != "}" or self._here.kind != "punctuation":
                self._term()
        self._step()

    def _graph_reference(self) -> set[str]:
        word = self._word()
        if word == "graph":
            self._step()
            return {self._iri()}
        if word not in {"default", "named", "all"}:
            self._fail("GRAPH <iri>, DEFAULT, NAMED or ALL is expected here")
        self._step()
        return {DEFAULT: {DEFAULT}, "named": {ANY}, "all": {ANY, DEFAULT}}[word]

    def _graph_or_default(self) -> str:
        if self._optional("default"):
            return DEFAULT
        self._optional("graph")
        return self._iri()

    def _prologue(self) -> None:
        while (word := self._word()) in {"prefix", "base", "version"}:
            self._step()
            name = self._here.text
            if word == "prefix" and (self._here.kind != "name" or not name.endswith(":")):
                self._fail("PREFIX is followed by a name that ends in a colon")
            if word != "base":
                self._step()
            if word == "version":
                continue
            if self._here.kind != "iri":
                self._fail(f"{word.upper()} needs an IRI between < and >")
            found = self._iri()
            if word == "base":
                self._base = found
            else:
                self._prefixes[name[:-1]] = found

    def _step(self) -> None:
        self._done = self._here.offset + len(self._here.text)
        self._here = next(self._tokens, _END)

    def _made(self, word: str, found: set[str], start: int, **more: Any) -> Operation:
        return Operation(word, frozenset(found), start, self._done, **more)

    def _word(self) -> str:
        return self._here.text.lower() if self._here.kind == "word" else ""

    def _optional(self, word: str) -> bool:
        found = self._word() == word
        if found:
            self._step()
        return found

    def _need(self, text: str) -> None:
        if self._here.text.lower() != text or self._here.kind not in {"word", "punctuation"}:
            self._fail(f"{text.upper()} is expected here")
        self._step()

    def _iri(self) -> str:
        kind, text, _ = self._here
        if kind == "iri":
            self._step()
            return resolve(self._base, unescape(text[1:-1]))
        prefix, _, local = text.partition(":")
        if kind != "name" or prefix not in self._prefixes:
            self._fail("an IRI is expected here, or a name whose prefix is declared")
        self._step()
        return self._prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local)

    def _fail(self, message: str, token: Token | None = None) -> NoReturn:
        token = token or self._here
        line, column = place(self._text, len(self._text) if token is _END else token.offset)
        raise QuerySyntaxError(f"line {line}, column {column}: {message}", line=line, column=column)
