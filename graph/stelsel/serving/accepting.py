"""Accepting connections beside other processes that accept from the same socket, each its share.

Left alone, the first process that wakes takes all that waits: with two processes and 32 clients one of them had
everything to do. So each tells the others how many connections it has, on a page of memory that they share, and one that
has more than another lets that one go first, for a millisecond.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

_NUMBER: Final = struct.Struct("=i")
_SIZE: Final = 4096
_AHEAD: Final = 2  # connections that a process may have more than another
_TURN: Final = 0.001  # seconds that the other one has
_FULL: Final = 0.1  # seconds to wait when no more files can be open


class Board:
    """How many connections each of `count` processes has; `mine` is the number of this one, from 0."""

    def __init__(self, path: Path, mine: int, count: int) -> None:
        """Raises OSError where there is no place for it."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(file, _SIZE)
            self._memory = mmap.mmap(file, _SIZE)
        finally:
            os.close(file)
        self._mine, self._count = mine, count
        self.tell(0)

    def tell(self, connections: int) -> None:
        """How many connections this process has."""
        _NUMBER.pack_into(self._memory, self._mine * _NUMBER.size, connections)

    def least(self) -> int:
        """How many the process has that has the fewest."""
        return min(int(_NUMBER.unpack_from(self._memory, n * _NUMBER.size)[0]) for n in range(self._count))


class Acceptor:
    """Accepts from a socket that others accept from too. `connections` says how many this process has."""

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        connections: Callable[[], int],
        board: Board,
    ) -> None:
        self._listening, self._protocol, self._connections, self._board = listening, protocol, connections, board
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._polite = True
        self._closed = False
        listening.setblocking(False)
        self._loop.add_reader(listening.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more than who has come already: the system would break their connections off."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._listening.fileno())
        while self._take():
            pass

    async def wait_closed(self) -> None:
        """What was accepted last has a connection by then."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self) -> None:
        connections = self._connections() + len(self._tasks)
        self._board.tell(connections)
        if self._polite and connections >= self._board.least() + _AHEAD:
            self._polite = False  # once: if nobody else comes, it is for us
            self._pause(_TURN)
            return
        self._polite = True
        self._take()

    def _take(self) -> bool:
        """Accept one who has come; whether there was one."""
        try:
            accepted, _ = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False
        except OSError:  # no more files can be open; whoever waits is accepted when there is room
            if not self._closed:
                self._pause(_FULL)
            return False
        accepted.setblocking(False)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, accepted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening.fileno())
        self._timer = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._timer = None
        self._loop.add_reader(self._listening.fileno(), self._accept)
