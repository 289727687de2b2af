"""Turns for a store that has no workers of its own: how many questions are put to it at once, and whose is next."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from stelsel.errors import Busy
from stelsel.storing import Limits
from stelsel.storing.turns import Full, Turns

_PLACES: Final = 512  # questions that may wait in a lane


class Gate:
    """Lets `size` questions through at once, by the rules of `turns`."""

    def __init__(self, size: int) -> None:
        self._turns: Turns[None] = Turns(size, places=_PLACES)

    @property
    def running(self) -> int:
        """How many are through now."""
        return self._turns.running

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._turns.waiting

    @asynccontextmanager
    async def turn(self, within: Limits) -> AsyncIterator[None]:
        """A block that runs when its turn has come. Raises Busy when that takes half of its time."""
        if not self._turns.enter(within.lane):
            await self._wait(within)
        try:
            if within.taken is not None:
                within.taken()
            yield
        finally:
            self._turns.leave(within.lane)
            self._call()

    async def _wait(self, within: Limits) -> None:
        retry = max(1, math.ceil(within.seconds / 2))
        try:
            turn = self._turns.queue(within.lane, within.client)
        except Full:
            raise Busy("too many queries are waiting; ask again later", retry_after=retry) from None
        try:
            async with asyncio.timeout(within.seconds / 2):
                await turn
        except (asyncio.CancelledError, TimeoutError) as error:
            self._turns.give_up(within.lane, within.client, turn)
            if not turn.cancelled():  # it came just as it was given up
                self._turns.leave(within.lane)
            self._call()
            if isinstance(error, TimeoutError):
                raise Busy("no query ended in time; ask again later", retry_after=retry) from None
            raise

    def _call(self) -> None:
        while (turn := self._turns.next()) is not None:
            turn.set_result(None)
