"""/graph-store, over HTTP: graphs by parameter and by address, read by anyone, written by stewards."""

from __future__ import annotations

from contextlib import contextmanager
from urllib.parse import quote

import httpx2
import pytest
from pyoxigraph import RdfFormat, parse

from stelsel.home import Home
from stelsel.storing.releases import current
from stelsel.storing.tokens import create
from tinyeditions import BASE, PANDEN, make, make_home, released
from tinyreleases import served

MINE = f"{BASE}/graph/beheer/mijn"
TURTLE = {"content-type": "text/turtle"}


@contextmanager
def opened(root, **settings):
    data = root / "data"
    released(data, Home(make_home(root / "home")), make(data, "bag", PANDEN))
    token, _ = create(data, ["steward"], days=1)
    with (
        served(data, base=BASE, query_workers=2, **settings) as (address, _),
        httpx2.Client(base_url=address, timeout=30, headers={"authorization": f"Bearer {token}"}) as client,
    ):
        client.data = data
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("graphs")) as client:
        yield client


@pytest.fixture(scope="module")
def free(tmp_path_factory):
    """A service where any graph may be written, and the default graph is its own."""
    with opened(tmp_path_factory.mktemp("free"), writable="all", default_graph="own") as client:
        yield client


def by(graph):
    return {"graph": graph}


def triples(answer):
    assert answer.status_code == 200, answer.text
    written = RdfFormat.from_media_type(answer.headers["content-type"].split(";")[0])
    return sorted(
        (q.subject.value, q.predicate.value, q.object.value) for q in parse(answer.content, written, base_iri=BASE)
    )


def test_a_graph_is_made_read_replaced_added_to_and_removed(client):
    made = client.put("/graph-store", params=by(MINE), content="<s> <p> 'een' .", headers=TURTLE)
    assert (made.status_code, made.headers["location"]) == (201, MINE)
    read = client.get("/graph-store", params=by(MINE), headers={"accept": "application/n-triples"})
    assert triples(read) == [(f"{BASE}/graph/beheer/s", f"{BASE}/graph/beheer/p", "een")]
    assert read.headers["stelsel-release"] == made.headers["stelsel-release"] == current(client.data, "open").id
    assert client.put("/graph-store", params=by(MINE), content="<s> <p> 'twee' .", headers=TURTLE).status_code == 204
    assert client.post("/graph-store", params=by(MINE), content="<s> <p> 'drie' .", headers=TURTLE).status_code == 204
    assert [o for _, _, o in triples(client.get("/graph-store", params=by(MINE)))] == ["drie", "twee"]
    assert client.delete("/graph-store", params=by(MINE)).status_code == 204
    for gone in (client.get("/graph-store", params=by(MINE)), client.delete("/graph-store", params=by(MINE))):
        assert gone.status_code == gone.json()["status"] == 404
        assert MINE in gone.json()["detail"]


def test_a_graph_can_be_named_by_its_address(client):
    path = "/graph-store/notities/caf%C3%A9%2Fx.ttl"
    assert client.put(path, content="<> <p> 1 .", headers=TURTLE).status_code == 201
    assert triples(client.get(path))[0][0] == BASE + path
    assert triples(client.get("/graph-store", params=by(BASE + path))) == triples(client.get(path))
    head = client.head(path, headers={"accept": "application/rdf+xml"})
    assert (head.status_code, head.headers["content-type"], head.content) == (200, "application/rdf+xml", b"")
    assert client.head("/graph-store/nergens").status_code == 404


def test_a_post_without_a_graph_makes_one(client):
    made = client.post("/graph-store", content="<> <p> 1 .", headers=TURTLE)
    assert made.status_code == 201
    assert triples(client.get(made.headers["location"].removeprefix(BASE)))[0][0] == made.headers["location"]


