"""Proof that what a build makes itself, its linksets, has no triple in common with any other graph of the release.

The graphs are in the store by then, and counted. A triple that stands in two graphs has in both the beginning of its
subject, its property and, where that is rdf:type, its class; graphs that share no such thing need no reading. So links
from the objects of a register cost nothing to tell from that register's own graph, however large it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stelsel.storing.description import Counts
from stelsel.storing.disjoint import Lines, check_disjoint

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def check_apart(made: Sequence[Lines], others: Sequence[Lines], counts: Mapping[str, Counts]) -> None:
    """Raises GraphsOverlap where a triple of `made` stands in another graph, of `made` or of `others`, as well.

    `counts` are those of every graph that is named. Only graphs that may share a triple are read.
    """
    parts: dict[str, list[Lines]] = {}
    for part in [*made, *others]:
        parts.setdefault(part.graph, []).append(part)
    ours = list(dict.fromkeys(part.graph for part in made))
    others_of = {graph: [other for other in parts if other not in ours[: i + 1]] for i, graph in enumerate(ours)}
    for graph, beside in others_of.items():
        for other in beside:
            if _may_share(parts[graph], parts[other], counts):
                check_disjoint([*parts[graph], *parts[other]])


def _may_share(one: Sequence[Lines], two: Sequence[Lines], counts: Mapping[str, Counts]) -> bool:
    beginnings = [frozenset().union(*(part.subjects for part in parts)) for parts in (one, two)]
    if not beginnings[0] & beginnings[1]:
        return False
    first, second = counts[one[0].graph], counts[two[0].graph]
    properties = first.properties.keys() & second.properties.keys()
    return bool(properties - {_TYPE}) or bool(properties and first.classes.keys() & second.classes.keys())
