"""The server's handle on the process that forks workers (see forker)."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

# The engine allocates a lot of small things for a query and frees them all: glibc's per-thread cache, seven of a size
# by default, was a sixth of the time of a lookup.
_MALLOC: Final = "glibc.malloc.tcache_count=200:glibc.malloc.tcache_max=16384"
_COMMAND: Final = (sys.executable, "-m", "stelsel.storing.forker")
_REST: Final = 0.5  # seconds before the forker is started again

_log = logging.getLogger(__name__)


class Exit(NamedTuple):
    """How a worker ended: the signal (0 for none) and what it said last."""

    signal: int
    words: str


class Nursery:
    """Starts the forker, and again when it ends without having been told to: then all `listeners` are called.

    One will do for any number of stores: a release that is switched to finds it warm, and has its workers in
    milliseconds. `door` is called with a socket that workers, and nobody else, can connect to (see forker.open_door):
    once, and again after each new start.
    """

    def __init__(self, door: Callable[[socket.socket], None] | None = None) -> None:
        self._door = door
        self._loop = asyncio.get_running_loop()
        self._exits: dict[int, asyncio.Future[Exit]] = {}
        self._closing = False
        self.listeners: set[Callable[[], None]] = set()
        self.numbers = itertools.count(1)
        self.network = ""
        self._start()

    def _start(self) -> None:
        if self._closing:
            return
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*_COMMAND, str(theirs.fileno()), *(["door"] if self._door else [])],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env={"GLIBC_TUNABLES": _MALLOC, **os.environ},
            )
        self._control.setblocking(False)
        self._loop.add_reader(self._control.fileno(), self._hear)

    def fork(self, number: int, store: Path, line: socket.socket) -> asyncio.Future[Exit]:
        """A worker for a store at the other end of `line`; `number` is the next of `numbers`.

        The future is set when it has ended. Raises OSError.
        """
        message = json.dumps({"fork": number, "store": str(store)}).encode()
        socket.send_fds(self._control, [message], [line.fileno()])
        future = self._exits[number] = self._loop.create_future()
        return future

    def end(self, number: int) -> None:
        """End a worker at once, whatever it does."""
        if number in self._exits:
            self._control.send(json.dumps({"end": number}).encode())

    async def close(self) -> None:
        """End every worker and the forker itself."""
        self._closing = True
        self._hang_up()
        try:
            await asyncio.to_thread(self._process.wait, 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def _hear(self) -> None:
        try:
            data, handles, _, _ = socket.recv_fds(self._control, 8192, 1)
        except BlockingIOError:
            return
        except OSError:
            data, handles = b"", []
        if not data:
            self._hang_up()
            self._process.wait()  # it has closed its end: it is over, or about to be
            _log.warning("the process that starts workers has ended; starting another")
            for listener in tuple(self.listeners):
                listener()
            # Not at once: where it cannot live it would be started over and over.
            self._loop.call_later(_REST, self._start)
            return
        message = json.loads(data)
        if "network" in message:
            self.network = message["network"]
            for handle in handles:
                if self._door is not None:
                    self._door(socket.socket(fileno=handle))
        elif future := self._exits.pop(message["exit"], None):
            future.set_result(Exit(message["signal"], message["words"]))

    def _hang_up(self) -> None:
        if self._control.fileno() >= 0:
            self._loop.remove_reader(self._control.fileno())
            self._control.close()
        for future in self._exits.values():
            future.cancel()
        self._exits.clear()
