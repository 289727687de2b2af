"""Long queries do not keep short ones waiting.

Free queries share a few workers. Whatever has run for a tenth of a second is long; no more than `most` long ones run at
once. What nobody knows may be long too: both take one of the `slow` places, which leave one worker to what was short
before. One that turns out long when there is no place for it is put back: it gives its worker up and begins anew when its
turn comes. Nothing of it has been sent by then. What turned out long is remembered, so that it does not take a short one's
worker twice; and what turned out short goes first under pressure.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict, deque
from typing import Final, Literal

from stelsel.errors import Busy

SHORT: Final = 0.1  # seconds after which a query is long
TRIED: Final = 0.05  # the same, for one that nobody knows while all the places of long ones are taken
GIVEN: Final = 0.5  # the same, for one that was short before: a busy machine makes everything slower now and then
HELD: Final = 4  # chunks of an answer that are kept back until it is known whether it is short

_KNOWN: Final = 20_000  # texts that are remembered
_RESERVED: Final = 2  # workers that are not for what may be long: one is for curated queries, one for short ones
_PLAIN: Final = 4000  # characters of a text in which numbers are overlooked
_NO_DIGITS: Final = str.maketrans("", "", "0123456789")

Length = Literal["short", "long", "unknown"]


class Places:
    """A number of places, and a queue in which clients take turns."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def full(self) -> bool:
        """Whether whoever comes now must wait."""
        return self._left <= 0

    def take(self) -> bool:
        """A place, if there is one and nobody waits for it."""
        if self._left <= 0 or self._waiting:
            return False
        self._left -= 1
        return True

    async def wait(self, client: str, seconds: float) -> None:
        """A place, when the turn of this client has come. Raises Busy after `seconds`."""
        if self.take():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            self._give_up(client, turn)
            raise Busy(
                "too many long queries run; ask again later, or ask for less at a time",
                retry_after=max(1, int(seconds)),
            ) from None
        except asyncio.CancelledError:
            self._give_up(client, turn)
            raise

    def leave(self) -> None:
        """Give a place back; it goes to the next client."""
        self._left += 1
        while self._waiting and self._left > 0:
            client, mine = self._waiting.popitem(last=False)
            turn = mine.popleft()
            if mine:
                self._waiting[client] = mine  # to the end: the others come first
            if not turn.done():
                self._left -= 1
                turn.set_result(None)

    def _give_up(self, client: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():  # it came at the last moment
            self.leave()
            return
        mine = self._waiting.get(client)
        if mine is not None and turn in mine:
            mine.remove(turn)
            if not mine:
                del self._waiting[client]


class Pace:
    """What is known of queries' lengths, and the places of those that are long or may be."""

    def __init__(self, most: int, *, slow: int) -> None:
        self.long, self.slow = Places(most), Places(slow)
        self._known: OrderedDict[int, Length] = OrderedDict()

    def length(self, key: int) -> Length:
        """What the text of this key was the last time."""
        return self._known.get(key, "unknown")

    def remember(self, key: int, length: Length) -> None:
        """What it was this time."""
        self._known[key] = length
        self._known.move_to_end(key)
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)


def pace_for(query_workers: int, servers: int) -> Pace | None:
    """The pace of a server with so many query processes, one of `servers` on this machine.

    A processor is left for short queries where there is more than one. None where there is but one worker for free
    queries: there is nothing to divide.
    """
    free = query_workers - max(1, min(_RESERVED, query_workers // 2))
    if free < 2:
        return None
    most = max(1, min(free - 1, (os.cpu_count() or 1) // servers - 1))
    return Pace(most, slow=free)


def key(text: str) -> int:
    """What a text is remembered by: the same text with other numbers counts as the same."""
    return hash(text.translate(_NO_DIGITS) if len(text) <= _PLAIN else text)
