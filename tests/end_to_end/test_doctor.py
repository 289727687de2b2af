"""The doctor in a real server with real workers, for the clients that people use."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx2
import pytest
from pyoxigraph import RdfFormat
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import JSON, SPARQLWrapper

from browser import CHROMIUM, Browser
from remotestores import oxigraph
from stelsel.storing.description import count, describe
from tinyreleases import RUNAWAYS, release, served
from village import NAMES, RELEASE, village

BAG = "PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>\n"
WRONG = f'{BAG}SELECT ?n {{ ?n bag:postkode "1399ZA" }}'
RIGHT = f'{BAG}SELECT ?n {{ ?n bag:postcode "1399ZA" }} LIMIT 3'
LATE = f"{BAG}SELECT * {{ ?v bag:oppervlakte ?m OPTIONAL {{ ?v bag:status ?s }} VALUES ?v {{ bag:x }} }}"
ENDLESS_TO_READ = "SELECT * { ?a ?b 'service' } #" + "\\u0041" * 100_000
FORM = {"content-type": "application/x-www-form-urlencoded"}
DIRECT = {"content-type": "application/sparql-query"}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    data = tmp_path_factory.mktemp("doctor")
    quads = village().quads
    graphs = {graph: count(quads, graph) for graph in RELEASE.graphs if graph != NAMES.catalogue}
    quads.extend(describe(NAMES, "r1", datetime(2026, 1, 2, tzinfo=UTC), {"bag": "e"}, graphs))
    release(data, "r1", quads.dump(format=RdfFormat.N_QUADS).decode())
    file = data / "open/releases/r1/release.json"
    told = {"graphs": RELEASE.graphs, "editions": RELEASE.editions, "dates": {"bag": "2025-12-08"}}
    file.write_text(json.dumps(json.loads(file.read_text()) | told))
    with served(data, query_seconds=5) as (address, _):
        yield address


@pytest.fixture
def client(address):
    with httpx2.Client(base_url=address, timeout=30) as client:
        yield client


def examined(client, query, **parameters):
    answer = client.post("/sparql/doctor", data={"query": query, **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_query_is_examined_without_running_it(client):
    report = examined(client, LATE)
    assert (report["form"], report["runs"], report["error"], report["unread"]) == ("select", True, None, None)
    (found,) = report["warnings"]
    assert (found["rule"], found["same"], found["line"], found["column"]) == ("values-late", "yes", 2, 64)
    assert found["query"].startswith(f"{BAG}SELECT * {{ VALUES ?v {{ bag:x }} .  ?v")
    assert report["plan"]["text"].splitlines()[-1].strip() == "find ?v bag:status ?s"
    assert report["plan"]["tree"]["engine"].startswith("Project(")
    assert (report["terms"], report["diagnosis"]) == ([], None)
    assert examined(client, found["query"])["warnings"] == []


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "POST", "url": "/sparql/doctor", "content": LATE, "headers": DIRECT},
        {"method": "GET", "url": "/sparql/doctor", "params": {"query": LATE}},
    ],
)
def test_a_query_comes_in_as_sparql_takes_it(client, request_):
    assert [found["rule"] for found in client.request(**request_).json()["warnings"]] == ["values-late"]


@pytest.mark.parametrize("query", [*RUNAWAYS.values(), "SELECT * { ?a ?b ?c }" + " " * 100_000, ENDLESS_TO_READ])
def test_a_runaway_is_examined_in_the_time_that_is_for_that(client, query):
    began = time.monotonic()
    report = examined(client, query, leeg="true")
    assert report["plan"] or report["noPlan"]
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT * {\n ?s ?p }", "syntax"),
        ("SELECT * { ?s bag:naam ?o }", "syntax"),
        ("CLEAR ALL", "refused"),
        ("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "refused"),
    ],
)
def test_what_cannot_run_is_told_and_not_a_failure(client, query, kind):
    report = examined(client, query)
    assert (report["error"]["kind"], report["runs"], report["plan"]) == (kind, False, None)


def test_a_prefix_that_is_missing_comes_with_its_namespace(client):
    report = examined(client, "SELECT * { ?s bag:naam ?o } LIMIT 1")
    (found,) = report["warnings"]
    assert found["query"].startswith(BAG.strip())
    assert examined(client, found["query"])["runs"]


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"method": "POST", "url": "/sparql/doctor", "content": "", "headers": FORM}),
        (400, {"method": "POST", "url": "/sparql/doctor?leeg=misschien", "content": LATE, "headers": DIRECT}),
        (400, {"method": "GET", "url": "/sparql", "params": {"query": RIGHT, "uitleg": "misschien"}}),
        (405, {"method": "PUT", "url": "/sparql/doctor", "content": LATE}),
        (
            406,
            {"method": "GET", "url": "/sparql/doctor", "params": {"query": LATE}, "headers": {"accept": "image/png"}},
        ),
        (413, {"method": "POST", "url": "/sparql/doctor", "content": LATE + " " * 2_000_000, "headers": DIRECT}),
        (415, {"method": "POST", "url": "/sparql/doctor", "content": LATE, "headers": {"content-type": "text/plain"}}),
    ],
)
def test_what_is_wrong_with_a_request_is_a_problem(client, status, request_):
    answer = client.request(**request_)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_term_that_is_not_there_is_told_before_the_query_runs(client):
    (found,) = examined(client, WRONG)["terms"]
    assert (found["reason"], found["line"], found["column"]) == ("absent", 2, 16)
    page = client.post(
        "/sparql/doctor", data={"query": WRONG}, headers={"accept": "text/html", "accept-language": "nl"}
    )
    assert "Niet in de gegevens" in page.text


def test_of_many_remarks_the_first_are_told(client):
    query = "SELECT ?z { " + " ".join(f"GRAPH ?g{i} {{ ?a ?b ?c }}" for i in range(100)) + " }"
    report = examined(client, query)
    assert (len(report["warnings"]), report["moreWarnings"]) == (30, 70)


def test_many_at_once_are_examined_or_told_that_it_is_busy(address):
    with ThreadPoolExecutor(60) as pool:
        answers = list(
            pool.map(lambda _: httpx2.post(f"{address}/sparql/doctor", data={"query": RIGHT}, timeout=60), range(60))
        )
    assert {answer.status_code for answer in answers} == {200}
    plans = [answer.json()["plan"] for answer in answers]
    assert sum(plan is not None for plan in plans) >= 32


def test_a_question_that_is_not_empty_has_no_reasons(client):
    found = examined(client, f'{BAG}SELECT ?n {{ ?n bag:postcode "1399ZA" }}', leeg="true")["diagnosis"]
    assert (found["findings"], found["summary"]) == ([], "Every term occurs and the patterns give rows.")


def test_an_empty_answer_is_explained(client):
    found = examined(client, WRONG, leeg="true", taal="nl")["diagnosis"]
    assert found["complete"]
    assert found["findings"][0]["text"].startswith("bag:postkode komt in de gegevens niet voor. Wel komt voor: http")
    rows = client.get("/sparql", params={"query": found["findings"][0]["query"]}).json()["results"]["bindings"]
    assert len(rows) == 1200


@pytest.mark.parametrize(
    "dataset",
    [
        {"query": f"{BAG}SELECT * FROM <{NAMES.graph('bag', 'historie')}> {{ ?a bag:postcode ?b }}"},
        {"query": f"{BAG}SELECT * {{ ?a bag:postcode ?b }}", "default-graph-uri": NAMES.graph("bag", "historie")},
    ],
)
def test_a_diagnosis_is_about_the_dataset_of_the_query(client, dataset):
    answer = client.get("/sparql", params={**dataset, "uitleg": "true"})
    (link,) = answer.json()["head"]["link"]
    (found,) = client.get(link.removeprefix("http://localhost:8000")).json()["diagnosis"]["findings"]
    assert found["reason"] == "pattern"


ASK = f"{BAG}ASK {{ ?n bag:postkode ?p }}"
GRAPH = f"{BAG}CONSTRUCT WHERE {{ ?n bag:postkode ?p }}"


@pytest.mark.parametrize(
    ("query", "format"),
    [
        *((query, name) for query in (WRONG, ASK) for name in ("json", "xml", "csv", "tsv")),
        *((GRAPH, name) for name in ("turtle", "ntriples", "nquads", "trig", "rdfxml", "jsonld")),
    ],
)
def test_every_empty_answer_says_where_to_hear_why(client, query, format):
    plain = client.get("/sparql", params={"query": query, "format": format})
    asked = client.get("/sparql", params={"query": query, "format": format, "uitleg": "true"})
    assert 'rel="help"' not in plain.headers["link"]
    link = next(part for part in asked.headers.get_list("link") if 'rel="help"' in part).partition(">")[0][1:]
    assert client.get(link.removeprefix("http://localhost:8000")).json()["diagnosis"]["findings"]
    if format == "json":
        assert asked.json()["head"]["link"] == [link]
    else:
        assert asked.content == plain.content


@pytest.mark.parametrize(
    "query", [RIGHT, f"{BAG}ASK {{ ?n bag:postcode ?p }}", f"{BAG}CONSTRUCT WHERE {{ ?n bag:oppervlakte ?p }}"]
)
@pytest.mark.parametrize(
    "accept", ["application/json, text/turtle;q=0.5", "application/sparql-results+xml, application/rdf+xml"]
)
def test_an_answer_that_is_not_empty_says_nothing(client, query, accept):
    plain, asked = (
        client.get("/sparql", params={"query": query, **more}, headers={"accept": accept})
        for more in ({}, {"uitleg": "1"})
    )
    assert 'rel="help"' not in str(asked.headers.get_list("link"))
    assert asked.content == plain.content


def test_a_long_answer_still_streams(client):
    query = f"{BAG}SELECT * {{ ?n bag:postcode ?p . ?m bag:huisnummer ?q }} LIMIT 300000"
    rows = client.get("/sparql", params={"query": query, "uitleg": "true"}, headers={"accept": "text/csv"}).text
    assert rows.count("\n") == 300_001


def test_strict_clients_read_an_explained_answer(address):
    wrapper = SPARQLWrapper(f"{address}/sparql", returnFormat=JSON)
    wrapper.addParameter("uitleg", "true")
    wrapper.setQuery(WRONG)
    assert wrapper.query().convert()["results"]["bindings"] == []
    for accept in ("json", "xml", "csv"):
        store = SPARQLStore(f"{address}/sparql", returnFormat=accept, params={"uitleg": "true"})
        assert list(store.query(WRONG)) == []
    assert (
        SPARQLStore(f"{address}/sparql", returnFormat="json", params={"uitleg": "true"}).query(ASK).askAnswer is False
    )


@pytest.mark.parametrize(
    ("language", "says"), [("nl", "Waarom het antwoord leeg is"), ("en", "Why the answer is empty")]
)
def test_a_browser_gets_a_page(client, language, says):
    headers = {"accept": "text/html", "accept-language": language}
    hostile = WRONG + " # <script>alert(1)</script>"
    answer = client.get("/sparql/doctor", params={"query": hostile, "leeg": "true"}, headers=headers)
    assert says in answer.text
    assert "<script>alert" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
def test_the_editor_checks_and_explains(address):
    with Browser() as browser:
        browser.look(width=1440, language="nl")
        browser.go(f"{address}/sparql")
        browser.run(f"document.getElementById('query').value = {json.dumps(LATE)}")
        browser.run("document.getElementById('nagaan').click()")
        browser.wait("document.querySelector('#opmerkingen details pre')")
        assert "VALUES staat achter een OPTIONAL" in browser.run("document.getElementById('opmerkingen').textContent")
        browser.run("document.querySelector('#opmerkingen button').click()")
        assert browser.run("document.getElementById('query').value").startswith(f"{BAG}SELECT * {{ VALUES")
        browser.run(f"document.getElementById('query').value = {json.dumps(WRONG)}")
        browser.run("document.getElementById('vraag').requestSubmit()")
        browser.wait("document.getElementById('opmerkingen').textContent.includes('postcode')")
        assert browser.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert browser.complaints == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
def test_the_editor_says_what_makes_a_query_slow_while_it_runs(address):
    with Browser() as browser:
        browser.look(width=1440, language="nl")
        browser.go(f"{address}/sparql")
        browser.run(f"document.getElementById('query').value = {json.dumps(RUNAWAYS['product of VALUES'])}")
        browser.run("document.getElementById('vraag').requestSubmit()")
        browser.wait("!document.getElementById('advies').hidden")  # the doctor is asked
        assert not browser.run("document.getElementById('stop').hidden")
        browser.wait("document.getElementById('stop').hidden")
        assert "504" in browser.run("document.getElementById('fout').textContent")
        browser.wait("document.querySelector('#opmerkingen details')")  # the plan


def test_of_another_engine_only_what_holds_for_every_engine_is_said(tmp_path):
    with oxigraph(tmp_path) as (endpoint, _), served(tmp_path, store=endpoint) as (address, _):
        query = f"{LATE[:-1]} ?a bag:naam ?b }}"
        report = httpx2.post(f"{address}/sparql/doctor", data={"query": query}, timeout=30).json()
    assert [found["rule"] for found in report["warnings"]] == ["cross-product"]
    assert report["plan"] is None
    assert "another engine" in report["noPlan"]


def test_a_query_to_another_service_that_is_allowed_is_not_run_for_its_plan(tmp_path):
    release(tmp_path, "r1", "")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        served(tmp_path, federation=f"http://127.0.0.1:{listener.getsockname()[1]}/sparql") as (address, _),
    ):
        query = f"SELECT * {{ SERVICE <http://127.0.0.1:{listener.getsockname()[1]}/sparql> {{ ?s ?p ?o }} }}"
        report = httpx2.post(f"{address}/sparql/doctor", data={"query": query, "leeg": "true"}, timeout=30).json()
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert (report["error"], report["plan"]) == (None, None)
    assert "a plan must not go there" in report["noPlan"]
