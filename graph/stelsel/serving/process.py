"""One server process: the event loop, and what it listens on. `python -m stelsel.serving.process` is one of several.

One of several is told what it needs by its parent (see processes): which one it is, the number of the socket to listen on
and that of its leash as arguments, a folder to share with the others if there is one, and the settings as JSON on its standard input.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import uvicorn

from stelsel.errors import StelselError
from stelsel.home import Home, open_home
from stelsel.serving import logs
from stelsel.serving.accepting import Acceptor, Board
from stelsel.serving.app import create_app
from stelsel.serving.clients import Clients
from stelsel.serving.connections import Connections, patient, raise_file_limit
from stelsel.settings import Settings

READY: Final = b"r"
"""What goes over the leash when a process takes requests."""

_HEARING: Final = 0.1  # seconds in which a request is read that had been sent when the stop came


class _Server(uvicorn.Server):
    """Says when it takes requests, and lets itself be stopped."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[_Server], None], board: Board | None = None) -> None:
        super().__init__(config)
        self._ready, self._board = ready, board

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._board is None:
            await super().startup(sockets)
        else:  # uvicorn's own way of accepting leaves nothing for the other processes
            await super().startup([])
            acceptors = [Acceptor(each, self._protocol, self._connections, self._board) for each in sockets or ()]
            self.servers = cast("list[asyncio.Server]", acceptors)  # it asks no more of them than to close
        if self.started:
            gc.collect()
            gc.freeze()  # what there is now stays: looking through all of it again would stop everybody now and then
            self._ready(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Who had come by now is heard; then what is idle is closed, and what runs is finished."""
        if self._board is not None:
            for server in self.servers:
                server.close()
            for listening in sockets or ():
                listening.close()
            await asyncio.gather(*(server.wait_closed() for server in self.servers))
        await asyncio.sleep(_HEARING)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn calls it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    def _connections(self) -> int:
        return len(self.server_state.connections)


def serve(
    listening: socket.socket,
    settings: Settings,
    home: Home,
    folder: Path | None,
    ready: Callable[[_Server], None],
    board: Board | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then finish what runs and stop. `ready` is called when requests are taken.

    `folder` is for what the server processes of this machine share; without one there is no result cache. `board` is for one
    of several.
    """
    logs.configure()
    raise_file_limit(settings.connections)
    clients = Clients(settings.trusted_proxies, settings.proxy_header)
    config = uvicorn.Config(
        create_app(settings, home, folder),
        loop="uvloop",
        http=patient(Connections(settings.connections, exempt=clients.is_proxy)),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=math.ceil(settings.query_seconds) + 1,
    )
    logging.getLogger("uvicorn.error").addFilter(_broken_off)
    _Server(config, ready, board).run([listening])


def main(place: str, number: str, leash_number: str, folder: str = "") -> None:
    """Serve as one of several. When the parent goes away, however it ends, so does this: what runs is finished first."""
    leash = socket.socket(fileno=int(leash_number))
    leash.setblocking(False)

    def ready(server: _Server) -> None:
        def heard() -> None:
            asyncio.get_running_loop().remove_reader(leash)
            server.should_exit = True

        asyncio.get_running_loop().add_reader(leash, heard)
        leash.send(READY)

    settings = Settings.model_validate_json(sys.stdin.buffer.read())
    try:
        with socket.socket(fileno=int(number)) as listening:
            shared = Path(folder) if folder else None
            board = Board(shared / "connections", int(place), settings.workers) if shared else None
            serve(listening, settings, open_home(settings.home), shared, ready, board)
    except StelselError as error:
        sys.exit(str(error))


def _broken_off(record: logging.LogRecord) -> bool:
    """Breaking off an answer is how its end is told apart from a failure (see sparql); it has been logged there."""
    return "without completing response" not in record.getMessage()


if __name__ == "__main__":
    main(*sys.argv[1:])
