"""What can be asked of a release that is to be changed, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["update", "replace", "add", "remove"]


@dataclass(frozen=True)
class Part:
    """A document with triples: `format` is a name of storing.formats, relative IRIs are resolved against `base_iri`."""

    format: str
    body: bytes
    base_iri: str


@dataclass(frozen=True)
class Change:
    """One change, which happens whole or not at all.

    `update` runs `text` (SPARQL 1.1 Update; the caller has judged it). The other kinds are those of the Graph Store
    Protocol: the triples of `parts` `replace` a graph or are `add`ed to it, or the graph is `remove`d. `graph` None is
    the default graph. `touched` are the graphs that the change may write; None is any.
    """

    kind: Kind
    text: str = ""
    base_iri: str = ""
    graph: str | None = None
    parts: tuple[Part, ...] = field(default=(), repr=False)
    touched: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Written:
    """What a graph of the steward's holds after a change, and its file in the edition that keeps it."""

    graph: str
    file: str
    quads: int
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What a change did: whether its graph was there before, triples by graph, and what is to be kept in an edition."""

    existed: bool
    graphs: dict[str, int]
    written: tuple[Written, ...]
