"""The terms that a query names, each in the role that it has there, and the values that it compares with."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from stelsel.querying.cursor import Cursor, Unread
from stelsel.querying.lexer import Token
from stelsel.querying.patterns import RDF_TYPE, Element, Query, Term, Triple
from stelsel.terms import XSD

Role = Literal["property", "class", "subject", "object", "graph"]

_COMPARING: Final = frozenset({"=", "<", ">", "<=", ">="})
_NUMBERS: Final = frozenset(XSD + name for name in ("integer", "decimal", "double", "float", "int", "long", "short"))
_TEXTS: Final = frozenset({f"{XSD}string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"})


@dataclass(frozen=True)
class Mention:
    """An IRI in a role. `property` is the property beside it, where it is a value."""

    term: Term
    role: Role
    property: Term | None = None


@dataclass(frozen=True)
class Comparison:
    """A value of a property: as it stands in a pattern (`exact`), or in a filter on a variable."""

    property: Term
    value: Term
    exact: bool

    def fits(self, kind: str, language: str) -> bool:
        """Whether a value of this datatype and language can be equal, or be compared. IRIs have no kind."""
        if self.exact:
            return (kind, language.lower()) == (self.value.datatype or _LANGUAGE, self.value.language)
        return kind != "" and _family(kind) == _family(self.value.datatype or _LANGUAGE)


_LANGUAGE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


def _family(datatype: str) -> str:
    if datatype in _NUMBERS:
        return "number"
    return "text" if datatype in _TEXTS else datatype


def mentions(query: Query) -> list[Mention]:
    """Every IRI in a pattern that must fit, once a role."""
    found: dict[tuple[str, Role], Mention] = {}
    for graph in query.top.datasets:
        found.setdefault((graph.value, "graph"), Mention(graph, "graph"))
    for term in query.top.described:
        found.setdefault((term.value, "subject"), Mention(term, "subject"))
    for element in _required(query):
        for mention in _of(element):
            found.setdefault((mention.term.value, mention.role), mention)
    return list(found.values())


def _required(query: Query) -> Iterator[Element]:
    """The elements of the groups that every solution needs: not of OPTIONAL, MINUS, UNION and NOT EXISTS."""
    waiting = [query.where]
    while waiting:
        for element in waiting.pop().elements:
            yield element
            if element.kind in {"group", "graph", "select", "exists"}:
                waiting += element.groups


def _of(element: Element) -> Iterator[Mention]:
    if element.kind == "graph" and element.term is not None and element.term.kind == "iri":
        yield Mention(element.term, "graph")
    for triple in element.triples:
        if triple.subject.kind == "iri":
            yield Mention(triple.subject, "subject")
        if triple.predicate.kind == "iri":
            yield Mention(triple.predicate, "property")
        elif triple.predicate.kind == "path":
            yield from (Mention(part, "property") for part in _needed(triple.predicate))
        if triple.object.kind == "iri":
            typed = triple.predicate.value == RDF_TYPE
            beside = None if typed or triple.predicate.kind != "iri" else triple.predicate
            yield Mention(triple.object, "class" if typed else "object", beside)


def _needed(path: Term) -> Iterator[Term]:
    """The properties of a path that it cannot do without: of a plain sequence."""
    if not {"|", "!", "*", "?", "("} & {part for part in path.parts if isinstance(part, str)}:
        yield from (part for part in path.parts if isinstance(part, Term))


def comparisons(query: Query) -> Iterator[Comparison]:
    """Every literal that a property is asked to have, or that a filter compares its value with."""
    elements = list(_required(query))
    triples = [triple for element in elements for triple in element.triples if triple.predicate.kind == "iri"]
    for triple in triples:
        if triple.object.kind == "literal":
            yield Comparison(triple.predicate, triple.object, exact=True)
    for element in elements:
        if element.kind == "filter":
            yield from _filtered(query, element, triples)


def _filtered(query: Query, element: Element, triples: list[Triple]) -> Iterator[Comparison]:
    """Of a filter that is a comparison, `(?x < 1)` or `(1 < ?x)`, or several with && between."""
    if element.tokens[0].text != "(" or any(token.text in {"||", "!", "("} for token in element.tokens[1:]):
        return
    for part in _split(element.tokens[1:], {"&&"}):
        sides = list(_split(part, _COMPARING))
        if len(sides) != 2 or not all(sides):
            continue
        one, other = sides if sides[0][0].kind == "variable" else sides[::-1]
        value = _literal(query, other)
        if len(one) != 1 or one[0].kind != "variable" or value is None:
            continue
        for triple in triples:
            if triple.object.kind == "variable" and triple.object.value == one[0].text[1:]:
                yield Comparison(triple.predicate, value, exact=False)


def _split(found: Sequence[Token], at: Container[str]) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token in found:
        if token.text in at:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _literal(query: Query, found: Sequence[Token]) -> Term | None:
    """The literal that tokens are, if they are one."""
    begin, end = found[0].offset, found[-1].offset + len(found[-1].text)
    cursor = Cursor(query.text[begin:end], "")
    cursor.prefixes = dict(query.prefixes)
    try:
        literal = cursor.literal()
    except Unread:
        return None
    return None if cursor.here.text else replace(literal, offset=begin)
