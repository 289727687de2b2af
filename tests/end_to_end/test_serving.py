"""The real server in a process of its own, over HTTP: what it must survive, and what it must never say."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from stelsel.errors import SettingError
from stelsel.home import Home
from stelsel.serving.server import run
from stelsel.settings import read_settings
from tinyreleases import RUNAWAYS, chain, cpu, eventually, point, release, served, workers_of

pytestmark = pytest.mark.slow

POINT = "SELECT ?o { <http://e/5> <http://e/label> ?o }"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
ENDLESS = RUNAWAYS["count of a cross join"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("serving")
    release(data, "r1", chain(20_000))
    return data


@pytest.fixture(scope="module")
def server(data):
    with served(data, query_seconds=1, query_workers=4, query_memory=4_000_000_000) as (address, process):
        yield address, process


@pytest.fixture
def client(server):
    with httpx2.Client(base_url=server[0], timeout=30) as client:
        yield client


def ask(client, query, **parameters):
    return client.get("/sparql", params={"query": query, **parameters})


def cell(answer):
    assert answer.status_code == 200, answer.text
    return next(iter(answer.json()["results"]["bindings"][0].values()))["value"]


def listen(address, query):
    """A plain connection on which a query has been asked: for clients that misbehave."""
    place = urlsplit(address)
    connection = socket.create_connection((place.hostname, place.port))
    connection.sendall(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
    return connection


def connected(address):
    """A connection of the standard library's: a client that costs little, for when there are many."""
    place = urlsplit(address)
    return closing(http.client.HTTPConnection(place.hostname, place.port, timeout=20))


def get(connection, query):
    connection.request("GET", f"/sparql?query={quote(query)}")
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize("name", RUNAWAYS)
def test_a_runaway_is_told_so_within_a_quarter_of_a_second_of_its_deadline(client, server, name):
    began = time.monotonic()
    answer = ask(client, RUNAWAYS[name])
    took = time.monotonic() - began
    assert answer.status_code == answer.json()["status"] == 504
    assert took < 1.25
    before = cpu(workers_of(server[1].pid))
    time.sleep(0.3)
    assert cpu(workers_of(server[1].pid)) - before < 0.1


def test_a_stream_that_meets_its_deadline_breaks_off_and_is_never_well_formed(client):
    began, ends = time.monotonic(), []
    with client.stream("GET", "/sparql", params={"query": STREAM}) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError):
            ends.extend(chunk[-10:] for chunk in answer.iter_raw())
    assert time.monotonic() - began < 1.5
    assert ends
    assert not ends[-1].endswith(b"]}}")


def test_a_reader_that_is_slow_does_not_keep_its_query_alive(server):
    with listen(server[0], STREAM) as connection:
        connection.recv(1000)
        time.sleep(1.3)
        before = cpu(workers_of(server[1].pid))
        time.sleep(0.3)
        assert cpu(workers_of(server[1].pid)) - before < 0.1
        connection.settimeout(5)
        tail = b""
        while piece := connection.recv(1 << 20):
            tail = (tail + piece)[-20:]
    assert not tail.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("query", [ENDLESS, STREAM])
def test_a_client_that_leaves_ends_its_query_at_once(data, query):
    with served(data, query_seconds=60) as (address, process):
        with listen(address, query):
            time.sleep(0.5)
            # It has begun. A stream that nobody reads waits as soon as the buffers are full, which takes about 0.1 s.
            assert cpu(workers_of(process.pid)) > 0.03
        time.sleep(0.2)
        before = cpu(workers_of(process.pid))
        time.sleep(0.4)
        assert cpu(workers_of(process.pid)) - before < 0.1


def test_a_worker_that_is_killed_halfway_breaks_the_connection_and_the_next_query_is_fine(client, server):
    with client.stream("GET", "/sparql", params={"query": STREAM}) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        for worker in workers_of(server[1].pid):
            os.kill(worker, signal.SIGKILL)
        with pytest.raises(httpx2.RemoteProtocolError):
            list(pieces)
    assert cell(ask(client, POINT)) == "label 5"


