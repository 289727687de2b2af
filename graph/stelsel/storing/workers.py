"""A pool of worker processes that can be ended at any moment: deadlines, turns, replacement.

Whatever a query does (sort, plan, back-track, fill memory, wait for a slow reader), its process is killed at
the deadline, and a fresh one has already taken its place: one more worker is kept than may run.
"""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import orjson

from stelsel.errors import Busy, LimitError, StoreError, Truncated
from stelsel.storing import Limits, Workload
from stelsel.storing.failures import cause, ended
from stelsel.storing.frames import DATA
from stelsel.storing.line import Line
from stelsel.storing.nursery import Nursery
from stelsel.storing.turns import Full, Turns

_SPARES: Final = 1
_PLACES: Final = 512  # queries that may wait in a lane
_START: Final = 30.0  # seconds in which the first workers must have opened the store
_LONGEST_PAUSE: Final = 5.0  # seconds between attempts to start a worker that keeps failing

_log = logging.getLogger(__name__)


class Pool:
    """`size` queries at once about the store at `path`. Open it with `start`, end it with `close` or `drain`.

    Workers come from `nursery`, which serves other pools too and outlives this one; without it from one of its own.
    """

    def __init__(self, path: Path, *, size: int, nursery: Nursery | None = None) -> None:
        self._path, self._size = path, size
        self._turns: Turns[Line] = Turns(size, places=_PLACES)
        self._lines: set[Line] = set()
        self._idle: list[Line] = []
        self._nursery = nursery
        self._own: Nursery | None = None
        self._numbers = 0
        self._failures = 0
        self._draining = self._closing = False
        self._starting: set[asyncio.Task[None]] = set()
        self._quiet = asyncio.Event()

    @property
    def alive(self) -> int:
        """How many workers have their store open."""
        return sum(line.ready.done() and not line.gone for line in self._lines)

    @property
    def workload(self) -> Workload:
        """How the workers are doing."""
        return Workload(self.alive, self._turns.running, self._turns.waiting, self._numbers)

    @property
    def network(self) -> str:
        """`none` where workers have no network; `open` where the system does not let them give it up."""
        return self._nursery.network if self._nursery else ""

    async def start(self) -> None:
        """Start the workers. Raises StoreError when the store cannot be opened."""
        if self._nursery is None:
            self._nursery = self._own = Nursery()
        self._nursery.listeners.add(self._start_over)
        try:
            async with asyncio.timeout(_START):
                await asyncio.gather(*(self._spawn() for _ in range(self._size + _SPARES)))
        except TimeoutError:
            await self.close()
            raise StoreError(f"the workers did not open {self._path} within {_START:.0f} s") from None
        except StoreError:
            await self.close()
            raise

    async def answer(self, job: bytes, within: Limits) -> AsyncGenerator[bytes]:
        """The answer to a job (see worker.Job). Errors and limits are those of storing.Store.answer."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within.seconds
        # A worker may have died while it was idle, which shows only now: the question is then put to another, once.
        for last in (False, True):
            line = await self._take(within)
            if within.taken is not None:
                within.taken()
            timer = loop.call_at(deadline, line.expire)
            fit = begun = False
            try:
                line.ask(job)
                while True:
                    kind, body = await line.next()
                    begun = True
                    if kind == DATA:
                        yield body
                        continue
                    error = ended(kind, body, within)
                    fit = not isinstance(error, LimitError) or isinstance(error, Truncated)
                    if error is None:
                        fit = not body
                        return
                    raise error
            except EOFError:
                reason = await cause(line, within)
                if begun or last or not isinstance(reason, StoreError):
                    raise reason from None
            finally:
                timer.cancel()
                self._turns.leave(within.lane)
                if fit and not line.gone:
                    self._idle.append(line)
                else:
                    self._replace(line)
                self._call()

    async def drain(self) -> None:
        """Take no more questions, finish those that run or wait, and close."""
        self._draining = True
        if self._turns.running or self._turns.waiting:
            await self._quiet.wait()
        await self.close()

    async def close(self) -> None:
        """End every worker at once."""
        self._draining = self._closing = True
        for task in tuple(self._starting):
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for line in tuple(self._lines):
            if self._nursery is not None:
                self._nursery.end(line.number)
            line.hang_up()
        self._idle.clear()
        if self._nursery is not None:
            self._nursery.listeners.discard(self._start_over)
            self._nursery = None
        if self._own is not None:
            await self._own.close()
            self._own = None

    async def _take(self, within: Limits) -> Line:
        """A worker, when its turn has come. Raises Busy."""
        if self._draining:
            raise Busy("this release is being closed; ask again", retry_after=1)
        lane, client = within.lane, within.client
        if self._idle and self._turns.enter(lane):
            return self._idle.pop()
        retry = max(1, math.ceil(within.seconds / 2))
        try:
            turn = self._turns.queue(lane, client)
        except Full:
            raise Busy("too many queries are waiting; ask again later", retry_after=retry) from None
        patience = asyncio.get_running_loop().call_later(within.seconds / 2, _refuse, turn, retry)
        try:
            return await turn
        except (asyncio.CancelledError, Busy):
            self._turns.give_up(lane, client, turn)
            if not turn.cancelled() and turn.exception() is None:  # it came just as the client left
                self._turns.leave(lane)
                self._idle.append(turn.result())
            self._call()
            raise
        finally:
            patience.cancel()

    def _call(self) -> None:
        """Let those whose turn it is have the workers that are idle."""
        while self._idle and (turn := self._turns.next()) is not None:
            turn.set_result(self._idle.pop())
        if self._draining and not (self._turns.running or self._turns.waiting):
            self._quiet.set()

    async def _spawn(self) -> None:
        """One more worker. Raises StoreError when it does not get as far as opening the store."""
        if self._nursery is None:
            return
        self._numbers += 1
        line = Line(next(self._nursery.numbers), self._replace)
        mine, theirs = socket.socketpair()
        with theirs:
            mine.setblocking(False)
            try:
                line.exit = self._nursery.fork(line.number, self._path, theirs)
            except OSError:
                mine.close()
                raise StoreError("the process that starts workers is not there") from None
        self._lines.add(line)
        await asyncio.get_running_loop().create_unix_connection(lambda: line, sock=mine)
        failure = await line.ready
        if failure or line.gone:
            said = orjson.loads(failure or b"[]")
            line.hang_up()
            raise StoreError(said[1] if said else "a worker process ended before it had opened its store")
        self._failures = 0
        self._idle.append(line)
        self._call()

    def _replace(self, line: Line) -> None:
        """This worker is gone or must go; another takes its place. Harmless when that has been done already."""
        if line not in self._lines:
            return
        self._lines.discard(line)
        if line in self._idle:
            self._idle.remove(line)
        if self._nursery is not None:
            self._nursery.end(line.number)
        line.hang_up()
        if line.ready.done() and not self._closing:
            self._start_one()

    def _start_one(self) -> None:
        task = asyncio.get_running_loop().create_task(self._keep_trying())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _keep_trying(self) -> None:
        while not self._closing:
            try:
                await self._spawn()
            except StoreError as error:
                self._failures += 1
                pause = min(_LONGEST_PAUSE, 0.05 * 2**self._failures)
                _log.warning("a worker did not start (%s); next attempt in %.1f s", error, pause)
                await asyncio.sleep(pause)
            else:
                return

    def _start_over(self) -> None:
        """The forker itself has ended, which only something outside can have done."""
        for line in tuple(self._lines):
            line.hang_up()  # workers are tried again until it is there


def _refuse(turn: asyncio.Future[Line], retry: int) -> None:
    if not turn.done():
        turn.set_exception(Busy("no worker came free in time; ask again later", retry_after=retry))
