"""Several server processes on one port, and the parent that keeps them: a dead one is replaced, a stop drains all.

They accept from one socket, which the parent holds too: what waits to be accepted when a process dies is accepted by
another. (With a socket each, SO_REUSEPORT, it would be refused, or wait for a successor.) The parent answers nothing
and opens no store, so there is little in it that can fail; should it be killed, the others notice, finish what runs and
stop.

Each process has its own query workers and follows the current release by itself, within a second of the others. The
result cache and the budgets of clients are shared. What /metrics and /sparql/queries show is one process.
"""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson
from pydantic import SecretStr

from stelsel.errors import StelselError
from stelsel.serving.process import READY
from stelsel.settings import Settings

_MARGIN: Final = 5.0  # seconds for a process to close its store after the last answer
_SETTLED: Final = 10.0  # a process that lived this long did not die of how it was started
_LONGEST_PAUSE: Final = 5.0

_log = logging.getLogger(__name__)


class _NotStarted(StelselError):
    """A server process ended before it was ready."""


def run(listening: socket.socket, settings: Settings, folder: Path | None, ready: Callable[[], None]) -> None:
    """Serve in `settings.workers` processes until SIGTERM or SIGINT; a second signal does not wait for what runs.

    `ready` is called when all take requests. Raises StelselError when one of the first does not get that far.
    """
    asyncio.run(_Processes(listening, settings, folder, ready).run())


class _Processes:
    def __init__(
        self, listening: socket.socket, settings: Settings, folder: Path | None, ready: Callable[[], None]
    ) -> None:
        self._listening, self._folder, self._ready = listening, folder, ready
        self._count = settings.workers
        self._settings = _revealed(settings)
        self._grace = math.ceil(settings.query_seconds) + 1 + _MARGIN
        self._living: set[asyncio.subprocess.Process] = set()
        self._starting = self._count  # how many of the first ones are not ready yet
        self._stopping = asyncio.Event()
        self._failed = False

    async def run(self) -> None:
        """Keep them all alive until told to stop. Raises _NotStarted."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        keepers = [loop.create_task(self._keep(n)) for n in range(self._count)]
        await self._stopping.wait()
        _, late = await asyncio.wait(keepers, timeout=self._grace)
        if late:
            _log.warning("%d server processes did not stop within %.0f s; they are killed", len(late), self._grace)
            self._signal(signal.SIGKILL)
        await asyncio.gather(*keepers)
        if self._failed:
            raise _NotStarted("a server process ended before it was ready; the log says why")

    def _stop(self) -> None:
        if self._stopping.is_set():
            self._signal(signal.SIGKILL)
            return
        self._stopping.set()
        self._listening.close()  # with the others' it is gone: who connects now is refused
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._living:
            with suppress(ProcessLookupError):  # it has just ended by itself
                process.send_signal(number)

    async def _keep(self, number: int) -> None:
        """One process, and whenever it ends another in its place."""
        loop = asyncio.get_running_loop()
        pause = 0.0
        first = True
        while not self._stopping.is_set():
            began = loop.time()
            code = await self._live(number, first=first)
            if self._stopping.is_set():
                return
            if self._starting:
                self._failed = True
                self._stop()
                return
            first = False
            pause = 0.0 if loop.time() - began > _SETTLED else min(_LONGEST_PAUSE, max(0.1, 2 * pause))
            _log.error("server process %d ended (exit code %s); another is started in %.1f s", number, code, pause)
            await _wait(self._stopping, pause)

    async def _live(self, number: int, *, first: bool) -> int:
        """The life of a process; gives its exit code."""
        mine, theirs = socket.socketpair()
        with mine, theirs:
            mine.setblocking(False)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "stelsel.serving.process"),
                *(str(number), str(self._listening.fileno()), str(theirs.fileno())),
                *([str(self._folder)] if self._folder else []),
                stdin=asyncio.subprocess.PIPE,
                pass_fds=[self._listening.fileno(), theirs.fileno()],
                # What a terminal sends goes to the parent alone, which sends each of them one signal.
                start_new_session=True,
            )
            theirs.close()
            self._living.add(process)
            try:
                if self._stopping.is_set():  # just now
                    self._signal(signal.SIGTERM)
                await _tell(process, self._settings)
                await self._listen_for(mine, first=first)
                return await process.wait()
            finally:
                self._living.discard(process)

    async def _listen_for(self, leash: socket.socket, *, first: bool) -> None:
        """Wait until the process at the other end is ready, or has ended."""
        if await asyncio.get_running_loop().sock_recv(leash, 1) == READY and first:
            self._starting -= 1
            if not self._starting:
                self._ready()


async def _tell(process: asyncio.subprocess.Process, text: bytes) -> None:
    """Write to a process' standard input and close it; a process that has ended meanwhile is no news here."""
    assert process.stdin is not None
    process.stdin.write(text)
    with suppress(ConnectionError):
        await process.stdin.drain()
    process.stdin.close()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, and no longer than this."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _revealed(settings: Settings) -> bytes:
    """The settings as JSON, secrets and all: for a pipe to a child, and for nothing else."""
    secrets = {name: value.get_secret_value() for name, value in settings if isinstance(value, SecretStr)}
    return orjson.dumps(settings.model_dump(mode="json") | secrets)
