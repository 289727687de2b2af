"""The real server under a set of queries and clients that each would take down a service without limits."""

from __future__ import annotations

import http.client
import json
import re
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tinyreleases import RUNAWAYS, chain, eventually, release, served, workers_of

pytestmark = pytest.mark.slow  # it measures time

SECONDS = 1.0
LATE = 0.25  # seconds after its deadline by which a query has ended
TURN = 0.02  # seconds that another program may have the processor
POINT = "SELECT ?o { <http://e/5> <http://e/label> ?o }"
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
HOSTILE = "127.0.0.2"  # another client than the one that asks point queries

_DEEP = "<http://e/next>"
for _ in range(6):
    _DEEP = f"(({_DEEP})*/(^({_DEEP}))*)*"
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
    "thousands of patterns": "SELECT (COUNT(*) AS ?n) { "
    + " ".join(f"?a{n} ?p ?a{n + 1} ." for n in range(4000))
    + " }",
    "nested a thousand deep": "SELECT * { " + "{ " * 1000 + "?a ?b ?c" + " }" * 1000 + " }",
    "nested a hundred thousand deep": "SELECT * { " + "{ " * 100_000 + "?a ?b ?c" + " }" * 100_000 + " }",
    "parentheses": "SELECT (" + "(" * 100_000 + "1" + ")" * 100_000 + " AS ?x) {}",
    "negations": "ASK { FILTER(" + "!" * 100_000 + "true) }",
    "long and with the word service": "SELECT * " + "{ " * 200_000 + "# service",
    "escapes": "SELECT * { ?s ?p '" + "\\u0041" * 80_000 + "' . ?a ?b ?c . ?d ?e ?f } ORDER BY ?a ?d",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}
HONEST = {0, 400, 403, 413, 503, 504}  # 0: the connection was broken, so that a part is not taken for the whole
HEADER = 10  # seconds that the server waits for a header


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("hostile")
    release(data, "r1", chain(20_000))
    return data


@pytest.fixture(scope="module")
def server(data):
    with served(
        data, query_seconds=SECONDS, query_workers=4, query_memory=600_000_000, metrics="loopback", cache_bytes=0
    ) as (address, process):
        pace(address, 0.5)
        yield address, process.pid


def connection(address, source="127.0.0.1"):
    place = urlsplit(address)
    return closing(http.client.HTTPConnection(place.hostname, place.port, timeout=30, source_address=(source, 0)))


def open_socket(address, sent=b""):
    place = urlsplit(address)
    opened = socket.create_connection((place.hostname, place.port), timeout=30, source_address=(HOSTILE, 0))
    opened.sendall(sent)
    return opened


def asked(query):
    return f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: e\r\n\r\n".encode()


def post(address, query):
    """Status, body and seconds. The status is 0 where the connection was broken halfway."""
    body = urlencode({"query": query})
    began = time.monotonic()
    with connection(address, HOSTILE) as connected:
        with suppress(BrokenPipeError):  # refused before all of it was sent
            connected.request("POST", "/sparql", body, FORM)
        answer = connected.getresponse()
        try:
            body = answer.read()
        except http.client.IncompleteRead:
            return 0, b"", time.monotonic() - began
        return answer.status, body, time.monotonic() - began


def pace(address, seconds):
    """How long point queries of one client take, in seconds, asked one after the other; and the statuses."""
    times, statuses = [], set()
    end = time.monotonic() + seconds
    with connection(address) as connected:
        while time.monotonic() < end:
            began = time.monotonic()
            connected.request("GET", f"/sparql?query={quote(POINT)}&x={len(times)}")
            answer = connected.getresponse()
            answer.read()
            times.append(time.monotonic() - began)
            statuses.add(answer.status)
            time.sleep(0.002)
    return times, statuses


def p99(times):
    return statistics.quantiles(times, n=100)[98]


def figures(address):
    """What /metrics says, as numbers."""
    with connection(address) as connected:
        connected.request("GET", "/metrics")
        text = connected.getresponse().read().decode()
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)}


def open_files(process):
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def memory(process):
    """Bytes that a process has to itself."""
    return sum(
        int(line.split()[1]) * 1024
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        if line.startswith("Private_")
    )


@pytest.mark.parametrize("name", QUERIES)
def test_it_ends_within_a_quarter_of_a_second_of_its_deadline(server, name):
    status, body, seconds = post(server[0], QUERIES[name])
    if seconds >= SECONDS + LATE:  # another program may have had the processor: it must be so every time to count
        status, body, seconds = post(server[0], QUERIES[name])
    assert seconds < SECONDS + LATE
    assert status in HONEST or (status == 200 and json.loads(body)["head"])
    if status > 200:
        assert json.loads(body)["status"] == status


def hang_up(address):
    """Ask for something endless, and leave."""
    with open_socket(address, asked(QUERIES["count of a cross join"])):
        time.sleep(0.05)


