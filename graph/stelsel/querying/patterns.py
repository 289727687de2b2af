"""What the doctor reads in a query: groups of patterns, with their place in the text and the variables that they bind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

from stelsel.querying.lexer import Token

RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

Kind = Literal[
    "block",
    "values",
    "group",
    "union",
    "graph",
    "select",
    "optional",
    "minus",
    "filter",
    "exists",
    "not exists",
    "bind",
]

JOINED: Final = frozenset({"block", "values", "group", "union", "graph", "select"})
"""The kinds of elements that are joined with what stands beside them, so that their order is free (SPARQL 1.1, 18.6)."""


@dataclass(frozen=True)
class Term:
    """A term or a path. `text` is as written, `value` an IRI, a lexical form, or a name; a path has `parts`."""

    kind: Literal["iri", "variable", "literal", "blank", "path"]
    text: str
    offset: int
    value: str = ""
    datatype: str = ""
    language: str = ""
    parts: tuple[Term | str, ...] = ()

    @property
    def fixed(self) -> bool:
        """Whether it stands for one term, whatever the data."""
        return self.kind in {"iri", "literal"}


@dataclass(frozen=True)
class Triple:
    """One triple pattern."""

    subject: Term
    predicate: Term
    object: Term

    @property
    def terms(self) -> tuple[Term, Term, Term]:
        """Its three terms."""
        return self.subject, self.predicate, self.object

    @property
    def anchored(self) -> bool:
        """Whether a subject or an object is given that is no class: the engine then reads few rows of it."""
        typed = self.predicate.value == RDF_TYPE
        return self.subject.fixed or (self.object.fixed and not typed)


@dataclass(frozen=True)
class Element:
    """One part of a group. `begin` and `end` are offsets in the text, of a `.` behind it too when `dotted`.

    tokens   of a filter or BIND: its expression; of VALUES: its variables; of a SELECT: what is projected
    data     of VALUES: its rows, of which there are `rows`
    term     of GRAPH: which
    described  of a DESCRIBE: the IRIs that it is about
    dataset  of a SELECT: its FROM clauses as written; `datasets` are the graphs in them
    """

    kind: Kind
    begin: int
    end: int
    groups: tuple[Group, ...] = ()
    triples: tuple[Triple, ...] = ()
    tokens: tuple[Token, ...] = ()
    data: tuple[Token, ...] = ()
    rows: int = 0
    term: Term | None = None
    dotted: bool = False
    form: str = ""
    modifiers: Mapping[str, tuple[Token, ...]] = field(default_factory=dict)
    datasets: tuple[Term, ...] = ()
    dataset: str = ""
    described: tuple[Term, ...] = ()

    def ended(self, end: int) -> Element:
        """The element with the `.` behind it."""
        return replace(self, end=end, dotted=True)

    @property
    def joined(self) -> bool:
        """Whether it is joined with what stands beside it, so that its place among those is free."""
        return self.kind in JOINED

    @property
    def star(self) -> bool:
        """Whether a SELECT projects everything."""
        return any(token.text == "*" for token in outside(self.tokens))

    @cached_property
    def variables(self) -> frozenset[str]:
        """Every variable that it mentions and that is visible beside it."""
        if self.kind == "select" and not self.star:
            return names(self.tokens)
        found = set(names(self.tokens))
        for triple in self.triples:
            found.update(_variables(triple))
        for group in self.groups:
            found |= group.variables
        if self.term is not None and self.term.kind == "variable":
            found.add(self.term.value)
        return frozenset(found)

    @cached_property
    def certain(self) -> frozenset[str]:
        """The variables that it binds in each of its solutions."""
        if self.kind == "block":
            return self.variables
        if self.kind == "values":
            return frozenset() if any(token.text.lower() == "undef" for token in self.data) else names(self.tokens)
        inner = [group.certain for group in self.groups]
        if self.kind == "graph":
            return inner[0] | (self.variables & names_of(self.term))
        if self.kind == "select":
            kept = inner[0] if self.star else inner[0] & names(outside(self.tokens))
            return kept if "group" not in self.modifiers else kept & names(self.modifiers["group"])
        if self.kind in {"group", "union"}:
            return frozenset.intersection(*inner)
        return frozenset()


@dataclass(frozen=True)
class Group:
    """What stands between braces, the braces included."""

    begin: int
    end: int
    elements: tuple[Element, ...] = ()

    @cached_property
    def variables(self) -> frozenset[str]:
        """Every variable that is mentioned and visible in it."""
        return frozenset().union(*(element.variables for element in self.elements))

    @cached_property
    def certain(self) -> frozenset[str]:
        """The variables that each of its solutions binds."""
        return frozenset().union(*(element.certain for element in self.elements))

    @cached_property
    def triples(self) -> tuple[Triple, ...]:
        """The triple patterns that stand directly in it."""
        return tuple(triple for element in self.elements for triple in element.triples)

    @cached_property
    def anchored(self) -> bool:
        """Whether something required in it is given, so that few rows are read; always so where this cannot be told."""
        return any(_anchored(element) for element in self.elements if element.joined)


@dataclass(frozen=True)
class Query:
    """A query: its text, its outermost SELECT, ASK, CONSTRUCT or DESCRIBE, and where that begins after the prologue."""

    text: str
    top: Element
    begin: int
    prefixes: Mapping[str, str]

    @property
    def where(self) -> Group:
        """The outermost group."""
        return self.top.groups[0]

    def groups(self) -> Iterator[tuple[Group, Element]]:
        """Every group, outermost first, each with the element that it stands in."""
        return _groups(self.top)

    def within(self, group: Group, kinds: frozenset[str]) -> bool:
        """Whether a group stands in an element of one of these kinds, however deep."""
        owners = (owner for _, owner in self.groups() if owner.begin <= group.begin and group.end <= owner.end)
        return any(owner.kind in kinds for owner in owners)

    def selects(self) -> Iterator[Element]:
        """The query itself and its subqueries."""
        yield self.top
        for group, _ in self.groups():
            yield from (element for element in group.elements if element.kind == "select")


def names(found: tuple[Token, ...]) -> frozenset[str]:
    """The names of the variables among tokens."""
    return frozenset(token.text[1:] for token in found if token.kind == "variable")


def names_of(term: Term | None) -> frozenset[str]:
    """The name of a term that is a variable."""
    return frozenset({term.value}) if term is not None and term.kind == "variable" else frozenset()


def outside(found: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens that stand in no bracket."""
    depth, kept = 0, []
    for token in found:
        if token.kind == "punctuation" and token.text in "({[":
            depth += 1
        elif token.kind == "punctuation" and token.text in ")}]":
            depth -= 1
        elif depth == 0:
            kept.append(token)
    return tuple(kept)


def _variables(triple: Triple) -> Iterator[str]:
    # A blank node is a variable that no other group can name.
    return (term.value for term in triple.terms if term.kind in {"variable", "blank"})


def _anchored(element: Element) -> bool:
    if element.kind == "values":
        return True
    if element.kind == "block":
        return any(triple.anchored for triple in element.triples)
    if element.kind == "select":  # a limit inside bounds what comes out
        return "limit" in element.modifiers or element.groups[0].anchored
    return all(group.anchored for group in element.groups)


def _groups(element: Element) -> Iterator[tuple[Group, Element]]:
    for group in element.groups:
        yield group, element
        for inner in group.elements:
            yield from _groups(inner)
