"""/sparql/update, over HTTP: who may, what may be written, and what is answered."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from stelsel.home import Home
from stelsel.storing.editions import newest
from stelsel.storing.locks import lock
from stelsel.storing.releases import current
from stelsel.storing.stewardship import STEWARD
from stelsel.storing.tokens import create
from tinyeditions import BASE, PANDEN, fill_up, make, make_home, released, small_disk
from tinyreleases import served

NOTES = f"{BASE}/graph/beheer/notities"
UPDATE = "application/sparql-update"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("update")
    released(root / "data", Home(make_home(root / "home")), make(root / "data", "bag", PANDEN))
    return root / "data"


@pytest.fixture(scope="module")
def token(data):
    return create(data, ["steward"], days=1)[0]


@pytest.fixture(scope="module")
def server(data):
    with served(data, base=BASE, query_workers=2, write_seconds=2, query_length=100_000) as (address, _):
        yield address


@pytest.fixture
def client(server, token):
    with httpx2.Client(base_url=server, timeout=30, headers={"authorization": f"Bearer {token}"}) as client:
        yield client


def post(client, text, *, headers=None, **parameters):
    return client.post(
        "/sparql/update", content=text, params=parameters, headers={"content-type": UPDATE, **(headers or {})}
    )


def insert(triples, graph=NOTES):
    return f"INSERT DATA {{ GRAPH <{graph}> {{ {triples} }} }}"


def notes(client):
    query = f"SELECT ?o {{ GRAPH <{NOTES}> {{ ?s <{BASE}/p> ?o }} }}"
    answer = client.get("/sparql", params={"query": query})
    found = sorted(row["o"]["value"] for row in answer.json()["results"]["bindings"])
    return found, answer.headers["stelsel-release"]


def test_what_was_written_is_what_the_next_question_sees(client, data):
    answer = post(client, insert("<s> <p> 'een'"))
    assert answer.status_code == 204
    assert answer.content == b""
    found, release = notes(client)
    assert "een" in found
    assert answer.headers["stelsel-release"] == release == current(data, "open").id
    assert newest(data, STEWARD).id == current(data, "open").editions[STEWARD]


def test_a_form_will_do(client):
    answer = client.post("/sparql/update", data={"update": insert("<s> <p> 'als formulier & zo'")})
    assert answer.status_code == 204
    assert "als formulier & zo" in notes(client)[0]


def test_who_has_no_token_or_not_its_scope_changes_nothing(client, data):
    before = current(data, "open").id
    operator, _ = create(data, ["operator"], days=1)
    for secret, status in (("", 401), ("Bearer onzin", 401), (f"Bearer {operator}", 403)):
        answer = post(client, insert("<s> <p> 'nee'"), headers={"authorization": secret})
        assert answer.status_code == answer.json()["status"] == status
        assert answer.headers["www-authenticate"].startswith("Bearer realm=")
    assert current(data, "open").id == before


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (insert("<s> <p> 1", f"{BASE}/graph/bag"), 403),
        ("INSERT DATA { <s> <p> 1 }", 403),
        ("DROP ALL", 403),
        ("INSERT { GRAPH ?g { ?s ?p 1 } } WHERE { GRAPH ?g { ?s ?p ?o } }", 403),
        (f"COPY <{BASE}/graph/bag> TO <{BASE}/graph/catalogus>", 403),
        (f"LOAD <http://127.0.0.1:9/x> INTO GRAPH <{NOTES}>", 403),
        (f"INSERT {{ GRAPH <{NOTES}> {{ ?s ?p ?o }} }} WHERE {{ SERVICE <http://127.0.0.1:9/> {{ ?s ?p ?o }} }}", 403),
        (
            f"INSERT {{ GRAPH <{NOTES}> {{ ?s ?p ?o }} }} WHERE {{ \\u0053ERVICE <http://127.0.0.1:9/> {{ ?s ?p ?o }} }}",
            403,
        ),
        ("SELECT * { ?s ?p ?o }", 403),
        ("INSERT DATA { GRAPH", 400),
        (insert("<s> <p> 1 ; ;; a"), 400),
        (f"CLEAR GRAPH <{NOTES}/nergens>", 409),
        (insert("<id/pand/1> <p> 'x'"), 409),
        ("x" * 100_001, 413),
    ],
)
def test_what_may_not_or_cannot_be_is_said_and_changes_nothing(client, data, text, status):
    before = current(data, "open").id
    answer = post(client, text)
    assert answer.status_code == answer.json()["status"] == status, answer.text
    assert len(answer.json()["detail"]) > 10
    assert current(data, "open").id == before


@pytest.mark.parametrize(
    ("parameters", "headers", "status"),
    [
        ({"update": "CLEAR ALL"}, {}, 400),
        ({"query": "ASK {}"}, {}, 400),
        ({}, {"content-type": "text/plain"}, 415),
        ({}, {"content-type": f"{UPDATE}; charset=utf-16"}, 415),
        ({}, {"content-type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_a_request_that_is_no_update_is_refused(client, parameters, headers, status):
    answer = post(client, insert("<s> <p> 1"), headers=headers, **parameters)
    assert answer.status_code == status


def test_only_post_changes_anything(client):
    answer = client.get("/sparql/update", params={"update": "CLEAR ALL"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_a_dataset_can_be_named_beside_the_update_and_not_in_it_too(client):
    other = f"{BASE}/graph/beheer/kopie"
    copy = f"INSERT {{ GRAPH <{other}> {{ ?s <copied> ?o }} }} WHERE {{ ?s ?p ?o }}"
    answer = post(client, copy, **{"using-graph-uri": f"{BASE}/graph/bag/historie"})
    assert answer.status_code == 204
    query = f"SELECT ?s {{ GRAPH <{other}> {{ ?s <{BASE}/copied> ?o }} }}"
    rows = client.get("/sparql", params={"query": query}).json()["results"]["bindings"]
    assert [row["s"]["value"] for row in rows] == [f"{BASE}/id/voorkomen/1"]
    twice = post(client, f"WITH <{other}> {copy}", **{"using-named-graph-uri": f"{BASE}/graph/bag"})
    assert twice.status_code == 400


def test_an_update_without_end_is_stopped_and_the_next_one_lands(client):
    post(client, insert(" ".join(f"<s{number}> <q> {number} ." for number in range(40))))
    many = " ".join(f"?a{number} ?b{number} ?c{number} ." for number in range(9))
    began = time.monotonic()
    answer = post(
        client,
        f"INSERT {{ GRAPH <{NOTES}> {{ <s> <p> ?n }} }} WHERE {{ SELECT (COUNT(*) AS ?n) {{ GRAPH ?g {{ {many} }} }} }}",
    )
    assert answer.status_code == answer.json()["status"] == 504
    assert time.monotonic() - began < 3
    assert post(client, insert("<s> <p> 'daarna'")).status_code == 204


def test_updates_at_once_all_land(client):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: post(client, insert(f"<s> <p> 'tegelijk {number}'")), range(8)))
    assert [answer.status_code for answer in answers] == [204] * 8
    assert {f"tegelijk {number}" for number in range(8)} <= set(notes(client)[0])


def test_while_another_process_writes_the_steward_is_told_to_come_back(client, data):
    with lock(data):
        answer = post(client, insert("<s> <p> 1"))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "writing" in answer.json()["detail"]


def test_questions_are_answered_while_a_change_is_made(client, server):
    failures = []

    def ask():
        with httpx2.Client(base_url=server, timeout=30) as other:
            for _ in range(60):
                answer = other.get("/sparql", params={"query": f"ASK {{ ?s <{BASE}/p> ?o }}"})
                if answer.status_code != 200 or answer.json() != {"head": {}, "boolean": True}:
                    failures.append(answer.text)

    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(ask)
        for number in range(6):
            assert post(client, insert(f"<s> <p> 'wissel {number}'")).status_code == 204
        asked.result()
    assert failures == []


@pytest.mark.parametrize("leave", [0, 60_000])
def test_a_full_disk_is_told_and_answering_goes_on(tmp_path, leave):
    try:
        with small_disk(tmp_path / "disk", 40) as disk:
            data = disk / "data"
            released(data, Home(make_home(tmp_path / "home")), make(data, "bag", PANDEN))
            token, _ = create(data, ["steward"], days=1)
            with (
                served(data, base=BASE, query_workers=2) as (address, _),
                httpx2.Client(base_url=address, timeout=30, headers={"authorization": f"Bearer {token}"}) as client,
            ):
                assert post(client, insert("<s> <p> 'oud'")).status_code == 204
                fill_up(disk, leave)
                answer = post(client, insert("<s> <p> 'nieuw'"))
                assert answer.status_code == answer.json()["status"] == 507
                assert notes(client)[0] == ["oud"]
    except PermissionError:
        pytest.skip("a small disk can be mounted by root only")