def test_memory_that_runs_out_is_told_and_the_service_lives(data):
    with served(data, query_seconds=30, query_memory=100_000_000) as (address, _), httpx2.Client(timeout=60) as client:
        answer = client.get(f"{address}/sparql", params={"query": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?a"})
        assert answer.status_code == answer.json()["status"] == 503
        assert "memory" in answer.json()["detail"]
        assert client.get(f"{address}/sparql", params={"query": POINT}).status_code == 200


def test_two_hundred_clients_at_once_are_all_answered(server):
    def one(_):
        with connected(server[0]) as connection:
            status, _, body = get(connection, POINT)
            return status, b'"label 5"' in body

    with ThreadPoolExecutor(200) as pool:
        assert set(pool.map(one, range(200))) == {(200, True)}


def test_runaways_do_not_keep_others_from_health_and_service(client, server):
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(httpx2.get, f"{server[0]}/sparql", params={"query": ENDLESS}) for _ in range(8)]
        time.sleep(0.2)
        began = time.monotonic()
        assert client.get("/health/ready").status_code == 200
        assert client.get("/sparql").status_code == 200
        assert time.monotonic() - began < 0.5
        statuses = {answer.result().status_code for answer in running}
    assert statuses <= {503, 504}


def test_health_tells_live_from_ready(client, tmp_path):
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready", "release": "r1"}
    with served(tmp_path) as (address, _):
        assert httpx2.get(f"{address}/health/live").status_code == 200
        ready = httpx2.get(f"{address}/health/ready")
        assert (ready.status_code, ready.headers["content-type"]) == (503, "application/problem+json")
        answer = httpx2.get(f"{address}/sparql", params={"query": POINT})
        assert answer.status_code == 503
        assert "stelsel release" in answer.json()["detail"]


def test_a_first_release_is_served_without_a_restart(tmp_path):
    with served(tmp_path) as (address, _), httpx2.Client(base_url=address) as client:
        release(tmp_path, "r1", chain(10))
        assert eventually(lambda: client.get("/health/ready").status_code == 200)
        assert cell(ask(client, COUNT)) == "20"


def test_releases_are_switched_under_load_without_one_failed_request(tmp_path):
    sizes = {"r1": 100, "r2": 200, "r3": 300}
    for name, size in sizes.items():
        release(tmp_path, name, chain(size))
    failures, seen, stop = [], set(), threading.Event()

    def load(address):
        with connected(address) as connection:
            while not stop.is_set():
                status, headers, body = get(connection, COUNT)
                name = headers["stelsel-release"]
                # Body and header are of one release: no answer mixes two.
                if status != 200 or f'"{2 * sizes[name]}"'.encode() not in body:
                    failures.append((status, body))
                seen.add(name)

    with served(tmp_path) as (address, process):
        threads = [threading.Thread(target=load, args=[address]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for name in ("r1", "r2", "r3", "r1", "r2"):
            point(tmp_path, name)
            time.sleep(1.3)
        stop.set()
        for thread in threads:
            thread.join()
        # The old ones are gone: the workers of one release are left.
        assert eventually(lambda: len(workers_of(process.pid)) == 5)
    assert failures == []
    assert seen == {"r1", "r2", "r3"}


def test_a_release_that_is_broken_is_not_switched_to(tmp_path):
    release(tmp_path, "r1", chain(10))
    with served(tmp_path) as (address, _), httpx2.Client(base_url=address) as client:
        assert eventually(lambda: client.get("/health/ready").status_code == 200)
        release(tmp_path, "r2", chain(20))
        (tmp_path / "open/releases/r2/oxigraph/CURRENT").write_text("nonsense")
        time.sleep(1.5)
        assert client.get("/health/ready").json()["release"] == "r1"
        assert cell(ask(client, COUNT)) == "20"


def test_a_stop_lets_running_answers_finish(data):
    with served(data, query_seconds=20) as (address, process):
        answers = []
        query = "SELECT ?a { ?a ?b ?c . ?d ?e ?f } LIMIT 400000"
        asked = {"params": {"query": query}, "timeout": 60}
        thread = threading.Thread(target=lambda: answers.append(httpx2.get(f"{address}/sparql", **asked)))
        thread.start()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        thread.join()
        assert process.wait(20) in (0, -signal.SIGTERM)
    assert len(answers[0].json()["results"]["bindings"]) == 400_000


def test_nothing_is_left_when_the_server_is_killed_outright(data):
    with served(data, query_seconds=60) as (address, process):
        with listen(address, ENDLESS):
            time.sleep(0.5)
            left = workers_of(process.pid)
            process.kill()
            process.wait()
        assert len(left) >= 4
        assert eventually(lambda: all(gone(worker) for worker in left), 3)


def gone(process):
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return found.stdout.strip() in ("", "Z", "Zs")


def test_a_port_that_is_taken_is_told_plainly(data, server):
    port = urlsplit(server[0]).port
    with pytest.raises(SettingError, match=f"cannot listen on 127.0.0.1 port {port}"):
        run(read_settings({"data": data, "port": port}), Home(Path()))


def test_point_queries_keep_their_pace_beside_a_runaway(client, server):
    def pace():
        times = []
        for _ in range(40):
            began = time.monotonic()
            assert ask(client, POINT).status_code == 200
            times.append(time.monotonic() - began)
        return statistics.median(times)

    pace()
    idle = pace()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(httpx2.get, f"{server[0]}/sparql", params={"query": ENDLESS})
        time.sleep(0.1)
        busy = pace()
        running.result()
    assert busy < 3 * idle + 0.005
