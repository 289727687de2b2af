"""Releases that switch every second under a mixed load: what fails or is slow for it, and what stays behind.

Measured by tests/bench/serve.py --only swap.
"""

from __future__ import annotations

import itertools
import threading
import time
from http.client import HTTPException

from driving import Ask, Client
from engines import Engine
from material import Material, point
from measure import Held, family, held, part, servers, table


def swap(engine: Engine, made: Material, seconds: float) -> None:
    """Prints what clients noticed, and what the servers (with their forkers) and all processes hold before and after."""
    names = itertools.cycle(("two", "one"))
    drive(engine.address, made.lookups, 2)  # what a first switch leaves for good is no growth
    point(made.data, next(names))
    still, failed = drive(engine.address, made.lookups, 3)
    before = settled(engine.pid)
    stop = threading.Event()
    switches = 0

    def switch() -> None:
        nonlocal switches
        while not stop.wait(1):
            point(made.data, next(names))
            switches += 1

    thread = threading.Thread(target=switch)
    thread.start()
    took, failures = drive(engine.address, made.lookups, seconds)
    stop.set()
    thread.join()
    after = settled(engine.pid)
    point(made.data, "one")
    rows = [
        ["requests", f"{len(still)}", f"{len(took)}"],
        ["failed", f"{len(failed)}", f"{len(failures)}"],
        *(
            [f"{name} ms", f"{part(still, share) * 1000:.1f}", f"{part(took, share) * 1000:.1f}"]
            for name, share in (("p50", 0.5), ("p99", 0.99), ("slowest", 1.0))
        ),
        ["over 250 ms", str(slow(still)), str(slow(took))],
        *(
            row
            for what, was, now in (("servers", before[0], after[0]), ("all", before[1], after[1]))
            for row in (
                [f"{what}: processes", str(was.processes), str(now.processes)],
                [f"{what}: open files", str(was.files), str(now.files)],
                [f"{what}: PSS MB", f"{was.memory / 1e6:.1f}", f"{now.memory / 1e6:.1f}"],
            )
        ),
    ]
    table(
        f"{switches} switches in {seconds:g} s (0 failed, none over 250 ms, nothing grows)",
        ["", "before", "after"],
        rows,
    )
    for failure in (failed + failures)[:3]:
        print(failure)


def drive(address: str, asks: list[Ask], seconds: float) -> tuple[list[float], list[str]]:
    """Four clients that ask; gives the seconds that each answer took, and what failed."""
    took: list[float] = []
    failures: list[str] = []
    end = time.monotonic() + seconds

    def ask(start: int) -> None:
        client = Client(address)
        for number in itertools.count(start):
            if time.monotonic() > end:
                break
            try:
                took.append(client.ask(asks[number * 7 % len(asks)])[0])
            except (RuntimeError, OSError, HTTPException) as error:
                failures.append(repr(error))
                client.close()
                client = Client(address)
        client.close()

    threads = [threading.Thread(target=ask, args=[number * 31]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, failures


def settled(pid: int) -> tuple[Held, Held]:
    """What the servers and their forkers hold, and what all processes do, once there are no more of them than there were."""
    time.sleep(3)
    return held(servers(pid)), held(family(pid))


def slow(took: list[float]) -> int:
    """How many took longer than a switch may make them."""
    return sum(each > 0.25 for each in took)
