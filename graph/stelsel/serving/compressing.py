"""Answers that are smaller on their way: zstd or gzip, for those who take it (RFC 9110, sections 8.4 and 12.5.3).

A stream stays a stream: what goes in comes out at once, compressed, so nothing is kept here but the compressor's window. A
stream that breaks off stays broken: its end is never written.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Protocol

import zstandard
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SMALLEST: Final = 1000  # bytes of a body that is worth the trouble; less fits in one packet
_ASIDE: Final = 16_000  # bytes that take long enough to be compressed in a thread, which lets others go on
_ZSTD: Final = 3  # the levels at which compressing costs less than it saves on a fast line
_GZIP: Final = 2
_BARE: Final = (204, 206, 304)  # statuses without a body, or with a part of one
_WORTH: Final = re.compile(
    rb"text/|image/svg|application/(?:[\w.+-]*(?:json|xml|sparql)|n-triples|n-quads|trig|rdf|vnd\.apache\.arrow)",
    re.IGNORECASE,
)
_CODING: Final = re.compile(
    r"\s*+([\w*-]+)\s*+(?:;\s*+q\s*+=\s*+([01](?:\.[0-9]{0,3})?))?\s*+", re.ASCII | re.IGNORECASE
)


class _Compressor(Protocol):
    def __call__(self, data: bytes, *, last: bool) -> bytes: ...


@lru_cache(maxsize=256)
def coding(accepted: str) -> str:
    """The content coding that an Accept-Encoding header lets us use; empty for none.

    >>> coding("gzip, deflate, br, zstd"), coding("gzip;q=1.0, *;q=0"), coding("identity"), coding("zstd;q=0, *")
    ('zstd', 'gzip', '', 'gzip')
    """
    weights: dict[str, float] = {}
    for part in accepted[:1000].split(","):
        if match := _CODING.fullmatch(part):
            weights[match[1].lower()] = float(match[2] or 1)
    offered = {name: weights.get(name, weights.get("*", 0.0)) for name in _COMPRESSORS}
    best = max(offered.values())
    return next((name for name, weight in offered.items() if weight == best), "") if best else ""


class Compressing:
    """Compresses what an application answers, where that helps and the client takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        if scope["type"] != "http" or scope["method"] == "HEAD":
            await self._app(scope, receive, send)
            return
        accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding").decode("latin-1")
        await self._app(scope, receive, _Answer(send, coding(accepted)))


@dataclass
class _Answer:
    """One answer on its way. Its headers wait for the first piece of its body, which may be all of it."""

    send: Send
    coding: str
    start: Message = field(default_factory=dict)
    compress: _Compressor | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        if message["type"] != "http.response.body":
            await self.send(message)
            return
        body, last = message.get("body", b""), not message.get("more_body", False)
        if self.start:
            start, self.start = self.start, {}
            headers = start.get("headers", ())
            if start["status"] not in _BARE and _compressible(headers):
                headers = _varying(headers)
                if self.coding and (not last or len(body) >= _SMALLEST):
                    self.compress = _COMPRESSORS[self.coding]()
                    headers = _encoded(headers, self.coding)
                start = {**start, "headers": headers}
            if self.compress and last:
                body = await self._compressed(body, last=True)
                start["headers"].append((b"content-length", b"%d" % len(body)))
                self.compress = None
            await self.send(start)
        if self.compress:
            body = await self._compressed(body, last=last)
        await self.send({**message, "body": body})

    async def _compressed(self, body: bytes, *, last: bool) -> bytes:
        assert self.compress is not None
        if len(body) < _ASIDE:
            return self.compress(body, last=last)
        return await asyncio.to_thread(self.compress, body, last=last)


def _compressible(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    worth = False
    for name, value in headers:
        lower = name.lower()
        if lower == b"content-encoding":
            return False
        if lower == b"content-type":
            worth = _WORTH.match(value) is not None
    return worth


def _varying(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The same headers, with a Vary that names Accept-Encoding."""
    vary: list[tuple[bytes, bytes]] = []
    others: list[tuple[bytes, bytes]] = []
    for pair in headers:
        (vary if pair[0].lower() == b"vary" else others).append(pair)
    return [*others, (b"vary", b", ".join([*(value for _, value in vary), b"Accept-Encoding"]))]


def _encoded(headers: list[tuple[bytes, bytes]], name: str) -> list[tuple[bytes, bytes]]:
    """The headers of another representation: its length is another, and its tag says no more than that it means the same."""
    kept = []
    for key, value in headers:
        lower = key.lower()
        if lower == b"etag" and not value.startswith(b"W/"):
            kept.append((key, b"W/" + value))
        elif lower != b"content-length":
            kept.append((key, value))
    return [*kept, (b"content-encoding", name.encode())]


def _zstd() -> _Compressor:
    compressor = zstandard.ZstdCompressor(level=_ZSTD).compressobj()

    def compress(data: bytes, *, last: bool) -> bytes:
        mode = zstandard.COMPRESSOBJ_FLUSH_FINISH if last else zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return compressor.compress(data) + compressor.flush(mode)

    return compress


def _gzip() -> _Compressor:
    compressor = zlib.compressobj(_GZIP, wbits=zlib.MAX_WBITS | 16)  # 16: with the header and the check of gzip

    def compress(data: bytes, *, last: bool) -> bytes:
        return compressor.compress(data) + compressor.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)

    return compress


# The first is what we like best.
_COMPRESSORS: Final[dict[str, Callable[[], _Compressor]]] = {"zstd": _zstd, "gzip": _gzip}
