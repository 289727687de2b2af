"""The real server under a set of queries and clients that each would take down a service without limits."""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest

from stelsel.storing.tokens import create
from tinyreleases import RUNAWAYS, chain, children, eventually, release, served, workers_of

SECONDS = 1.0
LATE = 0.25  # seconds after its deadline by which a query has ended
POINT = "SELECT ?o { <http://e/5> <http://e/label> ?o }"
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
HOSTILE = "127.0.0.2"  # another client than the one that asks point queries

_DEEP = "<http://e/next>"
for _ in range(12):
    _DEEP = f"({_DEEP}|^{_DEEP[:60] if len(_DEEP) < 60 else '<http://e/next>'})*/({_DEEP})*" if len(_DEEP) < 2000 else _DEEP
_DOUBLED = " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(40))

QUERIES = {
    **RUNAWAYS,
    "deep path": f"SELECT (COUNT(*) AS ?n) {{ ?a {_DEEP} ?b }}",
    "stream": STREAM,
    "graph of a cross join": "CONSTRUCT { ?a ?e ?f } { ?a ?b ?c . ?d ?e ?f }",
    "sort of what was grouped": "SELECT ?x (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f BIND(CONCAT(STR(?a), STR(?d)) AS ?x) } GROUP BY ?x ORDER BY ?n",
    "distinct of a cross join": "SELECT DISTINCT ?a ?d { ?a ?b ?c . ?d ?e ?f } ORDER BY ?d",
    "text that doubles": f'SELECT ?x40 {{ BIND("xxxxxxxxxxxxxxxx" AS ?x0) {_DOUBLED} }}',
    "regular expression that is large": 'ASK { ?a ?b ?c FILTER(REGEX(STR(?c), "((a{1,100}){1,100}){1,100}")) }',
    "not exists of a cross join": "SELECT * { ?a ?b ?c FILTER NOT EXISTS { ?d ?e ?f . ?g ?h ?i FILTER(?f = ?c && ?i = 7) } }",
    "minus": "SELECT (COUNT(*) AS ?n) { { ?a ?b ?c . ?d ?e ?f } MINUS { ?a ?b ?x . ?d ?e ?y } }",
    "huge VALUES": f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {'1 ' * 300_000} }} ?a ?b ?c . ?d ?e ?f }}",
    "thousands of unions": "SELECT (COUNT(*) AS ?n) { " + " UNION ".join(["{ ?a ?b ?c . ?d ?e ?f }"] * 4000) + " }",
    "thousands of patterns": "SELECT (COUNT(*) AS ?n) { " + " ".join(f"?a{n} ?p ?a{n + 1} ." for n in range(4000)) + " }",
    "nested a thousand deep": "SELECT * { " + "{ " * 1000 + "?a ?b ?c" + " }" * 1000 + " }",
    "nested a hundred thousand deep": "SELECT * { " + "{ " * 100_000 + "?a ?b ?c" + " }" * 100_000 + " }",
    "parentheses": "SELECT (" + "(" * 100_000 + "1" + ")" * 100_000 + " AS ?x) {}",
    "negations": "ASK { FILTER(" + "!" * 100_000 + "true) }",
    "long and with the word service": "SELECT * " + "{ " * 200_000 + "# service",
    "escapes": "SELECT * { ?s ?p '" + "\\u0041" * 80_000 + "' . ?a ?b ?c . ?d ?e ?f } ORDER BY ?a ?d",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}
MEMORY = 600_000_000  # bytes that all processes together may have grown by, when it is over


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("hostile")
    release(data, "r1", chain(20_000))
    return data


@pytest.fixture(scope="module")
def server(data):
    with served(data, query_seconds=SECONDS, query_workers=6, query_memory=600_000_000, metrics="loopback") as found:
        yield found


def connection(address, source="127.0.0.1"):
    place = urlsplit(address)
    return closing(http.client.HTTPConnection(place.hostname, place.port, timeout=30, source_address=(source, 0)))


def post(address, query, source=HOSTILE):
    """Status, body and seconds; the status is 0 where the connection was broken halfway."""
    began = time.monotonic()
    with connection(address, source) as connected:
        try:
            connected.request("POST", "/sparql", urlencode({"query": query}), FORM)
        except BrokenPipeError:
            pass
        answer = connected.getresponse()
        try:
            body = answer.read()
        except http.client.IncompleteRead:
            return 0, b"", time.monotonic() - began
        return answer.status, body, time.monotonic() - began


def pace(address, seconds):
    """How long point queries of one client take, in seconds, asked one after the other."""
    times, statuses = [], set()
    end = time.monotonic() + seconds
    with connection(address) as connected:
        while time.monotonic() < end:
            began = time.monotonic()
            connected.request("GET", f"/sparql?query={quote(POINT)}")
            answer = connected.getresponse()
            answer.read()
            times.append(time.monotonic() - began)
            statuses.add(answer.status)
            time.sleep(0.002)
    return times, statuses


def p99(times):
    return statistics.quantiles(times, n=100)[98]
