"""What the SPARQL service says about itself (SPARQL 1.1 Service Description)."""

from __future__ import annotations

from typing import Final, Literal

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, serialize

from stelsel.storing.formats import FORMATS

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_GEOF: Final = "http://www.opengis.net/def/function/geosparql/"

_NAMES: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "nquads": "N-Quads",
    "trig": "TriG",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD",
}
# The GeoSPARQL functions that Oxigraph computes, for CRS84 only; it has no buffer and no transformation.
FUNCTIONS: Final = (
    *("distance", "area", "length", "perimeter", "centroid", "envelope", "convexHull", "getSRID", "asGeoJSON"),
    *("union", "intersection", "difference", "symDifference", "isEmpty", "isSimple", "relate"),
    *("dimension", "coordinateDimension", "spatialDimension"),
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


def describe(endpoint: str, default_graph: Literal["union", "own"]) -> dict[str, bytes]:
    """The description of the service at `endpoint` in every graph format, by the format's name."""
    triples = _triples(endpoint, default_graph)
    prefixes = {"sd": _SD, "formats": _FORMATS, "geof": _GEOF}
    return {name: serialize(triples, format=written, prefixes=prefixes) or b"" for name, written in _WRITTEN.items()}


def _triples(endpoint: str, default_graph: str) -> list[Triple]:
    service, dataset, graph = NamedNode(endpoint), BlankNode("dataset"), BlankNode("default")
    a = NamedNode(_RDF + "type")
    features = ["UnionDefaultGraph"] if default_graph == "union" else []
    return [
        Triple(service, a, _sd("Service")),
        Triple(service, _sd("endpoint"), service),
        Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Query")),
        *(Triple(service, _sd("feature"), _sd(name)) for name in features),
        *(Triple(service, _sd("resultFormat"), NamedNode(_FORMATS + _NAMES[name])) for name in FORMATS),
        *(Triple(service, _sd("extensionFunction"), NamedNode(_GEOF + name)) for name in FUNCTIONS),
        Triple(service, _sd("defaultDataset"), dataset),
        Triple(dataset, a, _sd("Dataset")),
        Triple(dataset, _sd("defaultGraph"), graph),
        Triple(graph, a, _sd("Graph")),
    ]


def _sd(name: str) -> NamedNode:
    return NamedNode(_SD + name)
