from __future__ import annotations

import asyncio
import json
import re
from urllib.parse import parse_qsl, quote, urlencode

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse
from starlette.responses import HTMLResponse

from stelsel.errors import ParameterError
from stelsel.serving.asked import Asked, decode
from stelsel.serving.asked import pairs as read_pairs
from stelsel.serving.current import CurrentStore
from stelsel.serving.problems import Boundary
from stelsel.serving.sparql import Sparql
from stelsel.settings import read_settings
from tinyreleases import chain, release

POINT = "SELECT ?o { <http://e/5> <http://e/label> ?o }"
FORM = {"content-type": "application/x-www-form-urlencoded"}
DIRECT = {"content-type": "application/sparql-query"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("sparql")
    release(data, "r1", chain(3000))
    return data


@pytest.fixture(scope="module")
def send(data):
    """Send one request to an endpoint with a pool of its own that lives as long as the module."""
    with asyncio.Runner() as runner:
        store = CurrentStore(read_settings({"data": data, "query_workers": 2}))
        runner.run(store.open())

        def request(method="GET", path="/sparql", *, page=None, settings=None, **options):
            given = read_settings({"data": data, "query_length": 5000, "query_seconds": 5, **(settings or {})})
            app = Boundary(Sparql(store, given, page=page))

            async def one():
                transport = httpx2.ASGITransport(app=app)
                async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
                    return await client.request(method, path, **options)

            return runner.run(one())

        yield request
        runner.run(store.close())


async def pieces(piece, count):
    """A body whose length is not told beforehand."""
    for _ in range(count):
        yield piece


def get(query, **parameters):
    return "/sparql?" + urlencode({"query": query, **parameters})


def labels(answer):
    assert answer.status_code == 200, answer.text
    return [row["o"]["value"] for row in answer.json()["results"]["bindings"]]


@pytest.mark.parametrize(
    "request_",
    [
        {"path": get(POINT)},
        {"path": "/sparql?query=" + quote(POINT)},
        {"method": "POST", "content": urlencode({"query": POINT}), "headers": FORM},
        {"method": "POST", "content": POINT, "headers": DIRECT},
        {"method": "POST", "content": POINT, "headers": {"content-type": "Application/SPARQL-Query; charset=UTF-8"}},
    ],
)
def test_a_query_comes_in_three_ways(send, request_):
    assert labels(send(**request_)) == ["label 5"]


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"path": get("SELECT * {")}),
        (400, {"path": get(POINT) + "&" + urlencode({"query": POINT})}),
        (400, {"path": get(POINT, _profile="dcat-ap")}),
        (400, {"path": "/sparql?query=%FF"}),
        (400, {"path": get(POINT, timeout="soon")}),
        (400, {"path": get(POINT, **{"default-graph-uri": "no iri"})}),
        (400, {"path": "/sparql?default-graph-uri=http://e/g"}),
        (400, {"method": "POST", "content": b"SELECT \xff", "headers": DIRECT}),
        (400, {"method": "POST", "path": get(POINT), "content": POINT, "headers": DIRECT}),
        (400, {"method": "POST", "content": "", "headers": FORM}),
        (403, {"path": get("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }")}),
        (403, {"path": get("INSERT DATA { <http://e/a> <http://e/b> 1 }")}),
        (403, {"method": "POST", "content": urlencode({"update": "CLEAR ALL"}), "headers": FORM}),
        (405, {"method": "PUT", "path": get(POINT)}),
        (405, {"method": "DELETE", "path": get(POINT)}),
        (406, {"path": get(POINT), "headers": {"accept": "image/png"}}),
        (406, {"path": get(POINT, format="turtle")}),
        (413, {"method": "POST", "content": POINT + "#" * 6000, "headers": DIRECT}),
        (413, {"method": "POST", "content": pieces(b"#" * 3000, 3), "headers": DIRECT}),
        (414, {"path": get(POINT + "x" * 50_000)}),
        (415, {"method": "POST", "content": POINT, "headers": {"content-type": "text/plain"}}),
        (415, {"method": "POST", "content": POINT}),
        (504, {"path": get("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", timeout="200ms")}),
    ],
)
def test_what_is_wrong_is_told_as_a_problem(send, status, request_):
    answer = send(**request_)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_syntax_error_shows_where(send):
    document = send(path=get("SELECT * {\n ?s ?p }")).json()
    assert (document["line"], document["query_line"]) == (2, " ?s ?p }")


