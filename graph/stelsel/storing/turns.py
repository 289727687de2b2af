"""Who may go next: two lanes that cannot starve each other, and within a lane the clients in turn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Final, Generic, TypeVar

from stelsel.storing import Lane

T = TypeVar("T")

_LANES: Final[tuple[Lane, ...]] = ("curated", "free")


class Full(Exception):
    """There is no place left to wait."""


class Turns(Generic[T]):
    """Counts what runs and queues what waits, for `size` workers.

    Each lane leaves one worker to the other. At most `places` wait in a lane, and at most half of them are one client's.
    """

    def __init__(self, size: int, *, places: int) -> None:
        self._size, self._places = size, places
        self._most = size - 1
        self._running: dict[Lane, int] = {"curated": 0, "free": 0}
        self._waiting: dict[Lane, OrderedDict[str, deque[asyncio.Future[T]]]] = {
            "curated": OrderedDict(),
            "free": OrderedDict(),
        }

    @property
    def running(self) -> int:
        """How many run now."""
        return self._running["curated"] + self._running["free"]

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return sum(self._length(lane) for lane in self._waiting)

    def free(self, lane: Lane) -> bool:
        """Whether a query of this lane may start, if a worker is idle and nobody in the lane was there before."""
        return self._running[lane] < self._most and self.running < self._size

    def enter(self, lane: Lane) -> bool:
        """Start at once, if nobody waits in this lane and it is free."""
        if self._waiting[lane] or not self.free(lane):
            return False
        self._running[lane] += 1
        return True

    def leave(self, lane: Lane) -> None:
        """A query has ended."""
        self._running[lane] -= 1

    def queue(self, lane: Lane, client: str) -> asyncio.Future[T]:
        """A place in the queue; its future is set when the turn comes. Raises Full."""
        clients = self._waiting[lane]
        mine = clients.get(client, ())
        if self._length(lane) >= self._places or len(mine) >= max(1, self._places // 2):
            raise Full
        turn: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        clients.setdefault(client, deque()).append(turn)
        return turn

    def give_up(self, lane: Lane, client: str, turn: asyncio.Future[T]) -> None:
        """Leave the queue without a turn."""
        mine = self._waiting[lane].get(client)
        if mine is not None and turn in mine:
            mine.remove(turn)
            if not mine:
                del self._waiting[lane][client]

    def next(self) -> asyncio.Future[T] | None:
        """Take the next one out of the queue and count it as running; None if nobody may start."""
        for lane in _LANES:
            while self._waiting[lane] and self.free(lane):
                turn = self._pop(self._waiting[lane])
                if not turn.done():  # a client that just left has not yet given up its place
                    self._running[lane] += 1
                    return turn
        return None

    @staticmethod
    def _pop(clients: OrderedDict[str, deque[asyncio.Future[T]]]) -> asyncio.Future[T]:
        client, mine = clients.popitem(last=False)
        turn = mine.popleft()
        if mine:
            clients[client] = mine  # to the end: the other clients come first
        return turn

    def _length(self, lane: Lane) -> int:
        return sum(len(mine) for mine in self._waiting[lane].values())
