"""SERVICE through the whole service, to a real endpoint: `oxigraph serve`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from remotestores import oxigraph
from tinyreleases import chain, release, served


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A server that may ask one endpoint: the address of each."""
    folder = tmp_path_factory.mktemp("federation")
    release(folder / "data", "r1", chain(1_000))
    (folder / "oxigraph").mkdir()
    with oxigraph(folder / "oxigraph") as (endpoint, _):
        content = "".join(f'<http://e/{n}> <http://e/elsewhere> "{n * n}" .\n' for n in range(1_000))
        where = endpoint.replace("/query", "/store?default")
        httpx2.put(where, content=content, headers={"Content-Type": "application/n-triples"}).raise_for_status()
        given = {"federation": endpoint, "federation_networks": "127.0.0.0/8", "query_workers": 4, "query_seconds": 3}
        with served(folder / "data", **given) as (address, _):
            yield address, endpoint


def ask(service, query):
    return httpx2.get(f"{service[0]}/sparql", params={"query": query}, timeout=30)


def cells(reply):
    assert reply.status_code == 200, reply.text
    return sorted(tuple(term["value"] for term in row.values()) for row in reply.json()["results"]["bindings"])


SHAPES = {
    "plain": "SELECT ?o ?x {{ VALUES ?s {{ <http://e/5> <http://e/6> }} ?s <http://e/label> ?o . SERVICE <{at}> {{ ?s <http://e/elsewhere> ?x }} }}",
    "prefixed": "PREFIX at: <{at}> SELECT ?o ?x {{ VALUES ?s {{ <http://e/5> <http://e/6> }} ?s <http://e/label> ?o . SERVICE at: {{ ?s <http://e/elsewhere> ?x }} }}",
    "in a subquery": "SELECT ?o ?x {{ VALUES ?s {{ <http://e/5> <http://e/6> }} ?s <http://e/label> ?o {{ SELECT ?s ?x {{ SERVICE <{at}> {{ ?s <http://e/elsewhere> ?x }} }} }} }}",
    "silent, in small letters": "select ?o ?x {{ values ?s {{ <http://e/5> <http://e/6> }} ?s <http://e/label> ?o service silent <{at}> {{ ?s <http://e/elsewhere> ?x }} }}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_from_here_and_there_are_joined(service, shape):
    found = cells(ask(service, SHAPES[shape].format(at=service[1])))
    assert found == [("label 5", "25"), ("label 6", "36")]


def test_many_at_once_get_each_their_own(service):
    def one(n):
        query = f"SELECT ?x {{ SERVICE <{service[1]}> {{ <http://e/{n}> <http://e/elsewhere> ?x }} }}"
        return cells(ask(service, query)) == [(str(n * n),)]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(80)))


def test_a_large_answer_comes_whole(service):
    query = f"SELECT ?s ?x {{ SERVICE <{service[1]}> {{ ?s <http://e/elsewhere> ?x }} ?s <http://e/label> ?o }}"
    assert len(cells(ask(service, query))) == 1_000


def test_an_answer_with_rows_of_others_is_not_kept(service):
    query = f"SELECT ?x {{ SERVICE <{service[1]}> {{ <http://e/3> <http://e/elsewhere> ?x }} }}"
    assert "etag" not in ask(service, query).headers


@pytest.mark.parametrize("endpoint", ["<http://127.0.0.1:1/query>", "?where", "<http://169.254.169.254/latest>"])
def test_another_endpoint_is_refused_and_nobody_is_asked(service, endpoint):
    reply = ask(service, f"SELECT * {{ ?where ?p ?o SERVICE {endpoint} {{ ?s ?p ?x }} }}")
    assert 400 <= reply.status_code < 500
    assert "SERVICE" in reply.json()["detail"]


def test_a_slow_endpoint_ends_with_the_query(service):
    product = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
    began = time.monotonic()
    reply = ask(service, f"SELECT (COUNT(*) AS ?n) {{ SERVICE <{service[1]}> {{ {product} }} }}")
    assert reply.status_code == 504
    assert time.monotonic() - began < 3.25


def test_an_error_of_the_endpoint_is_told_as_its_error(service):
    reply = ask(service, f"SELECT * {{ SERVICE <{service[1]}> {{ BIND(<http://nobody/>(1) AS ?x) }} }}")
    assert reply.status_code == 502
    assert f"SERVICE <{service[1]}> did not answer: its status is 500" in reply.json()["detail"]
