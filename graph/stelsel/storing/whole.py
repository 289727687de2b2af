"""Questions that ask for all of one graph: those are read straight out of the store.

The engine remembers every triple that a CONSTRUCT has given, so that none comes twice: 0.5 GB for three million. Of one
graph none can come twice, so the store itself writes it, in memory that does not grow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO, Final

from pyoxigraph import NamedNode, RdfFormat, Store, Triple

_IRI: Final = r"[A-Za-z][A-Za-z0-9+.-]*+:[^<>\"{}|^`\\\x00-\x20]*+"
_VARIABLE: Final = r"[?$][A-Za-z_][A-Za-z0-9_]*+"
# A text in which all white space is one space. What has comments, or a limit, or an order, goes to the engine.
_WHOLE: Final = re.compile(
    rf"""(?:PREFIX\ (?:[A-Za-z][\w-]*+)?:\ ?<[^<>\s]*+>\ ?)*+
    CONSTRUCT\ ?(?:\{{(?P<template>[^{{}}]*+)\}}\ ?)?(?:FROM\ ?<(?P<from>{_IRI})>\ ?)?(?P<where>WHERE\ ?)?
    \{{\ ?(?:GRAPH\ ?<(?P<graph>{_IRI})>\ ?\{{(?P<inner>[^{{}}]*+)\}}\ ?|(?P<outer>[^{{}}]*+))\}}""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_GAPS: Final = re.compile(r"[ \t\r\n]+")
_TRIPLE: Final = re.compile(rf" ?({_VARIABLE}) ?({_VARIABLE}) ?({_VARIABLE}) ?\.? ?", re.ASCII)
_LONGEST: Final = 4000  # characters of a text that is looked at


class Whole:
    """All of one graph, as the engine's answer to a CONSTRUCT would be."""

    def __init__(self, store: Store, graph: str) -> None:
        self._store, self._graph = store, NamedNode(graph)

    def __iter__(self) -> Iterator[Triple]:
        """Its triples."""
        return (quad.triple for quad in self._store.quads_for_pattern(None, None, None, self._graph))

    def serialize(self, output: IO[bytes], format: RdfFormat) -> None:
        """Write it."""
        self._store.dump(output, format, from_graph=self._graph)


def graph_of(
    text: str, default_graphs: Sequence[str] | None = None, named_graphs: Sequence[str] | None = None
) -> str | None:
    """The graph that a CONSTRUCT gives all of; None for any other question. Graphs beside the text replace its own FROM.

    >>> graph_of("CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <http://e/g> { ?s ?p ?o } }")
    'http://e/g'
    >>> graph_of("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", default_graphs=["http://e/g"])
    'http://e/g'
    """
    if len(text) > _LONGEST or "CONSTRUCT" not in text.upper():
        return None
    found = _WHOLE.fullmatch(_GAPS.sub(" ", text.strip(" \t\r\n")))
    if found is None or not _copies(found):
        return None
    beside = default_graphs is not None or named_graphs is not None
    if found["graph"]:
        inside = found["graph"] in (named_graphs or ()) if beside else found["from"] is None
        return found["graph"] if inside else None
    if beside:
        return default_graphs[0] if default_graphs and len(default_graphs) == 1 else None
    return found["from"]


def _copies(found: re.Match[str]) -> bool:
    """Whether what is constructed is what is found, of three different variables."""
    pattern = _TRIPLE.fullmatch(found["inner"] or found["outer"] or "")
    if found["template"] is None:  # the short form (SPARQL 1.1, 16.2.4) needs its WHERE, and takes no GRAPH
        template = pattern if found["where"] and not found["graph"] else None
    else:
        template = _TRIPLE.fullmatch(found["template"])
    if pattern is None or template is None:
        return False
    variables = [name[1:] for name in pattern.groups()]
    return variables == [name[1:] for name in template.groups()] and len(set(variables)) == len(variables)
