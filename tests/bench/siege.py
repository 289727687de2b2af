"""Runaway queries: whether each ends at its deadline and its processor time with it, and what other clients notice.

    python tests/bench/siege.py [--scale 1] [--deadline 2] [--rounds 3] [--seconds 10] [--only each siege]

each    every runaway by itself: how long after its deadline it ended (at most 0.25 s), and how many cores the service keeps
        busy after that (none)
siege   point queries of one client, idle and while eight connections of another send runaways and four read nothing, in
        turns: p99 at most 3 times the idle figure, every runaway ended within 0.25 s of its deadline
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import re
import statistics
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

from driving import Ask, Client
from engines import Engine, stelsel
from hostile import RUNAWAYS, STREAM, Ended, opened, post
from material import material
from measure import alone, part, processor, table

LATE = 0.25  # seconds after its deadline by which a query has ended
FREED = 0.1  # cores that a service without questions may use
CONNECTIONS = 8
SLOW = 4


def main() -> None:
    """Measures each runaway, and then all of them at once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1, help="millions of triples, about (default 1)")
    parser.add_argument("--deadline", type=float, default=2, help="of a query, in seconds (default 2)")
    parser.add_argument("--rounds", type=int, default=3, help="of idle and siege in turns (default 3)")
    parser.add_argument("--seconds", type=float, default=10, help="of each (default 10)")
    parser.add_argument("--workers", type=int, default=1, help="server processes of Stelsel in the siege (default 1)")
    parser.add_argument("--only", nargs="+", choices=("each", "siege"), default=("each", "siege"))
    options = parser.parse_args()
    made = material(options.scale)
    settings = {"query_seconds": options.deadline, "cache_bytes": 0, "metrics": "loopback"}
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    good = True
    if "each" in options.only:
        with alone(), stelsel(made.data, **settings) as engine:
            good &= each(engine, options.deadline)
    if "siege" in options.only:
        points = [ask for ask in made.asks if ask.name == "q01"]
        with alone(), stelsel(made.data, workers=options.workers, **settings) as engine:
            good &= siege(engine, points, options)
    sys.exit(0 if good else 1)


def each(engine: Engine, deadline: float) -> bool:
    """One runaway after the other; whether all of them ended in time, as they should, and left nothing running."""
    rows, good = [], True
    runs: dict[str, Callable[[], Ended]] = {
        name: lambda query=query: post(engine.base, query)  # type: ignore[misc]
        for name, query in RUNAWAYS.items()
    }
    runs["answer that nobody reads"] = lambda: unread(engine, STREAM)
    for name, run in runs.items():
        ended = run()
        busy = cores(engine.pid)
        late = ended.seconds - deadline
        fine = late < LATE and busy < FREED and ended.owed
        good &= fine
        rows.append(
            [
                name,
                str(ended.status),
                f"{ended.seconds:.2f}",
                f"{max(0, late):.3f}",
                f"{busy:.2f}",
                "" if fine else "NO",
            ]
        )
    title = f"each runaway, deadline {deadline:g} s (late < {LATE} s, nothing busy after it; status 0 is an answer broken off)"
    table(title, ["", "status", "seconds", "late s", "cores after", "good"], rows)
    return good


def unread(engine: Engine, query: str) -> Ended:
    """A query whose answer is not read: it has ended when no worker is busy any more."""
    began = time.monotonic()
    with opened(engine.base, query):
        time.sleep(0.5)
        if not busy_workers(engine):
            raise RuntimeError("a stream that is not read has not even begun")
        while busy_workers(engine) and time.monotonic() - began < 60:
            time.sleep(0.01)
        return Ended(0, time.monotonic() - began, owed=True)


