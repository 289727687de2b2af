"""A Turtle file as facts, with the line that a fact's subject stands on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from stelsel.errors import ContentError
from stelsel.modelling.mentions import mentions

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = NamedNode(f"{RDF}type")
_FIRST, _REST, _NIL = NamedNode(f"{RDF}first"), NamedNode(f"{RDF}rest"), NamedNode(f"{RDF}nil")
_POSITION = re.compile(r"at line (\d+)")

Term = NamedNode | BlankNode | Literal | Triple
Subject = NamedNode | BlankNode


@dataclass(frozen=True)
class Document:
    """The facts of one Turtle file, by subject, in the order of the file."""

    file: str
    facts: Mapping[Subject, tuple[tuple[NamedNode, Term], ...]]
    lines: Mapping[str, int]

    def objects(self, subject: Term, predicate: NamedNode) -> list[Term]:
        """Every value of a property."""
        if not isinstance(subject, NamedNode | BlankNode):
            return []
        return [value for name, value in self.facts.get(subject, ()) if name == predicate]

    def only(self, subject: Term, predicate: NamedNode) -> Term | None:
        """The one value of a property, or None. Raises ContentError where it has several."""
        values = self.objects(subject, predicate)
        if len(values) > 1:
            raise self.wrong(f"{_name(predicate)} may stand here once, and stands here {len(values)} times", subject)
        return values[0] if values else None

    def members(self, head: Term) -> list[Term]:
        """The members of an RDF list. Raises ContentError where it is none."""
        found: list[Term] = []
        seen: set[Term] = set()
        while head != _NIL:
            first, rest = self.only(head, _FIRST), self.only(head, _REST)
            if first is None or rest is None or head in seen:
                raise self.wrong("a list such as ( a b c ) is expected here", head)
            seen.add(head)
            found.append(first)
            head = rest
        return found

    def subjects(self, predicate: NamedNode, value: Term | None = None) -> Iterator[Subject]:
        """Subjects with this property (and this value), in the order of the file."""
        for subject, facts in self.facts.items():
            if any(name == predicate and value in (None, known) for name, known in facts):
                yield subject

    def line(self, subject: Term) -> int | None:
        """The line where a subject's facts begin; a blank node takes that of what points at it. None if unknown."""
        seen: set[Term] = set()
        while isinstance(subject, BlankNode) and subject not in seen:
            seen.add(subject)
            subject = next((s for s, facts in self.facts.items() if any(subject == v for _, v in facts)), subject)
        return self.lines.get(subject.value) if isinstance(subject, NamedNode) else None

    def wrong(self, message: str, subject: Term) -> ContentError:
        """An error at this subject."""
        return ContentError(message, file=self.file, line=self.line(subject))


def read_turtle(path: Path, root_iri: str) -> Document:
    """The facts of a Turtle file; relative IRIs are resolved against `root_iri`.

    Raises ContentError, with the line, for what is not Turtle or not UTF-8.
    """
    file = "/".join(path.parts[-2:])
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(f"is not UTF-8 at byte {error.start}", file=file) from None
    facts: defaultdict[Subject, list[tuple[NamedNode, Term]]] = defaultdict(list)
    try:
        for quad in parse(text.encode(), RdfFormat.TURTLE, base_iri=root_iri):
            facts[_subject(quad.subject)].append((quad.predicate, quad.object))
    except SyntaxError as error:
        # The engine tells the place in the sentence only.
        place = _POSITION.search(str(error))
        raise ContentError(f"is not Turtle: {error.msg}", file=file, line=int(place[1]) if place else None) from None
    # Facts about a subject begin at the margin; a mention elsewhere will do where there are none.
    margin: dict[str, int] = {}
    elsewhere: dict[str, int] = {}
    for mention in mentions(text, root_iri):
        (margin if mention.at_margin else elsewhere).setdefault(mention.iri, mention.line)
    return Document(file, {s: tuple(dict.fromkeys(f)) for s, f in facts.items()}, elsewhere | margin)


def _subject(term: Term) -> Subject:
    assert isinstance(term, NamedNode | BlankNode)  # Turtle has no other subjects
    return term


def _name(predicate: NamedNode) -> str:
    return re.split(r"[#/]", predicate.value)[-1]
