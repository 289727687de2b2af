"""The process: listening, draining, stopping."""

from __future__ import annotations

import logging
import math
import socket
from typing import Final

import uvicorn

from stelsel.errors import SettingError
from stelsel.home import Home
from stelsel.serving import logs
from stelsel.serving.app import create_app
from stelsel.serving.clients import Clients
from stelsel.serving.connections import Connections, patient, raise_file_limit
from stelsel.settings import Settings

_STUCK: Final = 30_000  # milliseconds that the kernel keeps a connection whose client takes nothing
_BACKLOG: Final = 2048


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            print(f"Stelsel listens on http://{shown}:{port}", flush=True)  # noqa: T201 - whoever started it reads this


def run(settings: Settings, home: Home) -> None:
    """Serve until SIGTERM or SIGINT; then finish what runs and stop. Raises SettingError when it cannot listen.

    Port 0 takes a free port; the first line of output says which. The log goes to standard error.
    """
    logs.configure()
    raise_file_limit(settings.connections)
    clients = Clients(settings.trusted_proxies, settings.proxy_header)
    config = uvicorn.Config(
        create_app(settings, home),
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
    with _listen(settings.host, settings.port) as listening:
        _Server(config).run([listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit this: one whose client stops reading does not stay for ever.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STUCK)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SettingError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    listening.listen(_BACKLOG)
    return listening


def _broken_off(record: logging.LogRecord) -> bool:
    """Breaking off an answer is how its end is told apart from a failure (see sparql); it has been logged there."""
    return "without completing response" not in record.getMessage()
