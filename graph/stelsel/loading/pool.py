"""Parts mapped in several processes, their results in the order of the parts."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from stelsel.errors import StelselError
from stelsel.loading.parts import Part, Result, Worker

IN_FLIGHT = 2  # parts a process may have waiting: with the size of a part this bounds memory, whatever the delivery


@dataclass(frozen=True)
class Setup:
    """What a process needs to make its worker."""

    home: Path
    register: str
    base: str
    on: date


_worker: Worker | None = None  # one a process, made when the process starts


def _start(setup: Setup) -> None:
    global _worker  # noqa: PLW0603  # a process pool has no other place for what its tasks share
    _worker = Worker(setup.home, setup.register, setup.base, setup.on)


def _work(part: Part) -> Result:
    if _worker is None:
        raise RuntimeError("a part reached a process that was not started with _start")
    return _worker.work(part)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def results(parts: Iterator[Part], setup: Setup, processes: int) -> Iterator[Result]:
    """What each part becomes, in order. Raises what a part raised, and StelselError where a process was killed."""
    if processes == 1:
        worker = Worker(setup.home, setup.register, setup.base, setup.on)
        yield from map(worker.work, parts)
        return
    # Not fork: the parent may have threads (a progress bar), and a forked child would inherit their locks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(setup,)) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for part in parts:
                waiting.append(pool.submit(_work, part))
                if len(waiting) >= processes * IN_FLIGHT:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise StelselError(
                "a mapping process was killed, most likely for want of memory; set STELSEL_PROCESSES=1 and try again"
            ) from error
        finally:
            for future in waiting:
                future.cancel()
