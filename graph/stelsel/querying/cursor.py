"""A place in the tokens of a query, and the terms that are read there."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from stelsel.querying.guard import resolve
from stelsel.querying.lexer import Token, place, tokens, unescape
from stelsel.querying.patterns import RDF_TYPE, Term
from stelsel.terms import XSD

_ESCAPED: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}
_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")
_NUMBERS: Final = ((re.compile(r"[0-9]+"), "integer"), (re.compile(r"[0-9]*\.[0-9]*"), "decimal"))
_DEEPEST: Final = 40
_END: Final = Token("unknown", "", -1)


class Unread(Exception):
    """The query has something that is not read; `line` and `column` say where, from 1. No error: the engine judges."""

    def __init__(self, what: str, line: int, column: int) -> None:
        self.line, self.column = line, column
        super().__init__(f"line {line}, column {column}: {what}")


class Cursor:
    """Reads terms one after the other. Every method that finds something else than it should raises Unread."""

    def __init__(self, text: str, base: str) -> None:
        self.text = text
        self.prefixes: dict[str, str] = {}
        self._base = base
        self._tokens = [token for token in tokens(text) if token.kind != "comment"]
        self._at = 0
        self._deep = 0

    @property
    def here(self) -> Token:
        """The token that is next; at the end one of kind `unknown` without text."""
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    @property
    def ended(self) -> int:
        """Where the last token that was read ends."""
        last = self._tokens[self._at - 1]
        return last.offset + len(last.text)

    @property
    def word(self) -> str:
        """The next token where it is a bare word, in small letters; else empty."""
        return self.here.text.lower() if self.here.kind == "word" else ""

    def step(self) -> Token:
        """The next token, which has been read then."""
        token = self.here
        if token.kind == "unknown":
            self.fail(f"{token.text[:20]!r} is not read" if token.text else "the query ends here")
        self._at += 1
        return token

    def takes(self, word: str) -> bool:
        """Whether the next token is this word; if so, it has been read."""
        found = self.word == word
        self._at += found
        return found

    def need(self, text: str) -> None:
        """Reads a token that must stand here."""
        if self.here.text != text:
            self.fail(f"{text} is expected here")
        self.step()

    def bracket(self, closing: str) -> tuple[Token, ...]:
        """Everything up to the bracket that closes the one that has just been read; that one is read too."""
        found: list[Token] = []
        depth = 1
        while depth:
            token = self.step()
            if token.kind == "punctuation":
                depth += (token.text in "({[") - (token.text in ")}]")
            found.append(token)
        if found[-1].text != closing:
            self.fail(f"{closing} is expected here")
        return tuple(found[:-1])

    def prologue(self) -> None:
        """BASE and PREFIX."""
        while (word := self.word) in {"prefix", "base"}:
            self.step()
            name = self.step().text if word == "prefix" else ""
            if self.here.kind != "iri":
                self.fail("an IRI is expected here")
            value = self.iri().value
            if word == "base":
                self._base = value
            else:
                self.prefixes[name.rstrip(":")] = value

    def variable_or_iri(self) -> Term:
        """A variable, or an IRI."""
        if self.here.kind != "variable":
            return self.iri()
        token = self.step()
        return Term("variable", token.text, token.offset, value=token.text[1:])

    def predicate(self) -> Term:
        """A property, a variable, or a property path (SPARQL 1.1, 9.1): a list of its signs and properties."""
        if self.here.kind == "variable":
            return self.variable_or_iri()
        begin = self.here.offset
        parts: list[Term | str] = []
        self._path(parts)
        first = parts[0]
        if len(parts) == 1 and isinstance(first, Term):
            return first
        return Term("path", self.text[begin : self.ended], begin, parts=tuple(parts))

    def down(self) -> None:
        """Something opens inside something."""
        self._deep += 1
        if self._deep > _DEEPEST:
            self.fail(f"what is nested more than {_DEEPEST} deep is not read")

    def up(self) -> None:
        """It closes."""
        self._deep -= 1

    def _path(self, parts: list[Term | str]) -> None:
        self.down()
        while True:
            while self.here.text in {"^", "!"}:
                parts.append(self.step().text)
            if self.here.text == "(":
                parts.append(self.step().text)
                self._path(parts)
                self.need(")")
                parts.append(")")
            else:
                parts.append(self.verb())
            if self.here.text in {"*", "+", "?"}:
                parts.append(self.step().text)
            if self.here.text not in {"/", "|"}:
                break
            parts.append(self.step().text)
        self.up()

    def verb(self) -> Term:
        """An IRI as a property: `a` too."""
        if self.here.kind == "word" and self.here.text == "a":
            token = self.step()
            return Term("iri", token.text, token.offset, value=RDF_TYPE)
        return self.iri()

    def iri(self) -> Term:
        """An IRI, written as one or as a prefixed name."""
        token = self.here
        if token.kind == "iri":
            self.step()
            return Term("iri", token.text, token.offset, value=resolve(self._base, unescape(token.text[1:-1])))
        if token.kind != "name":
            self.fail(f"{token.text[:20]} is not read here" if token.text else "the query ends here")
        prefix, _, local = token.text.partition(":")
        if prefix not in self.prefixes:
            self.fail(f"the prefix {prefix[:40]}: is not declared")
        self.step()
        value = self.prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local)
        return Term("iri", token.text, token.offset, value=value)

    def literal(self) -> Term:
        """A literal."""
        token = self.here
        if token.kind == "string" and len(token.text) > 1:
            return self._string()
        if self.word in {"true", "false"}:
            self.step()
            return Term("literal", token.text, token.offset, value=token.text, datatype=f"{XSD}boolean")
        sign = self.step().text if token.text in {"+", "-"} else ""
        number = self.here
        if number.kind != "number":
            self.fail(f"{number.text[:20]} is not read here" if number.text else "the query ends here")
        self.step()
        kind = next((name for pattern, name in _NUMBERS if pattern.fullmatch(number.text)), "double")
        value = sign.replace("+", "") + number.text
        return Term("literal", self.text[token.offset : self.ended], token.offset, value=value, datatype=XSD + kind)

    def _string(self) -> Term:
        token = self.step()
        language, datatype = "", f"{XSD}string"
        if self.here.kind == "language":
            language, datatype = self.step().text[1:].lower(), ""
        elif self.here.text == "^^":
            self.step()
            datatype = self.iri().value
        written = self.text[token.offset : self.ended]
        value = string(token.text)
        return Term("literal", written, token.offset, value=value, datatype=datatype, language=language)

    def fail(self, what: str) -> NoReturn:
        """Raises Unread about this place."""
        line, column = place(self.text, self.here.offset if self.here is not _END else len(self.text))
        raise Unread(what, line, column)


def string(written: str) -> str:
    r"""The value of a string as it is written.

    >>> string(r"'a\tb'") == "a\tb"
    True
    """
    quotes = 3 if written[:3] in {'"""', "'''"} else 1
    return _ESCAPED.sub(_unescaped, written[quotes:-quotes])


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    if not code:
        return _CONTROLS.get(found[3], found[3])
    return chr(int(code, 16)) if int(code, 16) < 0x110000 else "\ufffd"
