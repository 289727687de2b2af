"""The steward's own graphs: which they are, what keeps them in order, and what an edition keeps of them.

    {base}/graph/beheer, {base}/graph/beheer/...     named by the steward
    {base}/graph-store/...                           named by the address that they were put at (Graph Store Protocol)

No register owns these, so a steward may change them by hand. All functions here run where the store is open.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import zstandard
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Store, Triple, serialize

from stelsel.errors import GraphsOverlap
from stelsel.storing.changes import Written

STEWARD: Final = "beheer"
"""The register that a steward's graphs are an edition of. No folder of `loaders/` may have this name."""

_STEM: Final = re.compile(r".*[/#]", re.DOTALL)
_SLUG: Final = re.compile(r"[^A-Za-z0-9]+")


def owned(base: str, graph: str) -> bool:
    """Whether a graph is the steward's.

    >>> owned("https://data.example.nl", "https://data.example.nl/graph/beheer/notities")
    True
    >>> owned("https://data.example.nl", "https://data.example.nl/graph/bag")
    False
    """
    own = f"{base}/graph/{STEWARD}"
    return graph == own or graph.startswith((f"{own}/", f"{base}/graph-store/"))


def skolemise(store: Store, graph: str, prefix: str) -> None:
    """Gives each blank node of a graph an IRI under `prefix`: an edition is loaded beside others, and labels clash."""
    loose = [quad for quad in quads(store, graph) if any(map(_has_blank, (quad.subject, quad.object)))]
    store.extend(
        Quad(_named(quad.subject, prefix), quad.predicate, _named(quad.object, prefix), quad.graph_name)
        for quad in loose
    )
    for quad in loose:
        store.remove(quad)


def check_apart(store: Store, graph: str) -> None:
    """Raises GraphsOverlap where another graph has a triple of this one: the union would count it twice."""
    for quad in quads(store, graph):
        for other in store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None):
            if other.graph_name != quad.graph_name:
                raise GraphsOverlap(
                    f"the triple {quad.triple} stands in {other.graph_name} already, and a release counts it once"
                )


def keep(quads: Iterable[Quad], graph: str, folder: Path) -> Written:
    """Writes the quads of a graph as a file of an edition in `folder`: N-Quads in zstd."""
    slug = _SLUG.sub("-", graph.partition("://")[2]).strip("-")[:60]
    name = f"quads/{slug}-{hashlib.sha256(graph.encode()).hexdigest()[:12]}.nq.zst"
    (folder / "quads").mkdir(exist_ok=True)
    counted = _Counted(quads)
    with (folder / name).open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as written:
        serialize(counted, cast("IO[bytes]", written), RdfFormat.N_QUADS)
    return Written(graph, name, counted.number, tuple(sorted(counted.stems)))


class _Counted:
    """Quads, counted while they go by, with the beginnings of their subjects."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._quads = quads
        self.number = 0
        self.stems: set[str] = set()

    def __iter__(self) -> Iterator[Quad]:
        for quad in self._quads:
            self.number += 1
            if isinstance(quad.subject, NamedNode) and (stem := _STEM.match(quad.subject.value)):
                self.stems.add(stem[0])
            yield quad


def quads(store: Store, graph: str) -> Iterator[Quad]:
    """The quads of a graph."""
    return store.quads_for_pattern(None, None, None, NamedNode(graph))


def _has_blank(term: Any) -> bool:
    if isinstance(term, Triple):
        return _has_blank(term.subject) or _has_blank(term.object)
    return isinstance(term, BlankNode)


def _named(term: Any, prefix: str) -> Any:
    if isinstance(term, Triple):
        return Triple(_named(term.subject, prefix), term.predicate, _named(term.object, prefix))
    return NamedNode(prefix + term.value) if isinstance(term, BlankNode) else term