def busy_workers(engine: Engine) -> float:
    """What /metrics says of it; there is one server process."""
    with urllib.request.urlopen(f"{engine.base}/metrics", timeout=30) as answer:
        found = re.search(r"^stelsel_workers_busy (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def cores(pid: int) -> float:
    """How many cores a service uses, once a worker that was ended has had the time to be replaced."""
    time.sleep(0.25)
    began, before = time.monotonic(), processor(pid)
    time.sleep(0.4)
    return (processor(pid) - before) / (time.monotonic() - began)


def siege(engine: Engine, points: list[Ask], options: argparse.Namespace) -> bool:
    """Idle and besieged in turns; whether the promises are kept."""
    idle: list[list[float]] = []
    busy: list[list[float]] = []
    failures: list[str] = []
    ended: list[tuple[str, Ended]] = []
    # Its clients are on other machines, in earnest: here they are another process, which stands behind the service.
    apart = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=os.nice, initargs=(10,))
    with apart as elsewhere:
        elsewhere.submit(abs, 0).result()
        pace(engine, points, 1)
        for _ in range(options.rounds):
            idle.append(pace(engine, points, options.seconds)[0])
            running = elsewhere.submit(besiege, engine.base, options.seconds + 1)
            time.sleep(1)
            took, failed = pace(engine, points, options.seconds)
            busy.append(took)
            failures += failed
            ended += running.result()
            time.sleep(options.deadline / 2)
    left = cores(engine.pid)
    rows = []
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("slowest", 1.0)):
        pairs = [(part(a, share) * 1000, part(b, share) * 1000) for a, b in zip(idle, busy, strict=True)]
        ratios = [b / a for a, b in pairs]
        figures = [f"{statistics.median(values):.2f}" for values in zip(*pairs, strict=True)]
        rows.append([name, *figures, f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f}-{max(ratios):.2f}"])
    table("point queries of another client, ms (p99: ratio <= 3)", ["", "idle", "besieged", "ratio", "range"], rows)
    print(f"{sum(map(len, busy))} asked while besieged, {len(failures)} failed {failures[:2] or ''}")
    return kept(ended, left, options.deadline) and not failures and float(rows[2][3]) <= 3


def kept(ended: list[tuple[str, Ended]], left: float, deadline: float) -> bool:
    """Prints what became of the runaways; whether all ended as and when they should."""
    late = [each.seconds - deadline for _, each in ended]
    wrong = [(name, each) for name, each in ended if not each.owed or each.seconds > deadline + LATE]
    statuses = Counter(each.status for _, each in ended)
    table(
        "the runaways meanwhile",
        ["ended", "statuses", "late p50", "late p99", "latest", "not as owed", "cores after"],
        [
            [
                str(len(ended)),
                " ".join(f"{status}:{number}" for status, number in sorted(statuses.items())),
                *(f"{max(0, part(late, share)):.3f}" for share in (0.5, 0.99, 1.0)),
                str(len(wrong)),
                f"{left:.2f}",
            ]
        ],
    )
    for name, each in wrong[:5]:
        print(f"{name}: {each.status} after {each.seconds:.2f} s {each.said[:200]}")
    return not wrong and left < FREED


def pace(engine: Engine, points: list[Ask], seconds: float) -> tuple[list[float], list[str]]:
    """What point queries take, in seconds, one after the other with a pause; and what failed."""
    took: list[float] = []
    failures: list[str] = []
    client = Client(engine.address)
    end = time.monotonic() + seconds
    for number in itertools.count():
        if time.monotonic() > end:
            break
        try:
            took.append(client.ask(points[number % len(points)])[0])
        except (RuntimeError, OSError) as error:
            failures.append(repr(error))
            client.close()
        time.sleep(0.002)
    client.close()
    return took, failures


def besiege(base: str, seconds: float) -> list[tuple[str, Ended]]:
    """All runaways in turns on each connection, from another address; how each ended."""
    ended: list[tuple[str, Ended]] = []
    end = time.monotonic() + seconds
    texts = list(RUNAWAYS.items())

    def drive(start: int) -> None:
        for number in itertools.count(start * len(texts) // CONNECTIONS):
            if time.monotonic() > end:
                return
            name, query = texts[number % len(texts)]
            ended.append((name, post(base, query)))

    with ExitStack() as slow:
        for _ in range(SLOW):
            slow.enter_context(opened(base, STREAM))
        threads = [threading.Thread(target=drive, args=[number]) for number in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return ended


if __name__ == "__main__":
    main()
