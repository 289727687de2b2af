from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from stelsel.names import Names
from stelsel.serving import description
from stelsel.serving.description import FUNCTIONS, Descriptions, describe
from stelsel.storing import formats
from stelsel.storing.formats import FORMATS
from stelsel.storing.releases import Release

NAMES = Names("https://data.example.nl")
ENDPOINT = "https://data.example.nl/sparql"
SD = "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> PREFIX void: <http://rdfs.org/ns/void#> "
RELEASE = Release(
    id="r1",
    audience="open",
    made=datetime(2026, 1, 1, tzinfo=UTC),
    base=NAMES.base,
    stelsel="0",
    editions={},
    dates={},
    quads=30,
    graphs={NAMES.graph("bag"): 20, NAMES.catalogue: 10},
    repeated={},
)

WKT = "<http://www.opengis.net/ont/geosparql#wktLiteral>"
METRE = "<http://www.opengis.net/def/uom/OGC/1.0/metre>"


def square(west, south, east, north):
    ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
    return f'"POLYGON (({ring}))"^^{WKT}'


BIG, SMALL, CORNER = square(0, 0, 4, 4), square(1, 1, 2, 2), square(0, 0, 2, 2)
OVER, NEXT, FAR = square(2, 2, 6, 6), square(4, 0, 8, 4), square(9, 9, 10, 10)
LINE, CROSSING = f'"LINESTRING (0 0, 4 4)"^^{WKT}', f'"LINESTRING (0 4, 4 0)"^^{WKT}'

