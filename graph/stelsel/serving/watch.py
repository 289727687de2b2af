"""Ends the work for a client that has left, or that reads too slowly."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Literal, Self

from starlette.types import Receive

_SOON: Final = 0.05  # seconds before anyone listens: most answers are complete by then
_GRACE: Final = 0.1  # the store ends a query at its deadline; this ends the sending of what it gave before


class Watch:
    """A block that is left when the client has gone, or `seconds` have passed. `cause` says which, or is empty.

    It cancels the task that runs the block, so everything below it is closed in order.
    """

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive, self._seconds = receive, seconds
        self._listener: asyncio.Task[None] | None = None
        self.cause: Literal["", "gone", "late"] = ""

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(_SOON, self._begin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Stop watching; a cancellation that came from here goes no further."""
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if not self.cause or self._task is None:
            return False
        self._task.uncancel()
        return kind is not None and issubclass(kind, asyncio.CancelledError)

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = loop.create_task(self._hear())
        self._timer = loop.call_later(self._seconds + _GRACE - _SOON, self._end, "late")

    async def _hear(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._end("gone")

    def _end(self, cause: Literal["gone", "late"]) -> None:
        if not self.cause and self._task is not None:
            self.cause = cause
            self._task.cancel()
