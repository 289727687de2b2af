"""Releases that switch every second under load: nobody notices, and nothing is left of the old ones."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tinyreleases import chain, children, eventually, point, release, served, workers_of

SECONDS = 15
SIZES = {"r1": 100, "r2": 200, "r3": 300}
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
POINT = "SELECT ?o { <http://e/%d> <http://e/label> ?o }"
ROWS = "SELECT * { ?a <http://e/next> ?b . ?c <http://e/next> ?d } LIMIT 5000"
# One machine runs this and other tests at once; the benchmark says what it is when nothing else runs.
SLOWEST = 2.0


class Load:
    """Clients that ask, each over one connection: answers repeated and not, short and streamed."""

    def __init__(self, address):
        self._place = urlsplit(address)
        self._stop = threading.Event()
        self.failures, self.took, self.seen = [], [], set()
        self._threads = [
            threading.Thread(target=self._drive, args=[n, itertools.cycle(queries)])
            for n, queries in enumerate([[COUNT], [POINT % n for n in range(90)], [ROWS], [COUNT, POINT % 5]])
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _drive(self, number, queries):
        with closing(http.client.HTTPConnection(self._place.hostname, self._place.port, timeout=20)) as connection:
            for n, query in enumerate(queries):
                if self._stop.is_set():
                    return
                # Every other question is one that nobody has asked.
                text = query if n % 2 else f"{query} OFFSET 0 # {number}".replace(" ", "  ", n % 7)
                began = time.monotonic()
                try:
                    connection.request("GET", f"/sparql?query={quote(text)}")
                    answer = connection.getresponse()
                    body = answer.read()
                except (OSError, http.client.HTTPException) as error:
                    self.failures.append(repr(error))
                    connection.close()
                    continue
                self.took.append(time.monotonic() - began)
                name = answer.headers["stelsel-release"]
                self.seen.add(name)
                # Header and body are of one release: no answer mixes two.
                if answer.status != 200 or (query == COUNT and f'"{2 * SIZES[name]}"'.encode() not in body):
                    self.failures.append((answer.status, name, body[:100]))


def family(process):
    """A process and all that come from it."""
    return [process, *(member for child in children(process) for member in family(child))]


def files(processes):
    return sum(len(list(Path(f"/proc/{process}/fd").iterdir())) for process in processes)


def memory(processes):
    """Bytes of a process' own, in all of them together."""
    total = 0
    for process in processes:
        with suppress(OSError):  # a worker may end of itself, and another takes its place
            lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_Dirty:"))
    return total


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_releases_switch_every_second_and_no_request_notices(tmp_path, workers):
    for name, size in SIZES.items():
        release(tmp_path, name, chain(size))
    names = itertools.cycle(SIZES)
    with served(tmp_path, workers=workers, query_workers=2, query_seconds=10) as (address, process):
        servers = [process.pid] if workers == 1 else children(process.pid)

        def settled():
            # Of the old releases nothing is left: no worker, and no process that forks them.
            return all(len(workers_of(server)) == 3 and len(children(server)) == 1 for server in servers)

        with Load(address) as load:
            time.sleep(2)
            point(tmp_path, next(names))
        assert eventually(settled, 10)
        before = files(servers), memory(family(process.pid))
        quiet = max(load.took)
        with Load(address) as load:
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                point(tmp_path, next(names))
                time.sleep(1)
        assert eventually(settled, 10)
        after = files(servers), memory(family(process.pid))
    assert load.failures == []
    assert load.seen == set(SIZES)
    assert len(load.took) > 100
    assert max(load.took) < quiet + SLOWEST
    # Workers are new with every release; what could pile up is with the servers that start and end them.
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1] * 1.3 + 20_000_000
