"""Several server processes on one port, for real: one is killed, all are stopped, none is left."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest

from tinyreleases import ROOT, chain, children, eventually, point, release, served

pytestmark = pytest.mark.slow  # it measures time

POINT = "SELECT ?o { <http://e/5> <http://e/label> ?o }"
LONG = "SELECT ?a { ?a ?b ?c . ?d ?e ?f } LIMIT 100000"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("processes")
    release(data, "r1", chain(5000))
    return data


@pytest.fixture(scope="module")
def server(data):
    with served(data, workers=3, query_workers=2, query_seconds=20, metrics="anyone") as (address, process):
        yield address, process


def ask(address, query=POINT, **options):
    return httpx2.get(f"{address}/sparql", params={"query": query}, timeout=60, **options)


def counted(address, line):
    """A number of the metrics of whichever process answers, with the number of that process."""
    text = httpx2.get(f"{address}/metrics").text
    found = re.search(rf"^{re.escape(line)} ([\d.]+)", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def refused(address):
    place = urlsplit(address)
    with socket.socket() as trial:
        return trial.connect_ex((place.hostname, place.port)) != 0


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def busy(pid):
    """Clock ticks that a process has computed."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[11:13]))


def test_all_of_them_answer_on_one_port(server):
    address, process = server
    assert len(children(process.pid)) == 3
    before = [busy(child) for child in children(process.pid)]

    def one():
        with httpx2.Client(base_url=address) as client:
            for _ in range(10):
                assert client.get("/sparql", params={"query": POINT}).status_code == 200

    for _ in range(4):
        threads = [threading.Thread(target=one) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    worked = [busy(child) - then for child, then in zip(children(process.pid), before, strict=True)]
    assert sum(ticks > 0 for ticks in worked) > 1, worked


def test_each_of_them_has_its_share_of_the_connections(server):
    address, process = server
    place = urlsplit(address)

    def files():
        return [len(list(Path(f"/proc/{child}/fd").iterdir())) for child in children(process.pid)]

    before = files()
    with ExitStack() as clients:
        for _ in range(30):
            clients.enter_context(socket.create_connection((place.hostname, place.port)))
        assert eventually(lambda: sum(files()) - sum(before) == 30)
        shares = [now - then for now, then in zip(files(), before, strict=True)]
    assert min(shares) >= 5, shares


def test_the_service_goes_on_when_one_is_killed_and_another_takes_its_place(server):
    address, process = server
    before = children(process.pid)
    os.kill(before[0], signal.SIGKILL)
    statuses = []
    end = time.monotonic() + 4
    while time.monotonic() < end:
        statuses.append(ask(address).status_code)  # a connection of its own each: no process is asked on purpose
    assert set(statuses) == {200}
    assert len(statuses) > 20
    assert eventually(lambda: len(children(process.pid)) == 3, 10)
    assert len(set(children(process.pid)) - set(before)) == 1


def test_what_one_has_answered_the_others_know(server):
    address, _ = server
    tags = {ask(address).headers["etag"] for _ in range(3)}
    time.sleep(0.2)
    tags |= {ask(address).headers["etag"] for _ in range(30)}
    assert len(tags) == 1
    misses = {counted(address, 'stelsel_query_seconds_count{lane="free",outcome="complete"}') for _ in range(30)}
    assert sum(misses) <= 3  # of the thirty and more, the store was asked those of the first moment


def sent(address, query):
    """A connection on which a query has been asked, and its answer not read."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    connection.request("GET", f"/sparql?{urlencode({'query': query})}")
    return connection


def rows(connection):
    with closing(connection):
        return len(json.loads(connection.getresponse().read())["results"]["bindings"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_what_runs_finish_and_refuses_who_comes(data, number):
    with served(data, workers=2, query_seconds=30, cache_bytes=0) as (address, process), ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(rows, connection) for connection in [sent(address, LONG) for _ in range(4)]]
        process.send_signal(number)
        assert eventually(lambda: refused(address), 2)
        assert not all(answer.done() for answer in answers)
        assert [answer.result() for answer in answers] == [100_000] * 4
        assert process.wait(20) == 0


def test_who_had_come_before_the_stop_is_answered_even_if_nobody_had_looked_yet(data):
    with served(data, workers=2, query_workers=2, query_seconds=10) as (address, process):
        for child in children(process.pid):
            os.kill(child, signal.SIGSTOP)
        connections = [sent(address, POINT) for _ in range(20)]
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)  # what a stopped process is told it hears when it goes on
        for child in children(process.pid):
            os.kill(child, signal.SIGCONT)
        assert [rows(connection) for connection in connections] == [1] * 20
        assert process.wait(10) == 0


def test_a_second_signal_does_not_wait(data):
    with served(data, workers=2, query_seconds=60) as (address, process):
        endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
        failures = []

        def wait_for_it():
            with pytest.raises(httpx2.TransportError) as failure:
                ask(address, endless)
            failures.append(failure)

        thread = threading.Thread(target=wait_for_it)
        thread.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        thread.join()
    assert failures


def test_nothing_is_left_when_the_parent_is_killed(data):
    with served(data, workers=2, query_workers=2) as (address, process):
        family = children(process.pid)
        family += [member for child in family for member in children(child)]
        process.kill()
        process.wait()
    assert eventually(lambda: not any(alive(member) for member in family), 10)
    assert refused(address)


def test_all_of_them_follow_the_release(server, data):
    address, _ = server
    release(data, "r2", chain(10))
    try:
        assert eventually(lambda: {ask(address).headers["stelsel-release"] for _ in range(20)} == {"r2"}, 10)
    finally:
        point(data, "r1")


def test_a_service_that_cannot_start_says_so_and_ends(data, tmp_path):
    # Content that is wrong is found by the server processes: the parent opens nothing itself.
    for folder in ("queries/theme", "loaders", "ontologies"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "queries/theme/broken.rq").write_text("#+ nonsense: [\nSELECT * {}")
    environ = {**os.environ, "STELSEL_DATA": str(data), "STELSEL_PORT": "0", "STELSEL_HOME": str(tmp_path)}
    done = subprocess.run(
        [Path(sys.executable).parent / "stelsel", "serve", "--workers", "2"],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "broken.rq" in done.stderr
    assert "ended before it was ready" in done.stderr
    assert done.stdout == ""
