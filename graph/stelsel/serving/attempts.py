"""One query at the store: interrupted where it must be, put back where it turns out long and there is no place for it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from stelsel.errors import DeadlinePassed, Stopped, Truncated
from stelsel.serving.pacing import GIVEN, HELD, SHORT, TRIED, Length, Pace, key
from stelsel.storing import Limits, Question, Store
from stelsel.storing.formats import Format

Why = Literal["", "stopped", "displaced"]
_Heard = TypeVar("_Heard")

_LAST: Final = 0.01  # seconds that a query gets at least, so that it ends in the usual way; less is no wait


@dataclass(eq=False)
class Running:
    """A query that has begun. `taken` is when it got the worker that it has; `spent` the time it had one before."""

    question: Question
    format: Format
    within: Limits
    form: str
    release: str
    number: int
    since: float  # seconds of the clock
    began: float  # seconds of the monotonic clock, as is `taken`
    taken: float | None = None
    spent: float | None = None
    why: Why = ""  # it does not go on
    answer: AsyncGenerator[bytes] | None = None
    waiting: asyncio.Task[object] | None = None  # the task that waits for it, while it does

    @property
    def id(self) -> str:
        """What an operator calls it by."""
        return f"{os.getpid()}-{self.number}"

    @property
    def seconds(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self.began

    def interrupt(self, why: Literal["stopped", "displaced"]) -> None:
        """Have whoever waits for it hear why it does not go on, now or when they come for the next chunk."""
        self.why = why
        if self.waiting is not None:
            self.waiting.cancel()


class _Displaced(Exception):
    """It turned out long, and there was no place for it."""


async def attempt(store: Store, query: Running, taken: Callable[[], None] | None = None) -> AsyncGenerator[bytes]:
    """Ask the store, within the time that is left. `taken` is called when it has a worker. Raises Stopped, too."""
    within = query.within

    def take() -> None:
        query.taken = time.monotonic()
        if taken is not None:
            taken()

    waited = query.seconds
    left = within.seconds if waited < _LAST else max(_LAST, within.seconds - waited)
    limits = Limits(left, within.memory, within.rows, within.bytes, within.lane, within.client, take)
    query.answer = store.answer(query.question, query.format, limits)
    try:
        async with aclosing(query.answer) as answer:
            while True:
                chunk = await _hear(query, lambda: anext(answer, None))
                if chunk is None:
                    return
                yield chunk
    finally:
        if query.taken is not None:
            query.spent = (query.spent or 0.0) + time.monotonic() - query.taken
            query.taken = None


async def paced(store: Store, query: Running, pace: Pace) -> AsyncGenerator[bytes]:
    """As `attempt`, at a pace that leaves workers for short queries. Raises Busy where there is no place in time."""
    turn = _Turn(query, pace)
    try:
        await turn.begin()
        while True:
            try:
                async with aclosing(_once(store, query, turn)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except _Displaced:
                await turn.again()
            except DeadlinePassed as error:
                if error.seconds == query.within.seconds:
                    raise
                raise DeadlinePassed(
                    f"the query was stopped {query.within.seconds:g} s after it came: it waited for its turn, and then "
                    f"took too long; ask for less, or for one thing at a time",
                    seconds=query.within.seconds,
                ) from None
            else:
                return
    finally:
        turn.end()


async def _once(store: Store, query: Running, turn: _Turn) -> AsyncGenerator[bytes]:
    """One attempt. Chunks are kept back until it is known that it may go on."""
    kept: list[bytes] = []
    cut: Truncated | None = None
    try:
        async with aclosing(attempt(store, query, turn.taken)) as chunks:
            async for chunk in chunks:
                kept.append(chunk)
                if turn.placed or (len(kept) == HELD and turn.cross()):
                    for one in kept:
                        yield one
                    kept.clear()
    except Truncated as error:
        cut = error
    turn.finished()
    for one in kept:
        yield one
    if cut is not None:
        raise cut


class _Turn:
    """The place of one query, from when it comes until it is over."""

    def __init__(self, query: Running, pace: Pace) -> None:
        self._query, self._pace = query, pace
        self._key = key(query.question.text)
        self._length: Length = pace.length(self._key)
        self._scarce = self._slow = False
        self._timer: asyncio.TimerHandle | None = None
        self._began = 0.0
        self.placed = False

    @property
    def _limit(self) -> float:
        if self._length == "short":
            return GIVEN
        return TRIED if self._scarce else SHORT

    async def begin(self) -> None:
        """Wait for a place where one is needed."""
        if self._length == "long":
            await self._place()
        elif self._length == "unknown":
            self._scarce = self._pace.long.full
            await self._go_slow()

    async def again(self) -> None:
        """It was put back: wait for a place among the long ones."""
        self._forget()
        if self._query.why == "displaced":  # and not stopped since
            self._query.why = ""
        self._leave_slow()
        await self._place()

    def taken(self) -> None:
        """It has a worker; perhaps another one, where the first was dead when it was asked."""
        self._forget()
        self._began = time.monotonic()
        if not self.placed:
            self._timer = asyncio.get_running_loop().call_later(self._limit, self.cross)

    def cross(self) -> bool:
        """It is long: whether there is a place for it. If there is none, it is put back."""
        self._forget()
        if not self.placed:
            self._pace.remember(self._key, "long")
            self.placed = self._pace.long.take()
            if self.placed and not self._slow:  # it was short before; it has a worker already
                self._slow = self._pace.slow.take()
            if not self.placed and not self._query.why:
                self._query.interrupt("displaced")
        return self.placed

    def finished(self) -> None:
        """The store has given all of it."""
        self._forget()
        if not self._query.why and time.monotonic() - self._began < self._limit:
            self._pace.remember(self._key, "short")

    def end(self) -> None:
        """It is over."""
        self._forget()
        self._leave_slow()
        if self.placed:
            self.placed = False
            self._pace.long.leave()

    async def _place(self) -> None:
        client, seconds = self._query.within.client, self._patience
        await _hear(self._query, lambda: self._pace.long.wait(client, seconds))
        self.placed = True
        await self._go_slow()

    async def _go_slow(self) -> None:
        """Have one of the workers that are for what may be long: the last one is for short queries."""
        client, seconds = self._query.within.client, self._patience
        await _hear(self._query, lambda: self._pace.slow.wait(client, seconds))
        self._slow = True

    @property
    def _patience(self) -> float:
        return max(_LAST, self._query.within.seconds / 2 - self._query.seconds)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _leave_slow(self) -> None:
        if self._slow:
            self._slow = False
            self._pace.slow.leave()


async def _hear(query: Running, next_one: Callable[[], Awaitable[_Heard]]) -> _Heard:
    """Wait for something of a query's; an interruption comes in its place."""
    if query.why:
        raise _interruption(query.why)
    query.waiting = task = asyncio.current_task()
    try:
        return await next_one()
    except asyncio.CancelledError:
        if not query.why or task is None:
            raise
        task.uncancel()
        raise _interruption(query.why) from None
    finally:
        query.waiting = None


def _interruption(why: Why) -> Exception:
    if why == "displaced":
        return _Displaced()
    return Stopped("an operator of this service has stopped the query; ask them why before you ask it again")