# Function -> arguments for which it is true.
TRUE = {
    "isEmpty": (f'"POLYGON EMPTY"^^{WKT}',),
    "relate": (BIG, SMALL, '"T********"'),
    "sfEquals": (BIG, BIG),
    "sfDisjoint": (BIG, FAR),
    "sfIntersects": (BIG, OVER),
    "sfTouches": (BIG, NEXT),
    "sfCrosses": (LINE, CROSSING),
    "sfWithin": (SMALL, BIG),
    "sfContains": (BIG, SMALL),
    "sfOverlaps": (BIG, OVER),
    "ehEquals": (BIG, BIG),
    "ehDisjoint": (BIG, FAR),
    "ehMeet": (BIG, NEXT),
    "ehOverlap": (BIG, OVER),
    "ehCovers": (BIG, CORNER),
    "ehCoveredBy": (CORNER, BIG),
    "ehInside": (SMALL, BIG),
    "ehContains": (BIG, SMALL),
    "rcc8eq": (BIG, BIG),
    "rcc8dc": (BIG, FAR),
    "rcc8ec": (BIG, NEXT),
    "rcc8po": (BIG, OVER),
    "rcc8tppi": (BIG, CORNER),
    "rcc8tpp": (CORNER, BIG),
    "rcc8ntpp": (SMALL, BIG),
    "rcc8ntppi": (BIG, SMALL),
}
# Where it is not false for squares that lie apart.
FALSE = {
    "isEmpty": (BIG,),
    "relate": (BIG, FAR, '"T********"'),
    **dict.fromkeys(("sfDisjoint", "ehDisjoint", "rcc8dc"), (BIG, SMALL)),
    "sfCrosses": (LINE, LINE),
}
# Function -> arguments, and the value or how it begins.
VALUES = {
    "distance": ((f'"POINT (5 52)"^^{WKT}', f'"POINT (5 53)"^^{WKT}', METRE), "111"),
    "area": ((SMALL, "<http://www.opengis.net/def/uom/OGC/1.0/square_metre>"), "12"),
    "length": ((f'"LINESTRING (5 52, 5 53)"^^{WKT}', METRE), "111"),
    "perimeter": ((SMALL, METRE), "44"),
    "centroid": ((BIG,), "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(2 2)"),
    "envelope": ((LINE,), "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POLYGON"),
    "convexHull": ((BIG,), "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POLYGON"),
    "getSRID": ((BIG,), "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
    "asGeoJSON": ((LINE,), '{"type":"LineString","coordinates":[[0.0,0.0],[4.0,4.0]]}'),
    "union": ((BIG, OVER), "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> MULTIPOLYGON"),
    "intersection": ((BIG, OVER), "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> MULTIPOLYGON"),
    "difference": ((BIG, OVER), "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> MULTIPOLYGON"),
    "symDifference": ((BIG, OVER), "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> MULTIPOLYGON"),
    "dimension": ((LINE,), "1"),
    "coordinateDimension": ((LINE,), "2"),
}


def described(**options):
    return store_of(describe(ENDPOINT, options.pop("default_graph", "union"), **options)["turtle"])


def store_of(turtle):
    store = Store()
    store.load(turtle, RdfFormat.TURTLE)
    return store


def column(store, query):
    return sorted(solution[0].value for solution in store.query(SD + query))


def called(name, arguments):
    function = f"<http://www.opengis.net/def/function/geosparql/{name}>"
    return next(iter(Store().query(f"SELECT ({function}({', '.join(arguments)}) AS ?value) {{}}")))["value"]


def test_every_function_that_is_named_is_called_here():
    assert sorted([*TRUE, *VALUES]) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", TRUE)
def test_a_relation_is_true_where_it_holds_and_false_where_it_does_not(name):
    assert called(name, TRUE[name]).value == "true"
    assert called(name, FALSE.get(name, (BIG, FAR))).value == "false"


@pytest.mark.parametrize("name", VALUES)
def test_a_function_gives_a_value(name):
    arguments, begin = VALUES[name]
    assert called(name, arguments).value.startswith(begin)


def test_the_description_is_the_same_graph_in_each_format():
    graphs = {
        name: list(parse(body, RdfFormat.from_media_type(FORMATS[name].media_type)))
        for name, body in describe(ENDPOINT, "union").items()
    }
    assert {len(graph) for graph in graphs.values()} == {len(graphs["turtle"])}


def test_it_names_the_formats_that_can_be_written_and_no_others(monkeypatch):
    formats_of = "SELECT ?format { ?service sd:resultFormat ?format }"
    assert len(column(described(), formats_of)) == len(FORMATS)
    monkeypatch.setattr(formats, "_installed", lambda _: False)
    assert len(column(described(), formats_of)) == len(FORMATS) - 2
    assert not any("arrow" in one or "parquet" in one for one in column(described(), formats_of))


@pytest.mark.parametrize(
    ("options", "features"),
    [
        ({"default_graph": "own"}, []),
        ({"default_graph": "union"}, ["UnionDefaultGraph"]),
        ({"default_graph": "own", "federated": True}, ["BasicFederatedQuery"]),
        ({"default_graph": "union", "federated": True}, ["BasicFederatedQuery", "UnionDefaultGraph"]),
    ],
)
def test_it_names_the_features_that_there_are(options, features):
    found = column(described(**options), "SELECT ?feature { ?service sd:feature ?feature }")
    assert [one.rpartition("#")[2] for one in found] == features


def test_it_names_the_graphs_of_the_release_and_follows_it():
    descriptions = Descriptions(NAMES, ENDPOINT, "union", federated=False)
    empty = store_of(descriptions.of(None)["turtle"])
    first = store_of(descriptions.of(RELEASE)["turtle"])
    second = store_of(
        descriptions.of(RELEASE.model_copy(update={"id": "r2", "graphs": {NAMES.graph("cbs"): 1}}))["turtle"]
    )
    names = "SELECT ?name { ?service sd:defaultDataset/sd:namedGraph/sd:name ?name }"
    assert [column(store, names) for store in (empty, first, second)] == [
        [],
        sorted(RELEASE.graphs),
        [NAMES.graph("cbs")],
    ]
    sizes = "SELECT ?size { ?service sd:defaultDataset/sd:defaultGraph/void:triples ?size }"
    assert [column(store, sizes) for store in (empty, first, second)] == [[], ["30"], ["1"]]


def test_it_leads_to_the_void_of_the_release():
    found = store_of(Descriptions(NAMES, ENDPOINT, "own", federated=False).of(RELEASE)["turtle"])
    dataset = NamedNode(NAMES.identifier("release", "r1"))
    seen = [
        quad.object.value for quad in found.quads_for_pattern(dataset, None, None) if "seeAlso" in quad.predicate.value
    ]
    assert seen == [NAMES.base + description.VOID]


def test_it_claims_no_reasoning():
    regimes = column(described(), "SELECT ?regime { ?any sd:defaultEntailmentRegime|sd:entailmentRegime ?regime }")
    assert regimes == ["http://www.w3.org/ns/entailment/Simple"]


def test_it_does_not_speak_for_an_engine_that_is_not_ours():
    store = described(embedded=False)
    assert column(store, "SELECT ?f { ?service sd:extensionFunction ?f }") == []
    assert len(column(store, "SELECT ?f { ?service sd:resultFormat ?f }")) == len(FORMATS) - 2
