"""Proof that no triple stands in two graphs, since Oxigraph's union of graphs would count it twice (its issue 1919).

Three steps, each over what the step before could not clear. Graphs whose subjects have different beginnings need no
reading at all. Of the others the subjects that they may share are compared, then subject and predicate, both as 64-bit
fingerprints (8 bytes a subject: equal ones mean maybe, different ones mean no). What is left is compared as RDF.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from stelsel.errors import GraphsOverlap

Fingerprints = NDArray[np.int64]
Pair = tuple[str, str]
_AT_ONCE = 500_000  # subject-predicate pairs compared as RDF at a time, in memory


class Lines(Protocol):
    """Canonical N-Quads of one graph: a quad a line, one space between terms, no blank nodes as subjects."""

    @property
    def graph(self) -> str:
        """The graph's IRI."""
        ...

    @property
    def subjects(self) -> frozenset[str]:
        """Beginnings of its subjects, up to and including the last `/` or `#`."""
        ...

    def chunks(self) -> Iterable[bytes]:
        """The text, in pieces of any size. Can be asked for again."""
        ...


def stem(subject: bytes) -> bytes:
    """The beginning of an IRI (in angle brackets), up to and including its last `/` or `#`; all of it without one.

    >>> stem(b"<http://data.example.nl/id/pand/0363>")
    b'http://data.example.nl/id/pand/'
    """
    end = max(subject.rfind(b"/"), subject.rfind(b"#")) + 1
    return subject[1:end] if end else subject[1:-1]


def check_disjoint(parts: Sequence[Lines]) -> None:
    """Raises GraphsOverlap, naming both graphs and a triple, where a triple stands in two of the graphs.

    A graph may come in several parts. Time is that of reading the graphs that share beginnings of subjects, once or
    twice; memory is 8 bytes for each of their subjects that has such a beginning.
    """
    graphs: dict[str, list[Lines]] = defaultdict(list)
    for part in parts:
        graphs[part.graph].append(part)
    stems = {graph: frozenset().union(*(part.subjects for part in mine)) for graph, mine in graphs.items()}
    shared = {pair: both for pair in combinations(graphs, 2) if (both := stems[pair[0]] & stems[pair[1]])}

    wanted = {g: {s.encode() for pair, both in shared.items() if g in pair for s in both} for g in _named(shared)}
    suspects = _common(shared, {graph: _subjects(graphs[graph], wanted[graph]) for graph in wanted})
    subjects = {graph: _either(suspects, graph) for graph in _named(suspects)}
    suspects = _common(suspects, {graph: _statements(graphs[graph], subjects[graph]) for graph in subjects})
    for pair, statements in suspects.items():
        for some in np.array_split(statements, 1 + len(statements) // _AT_ONCE):
            _compare(pair, [graphs[graph] for graph in pair], some)


def _common(pairs: Iterable[Pair], prints: dict[str, Fingerprints]) -> dict[Pair, Fingerprints]:
    """The pairs of graphs that have fingerprints in common, with those."""
    both = {pair: np.intersect1d(prints[pair[0]], prints[pair[1]], assume_unique=True) for pair in pairs}
    return {pair: common for pair, common in both.items() if len(common)}


def _named(pairs: Iterable[Pair]) -> list[str]:
    return sorted({graph for pair in pairs for graph in pair})


def _either(pairs: dict[Pair, Fingerprints], graph: str) -> Fingerprints:
    return np.unique(np.concatenate([common for pair, common in pairs.items() if graph in pair]))


def _subjects(parts: list[Lines], stems: set[bytes]) -> Fingerprints:
    """Fingerprints of the subjects with one of these beginnings."""
    found = []
    for lines in _lines(parts):
        # Quads of a subject stand together, so that the set is a tenth of the lines.
        distinct = {line.partition(b" ")[0] for line in lines}
        found.append(_hashes([subject for subject in distinct if stem(subject) in stems]))
    return np.unique(np.concatenate(found)) if found else _hashes([])


def _statements(parts: list[Lines], subjects: Fingerprints) -> Fingerprints:
    """Fingerprints of subject and predicate, of the quads with one of these subjects."""
    found = []
    for lines in _lines(parts):
        mine = _within(_hashes([line.partition(b" ")[0] for line in lines]), subjects)
        found.append(_hashes([_statement(lines[index]) for index in np.flatnonzero(mine)]))
    return np.unique(np.concatenate(found)) if found else _hashes([])


def _compare(pair: Pair, parts: list[list[Lines]], statements: Fingerprints) -> None:
    """Raises GraphsOverlap where a quad with one of these subject-predicate pairs has the same object in both graphs.

    Compared in a store, not as text: Oxigraph takes "01"^^xsd:integer and "1"^^xsd:integer for one literal.
    """
    store = Store()
    first, second = (NamedNode(graph) for graph in pair)
    for graph, mine in zip((first, second), parts, strict=True):
        for lines in _lines(mine):
            some = np.flatnonzero(_within(_hashes([_statement(line) for line in lines]), statements))
            text = b"".join(lines[index] + b"\n" for index in some)
            store.extend(
                Quad(quad.subject, quad.predicate, quad.object, graph) for quad in parse(text, format=RdfFormat.N_QUADS)
            )
    for quad in store.quads_for_pattern(None, None, None, first):
        if Quad(quad.subject, quad.predicate, quad.object, second) in store:
            raise GraphsOverlap(
                f"the triple {quad.triple} stands in the graph {pair[0]} and in the graph {pair[1]}; a graph states "
                "facts about its own register's subjects only, and links between registers stand in a linkset"
            )


def _lines(parts: list[Lines]) -> Iterator[list[bytes]]:
    """The lines of all parts, a list for each piece of text."""
    for part in parts:
        rest = b""
        for chunk in part.chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            if lines:
                yield lines
        if rest:
            yield [rest]


def _statement(line: bytes) -> bytes:
    return line[: line.find(b" ", line.find(b" ") + 1)]


def _hashes(keys: list[bytes]) -> Fingerprints:
    """Python's own hash: 64 bits, keyed anew for each process, so that no input is made to collide."""
    return np.fromiter(map(hash, keys), np.int64, len(keys))


def _within(prints: Fingerprints, among: Fingerprints) -> NDArray[np.bool_]:
    """Which of the fingerprints are among others, which are sorted and at least one."""
    nearest = among[np.minimum(np.searchsorted(among, prints), len(among) - 1)]
    return np.equal(nearest, prints)