def test_reading_is_open_and_costs_nothing_when_it_is_known(client):
    with httpx2.Client(base_url=client.base_url) as anyone:
        read = anyone.get("/graph-store", params=by(f"{BASE}/graph/bag"))
        assert len(triples(read)) == 2
        assert read.headers["access-control-allow-origin"] == "*"
        known = anyone.get(
            "/graph-store", params=by(f"{BASE}/graph/bag"), headers={"if-none-match": read.headers["etag"]}
        )
        assert known.status_code == 304
        for method in ("PUT", "POST", "DELETE"):
            answer = anyone.request(method, "/graph-store", params=by(MINE), content="", headers=TURTLE)
            assert answer.status_code == 401
            assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("graph", [f"{BASE}/graph/bag", f"{BASE}/graph/catalogus", "http://e/g"])
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_a_graph_of_a_register_is_not_a_stewards_to_write(client, method, graph):
    before = current(client.data, "open").id
    answer = client.request(method, "/graph-store", params=by(graph), content="<s> <p> 1 .", headers=TURTLE)
    assert answer.status_code == 403
    assert client.put("/graph-store?default", content="<s> <p> 1 .", headers=TURTLE).status_code == 403
    assert current(client.data, "open").id == before


@pytest.mark.parametrize(
    ("method", "address", "headers", "status"),
    [
        ("GET", "/graph-store", {}, 400),
        ("PUT", "/graph-store", TURTLE, 400),
        ("GET", "/graph-store?graph=http://e/a&graph=http://e/b", {}, 400),
        ("GET", "/graph-store?default&graph=http://e/a", {}, 400),
        ("GET", "/graph-store/x?graph=http://e/a", {}, 400),
        ("GET", "/graph-store?graph=relatief", {}, 400),
        ("GET", f"/graph-store?graph={quote('http://e/ spatie')}", {}, 400),
        ("PUT", f"/graph-store?graph={MINE}", {}, 415),
        ("PUT", f"/graph-store?graph={MINE}", {"content-type": "application/trig"}, 415),
        ("PUT", f"/graph-store?graph={MINE}", {"content-type": "text/turtle; charset=latin-1"}, 415),
        ("POST", f"/graph-store?graph={MINE}", {"content-type": "multipart/form-data"}, 400),
        ("PATCH", f"/graph-store?graph={MINE}", TURTLE, 405),
        ("GET", f"/graph-store?graph={BASE}/graph/bag", {"accept": "image/png"}, 406),
    ],
)
def test_a_request_that_cannot_be_is_told_why(client, method, address, headers, status):
    answer = client.request(method, address, headers=headers, content=b"" if method == "GET" else b"<s> <p> 1 .")
    assert answer.status_code == answer.json()["status"] == status, answer.text


def test_a_document_that_does_not_parse_is_told_where(client):
    answer = client.put("/graph-store", params=by(MINE), content="<s> <p> 1 .\n<s> <p> ;", headers=TURTLE)
    assert answer.status_code == 400
    assert answer.json()["line"] == 2


def test_several_documents_come_as_a_form(client):
    files = [
        ("a", ("a.ttl", "<s> <p> '''é\r\né''' .", "text/turtle")),
        ("b", ("b.nt", '<http://e/s> <http://e/p> "twee" .', "application/n-triples")),
        ("c", ("c.json", '{"@id": "http://e/c", "http://e/p": "drie"}', "application/ld+json")),
    ]
    graph = f"{MINE}/formulier"
    assert client.post("/graph-store", params=by(graph), files=files).status_code == 201
    assert {o for _, _, o in triples(client.get("/graph-store", params=by(graph)))} == {"é\r\né", "twee", "drie"}
    wrong = [("a", ("a.png", b"x", "image/png"))]
    assert client.post("/graph-store", params=by(graph), files=wrong).status_code == 415


def test_an_empty_graph_is_there_and_empty(free):
    assert free.put("/graph-store", params=by("http://e/leeg"), content="", headers=TURTLE).status_code == 201
    assert triples(free.get("/graph-store", params=by("http://e/leeg"))) == []
    assert free.put("/graph-store", params=by("http://e/leeg"), content="", headers=TURTLE).status_code == 204


def test_the_default_graph_is_one_too(free):
    assert free.put("/graph-store?default", content="<s> <p> 'x' .", headers=TURTLE).status_code == 204
    assert [o for _, _, o in triples(free.get("/graph-store?default"))] == ["x"]
    assert free.delete("/graph-store?default").status_code == 204
    assert triples(free.get("/graph-store?default")) == []
