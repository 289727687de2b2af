"""SHACL shapes, counted over a whole edition by queries: exact numbers, not a sample.

A declared subset of SHACL (see ontologies/README.md). What is outside it is an error where the file is read: a shape
that is silently not checked is worse than none.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode, QuerySolution, QuerySolutions, Store

from stelsel.errors import ContentError
from stelsel.modelling.constraints import bind, query
from stelsel.modelling.documents import TYPE, Term
from stelsel.modelling.shapefile import Constraint, Shape, read_shapes

__all__ = ["Constraint", "Example", "Outcome", "Shape", "count", "read_shapes"]

SCREENED = 5_000_000  # nodes; a screen remembers each, which takes some 300 MB for so many


@dataclass(frozen=True)
class Example:
    """One thing that breaks a shape: a sh:ValidationResult."""

    constraint: Constraint
    focus: Term
    value: Term | None
    """None where the fault is in how many values there are."""


@dataclass(frozen=True)
class Outcome:
    """What came of a shape in one graph."""

    shape: Shape
    graph: str | None
    """The graph that was looked at; None for all of them."""
    checked: int
    """How many nodes the shape looked at. With 0, it said nothing about this graph."""
    counts: Mapping[str, int]
    """Component -> how many results it gives, for those that give any."""
    examples: tuple[Example, ...]
    """The first results of each component, by focus node."""

    @property
    def violations(self) -> int:
        """All results of the shape, whatever its severity."""
        return sum(self.counts.values())


def count(
    store: Store, shapes: Sequence[Shape], graph: str | None, *, examples: int = 10, threads: int = 1
) -> list[Outcome]:
    """What breaks each shape in one graph of the store (None: in the union of all), in the order of the shapes.

    Counts are those of SHACL: a result a focus node for sh:minCount, sh:maxCount and sh:hasValue, a language for
    sh:uniqueLang, a pair for sh:lessThan, a solution for sh:sparql, and a value for all others; a node that two targets
    of a shape share is one node. Of a graph, only the
    nodes that a shape looks at are held in memory: while they are counted, and up to SCREENED of them for each thread;
    a sh:minCount or sh:maxCount of other than 1 and sh:uniqueLang group them.
    Raises ContentError for a sh:select that leaves $this unbound.
    """
    source = _Source(store, graph)
    # Many shapes look at the same nodes; those are counted once.
    checked = {targets: source.number(targets) for targets in {shape.targets for shape in shapes}}
    # Results are read where they are made: the engine aborts when another thread touches them.
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda shape: _outcome(source, shape, checked[shape.targets], examples), shapes))


@dataclass(frozen=True)
class _Source:
    store: Store
    graph: str | None

    def solutions(self, text: str, root: str | None = None) -> Iterator[QuerySolution]:
        if self.graph is None:
            found = self.store.query(text, base_iri=root, use_default_graph_as_union=True)
        else:
            found = self.store.query(text, base_iri=root, default_graph=NamedNode(self.graph))
        assert isinstance(found, QuerySolutions)
        return iter(found)

    def number(self, targets: str) -> int:
        """How many nodes a shape with these targets looks at."""
        return int(next(self.solutions(bind(query("focus"), targets=targets)))["count"].value)

    def has_type(self, node: Term, types: list[Term]) -> bool:
        if not isinstance(node, NamedNode | BlankNode):
            return False
        where = None if self.graph is None else NamedNode(self.graph)
        return any(next(self.store.quads_for_pattern(node, TYPE, type_, where), None) is not None for type_ in types)


def _outcome(source: _Source, shape: Shape, checked: int, examples: int) -> Outcome:
    try:
        return _count(source, shape, checked, examples)
    except ContentError as error:
        # A traceback would carry the engine's results into the thread that reads it.
        raise error.with_traceback(None) from None


def _count(source: _Source, shape: Shape, checked: int, examples: int) -> Outcome:
    counts: Counter[str] = Counter()
    found: list[Example] = []
    proven = _proven(source, shape, checked)
    for constraint in shape.constraints if checked else ():
        if constraint.proof in proven:
            continue
        results = _Counted(_examples(source, shape, constraint))
        found += heapq.nsmallest(examples, results, key=lambda example: (str(example.focus), str(example.value)))
        if results.number:
            counts[constraint.component] += results.number
    return Outcome(shape, source.graph, checked, dict(counts), tuple(found))


def _proven(source: _Source, shape: Shape, checked: int) -> set[str]:
    """The proofs (constraints.Check) that the shape's screen gives."""
    if shape.screen is None or not 0 < checked <= SCREENED:
        return set()
    pairs, nodes, good = (int(number.value) for number in next(source.solutions(shape.screen)))
    proofs = {"values": good == pairs, "most": pairs == nodes, "least": nodes == checked}
    return {proof for proof, holds in proofs.items() if holds}


def _examples(source: _Source, shape: Shape, constraint: Constraint) -> Iterator[Example]:
    types = []
    if constraint.written:
        types = [row["type"] for row in source.solutions(bind(query("types"), targets=shape.targets))]
    for row in source.solutions(constraint.query, constraint.root):
        focus = row["this"]
        if focus is None:
            raise ContentError("sh:select leaves $this unbound; it must stand in a triple pattern", file=shape.iri)
        if not constraint.written or source.has_type(focus, types):
            yield Example(constraint, focus, _value(row, focus, shape))


def _value(row: QuerySolution, focus: Term, shape: Shape) -> Term | None:
    try:
        value = row["value"]
    except KeyError:
        value = None
    # SHACL 5.3.2: without a ?value, the value of a node shape is the node itself.
    return focus if value is None and shape.path is None else value


class _Counted(Iterator[Example]):
    """Counts what passes by, so that no list of it is needed."""

    def __init__(self, examples: Iterator[Example]) -> None:
        self._examples = examples
        self.number = 0

    def __next__(self) -> Example:
        example = next(self._examples)
        self.number += 1
        return example
