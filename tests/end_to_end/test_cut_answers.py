"""An answer that is cut says so, or is broken off: in every format, and through a real server."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree as ET

import httpx2
import pyarrow as pa
import pyarrow.parquet
import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

from stelsel.serving.replies import HELD, SPOILT
from tinyreleases import chain, release, served

ROWS = 100_000
MANY = f"SELECT ?a (STRUUID() AS ?e) (STRUUID() AS ?g) {{ ?a ?b ?c . ?d <http://e/next> ?f }} LIMIT {ROWS * 2}"  # no packing helps
MUCH = (
    "CONSTRUCT { ?a <http://e/p> ?o } { ?a <http://e/next> ?c . ?d <http://e/next> ?f "
    f'BIND(CONCAT(STR(?a), " and so on, until it is long enough, to ", STR(?d)) AS ?o) }} LIMIT {ROWS * 2}'
)
FEW = "SELECT ?a ?c ?d { ?a <http://e/next> ?c . ?d <http://e/next> ?f } LIMIT 100"
LITTLE = "CONSTRUCT { ?a <http://e/p> ?d } { ?a <http://e/next> ?c . ?d <http://e/next> ?f } LIMIT 100"


def _rows(body, kind):
    return len(list(parse_query_results(body, kind)))


def _lines(body):
    return len(list(csv.reader(io.StringIO(body.decode()), strict=True))) - 1


def _statements(body, kind):
    return len(list(parse(body, kind)))


# Each counts what is in a whole document, and raises ValueError (or what comes from it) where it is none.
READERS = {
    "json": lambda body: len(json.loads(body)["results"]["bindings"]),
    "xml": lambda body: len(ET.fromstring(body)[1]),
    "csv": _lines,
    "tsv": lambda body: _rows(body, QueryResultsFormat.TSV),
    "arrow": lambda body: pa.ipc.open_stream(body).read_all().num_rows,
    "parquet": lambda body: pyarrow.parquet.read_table(io.BytesIO(body)).num_rows,
    "turtle": lambda body: _statements(body, RdfFormat.TURTLE),
    "ntriples": lambda body: _statements(body, RdfFormat.N_TRIPLES),
    "nquads": lambda body: _statements(body, RdfFormat.N_QUADS),
    "trig": lambda body: _statements(body, RdfFormat.TRIG),
    "rdfxml": lambda body: _statements(body, RdfFormat.RDF_XML),
    "jsonld": lambda body: _statements(body, RdfFormat.JSON_LD),
}
SOLUTIONS = ("json", "xml", "csv", "tsv", "arrow", "parquet")
BROKEN = (ValueError, SyntaxError, pa.ArrowInvalid, pa.ArrowIOError)  # ParseError of XML is a SyntaxError


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("cut")
    release(data, "r1", chain(2000))
    return data


@pytest.fixture(scope="module")
def short(data):
    """A service that gives ten rows."""
    with served(data, query_workers=2, query_rows=10) as (address, _):
        yield address


@pytest.fixture(scope="module")
def long(data):
    """A service whose limit lies beyond what it holds back."""
    with served(data, query_workers=2, query_rows=ROWS) as (address, _):
        yield address


def received(address, query, format, *, coding="identity"):
    """The headers of an answer, the bytes that came of it, and whether its transfer had an end."""
    given = {"query": query, "format": format}
    body = bytearray()
    headers = {"accept-encoding": coding}
    with httpx2.stream("GET", f"{address}/sparql", params=given, headers=headers, timeout=30) as answer:
        assert answer.status_code == 200
        try:
            for part in answer.iter_bytes():
                body += part
        except httpx2.RemoteProtocolError:
            return answer.headers, bytes(body), False
    return answer.headers, bytes(body), True


def question(format, solutions, graph):
    return solutions if format in SOLUTIONS else graph


@pytest.mark.parametrize("format", READERS)
def test_a_cut_answer_is_whole_and_says_that_it_was_cut(short, format):
    headers, body, ended = received(short, question(format, FEW, LITTLE), format)
    assert (headers["stelsel-truncated"], ended) == ("rows", True)
    assert "etag" not in headers
    assert READERS[format](body) == 10


@pytest.mark.parametrize("format", READERS)
def test_an_answer_that_was_not_cut_does_not_say_so(long, format):
    headers, body, ended = received(long, question(format, FEW, LITTLE), format)
    assert ended
    assert "stelsel-truncated" not in headers
    assert READERS[format](body) == 100


@pytest.mark.parametrize("format", READERS)
def test_a_cut_that_comes_too_late_for_the_header_breaks_the_answer_in_every_format(long, format):
    headers, body, ended = received(long, question(format, MANY, MUCH), format)
    assert "stelsel-truncated" not in headers
    assert not ended
    assert len(body) > HELD
    assert body.endswith(SPOILT)
    with pytest.raises(BROKEN):
        READERS[format](body)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_compressed_answer_that_is_broken_off_has_no_end(long, coding):
    _, body, ended = received(long, MANY, "csv", coding=coding)
    assert not ended
    with pytest.raises(BROKEN):
        READERS["csv"](body)


@pytest.mark.parametrize("format", ["json", "xml"])
def test_the_head_of_a_cut_answer_has_a_link_that_says_so(short, format):
    _, body, _ = received(short, FEW, format)
    link = b"http://localhost:8000/sparql#truncated-rows"
    found = json.loads(body)["head"]["link"][0].encode() if format == "json" else None
    if format == "xml":
        [node] = ET.fromstring(body)[0].findall("{http://www.w3.org/2005/sparql-results#}link")
        found = node.get("href").encode()
    assert found == link
