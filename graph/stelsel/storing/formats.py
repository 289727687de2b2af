"""The formats that answers are written in, as one table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Final, Literal

Kind = Literal["solutions", "boolean", "graph"]


@dataclass(frozen=True)
class Format:
    """How an answer is written. `aliases` are other media types and `nicknames` other names that clients ask it by. `extra` is
    what has to be installed with Stelsel for it.
    """

    name: str
    media_type: str
    extension: str
    kinds: frozenset[Kind]
    aliases: tuple[str, ...] = ()
    nicknames: tuple[str, ...] = ()
    extra: str = ""

    @property
    def offered(self) -> bool:
        """Whether this can be written here."""
        return not self.extra or _installed(_EXTRAS[self.extra])

    @property
    def media_types(self) -> tuple[str, ...]:
        """Every media type that this format answers to, its own first."""
        return (self.media_type, *self.aliases)


_EXTRAS: Final = {"arrow": "pyarrow"}  # extra -> a module that comes with it

_ROWS: frozenset[Kind] = frozenset({"solutions", "boolean"})
_GRAPH: frozenset[Kind] = frozenset({"graph"})
_COLUMNS: frozenset[Kind] = frozenset({"solutions"})

# In order of preference: the first of a kind is what a client gets that accepts anything.
_TABLE = (
    Format("json", "application/sparql-results+json", "srj", _ROWS, ("application/json",)),
    Format("xml", "application/sparql-results+xml", "srx", _ROWS, ("application/xml", "text/xml")),
    Format("csv", "text/csv", "csv", _ROWS),
    Format("tsv", "text/tab-separated-values", "tsv", _ROWS),
    Format("arrow", "application/vnd.apache.arrow.stream", "arrows", _COLUMNS, extra="arrow"),
    Format("parquet", "application/vnd.apache.parquet", "parquet", _COLUMNS, extra="arrow"),
    Format("turtle", "text/turtle", "ttl", _GRAPH, ("application/x-turtle", "text/n3"), ("n3",)),
    Format("ntriples", "application/n-triples", "nt", _GRAPH, ("text/plain",), ("n-triples",)),
    Format("nquads", "application/n-quads", "nq", _GRAPH, (), ("n-quads",)),
    Format("trig", "application/trig", "trig", _GRAPH),
    Format("rdfxml", "application/rdf+xml", "rdf", _GRAPH, ("application/xml", "text/xml"), ("rdf+xml", "xml")),
    Format("jsonld", "application/ld+json", "jsonld", _GRAPH, ("application/json",), ("json-ld", "json")),
)

FORMATS: dict[str, Format] = {entry.name: entry for entry in _TABLE}


def formats(kind: Kind) -> tuple[Format, ...]:
    """The formats that fit this kind of answer and can be written here, best first."""
    return tuple(entry for entry in _TABLE if kind in entry.kinds and entry.offered)


def missing(kind: Kind) -> tuple[Format, ...]:
    """The formats that would fit, if their extra were installed."""
    return tuple(entry for entry in _TABLE if kind in entry.kinds and not entry.offered)


@cache
def _installed(module: str) -> bool:
    return find_spec(module) is not None
