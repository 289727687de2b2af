"""What operators see and do, and what clients are told of their budget: with the real server, over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from stelsel.storing.tokens import create
from tinyreleases import ROOT, RUNAWAYS, chain, eventually, release, served

pytestmark = pytest.mark.slow  # it measures time


def point(number):
    """A short query. Each number is another one: the result cache answers the same one without a budget."""
    return f"SELECT ?o {{ <http://e/{number}> <http://e/label> ?o }}"


POINT = point(5)
ENDLESS = RUNAWAYS["count of a cross join"]
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("operating")
    release(data, "r1", chain(3000))
    return data


@pytest.fixture(scope="module")
def tokens(data):
    return {scope: {"authorization": f"Bearer {create(data, [scope], days=1)[0]}"} for scope in ("operator", "steward")}


@pytest.fixture(scope="module")
def server(data):
    with served(data, query_seconds=20, query_workers=4) as (address, _):
        yield address


@pytest.fixture
def client(server):
    with httpx2.Client(base_url=server, timeout=30) as client:
        yield client


def ask(client, query, **headers):
    return client.get("/sparql", params={"query": query}, headers=headers)


def running(client, headers):
    answer = client.get("/sparql/queries", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["queries"]


def seen(client, headers):
    assert eventually(lambda: any(query["state"] == "running" for query in running(client, headers)))
    return running(client, headers)[0]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/sparql/queries"), ("DELETE", "/sparql/queries/1-1"), ("GET", "/metrics")]
)
def test_the_public_does_not_see_it(client, method, path):
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert client.request(method, path, headers={"authorization": "Bearer stelsel_made-up"}).status_code == 401


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/sparql/queries/1-1"), ("GET", "/metrics")])
def test_a_steward_may_look_and_not_stop(client, tokens, method, path):
    assert running(client, tokens["steward"]) == []
    assert client.request(method, path, headers=tokens["steward"]).status_code == 403


def test_an_operator_sees_what_runs_and_stops_it(client, server, tokens):
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        asked = pool.submit(httpx2.get, f"{server}/sparql", params={"query": ENDLESS}, timeout=30)
        query = seen(client, tokens["operator"])
        assert query["text"] == ENDLESS
        assert (query["client"], query["lane"], query["form"], query["release"]) == (
            "127.0.0.1",
            "free",
            "select",
            "r1",
        )
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", query["since"])
        assert 0 <= query["seconds"] < 20
        assert client.delete(f"/sparql/queries/{query['id']}", headers=tokens["operator"]).status_code == 204
        answer = asked.result()
    assert time.monotonic() - began < 10
    assert answer.status_code == answer.json()["status"] == 503
    assert "operator" in answer.json()["detail"]
    assert running(client, tokens["operator"]) == []
    gone = client.delete(f"/sparql/queries/{query['id']}", headers=tokens["operator"])
    assert gone.status_code == 404


def test_a_stream_that_is_stopped_breaks_off(client, tokens):
    with client.stream("GET", "/sparql", params={"query": STREAM}) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        with httpx2.Client(base_url=str(client.base_url)) as operator:
            query = seen(operator, tokens["operator"])
            assert operator.delete(f"/sparql/queries/{query['id']}", headers=tokens["operator"]).status_code == 204
        with pytest.raises(httpx2.RemoteProtocolError):
            list(pieces)


def test_an_operator_reads_the_metrics(client, tokens):
    assert ask(client, POINT).status_code == 200
    answer = client.get("/metrics", headers=tokens["operator"])
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert re.search(r'^stelsel_query_seconds_count\{lane="free",outcome="complete"\} [1-9]', answer.text, re.MULTILINE)
    assert 'stelsel_release_info{audience="open",release="r1"} 1.0' in answer.text
    assert "label" not in answer.text


def test_this_machine_may_read_them_where_the_operator_says_so_and_a_proxy_on_it_may_not(data):
    with served(data, metrics="loopback") as (address, _):
        assert httpx2.get(f"{address}/metrics").status_code == 200
        assert httpx2.get(f"{address}/metrics", headers={"x-forwarded-for": "203.0.113.1"}).status_code == 401


def test_a_trace_is_in_the_answer_and_in_what_goes_wrong(client):
    answer = ask(client, "SELECT nothing", traceparent=PARENT)
    assert answer.json()["instance"] == "urn:trace:4bf92f3577b34da6a3ce929d0e0e4736"
    assert answer.headers["traceparent"].startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert "traceparent" in client.get("/health/live").headers


def test_a_budget_is_told_and_then_used_up(data, tokens):
    with served(data, budget_seconds=1, budget_seconds_token=60, query_seconds=1) as (address, _):
        first = httpx2.get(f"{address}/sparql", params={"query": POINT})
        assert first.headers["ratelimit-policy"] == '"query-time";q=2;w=120;qu="query-seconds"'
        assert first.headers["ratelimit"].startswith('"query-time";r=1;t=')
        statuses = [httpx2.get(f"{address}/sparql", params={"query": f"{ENDLESS} # {n}"}).status_code for n in range(4)]
        assert (statuses[:2], statuses[-1]) == ([504, 504], 429)
        refused = httpx2.get(f"{address}/sparql", params={"query": point(6)})
        assert refused.status_code == refused.json()["status"] == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["violated-policies"] == ["query-time"]
        assert refused.headers["ratelimit-remaining"] == "0"
        # Another client has its own, and a token has more; what is remembered costs nothing.
        there = httpx2.HTTPTransport(local_address="127.0.0.3")
        with httpx2.Client(transport=there) as other:
            assert other.get(f"{address}/sparql", params={"query": point(7)}).status_code == 200
        known = httpx2.get(f"{address}/sparql", params={"query": point(8)}, headers=tokens["steward"])
        assert (known.status_code, known.headers["ratelimit-limit"]) == (200, "120")


def test_behind_a_proxy_each_client_has_its_own_budget(data):
    with served(data, budget_seconds=1, query_seconds=1, trusted_proxies="127.0.0.0/8") as (address, _):

        def one(client, query):
            return httpx2.get(
                f"{address}/sparql", params={"query": query}, headers={"x-forwarded-for": client}
            ).status_code

        assert [one("203.0.113.1", f"{ENDLESS} # {n}") for n in range(4)][-1] == 429
        assert one("203.0.113.1, 198.51.100.7", point(6)) == 200
        assert one("198.51.100.7, 203.0.113.1", point(7)) == 429


def test_the_log_is_one_object_a_line_and_says_nothing_of_the_query(data):
    program = (
        "from stelsel.home import open_home; from stelsel.serving.server import run; "
        "from stelsel.settings import read_settings; run(read_settings(), open_home())"
    )
    environ = {k: v for k, v in os.environ.items() if not k.startswith("STELSEL_")}
    environ |= {"STELSEL_DATA": str(data), "STELSEL_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environ,
    ) as process:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        httpx2.get(f"{address}/sparql", params={"query": POINT})
        httpx2.get(f"{address}/%0A%1B%5B31m%E2%80%AEgone")
        httpx2.get(f"{address}/sparql", params={"query": "SELECT * { BROKEN"})
        process.send_signal(signal.SIGTERM)
        written = process.stderr.read()
    try:
        lines = [json.loads(line) for line in written.splitlines()]
    except json.JSONDecodeError:
        pytest.fail(f"a line of the log is no JSON:\n{written}")
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["path"], line["status"]) for line in requests] == [
        ("/sparql", 200),
        ("/\n\x1b[31m\u202egone", 404),
        ("/sparql", 400),
    ]
    assert [line.get("outcome") for line in requests] == ["complete", None, "syntax"]
    assert "label" not in json.dumps(lines)
    assert "BROKEN" not in json.dumps(lines)
