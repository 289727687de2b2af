"""The queries that run now: who asked, since when, and a way to stop one.

Every question that costs a worker goes through here, so this is also where it is seen how each of them ended.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from stelsel.errors import (
    Busy,
    DeadlinePassed,
    LimitError,
    MemoryExceeded,
    NotFound,
    QueryRefused,
    QuerySyntaxError,
    StelselError,
    Stopped,
    Truncated,
)
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


@dataclass(eq=False)
class Running:
    """A query that has begun. `taken` is when it got a worker."""

    question: Question
    within: Limits
    form: str
    release: str
    number: int
    since: float  # seconds of the clock
    began: float  # seconds of the monotonic clock, as is `taken`
    taken: float | None = None
    stopped: bool = False
    answer: AsyncGenerator[bytes] | None = None
    waiting: asyncio.Task[object] | None = None  # the task that waits for the next chunk, while it does

    @property
    def id(self) -> str:
        """What an operator calls it by."""
        return f"{os.getpid()}-{self.number}"

    @property
    def seconds(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self.began


class Ended(NamedTuple):
    """How a query ended. `seconds` is all of it, `held` the part in which it had a worker."""

    query: Running
    outcome: Outcome
    seconds: float
    held: float


class Queries:
    """What runs in this server process. `ended` is called once for every query, whatever became of it."""

    def __init__(self, ended: Callable[[Ended], None]) -> None:
        self._ended = ended
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
        query = Running(question, within, form, store.release, self._numbers, time.time(), time.monotonic())
        self._running[query.number] = query
        outcome: Outcome = "gone"
        try:
            query.answer = store.answer(question, format, _telling(within, query))
            async with aclosing(query.answer):
                while (chunk := await _next(query)) is not None:
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
        query.stopped = True
        if query.waiting is not None:
            query.waiting.cancel()
        elif query.answer is not None:
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


async def _next(query: Running) -> bytes | None:
    """The next chunk, None at the end. Raises what the store raises, and Stopped."""
    assert query.answer is not None
    if query.stopped:
        raise _stopped()
    query.waiting = asyncio.current_task()
    try:
        return await anext(query.answer, None)
    except asyncio.CancelledError:
        if not query.stopped or query.waiting is None:
            raise
        query.waiting.uncancel()
        raise _stopped() from None
    finally:
        query.waiting = None


def _stopped() -> LimitError:
    return Stopped("an operator of this service has stopped the query; ask them why before you ask it again")


def _telling(within: Limits, query: Running) -> Limits:
    """These limits, with a call when the query gets a worker. (`replace` takes five times as long.)"""

    def take() -> None:
        query.taken = time.monotonic()

    return Limits(
        *(within.seconds, within.memory, within.rows, within.bytes, within.lane, within.client),
        taken=take,
    )


def _ended(query: Running, outcome: Outcome) -> Ended:
    now = time.monotonic()
    seconds = now - query.began
    if outcome == "gone" and seconds >= query.within.seconds - _SLACK:
        outcome = "deadline"  # its client read too slowly: the rest of the answer came too late
    if query.taken is not None:
        held = now - query.taken
    else:  # it never had a turn; or the store knows no turns, and all of the time was the store's
        held = 0.0 if outcome in ("busy", "gone", "stopped", "refused") else seconds
    return Ended(query, outcome, seconds, held)
