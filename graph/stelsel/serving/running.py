"""The queries that run now: who asked, since when, and a way to stop one.

Every question that costs a worker goes through here, so this is also where it is seen how each of them ended.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, Literal, NamedTuple

from stelsel.errors import (
    Busy,
    DeadlinePassed,
    MemoryExceeded,
    NotFound,
    QueryRefused,
    QuerySyntaxError,
    StelselError,
    Stopped,
    Truncated,
)
from stelsel.serving.attempts import Running, attempt, paced
from stelsel.serving.pacing import Pace
from stelsel.storing import Limits, Question, Store
from stelsel.storing.formats import Format

Outcome = Literal[
    "complete", "truncated", "deadline", "memory", "busy", "refused", "syntax", "gone", "stopped", "failed"
]

OUTCOMES: Final[dict[type[StelselError], Outcome]] = {
    Truncated: "truncated",
    DeadlinePassed: "deadline",
    MemoryExceeded: "memory",
    Busy: "busy",
    QueryRefused: "refused",
    QuerySyntaxError: "syntax",
    Stopped: "stopped",
}
_SLACK: Final = 0.05  # seconds before its deadline at which a query counts as having reached it


class Ended(NamedTuple):
    """How a query ended. `seconds` is all of it, `held` the part in which it had a worker."""

    query: Running
    outcome: Outcome
    seconds: float
    held: float


class Queries:
    """What runs in this server process. `ended` is called once for every query, whatever became of it."""

    def __init__(self, ended: Callable[[Ended], None], pace: Pace | None = None) -> None:
        self._ended, self._pace = ended, pace
        self._running: dict[int, Running] = {}
        self._numbers = 0

    def running(self) -> list[Running]:
        """Every query that runs or waits for its turn, the oldest first."""
        return list(self._running.values())

    async def answer(
        self, store: Store, question: Question, format: Format, within: Limits, *, form: str = ""
    ) -> AsyncGenerator[bytes]:
        """As storing.Store.answer, and watched. Raises Stopped, too, when an operator has ended it."""
        self._numbers += 1
        now, clock = time.monotonic(), time.time()
        query = Running(question, format, within, form, store.release, self._numbers, clock, now)
        self._running[query.number] = query
        pace = self._pace if within.lane == "free" else None
        chunks = attempt(store, query) if pace is None else paced(store, query, pace)
        outcome: Outcome = "gone"
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk
            outcome = "complete"
        except StelselError as error:
            outcome = OUTCOMES.get(type(error), "failed")
            raise
        finally:
            del self._running[query.number]
            self._ended(_ended(query, outcome))

    async def stop(self, id: str) -> None:
        """End a query: its worker at once, and its client hears that it was stopped. Raises NotFound."""
        query = next((query for query in self._running.values() if query.id == id), None)
        if query is None:
            raise NotFound(f"no query {id} runs; it may just have ended")
        query.interrupt("stopped")
        if query.waiting is None and query.answer is not None:
            # Nobody waits for the next chunk: its client is slow to take the last one. The worker need not wait for it.
            await query.answer.aclose()


class Watched:
    """A store whose questions are in the list of what runs: for those who know the port only."""

    def __init__(self, store: Store, queries: Queries) -> None:
        self._store, self._queries = store, queries

    @property
    def release(self) -> str:
        """See storing.Store."""
        return self._store.release

    def answer(self, question: Question, format: Format, within: Limits) -> AsyncGenerator[bytes]:
        """See storing.Store."""
        return self._queries.answer(self._store, question, format, within)


def _ended(query: Running, outcome: Outcome) -> Ended:
    seconds = query.seconds
    if outcome == "gone" and seconds >= query.within.seconds - _SLACK:
        outcome = "deadline"  # its client read too slowly: the rest of the answer came too late
    if query.spent is not None:
        held = query.spent
    else:  # it never had a turn; or the store knows no turns, and all of the time was the store's
        held = 0.0 if outcome in ("busy", "gone", "stopped", "refused") else seconds
    return Ended(query, outcome, seconds, held)
