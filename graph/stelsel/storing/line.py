"""The pool's end of one worker: jobs out, frames in, with back-pressure."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from stelsel.storing.frames import ASK, ERROR, READY, Frames, frame
from stelsel.storing.nursery import Exit

_ENOUGH: Final = 4  # frames that wait here before the worker is made to wait


class Line(asyncio.Protocol):
    """One worker. `ready` is set when its store is open; `lost` is called when the worker is gone."""

    def __init__(self, number: int, lost: Callable[[Line], None]) -> None:
        self.number = number
        self.ready: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.exit: asyncio.Future[Exit] | None = None
        self.gone = False
        self.expired = False
        self._lost = lost
        self._frames: deque[tuple[int, bytes]] = deque()
        self._incoming = Frames()
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._paused = False

    def ask(self, job: bytes) -> None:
        """Send a job. That the worker is gone shows when the answer is read."""
        if self._transport is not None:
            self._transport.write(frame(ASK, job))

    async def next(self) -> tuple[int, bytes]:
        """The next frame. Raises EOFError when the worker is gone or has run out of time."""
        if not self._frames:
            if self.gone:
                raise EOFError
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
            if not self._frames:
                raise EOFError
        found = self._frames.popleft()
        if self._paused and len(self._frames) < _ENOUGH // 2 and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return found

    def expire(self) -> None:
        """Its time is over: what has not been read yet never will be."""
        self.expired = True
        self.hang_up()

    def hang_up(self) -> None:
        """Let go of the worker; whoever waits for it hears EOFError."""
        self._frames.clear()
        self.gone = True
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's do not derive from it
        if self.gone:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self.gone:
            return
        found = self._incoming.feed(data)
        if not self.ready.done():
            if found and found[0][0] in (READY, ERROR):
                self.ready.set_result(found[0][1])
            return
        self._frames.extend(found)
        if len(self._frames) >= _ENOUGH and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        if found:
            self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the event loop."""
        del error  # the forker says how the worker ended
        self.gone = True
        if not self.ready.done():
            self.ready.set_result(b"[]")
        self._wake()
        self._lost(self)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
