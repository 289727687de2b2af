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
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEADER: Final = 10.0  # seconds in which the header of a request must have come
_BODY: Final = 30.0  # seconds that a body may be silent
_LONGEST: Final = 100_000  # bytes of a header, the address included: that may have 50,000
_LOT: Final = 64 * 1024  # bytes that are written without waiting for more
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
    return type("Patient", (Patient,), {"counted": connections})


class Patient(HttpToolsProtocol):
    """uvicorn's protocol, which does not wait for ever; `patient` makes one that knows what is `counted`."""

    counted: Connections

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._timer: asyncio.TimerHandle | None = None
        self._heading = True  # the next bytes are of a header, not of a body
        self._size = 0  # bytes of that header
        self._heard = 0.0  # when bytes last came
        self._inside = False
        self._address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Called by the event loop."""
        super().connection_made(cast("asyncio.Transport", Together(transport, self.loop)))
        self._address = self.client[0] if self.client else ""
        self._inside = self.counted.enter(self._address)
        if self._inside:
            self._expect(_HEADER)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._rest()
        if self._inside:
            self._inside = False
            self.counted.leave(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self._heard = self.loop.time()
        if self._heading:
            self._size += len(data)
            if self._timer is None and (self.cycle is None or self.cycle.response_complete):
                self._expect(_HEADER)
        super().data_received(data)
        if self._heading and self._size > _LONGEST and not self.transport.is_closing():
            self.send_400_response("The header is too long.")
        elif not self._heading and self._timer is None:
            self._expect(_BODY)

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._rest()
        self._heading, self._size = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._rest()
        self._heading = True
        super().on_message_complete()

    def _expect(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._give_up)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        silent = self.loop.time() - self._heard
        if self._heading or (silent >= _BODY and not self.flow.read_paused):
            self.transport.abort()
        else:  # a body may take its time as long as it comes, or as long as it is us who do not read it
            self._expect(max(1.0, _BODY - silent))


class Together:
    """A transport on which what is written in one go leaves in one: the header of an answer and its body are one packet,
    where the server would send them one by one.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """As asyncio.WriteTransport.write: before anything else happens in the process, or at once if it is a lot."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        self._size += len(data)
        if self._size > _LOT:
            self._send()

    def close(self) -> None:
        """Close it, when all that was written has left."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's own."""
        return getattr(self._transport, name)


def raise_file_limit(connections: int) -> None:
    """Let this process have as many files open as its connections need; less, where the system allows no more."""
    wanted = connections + _SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            _log.warning("%d connections need %d open files, and %d are allowed", connections, wanted, allowed)