def test_an_answer_says_which_release_it_is_from_and_how_to_keep_it(send):
    found = send(path=get(POINT)).headers
    assert found["stelsel-release"] == "r1"
    assert re.fullmatch(r'"r1\.json\.[\w-]{22}\.[\w-]{12}"', found["etag"])
    assert found["last-modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert found["vary"] == "Accept"
    assert found["cache-control"] == "public, max-age=10, must-revalidate"
    assert found["x-content-type-options"] == "nosniff"
    assert 'rel="describedby"' in found["link"]
    assert "ETag" in found["access-control-expose-headers"]
    assert int(found["content-length"]) > 0


def test_the_closed_audience_is_not_kept_by_others(send):
    assert send(path=get(POINT), settings={"audience": "gesloten"}).headers["cache-control"].startswith("private")


@pytest.mark.parametrize("known", ["{}", "W/{}", '"x", W/{}'])
def test_who_has_the_answer_already_is_told_so(send, known):
    tag = send(path=get(POINT)).headers["etag"]
    answer = send(path=get(POINT), headers={"if-none-match": known.format(tag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"].removeprefix("W/") == tag


@pytest.mark.parametrize(
    "request_",
    [
        {"path": get(POINT), "headers": {"if-none-match": 'W/"r0.json.key"'}},
        {"path": get(POINT), "headers": {"accept": "text/csv"}},
        {"path": get("SELECT (NOW() AS ?o) {}")},
        {"path": get("SELECT ?o { <http://e/6> <http://e/label> ?o }")},
        {"path": get(POINT, **{"default-graph-uri": "http://e/g"})},
        {"method": "POST", "content": POINT, "headers": {**DIRECT, "if-none-match": "*"}},
    ],
)
def test_who_has_another_answer_gets_this_one(send, request_):
    known = {"if-none-match": send(path=get(POINT)).headers["etag"]}
    assert send(**{**request_, "headers": {**known, **request_.get("headers", {})}}).status_code == 200


@pytest.mark.parametrize(
    "query", ["SELECT (NOW() AS ?o) {}", "SELECT (rand ( ) AS ?o) {}", "SELECT (STRUUID() AS ?o) {}"]
)
def test_an_answer_that_differs_each_time_has_no_etag(send, query):
    assert "etag" not in send(path=get(query)).headers


def test_head_gives_the_headers_alone(send):
    whole, head = send(path=get(POINT)), send("HEAD", get(POINT))
    assert head.content == b""
    assert {**head.headers} == {**whole.headers}
    assert send("HEAD", get("SELECT")).status_code == 400
    assert send("HEAD", get("SELECT * { ?s ?p ?o }")).status_code == 200


def test_a_browser_on_another_site_may_ask(send):
    answer = send("OPTIONS", headers={"origin": "https://e.nl", "access-control-request-method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/sparql-results+json", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
    ],
)
def test_rows_come_in_the_format_that_was_asked(send, accept, media_type):
    assert send(path=get(POINT), headers={"accept": accept}).headers["content-type"] == media_type


def test_a_graph_comes_in_the_format_that_was_asked(send):
    answer = send(path=get("DESCRIBE <http://e/5>"), headers={"accept": "application/n-triples"})
    assert len(list(parse(answer.content, RdfFormat.N_TRIPLES))) == 2


def test_graphs_that_the_protocol_names_are_the_dataset(send):
    assert labels(send(path=get(POINT, **{"default-graph-uri": "http://e/g"}))) == ["label 5"]
    assert labels(send(path=get(POINT, **{"default-graph-uri": "http://e/other"}))) == []
    assert labels(send(path=get(POINT, **{"named-graph-uri": "http://e/g"}))) == []


def test_a_long_answer_streams_and_is_whole(send):
    answer = send(path=get("SELECT * { ?s ?p ?o }"))
    assert "content-length" not in answer.headers
    assert len(answer.json()["results"]["bindings"]) == 6000


def test_a_cut_answer_says_so_in_its_header_and_in_its_head(send):
    answer = send(path=get("SELECT ?s ?o { ?s ?p ?o }"), settings={"query_rows": 10})
    assert answer.headers["stelsel-truncated"] == "rows"
    assert answer.json()["head"] == {"vars": ["s", "o"], "link": ["http://localhost:8000/sparql#truncated-rows"]}
    assert len(answer.json()["results"]["bindings"]) == 10


def test_an_answer_that_just_fits_is_not_called_cut(send):
    answer = send(path=get("SELECT ?s ?o { ?s ?p ?o } LIMIT 10"), settings={"query_rows": 10})
    assert "stelsel-truncated" not in answer.headers
    assert "link" not in answer.json()["head"]


def test_without_a_query_the_service_says_what_it_is(send):
    answer = send(headers={"accept": "application/n-triples"})
    triples = {
        (str(q.predicate.value.split("#")[-1]), getattr(q.object, "value", ""))
        for q in parse(answer.content, RdfFormat.N_TRIPLES)
    }
    assert ("endpoint", "http://localhost:8000/sparql") in triples
    assert any(predicate == "feature" and value.endswith("UnionDefaultGraph") for predicate, value in triples)


def test_a_browser_without_a_query_gets_the_page_where_there_is_one(send):
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    assert send(headers=browser, page=HTMLResponse("<p>SPARQL</p>")).text == "<p>SPARQL</p>"
    assert send(headers=browser).headers["content-type"] == "application/xml"
    assert send(headers={"accept": "*/*"}, page=HTMLResponse("")).headers["content-type"].startswith("text/turtle")


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=5))
def test_a_form_is_read_as_it_was_written(pairs):
    assert read_pairs(urlencode(pairs).encode()) == (pairs or [("", "")])


@given(st.text(alphabet="%+\\xXuUN{}0aAfg é", max_size=30))
def test_escapes_are_read_as_the_library_reads_them(text):
    encoded = text.encode()
    expected = parse_qsl(
        "a=" + text, keep_blank_values=True, encoding="utf-8", errors="surrogateescape", separator="\0"
    )
    try:
        found = decode(encoded)
    except UnicodeDecodeError:
        assert any("\udc80" <= c <= "\udcff" for c in expected[0][1])
    else:
        assert found == expected[0][1]


@pytest.mark.parametrize(("given_", "seconds"), [("5", 5), ("2.5s", 2.5), ("500ms", 0.5), ("99", 20)])
def test_a_client_may_ask_for_less_time_and_not_for_more(given_, seconds):
    assert Asked(None, "", [("timeout", given_)], "").seconds(20) == seconds


@pytest.mark.parametrize("given_", ["0", "-1", "soon", "5m", "", "1e9"])
def test_a_time_that_is_none_is_refused(given_):
    with pytest.raises(ParameterError, match="timeout"):
        Asked(None, "", [("timeout", given_)], "").seconds(20)


def test_json_of_a_cut_answer_parses_whatever_the_names_of_its_variables(send):
    answer = send(path=get("SELECT ?é ?b { ?é ?p ?b }"), settings={"query_rows": 1})
    assert json.loads(answer.content)["head"]["vars"] == ["é", "b"]
