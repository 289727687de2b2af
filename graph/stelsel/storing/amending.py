"""The release's part of the catalogue, amended for the graphs that a change touched. The rest of it still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode, Quad, Store

from stelsel.names import Names
from stelsel.storing.description import Counts, describe

_DCT: Final = "http://purl.org/dc/terms/"
_PROV: Final = "http://www.w3.org/ns/prov#"
_VOID: Final = "http://rdfs.org/ns/void#"
_MOMENT: Final = NamedNode("http://www.w3.org/2001/XMLSchema#dateTime")
_TRIPLES: Final = NamedNode(f"{_VOID}triples")
_SUBSET: Final = NamedNode(f"{_VOID}subset")
_PART: Final = NamedNode(f"{_DCT}hasPart")
_REVISION: Final = NamedNode(f"{_PROV}wasRevisionOf")
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_OWN: Final = {NamedNode(f"{_DCT}identifier"), NamedNode(f"{_DCT}created"), _TRIPLES, _REVISION}
_PARTITIONS: Final = {f"{_VOID}classPartition", f"{_VOID}propertyPartition"}


class About(NamedTuple):
    """The release that was changed and the one that comes of it; `edition` (of `register`) keeps the steward's graphs."""

    base: str
    before: str
    release: str
    made: str
    register: str
    edition: str


def amend(store: Store, names: Names, about: About, touched: Iterable[str], counts: Mapping[str, Counts]) -> bool:
    """Says in the catalogue what the release now is. False, and nothing done, where it does not speak of the old one.

    `counts` are of the touched graphs that exist.
    """
    catalogue = NamedNode(names.catalogue)
    before = NamedNode(names.identifier("release", about.before))
    after = NamedNode(names.identifier("release", about.release))
    said = list(store.quads_for_pattern(before, None, None, catalogue))
    if not said:
        return False
    total = sum(
        int(quad.object.value) for quad in said if quad.predicate == _TRIPLES and isinstance(quad.object, Literal)
    )
    total += sum(counted.triples for counted in counts.values())
    for graph in touched:
        total -= _forget(store, NamedNode(graph), catalogue)
    # Of the release itself, `describe` knows only the graphs that it is given; what it says of those is right.
    fresh = describe(names, about.release, datetime.fromisoformat(about.made), {}, counts)
    store.extend(quad for quad in fresh if quad.predicate != _TRIPLES or quad.subject != after)
    earlier = edition_iri(names, about.register, "")
    gone = {NamedNode(graph) for graph in touched}
    for quad in said:
        store.remove(quad)
        if quad.predicate == _PART and isinstance(quad.object, NamedNode) and quad.object.value.startswith(earlier):
            _forget(store, quad.object, catalogue)
        elif quad.predicate not in _OWN and not (quad.predicate == _SUBSET and quad.object in gone):
            store.add(Quad(after, quad.predicate, quad.object, catalogue))
    edition = NamedNode(edition_iri(names, about.register, about.edition))
    store.extend(
        [
            Quad(after, _TRIPLES, Literal(total), catalogue),
            Quad(after, _PART, edition, catalogue),
            Quad(after, _REVISION, before, catalogue),
            *provenance(names, about),
        ]
    )
    return True


def provenance(names: Names, about: About) -> list[Quad]:
    """What the catalogue says of the steward's edition; it stands in the edition too."""
    catalogue, edition = NamedNode(names.catalogue), NamedNode(edition_iri(names, about.register, about.edition))
    said: list[tuple[str, NamedNode | Literal]] = [
        (_TYPE, NamedNode(names.term("Editie"))),
        (_TYPE, NamedNode(f"{_PROV}Entity")),
        (f"{_DCT}identifier", Literal(about.edition)),
        (f"{_DCT}created", Literal(about.made, datatype=_MOMENT)),
    ]
    return [Quad(edition, NamedNode(predicate), value, catalogue) for predicate, value in said]


def edition_iri(names: Names, register: str, edition: str) -> str:
    """The IRI of an edition, as it stands in the catalogue."""
    return names.identifier("editie", f"{register}-{edition}")


def _forget(store: Store, graph: NamedNode, catalogue: NamedNode) -> int:
    """Removes what the catalogue says of a graph, and gives the number of triples that it said."""
    triples = 0
    for quad in list(store.quads_for_pattern(graph, None, None, catalogue)):
        if quad.predicate == _TRIPLES and isinstance(quad.object, Literal):
            triples += int(quad.object.value)
        if quad.predicate.value in _PARTITIONS and isinstance(quad.object, NamedNode):
            for part in list(store.quads_for_pattern(quad.object, None, None, catalogue)):
                store.remove(part)
        store.remove(quad)
    return triples