def oversize(address):
    """A body that is too long, and one that does not say how long it is."""
    with open_socket(address) as opened:
        opened.sendall(b"POST /sparql HTTP/1.1\r\nHost: e\r\nContent-Type: application/sparql-query\r\n")
        opened.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
        with suppress(OSError):
            for _ in range(40):
                opened.sendall(b"10000\r\n" + b"#" * 65536 + b"\r\n")
        return opened.recv(100)


def siege(address, rounds):
    """Everything at once from one hostile client, on eight connections; what became of the queries."""
    texts = [*QUERIES.values()] * rounds
    with ExitStack() as slow, ThreadPoolExecutor(8) as pool:
        for _ in range(4):  # they never read
            slow.enter_context(open_socket(address, asked(STREAM)))
        leaving = [pool.submit(hang_up, address) for _ in range(10)]
        long = [pool.submit(oversize, address) for _ in range(4)]
        running = [pool.submit(post, address, text) for text in texts]
        for one in leaving:
            one.result()
        assert {one.result()[:12] for one in long} <= {b"HTTP/1.1 413", b""}
        return [one.result() for one in running]


def test_others_are_answered_as_if_nothing_happened(server):
    address, process = server
    idle, _ = pace(address, 3)
    files, bytes_before = open_files(process), memory(process)
    with ThreadPoolExecutor(1) as pool:
        besieged = pool.submit(siege, address, rounds=2)
        time.sleep(0.5)
        busy, statuses = pace(address, 6)
        results = besieged.result()

    assert statuses == {200}
    # What is promised is three times the idle figure. The siege's own clients, and the starting of workers, share two
    # processors with the client that measures: a turn of the scheduler is let through.
    told = f"p50 {statistics.median(idle) * 1e3:.1f} -> {statistics.median(busy) * 1e3:.1f} ms, "
    told += f"p99 {p99(idle) * 1e3:.1f} -> {p99(busy) * 1e3:.1f} ms; "
    last = max(seconds for _, _, seconds in results)
    told += f"the last of the siege ended {last - SECONDS:.2f} s after its deadline"
    assert statistics.median(busy) < 3 * statistics.median(idle), told
    assert p99(busy) < 3 * p99(idle) + TURN, told
    assert last < SECONDS + LATE, told
    print(told)  # noqa: T201 - with -s it is a measurement

    assert {status for status, _, _ in results} <= HONEST | {200}
    assert eventually(lambda: figures(address)["stelsel_workers_busy"] == 0)
    assert eventually(lambda: len(workers_of(process)) == 5)
    assert eventually(lambda: open_files(process) <= files + 5)
    assert memory(process) < bytes_before + 150_000_000


def test_what_happened_was_counted(server):
    found = figures(server[0])
    assert found['stelsel_query_seconds_count{lane="free",outcome="deadline"}'] > 10
    assert found['stelsel_query_seconds_count{lane="free",outcome="busy"}'] > 0
    assert found['stelsel_query_seconds_count{lane="free",outcome="gone"}'] > 0
    assert found["stelsel_workers_alive"] >= 4
    assert found["stelsel_workers_started_total"] > 20


def closed_after(opened, seconds):
    """Seconds until the server hangs up; a client that drips meanwhile is as slow as one that is silent."""
    began = time.monotonic()
    opened.settimeout(0.5)
    while time.monotonic() - began < seconds:
        try:
            opened.sendall(b"x")
            if not opened.recv(1000):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


def test_who_does_not_finish_a_header_is_hung_up_on_and_others_are_not(server):
    address, process = server
    before = open_files(process)
    begun = (b"", b"GET /sparql?query=", b"GET / HTTP/1.1\r\nX-Slow: ")
    with ExitStack() as stack, ThreadPoolExecutor(30) as pool:
        slow = [stack.enter_context(open_socket(address, begun[n % 3])) for n in range(30)]
        waited = [pool.submit(closed_after, one, HEADER + 5) for one in slow]
        _, statuses = pace(address, 2)
        assert statuses == {200}
        assert max(one.result() for one in waited) < HEADER + 2
    assert eventually(lambda: open_files(process) <= before + 3)


def test_a_header_without_an_end_is_refused(server):
    with open_socket(server[0], b"GET / HTTP/1.1\r\n") as opened:
        sent = 0
        with suppress(OSError):
            for number in range(10_000):
                opened.sendall(b"x%d: " % number + b"y" * 1000 + b"\r\n")
                sent += 1000
        assert sent < 3_000_000  # what was under way when it was refused
    assert pace(server[0], 0.1)[1] == {200}


def test_one_address_cannot_take_all_connections(data):
    with served(data, connections=20) as (address, _), ExitStack() as stack:
        opened = [stack.enter_context(open_socket(address)) for _ in range(30)]
        time.sleep(0.2)
        for one in opened:
            one.settimeout(0.2)
        assert sum(closed(one) for one in opened) == 20
        assert pace(address, 0.2)[1] == {200}


def closed(opened):
    try:
        return opened.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True
