"""Mixed and hostile load for a while, with updates and releases that switch: what failed that should not have, and what grew.

    python tests/bench/soak.py [--minutes 10] [--scale 1] [--workers 2]

Clients of every kind go on at once (see KINDS in clients.py). A failure is owed where the service promised it: a problem
document for a query that has no end, a stream that is broken at its deadline, a change that is told to wait. Any other is
printed, and makes this fail. So does growth: the middle of the last quarter against that of the second, for the processes that
live on (servers and those that fork their workers), their open files, the number of all processes, and releases on disk. In
less than three minutes caches are still filling: growth is then printed, and not judged.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clients import KINDS, Around, Tally
from engines import Engine, stelsel
from material import BUILT, material
from measure import Held, alone, family, held, memory, part, servers, table

from stelsel.storing.tokens import create

CACHE = 16_000_000  # bytes of the result cache: it is full before the growth of anything is judged
JUDGED = 3  # minutes from which growth counts
CHANGES = 25  # releases on disk: a change removes the oldest of its kind when there are twice ten


@dataclass(frozen=True)
class Look:
    """What there was at a moment, in seconds since the begin."""

    at: float
    lasting: Held
    all: Held
    releases: int
    each: dict[str, int]
    """What each of the lasting processes holds, in bytes."""


def main() -> None:
    """Starts the service on a copy of the data, sets all clients upon it, and judges."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="how long (default 10)")
    parser.add_argument("--scale", type=float, default=1, help="millions of triples, about (default 1)")
    parser.add_argument("--workers", type=int, default=2, help="server processes of Stelsel (default 2)")
    parser.add_argument("--deadline", type=float, default=5, help="of a query, in seconds (default 5)")
    options = parser.parse_args()
    made = material(options.scale)
    data = BUILT / f"soak-{os.getpid()}"
    shutil.copytree(made.data, data, symlinks=True, copy_function=os.link)
    try:
        token, _ = create(data, ["steward", "operator"], days=1)
        settings = {"query_seconds": options.deadline, "cache_bytes": CACHE, "workers": options.workers}
        print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        with alone(), stelsel(data, **settings) as engine:
            around = Around(engine.base, data, made.asks, token, options.deadline, Tally(), threading.Event())
            looks = watch(engine, around, 60 * options.minutes)
            good = failures(around.tally) & (growth(looks) or options.minutes < JUDGED)
    finally:
        shutil.rmtree(data)
    print("as it should be" if good else "NOT as it should be")
    sys.exit(0 if good else 1)


def watch(engine: Engine, around: Around, seconds: float) -> list[Look]:
    """Lets all clients go on for so long, and looks at the service meanwhile."""
    looks: list[Look] = []
    began = time.monotonic()
    interval = min(2.0, seconds / 40)
    os.nice(10)  # in earnest clients are on other machines; the service runs already, so this is for the clients only
    with ThreadPoolExecutor(sum(number for _, number in KINDS.values())) as pool:
        running = [pool.submit(kind, around, n) for kind, number in KINDS.values() for n in range(number)]
        while (at := time.monotonic() - began) < seconds:
            releases = len(list((around.data / "open/releases").iterdir()))
            lasting = servers(engine.pid)
            looks.append(Look(at, held(lasting), held(family(engine.pid)), releases, memory(lasting)))
            time.sleep(interval)
        around.stop.set()
        for one in running:
            one.result()
    return looks


def failures(tally: Tally) -> bool:
    """Prints what became of all that was asked; whether no failure was unowed."""
    rows = []
    for kind, found in sorted(tally.by_kind().items()):
        took = [each.seconds for each in found]
        statuses: dict[int, int] = {}
        for each in found:
            statuses[each.status] = statuses.get(each.status, 0) + 1
        rows.append(
            [
                kind,
                str(len(found)),
                " ".join(f"{status}:{number}" for status, number in sorted(statuses.items())),
                str(sum(each.owed and each.status >= 400 for each in found)),
                str(sum(not each.owed for each in found)),
                f"{part(took, 0.5) * 1000:.1f}",
                f"{part(took, 0.99) * 1000:.0f}",
                f"{max(took) * 1000:.0f}",
            ]
        )
    head = ["client", "asked", "statuses (0 is broken off)", "owed", "NOT owed", "p50 ms", "p99", "slowest"]
    table("what was asked (NOT owed: 0)", head, rows)
    wrong = [each for each in tally.ended if not each.owed]
    for each in wrong[:10]:
        print(f"not owed: {each.kind} {each.status} after {each.seconds:.2f} s {each.said[:300]}")
    return not wrong


def growth(looks: list[Look]) -> bool:
    """Prints how much there was over time; whether none of what counts has grown. Figures are medians of a quarter."""
    measures = {
        "servers: PSS MB": ([look.lasting.memory / 1e6 for look in looks], 20.0, 0.10),
        "servers: open files": ([float(look.lasting.files) for look in looks], 10.0, 0.0),
        "servers: processes": ([float(look.lasting.processes) for look in looks], 0.5, 0.0),
        "all: processes": ([float(look.all.processes) for look in looks], 3.0, 0.0),
        "all: PSS MB": ([look.all.memory / 1e6 for look in looks], float("inf"), 0.0),  # as the queries are that run
        "all: open files": ([float(look.all.files) for look in looks], float("inf"), 0.0),
        "releases on disk": ([float(look.releases) for look in looks], float(CHANGES), 0.0),
    }
    half = len(looks) // 2
    minutes = [look.at / 60 for look in looks[half:]]
    rows, good = [], True
    for name, (seen, least, share) in measures.items():
        quarters = [statistics.median(seen[n * len(seen) // 4 : (n + 1) * len(seen) // 4]) for n in range(4)]
        slope = statistics.linear_regression(minutes, seen[half:]).slope
        grown = quarters[3] - quarters[1] > max(least, share * quarters[1])
        good &= not grown
        rows.append(
            [name, *(f"{q:,.0f}" for q in quarters), f"{max(seen):,.0f}", f"{slope:+.2f}", "GROWS" if grown else ""]
        )
    head = ["", "1st quarter", "2nd", "3rd", "4th", "most", "slope a minute", ""]
    table("what the service held (slope: of the second half)", head, rows)
    points = [looks[n * (len(looks) - 1) // 4].each for n in range(5)]
    lasting = [
        [name, *(f"{point.get(name, 0) / 1e6:.0f}" for point in points)] for name in points[2] if name in points[4]
    ]
    table("PSS MB of those that live on", ["process", "at first", "1/4", "1/2", "3/4", "at last"], lasting)
    return good


if __name__ == "__main__":
    main()
