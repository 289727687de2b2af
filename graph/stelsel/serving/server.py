"""The service: where it listens, and in how many processes."""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from stelsel.errors import SettingError
from stelsel.home import Home
from stelsel.serving import logs, processes
from stelsel.serving.process import serve
from stelsel.serving.scratch import scratch
from stelsel.settings import Settings

_STUCK: Final = 30_000  # milliseconds that the kernel keeps a connection whose client takes nothing
_BACKLOG: Final = 2048

_log = logging.getLogger(__name__)


def run(settings: Settings, home: Home) -> None:
    """Serve until SIGTERM or SIGINT; then finish what runs and stop. Raises SettingError when it cannot listen.

    Port 0 takes a free port; the first line of output says which. The log goes to standard error.
    """
    logs.configure()
    with ExitStack() as whole:
        listening = whole.enter_context(_listen(settings.host, settings.port))
        folder: Path | None = None
        try:
            folder = whole.enter_context(scratch())
        except OSError as error:
            _log.warning("there is no place for temporary files, so there is no result cache: %s", error)
        if settings.workers > 1:
            processes.run(listening, settings, folder, ready=lambda: _announce(listening))
        else:
            serve(listening, settings, home, folder, ready=lambda _: _announce(listening))


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


def _announce(listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Stelsel listens on http://{shown}:{port}", flush=True)  # noqa: T201 - whoever started it reads this
