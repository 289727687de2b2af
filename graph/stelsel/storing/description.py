"""What a release says about itself in the catalogue graph: VoID counts for each graph, and the editions it is made of.

Terms: DCMI, and VoID 1.1 section 4.3 (class and property partitions) and 4.6 (triples).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from stelsel.names import Names

_A = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_DCT = "http://purl.org/dc/terms/"
_VOID = "http://rdfs.org/ns/void#"
_XSD = "http://www.w3.org/2001/XMLSchema#"

_CLASSES = "SELECT ?term (COUNT(*) AS ?number) WHERE { ?s a ?term } GROUP BY ?term"
_PROPERTIES = "SELECT ?term (COUNT(*) AS ?number) WHERE { ?s ?term ?o } GROUP BY ?term"


@dataclass(frozen=True)
class Counts:
    """How often each class and each property occurs in a graph."""

    classes: dict[str, int]
    properties: dict[str, int]

    @property
    def triples(self) -> int:
        """All triples of the graph."""
        return sum(self.properties.values())


def count(store: Store, graph: str) -> Counts:
    """Counts of one graph, by a scan of it (0.25 s a million triples)."""
    return Counts(_count(store, graph, _CLASSES), _count(store, graph, _PROPERTIES))


def describe(
    names: Names, release: str, made: datetime, editions: Mapping[str, str], graphs: Mapping[str, Counts]
) -> Iterator[Quad]:
    """The release's part of the catalogue: `editions` are ids by register, `graphs` are counts by graph.

    The catalogue graph does not count itself.
    """
    catalogue = NamedNode(names.catalogue)
    subject = NamedNode(names.identifier("release", release))

    def say(about: NamedNode, term: str, value: NamedNode | Literal) -> Quad:
        return Quad(about, NamedNode(term), value, catalogue)

    yield Quad(subject, _A, NamedNode(f"{_VOID}Dataset"), catalogue)
    yield say(subject, f"{_DCT}identifier", Literal(release))
    yield say(subject, f"{_DCT}created", Literal(made.isoformat(), datatype=NamedNode(f"{_XSD}dateTime")))
    yield say(subject, f"{_VOID}triples", Literal(sum(counts.triples for counts in graphs.values())))
    for register, edition in editions.items():
        yield say(subject, f"{_DCT}hasPart", NamedNode(names.identifier("editie", f"{register}-{edition}")))
    for number, (graph, counts) in enumerate(graphs.items(), 1):
        yield say(subject, f"{_VOID}subset", NamedNode(graph))
        yield Quad(NamedNode(graph), _A, NamedNode(f"{_VOID}Dataset"), catalogue)
        yield say(NamedNode(graph), f"{_VOID}triples", Literal(counts.triples))
        for kind, terms, measure in (
            ("class", counts.classes, "entities"),
            ("property", counts.properties, "triples"),
        ):
            for place, (term, amount) in enumerate(sorted(terms.items()), 1):
                # Skolemised: blank nodes would have another name in each build.
                part = NamedNode(names.identifier("partitie", f"{release}-{number}-{kind}-{place}"))
                yield say(NamedNode(graph), f"{_VOID}{kind}Partition", part)
                yield say(part, f"{_VOID}{kind}", NamedNode(term))
                yield say(part, f"{_VOID}{measure}", Literal(amount))


def _count(store: Store, graph: str, query: str) -> dict[str, int]:
    solutions = store.query(query, default_graph=NamedNode(graph))
    if not isinstance(solutions, QuerySolutions):
        raise TypeError("a SELECT gave no solutions")
    found = {}
    for solution in solutions:
        term, number = solution["term"], solution["number"]
        if isinstance(term, NamedNode) and isinstance(number, Literal):
            found[term.value] = int(number.value)
    return found
