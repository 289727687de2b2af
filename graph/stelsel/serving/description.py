"""What the SPARQL service says about itself (SPARQL 1.1 Service Description), and about no other service.

It is as true as it can be made: formats that cannot be written here are left out, the graphs are those of the release, and
every function that is named is called in the tests. What it does not say is not so: it dereferences no URIs, and it reasons
about nothing beyond the triples that are there (simple entailment).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, serialize
from pyoxigraph import Literal as Value

from stelsel.names import Names
from stelsel.storing.formats import FORMATS
from stelsel.storing.releases import Release

VOID: Final = "/.well-known/void"

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_VOID: Final = "http://rdfs.org/ns/void#"
_SIMPLE: Final = NamedNode("http://www.w3.org/ns/entailment/Simple")
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
_GEOF: Final = "http://www.opengis.net/def/function/geosparql/"

_NAMES: Final = {
    "json": _FORMATS + "SPARQL_Results_JSON",
    "xml": _FORMATS + "SPARQL_Results_XML",
    "csv": _FORMATS + "SPARQL_Results_CSV",
    "tsv": _FORMATS + "SPARQL_Results_TSV",
    # W3C has no name for these two.
    "arrow": _MEDIA_TYPES + FORMATS["arrow"].media_type,
    "parquet": _MEDIA_TYPES + FORMATS["parquet"].media_type,
    "turtle": _FORMATS + "Turtle",
    "ntriples": _FORMATS + "N-Triples",
    "nquads": _FORMATS + "N-Quads",
    "trig": _FORMATS + "TriG",
    "rdfxml": _FORMATS + "RDF_XML",
    "jsonld": _FORMATS + "JSON-LD",
}
# The GeoSPARQL functions that Oxigraph computes, for CRS84 only; it has no buffer and no transformation, and its distance is
# between points. Its isSimple and spatialDimension are left out: they say that a line which crosses itself is simple, and
# that a line in the plane has one dimension.
FUNCTIONS: Final = (
    *("distance", "area", "length", "perimeter", "centroid", "envelope", "convexHull", "getSRID", "asGeoJSON"),
    *("union", "intersection", "difference", "symDifference", "isEmpty", "relate"),
    *("dimension", "coordinateDimension"),
    *("sfEquals", "sfDisjoint", "sfIntersects", "sfTouches", "sfCrosses", "sfWithin", "sfContains", "sfOverlaps"),
    *("ehEquals", "ehDisjoint", "ehMeet", "ehOverlap", "ehCovers", "ehCoveredBy", "ehInside", "ehContains"),
    *("rcc8eq", "rcc8dc", "rcc8ec", "rcc8po", "rcc8tppi", "rcc8tpp", "rcc8ntpp", "rcc8ntppi"),
)

_WRITTEN: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdfxml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
}


@dataclass(frozen=True)
class Holding:
    """What is being served: the IRI of the release, its graphs with their number of triples, and where its VoID is."""

    dataset: str = ""
    void: str = ""
    graphs: Mapping[str, int] = field(default_factory=dict)


class Descriptions:
    """The description of a service, made anew for each release. `federated` and `embedded` are as for `describe`."""

    def __init__(
        self,
        names: Names,
        endpoint: str,
        default_graph: Literal["union", "own"],
        *,
        federated: bool = False,
        embedded: bool = True,
    ) -> None:
        self._names, self._endpoint, self._default_graph = names, endpoint, default_graph
        self._federated, self._embedded = federated, embedded
        self._made: tuple[str | None, dict[str, bytes]] | None = None

    def of(self, release: Release | None) -> dict[str, bytes]:
        """In every graph format, by the format's name. Without a release the service is there, and holds nothing."""
        identity = release.id if release else None
        if self._made is None or self._made[0] != identity:
            holding = self._holding(release) if release else Holding()
            described = describe(
                *(self._endpoint, self._default_graph, holding), federated=self._federated, embedded=self._embedded
            )
            self._made = identity, described
        return self._made[1]

    def _holding(self, release: Release) -> Holding:
        void = f"{self._names.base}{VOID}"
        return Holding(self._names.identifier("release", release.id), void, release.graphs)


def describe(
    endpoint: str,
    default_graph: Literal["union", "own"],
    holding: Holding | None = None,
    *,
    federated: bool = False,
    embedded: bool = True,
) -> dict[str, bytes]:
    """The description of the service at `endpoint` in every graph format, by the format's name.

    `federated` is whether it asks any other endpoint for a query with SERVICE. `embedded` is whether the engine is ours: what
    another computes, and writes in columns, we cannot say.
    """
    triples = [
        *_service(endpoint, union=default_graph == "union", federated=federated, embedded=embedded),
        *_dataset(endpoint, holding or Holding(), union=default_graph == "union"),
    ]
    prefixes = {"sd": _SD, "formats": _FORMATS, "geof": _GEOF, "void": _VOID, "rdfs": _RDFS}
    return {name: serialize(triples, format=written, prefixes=prefixes) or b"" for name, written in _WRITTEN.items()}


def _service(endpoint: str, *, union: bool, federated: bool, embedded: bool) -> list[Triple]:
    service = NamedNode(endpoint)
    features = {"UnionDefaultGraph": union, "BasicFederatedQuery": federated}
    offered = [name for name, entry in FORMATS.items() if entry.offered and (embedded or not entry.extra)]
    functions = FUNCTIONS if embedded else ()
    return [
        Triple(service, _A, _sd("Service")),
        Triple(service, _sd("endpoint"), service),
        Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Query")),
        *(Triple(service, _sd("feature"), _sd(name)) for name, there in features.items() if there),
        *(Triple(service, _sd("resultFormat"), NamedNode(_NAMES[name])) for name in offered),
        *(Triple(service, _sd("extensionFunction"), NamedNode(_GEOF + name)) for name in functions),
        *(Triple(NamedNode(_GEOF + name), _A, _sd("Function")) for name in functions),
        Triple(service, _sd("defaultEntailmentRegime"), _SIMPLE),
    ]


def _dataset(endpoint: str, holding: Holding, *, union: bool) -> list[Triple]:
    dataset = NamedNode(holding.dataset) if holding.dataset else BlankNode("dataset")
    default = BlankNode("default")
    size = sum(holding.graphs.values()) if union else 0
    triples = [
        Triple(NamedNode(endpoint), _sd("defaultDataset"), dataset),
        Triple(dataset, _A, _sd("Dataset")),
        Triple(dataset, _sd("defaultGraph"), default),
        Triple(default, _A, _sd("Graph")),
    ]
    if holding.graphs:
        triples.append(Triple(default, NamedNode(_VOID + "triples"), Value(size)))
    if holding.void:
        triples.append(Triple(dataset, NamedNode(_RDFS + "seeAlso"), NamedNode(holding.void)))
    for number, (name, count) in enumerate(sorted(holding.graphs.items())):
        named, graph = BlankNode(f"named{number}"), BlankNode(f"graph{number}")
        triples += [
            Triple(dataset, _sd("namedGraph"), named),
            Triple(named, _A, _sd("NamedGraph")),
            Triple(named, _sd("name"), NamedNode(name)),
            Triple(named, _sd("entailmentRegime"), _SIMPLE),
            Triple(named, _sd("graph"), graph),
            Triple(graph, _A, _sd("Graph")),
            Triple(graph, NamedNode(_VOID + "triples"), Value(count)),
        ]
    return triples


def _sd(name: str) -> NamedNode:
    return NamedNode(_SD + name)


_A: Final = NamedNode(_RDF + "type")
