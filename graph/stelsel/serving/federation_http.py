"""The little HTTP that a worker speaks with the federation proxy: one POST a connection."""

from __future__ import annotations

import asyncio
from typing import Final

HEAD: Final = 16_384
"""Bytes that the head of a request may have."""
_LONGEST: Final = 1_000_000  # bytes of a query


async def read(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """The path and the body of a request. Raises ValueError, KeyError and EOFError for what a worker does not send."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = request.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers["content-length"])
    if method != "POST" or not 0 <= length <= _LONGEST:
        raise ValueError("this is no query")
    return path, await reader.readexactly(length)


class Reply:
    """An answer in chunks, whose end can be told from a break."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._begun = False

    def begin(self, media_type: str) -> None:
        """The head of an answer."""
        self._begun = True
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        self._writer.write(head.encode("ascii"))

    async def write(self, chunk: bytes) -> None:
        """A piece of it; waits for a worker that reads slowly. Raises ConnectionError when it has gone."""
        self._writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        await self._writer.drain()

    def end(self) -> None:
        """It is complete."""
        self._writer.write(b"0\r\n\r\n")
        self._writer.close()

    def fail(self, status: bytes) -> None:
        """There is no answer; one that was begun is broken off, so that no part is taken for the whole."""
        if self._begun:
            self._writer.transport.abort()
            return
        self._writer.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        self._writer.close()
