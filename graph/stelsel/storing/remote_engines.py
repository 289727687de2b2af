"""What is known of SPARQL engines that may stand behind a remote store, as one table.

What each of them does was tried on the versions that `tests/end_to_end/test_remote.py` runs: Virtuoso 7.2.5 and
Oxigraph 0.5.13. The other rows were not: they say what is generally known, and an operator who uses such an engine should try it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

_WKT: Final = b"http://www.opengis.net/ont/geosparql#wktLiteral"
_VIRTUOSO_WKT: Final = b"http://www.openlinksw.com/schemas/virtrdf#Geometry"


@dataclass(frozen=True)
class Engine:
    """One engine, known by the beginning of its Server header.

    `timeout` writes a deadline in seconds as the value of the parameter `timeout`. `always` are parameters of every
    question. `wrong` are formats that it writes so that something is lost. `triples` says that graphs are asked for as
    N-Triples, which are Turtle, TriG and N-Quads as well. `crowded` says that its default graph holds more than
    what was put there. `mends` are bytes to replace, by media type. `overrules` says that, told to
    take the union of all graphs for its default graph, it does so where a query has FROM as well.
    `graph_store` and `update` are where it has those,
    relative to where it answers questions.
    """

    name: str
    server: str
    timeout: Callable[[float], str] | None = None
    always: tuple[tuple[str, str], ...] = ()
    wrong: frozenset[str] = frozenset()
    triples: bool = False
    crowded: bool = False
    overrules: bool = False
    mends: Mapping[str, tuple[bytes, bytes]] = field(default_factory=lambda: MappingProxyType({}))
    graph_store: str = ""
    update: str = ""


VIRTUOSO: Final = Engine(
    name="Virtuoso",
    server="Virtuoso",
    # Milliseconds; what has been found by then is its answer, with status 200 (see remote_errors).
    timeout=lambda seconds: str(max(1000, int(seconds * 1000))),
    # Without it, an answer silently stops at 1,048,576 rows.
    always=(("maxrows", "2000000000"),),
    # JSON-LD comes without languages, RDF/XML without the datatype of WKT, TSV with IRIs between quotes.
    wrong=frozenset({"jsonld", "rdfxml", "tsv"}),
    triples=True,
    crowded=True,
    # It has a datatype of its own for WKT. Between these bytes an engine would have escaped a quote, or a line break.
    mends=MappingProxyType(
        {
            "application/sparql-results+json": (
                b'"datatype": "' + _VIRTUOSO_WKT + b'"',
                b'"datatype": "' + _WKT + b'"',
            ),
            "application/sparql-results+xml": (b' datatype="' + _VIRTUOSO_WKT + b'"', b' datatype="' + _WKT + b'"'),
            "application/n-triples": (b'"^^<' + _VIRTUOSO_WKT + b"> .\n", b'"^^<' + _WKT + b"> .\n"),
        }
    ),
    graph_store="/sparql-graph-crud-auth",
    update="/sparql-auth",
)
OXIGRAPH: Final = Engine(name="Oxigraph", server="Oxigraph", overrules=True, graph_store="store", update="update")
FUSEKI: Final = Engine(
    name="Fuseki",
    server="Apache Jena Fuseki",
    timeout=lambda seconds: f"{seconds:g}",
    graph_store="data",
    update="update",
)
OTHER: Final = Engine(name="SPARQL endpoint", server="")

ENGINES: Final = (VIRTUOSO, OXIGRAPH, FUSEKI)


def recognise(server: str) -> Engine:
    """The engine that calls itself so in a Server header.

    >>> recognise("Virtuoso/07.20.3229 (Linux) x86_64-pc-linux-gnu").name
    'Virtuoso'
    """
    return next((engine for engine in ENGINES if server.startswith(engine.server)), OTHER)
