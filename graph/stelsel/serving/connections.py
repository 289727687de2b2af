"""What one connection may do before it has asked anything: be slow, be long, be many.

uvicorn bounds none of this: a client that sends half a header and waits keeps its connection for ever, a header may be
of any length, and connections are counted only when a request is complete.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_PATIENCE: Final = 10.0  # seconds in which the header of a request must have come
_LONGEST: Final = 100_000  # bytes of a header, the address included: that may have 50,000
_SPARE: Final = 200  # open files that are not connections: workers, logs, the store

_log = logging.getLogger(__name__)


class Connections:
    """Counts the connections of this process: at most `most`, and at most half of them from one address.

    `exempt` says for which addresses half is not too many: those of proxies, behind which many clients stand.
    """

    def __init__(self, most: int, *, exempt: Callable[[str], bool]) -> None:
        self._most, self._exempt = most, exempt
        self._by_address: Counter[str] = Counter()
        self._all = 0

    def enter(self, address: str) -> bool:
        """Whether one more may come in from an address; then it has."""
        if self._all >= self._most or (self._by_address[address] >= self._most // 2 and not self._exempt(address)):
            if not self._by_address[address]:
                del self._by_address[address]
            return False
        self._all += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One that had come in has gone."""
        self._all -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


def patient(connections: Connections) -> type[HttpToolsProtocol]:
    """A protocol for uvicorn that lets in what `connections` allows, and that does not wait for ever for a header."""

    class Patient(HttpToolsProtocol):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            self._waited: asyncio.TimerHandle | None = None
            self._size = 0
            self._inside = False
            self._address = ""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
            super().connection_made(transport)
            self._address = self.client[0] if self.client else ""
            self._inside = connections.enter(self._address)
            if self._inside:
                self._wait()
            else:
                transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            self._heard()
            if self._inside:
                self._inside = False
                connections.leave(self._address)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._waited is not None:
                self._size += len(data)
            elif self.cycle is not None and self.cycle.response_complete:
                self._wait()
            super().data_received(data)
            if self._waited is not None and self._size > _LONGEST and not self.transport.is_closing():
                self._heard()
                self.send_400_response("The header is too long.")

        def on_headers_complete(self) -> None:
            self._heard()
            super().on_headers_complete()

        def _wait(self) -> None:
            self._size = 0
            self._waited = self.loop.call_later(_PATIENCE, self._give_up)

        def _heard(self) -> None:
            if self._waited is not None:
                self._waited.cancel()
                self._waited = None

        def _give_up(self) -> None:
            self._waited = None
            if not self.transport.is_closing():
                self.transport.abort()

    return Patient


def raise_file_limit(connections: int) -> None:
    """Let this process have as many files open as its connections need; less, where the system allows no more."""
    wanted = connections + _SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            _log.warning("%d connections need %d open files, and %d are allowed", connections, wanted, allowed)
