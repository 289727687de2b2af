"""What the service says of itself and of what it holds, over HTTP: and that it is so."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse
from pyshacl import validate
from rdflib import Graph

from stelsel.names import Names
from stelsel.storing.description import count, describe
from stelsel.storing.formats import FORMATS
from tinyreleases import release, served

NAMES = Names("http://localhost:8000")
BAG, CATALOGUE = NAMES.graph("bag"), NAMES.catalogue
A = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
DCAT, XSD, VOID = "http://www.w3.org/ns/dcat#", "http://www.w3.org/2001/XMLSchema#", "http://rdfs.org/ns/void#"
FILE = NAMES.identifier("distributie", "bag")
SD = "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> PREFIX void: <http://rdfs.org/ns/void#> "


def quads():
    store = Store()
    for number in range(20):
        pand = NamedNode(f"http://example.nl/pand/{number}")
        store.add(Quad(pand, NamedNode(A), NamedNode("http://example.nl/Pand"), NamedNode(BAG)))
        store.add(Quad(pand, NamedNode("http://example.nl/jaar"), Literal(1900 + number), NamedNode(BAG)))
    for quad in describe(NAMES, "r1", datetime.now(UTC), {"bag": "e1"}, {BAG: count(store, BAG)}):
        store.add(quad)
    for term, value in (
        (A, NamedNode(f"{DCAT}Distribution")),
        (f"{DCAT}accessURL", NamedNode("http://example.nl/bag.zip")),
        (f"{DCAT}byteSize", Literal("1024", datatype=NamedNode(f"{XSD}nonNegativeInteger"))),
    ):
        store.add(Quad(NamedNode(FILE), NamedNode(term), value, NamedNode(CATALOGUE)))
    return "".join(f"{quad} .\n" for quad in store)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("describing")
    release(data, "r1", quads())
    described = data / "open/releases/r1/release.json"
    described.write_text(
        json.dumps({**json.loads(described.read_text()), "quads": 40, "graphs": {BAG: 40, CATALOGUE: 30}})
    )
    return data


@pytest.fixture(scope="module")
def client(data):
    with served(data) as (address, _), httpx2.Client(base_url=address, timeout=20) as client:
        yield client


def store_of(answer):
    assert answer.status_code == 200, answer.text
    store = Store()
    store.load(answer.content, RdfFormat.from_media_type(answer.headers["content-type"].split(";")[0]))
    return store


def column(store, query):
    return sorted(solution[0].value for solution in store.query(SD + query))


@pytest.mark.parametrize("media_type", [entry.media_type for entry in FORMATS.values() if "graph" in entry.kinds])
def test_the_service_describes_itself_to_whoever_comes_without_a_query(client, media_type):
    store = store_of(client.get("/sparql", headers={"Accept": media_type}))
    assert column(store, "SELECT ?endpoint { ?service a sd:Service ; sd:endpoint ?endpoint }") == [
        "http://localhost:8000/sparql"
    ]


def test_the_graphs_that_it_names_are_there_with_as_many_triples(client):
    store = store_of(client.get("/sparql", headers={"Accept": "text/turtle"}))
    named = "SELECT ?name { ?service sd:defaultDataset/sd:namedGraph/sd:name ?name }"
    assert column(store, named) == sorted([BAG, CATALOGUE])
    query = "SELECT (COUNT(*) AS ?n) { GRAPH <" + BAG + "> { ?s ?p ?o } }"
    counted = client.get("/sparql", params={"query": query, "format": "csv"}).text.split()[1]
    size = f"SELECT ?n {{ ?named sd:name <{BAG}> ; sd:graph/void:triples ?n }}"
    assert column(store, size) == [counted]


def test_every_result_format_that_it_names_can_be_had(client):
    for entry in FORMATS.values():
        query = (
            "SELECT * { ?s ?p ?o } LIMIT 1" if "solutions" in entry.kinds else "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 1"
        )
        answer = client.get("/sparql", params={"query": query}, headers={"Accept": entry.media_type})
        assert answer.headers["content-type"].split(";")[0] == entry.media_type


def test_the_description_leads_to_void_with_the_counts_of_each_class_and_property(client):
    service = store_of(client.get("/sparql", headers={"Accept": "text/turtle"}))
    seen = column(
        service, "SELECT ?void { ?service sd:defaultDataset/<http://www.w3.org/2000/01/rdf-schema#seeAlso> ?void }"
    )
    assert seen == ["http://localhost:8000/.well-known/void"]
    store = store_of(client.get("/.well-known/void", headers={"Accept": "text/turtle"}))
    assert column(
        store, f"SELECT ?n {{ <{BAG}> void:classPartition [ void:class <http://example.nl/Pand> ; void:entities ?n ] }}"
    ) == ["20"]
    property_ = (
        f"SELECT ?n {{ <{BAG}> void:propertyPartition [ void:property <http://example.nl/jaar> ; void:triples ?n ] }}"
    )
    assert column(store, property_) == ["20"]
    assert column(store, "SELECT ?e { ?release void:subset ?graph ; void:sparqlEndpoint ?e }") == [
        "http://localhost:8000/sparql"
    ]


def test_void_comes_in_every_format_and_refuses_others(client):
    sizes = {
        len(store_of(client.get("/.well-known/void", headers={"Accept": media_type})))
        for media_type in ("text/turtle", "application/ld+json", "application/rdf+xml")
    }
    assert len(sizes) == 1
    assert client.get("/.well-known/void", headers={"Accept": "image/png"}).status_code == 406


BYTES = f"CONSTRUCT {{ ?s <{DCAT}byteSize> ?o }} {{ ?s <{DCAT}byteSize> ?o }}"


@pytest.mark.parametrize(
    ("path", "parameters", "datatype"),
    [
        ("/sparql", {"query": BYTES}, "integer"),
        ("/sparql", {"query": BYTES, "_profile": "dcat-ap"}, "nonNegativeInteger"),
        ("/sparql", {"query": BYTES, "_profile": "http://data.europa.eu/r5r/"}, "nonNegativeInteger"),
        ("/graph-store", {"graph": CATALOGUE}, "nonNegativeInteger"),
        ("/doc/distributie/bag", {}, "nonNegativeInteger"),
        ("/resource", {"iri": FILE}, "nonNegativeInteger"),
    ],
)
def test_a_size_in_bytes_comes_back_as_it_went_in_where_a_profile_needs_it(client, path, parameters, datatype):
    for _ in range(2):  # the second time from the cache
        answer = client.get(path, params=parameters, headers={"Accept": "text/turtle"})
        statements = parse(answer.content, RdfFormat.TURTLE)  # a store would take the datatype away again
        (found,) = {quad.object for quad in statements if quad.predicate.value == f"{DCAT}byteSize"}
        assert (found.value, found.datatype.value) == ("1024", XSD + datatype)


def test_an_unknown_profile_is_refused(client):
    answer = client.get("/sparql", params={"query": BYTES, "_profile": "geen"})
    assert (answer.status_code, "dcat-ap" in answer.text) == (400, True)


@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")  # pySHACL still uses what rdflib gives up
@pytest.mark.parametrize("profile", [{}, {"_profile": "dcat-ap"}])
def test_the_shapes_of_dcat_ap_accept_the_size_only_in_their_profile(client, shared, profile):
    shapes = shared / "data/ontologies/dcat-ap-nl-30/dcat-ap-SHACL.ttl"
    if not shapes.is_file():
        pytest.skip("the shapes of DCAT-AP 3 are not in ../shared")
    query = f"CONSTRUCT {{ ?s ?p ?o }} {{ ?s a <{DCAT}Distribution> ; ?p ?o }}"
    answer = client.get("/sparql", params={"query": query, **profile}, headers={"Accept": "text/turtle"})
    _, report, _ = validate(Graph().parse(data=answer.text, format="turtle"), shacl_graph=str(shapes), inference="none")
    at = f"PREFIX sh: <http://www.w3.org/ns/shacl#> ASK {{ ?result sh:resultPath <{DCAT}byteSize> }}"
    assert report.query(at).askAnswer is (not profile)


HIDES_ARROW = """
from importlib.machinery import PathFinder
found = PathFinder.find_spec
PathFinder.find_spec = classmethod(lambda cls, name, *more: None if name == "pyarrow" else found(name, *more))
"""


@pytest.fixture
def bare(data, tmp_path, monkeypatch):
    """A service, and an environment, in which the extra `arrow` is not installed."""
    (tmp_path / "sitecustomize.py").write_text(HIDES_ARROW)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with served(data) as (address, _), httpx2.Client(base_url=address, timeout=20) as client:
        yield client


def test_without_the_extra_columns_are_not_described_and_the_refusal_says_what_to_install(bare):
    formats = column(
        store_of(bare.get("/sparql", headers={"Accept": "text/turtle"})), "SELECT ?f { ?s sd:resultFormat ?f }"
    )
    assert len(formats) == len(FORMATS) - 2
    for name in ("arrow", "parquet"):
        query = {"query": "SELECT * { ?s ?p ?o } LIMIT 1"}
        by_header = bare.get("/sparql", params=query, headers={"Accept": FORMATS[name].media_type})
        by_name = bare.get("/sparql", params={**query, "format": name})
        assert [(answer.status_code, "stelsel[arrow]" in answer.text) for answer in (by_header, by_name)] == [
            (406, True)
        ] * 2


@pytest.mark.usefixtures("bare")
def test_without_the_extra_the_command_line_says_what_to_install(data):
    command = [
        Path(sys.executable).parent / "stelsel",
        "query",
        "SELECT * { ?s ?p ?o }",
        "--format",
        "parquet",
        "--data",
        data,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "stelsel[arrow]" in done.stderr
