"""The files of `ontologies/` as graphs of a release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from stelsel.errors import ContentError
from stelsel.home import Home
from stelsel.names import Names
from stelsel.storing.disjoint import stem


@dataclass(frozen=True)
class Ontology:
    """One `.ttl` as the graph that it becomes."""

    graph: str
    quads: tuple[Quad, ...]
    repeated: int
    """Triples that are left out of the graph because an ontology before it has them: vocabularies declare each other's
    terms, and a profile's shapes come in several files that repeat each other."""

    @property
    def subjects(self) -> frozenset[str]:
        """Beginnings of its subjects, as an edition's GraphFile has them."""
        named = (quad.subject for quad in self.quads if isinstance(quad.subject, NamedNode))
        return frozenset(stem(str(subject).encode()).decode() for subject in named)

    def chunks(self) -> Iterator[bytes]:
        """Its N-Quads."""
        yield b"".join(f"{quad.triple} {quad.graph_name} .\n".encode() for quad in self.quads)


def read_ontologies(home: Home, names: Names) -> list[Ontology]:
    """Every `.ttl` below `ontologies/`, the home's own first, then `external/`. Equal files give equal quads.

    Raises ContentError, with file and line, for a file that is not Turtle and for two files of one name.
    """
    external = home.ontologies / "external"
    files = sorted(home.ontologies.rglob("*.ttl"), key=lambda file: (external in file.parents, file))
    seen: dict[str, Path] = {}
    stated: set[Triple] = set()
    found = []
    for file in files:
        name = file.name.removesuffix(".ttl")
        shown = file.relative_to(home.root).as_posix()
        if name in seen:
            raise ContentError(f"has the name of {seen[name]}; one of the two must be renamed", file=shown)
        seen[name] = file.relative_to(home.root)
        graph = NamedNode(names.ontology(name))
        triples = _read(file, shown, names.root, re.sub(r"[^A-Za-z0-9]", "-", name))
        fresh = [triple for triple in triples if triple not in stated]
        stated.update(fresh)
        quads = tuple(Quad(triple.subject, triple.predicate, triple.object, graph) for triple in fresh)
        found.append(Ontology(graph.value, quads, len(triples) - len(fresh)))
    return found


def _read(file: Path, shown: str, root: str, label: str) -> list[Triple]:
    """The triples of a file, sorted, with blank nodes that no other file has and that the next build has too."""
    try:
        dataset = Dataset(parse(path=file, format=RdfFormat.TURTLE, base_iri=root))
    except SyntaxError as error:
        raise ContentError(error.msg, file=shown, line=error.lineno) from error
    # OWL and SHACL need their blank nodes (a restriction must be one), so they are named alike and not skolemised.
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return sorted((_labelled(quad.triple, label) for quad in dataset), key=str)


def _labelled(triple: Triple, label: str) -> Triple:
    subject, value = triple.subject, triple.object
    if isinstance(subject, BlankNode):
        subject = BlankNode(f"{label}-{subject.value}")
    if isinstance(value, BlankNode):
        value = BlankNode(f"{label}-{value.value}")
    elif isinstance(value, Triple):
        value = _labelled(value, label)
    return Triple(subject, triple.predicate, value)
