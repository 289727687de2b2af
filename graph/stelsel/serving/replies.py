"""How the bytes of an answer leave: whole, with its length, or as a stream that breaks where it goes wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from starlette.types import Send

from stelsel.errors import StelselError, Truncated
from stelsel.serving.cache import Kept
from stelsel.serving.conditional import Headers, Validators, content_hash

HELD: Final = 4_000_000
"""Bytes of an answer that wait until it is known whether it is cut, where there is a limit at which it would be."""

SPOILT: Final = b"\xff"
"""How an answer ends that is broken off. This byte stands nowhere in UTF-8, so no text in it that was well-formed by chance
is so any more; nor is an Arrow stream, which may end after any batch. That the transfer has no end says it too.
"""

_TEXT: Final = ("text/", "application/n-triples", "application/n-quads", "application/trig")

_log = logging.getLogger(__name__)


class Sent(NamedTuple):
    """What became of an answer: whether it was complete, and all of it where that is not too long to keep."""

    complete: bool
    kept: Kept | None = None


async def send_answer(
    send: Send,
    chunks: AsyncGenerator[bytes],
    headers: Headers,
    validators: Validators | None,
    *,
    cut_link: str,
    longest: int,
    head: bool,
    limited: bool = False,
    bulk: bytes = b"",
) -> Sent:
    """Send an answer as it comes. One of more than `longest` bytes is too long to keep.

    `validators` are for a complete answer. `limited` says that it may be cut: then its first bytes are held back, so that
    its header can say so. `cut_link` is for the head of its JSON or XML; empty where the format has no place for
    it; `bulk` is a Link header for an answer that is too long to wait for. Raises what the store raises, as long as nothing has been sent.
    """
    parts: list[bytes] = []
    size, streams = 0, False
    try:
        async for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            streams = len(parts) > 1 and size > (HELD if limited else 0)
            if streams:
                break
    except Truncated as error:
        headers.append((b"stelsel-truncated", error.limit.encode()))
        await send_whole(send, _tell(b"".join(parts), cut_link and cut_link + error.limit), headers, head=head)
        return Sent(complete=False)
    if not streams:
        body = b"".join(parts)
        kept = Kept(content_hash(body), body)
        if validators is not None:
            headers += validators.headers(kept.hash)
        await send_whole(send, body, headers, head=head)
        return Sent(complete=True, kept=kept if size <= longest else None)
    if bulk:
        headers.append((b"link", bulk))
    measured = await _read_on(parts, chunks, longest=longest) if head else None
    if validators is not None:
        headers += validators.headers(measured.hash if measured else None)
    if measured is not None:
        await send_whole(send, measured.body, headers, head=True)
        return Sent(complete=True, kept=measured)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if head:
        await send({"type": "http.response.body"})
        return Sent(complete=False)
    return await _stream(send, parts, chunks, longest=longest, limited=limited)


async def _read_on(parts: list[bytes], chunks: AsyncGenerator[bytes], *, longest: int) -> Kept | None:
    """All of an answer that can be kept, for a HEAD: it hears its length, and the GET that follows finds it. None if longer."""
    size = sum(map(len, parts))
    with suppress(Truncated):
        while size <= longest:
            chunk = await anext(chunks, None)
            if chunk is None:
                body = b"".join(parts)
                return Kept(content_hash(body), body)
            parts.append(chunk)
            size += len(chunk)
    return None


async def _stream(
    send: Send, parts: list[bytes], chunks: AsyncGenerator[bytes], *, longest: int, limited: bool
) -> Sent:
    size = sum(map(len, parts))
    # What closes an answer that is cut comes as its last piece. That one must not leave, so each waits for the next.
    waiting = parts[-1] if limited else b""
    for chunk in parts[:-1] if limited else parts:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size <= longest:
                parts.append(chunk)
            else:
                parts.clear()
            ready, waiting = (waiting, chunk) if limited else (chunk, b"")
            await send({"type": "http.response.body", "body": ready, "more_body": True})
    except StelselError as error:
        # Truncated too: its header has gone, and an answer must not look complete that is not.
        _log.warning("an answer was broken off: %s", error)
        await send({"type": "http.response.body", "body": SPOILT, "more_body": True})
        return Sent(complete=False)
    await send({"type": "http.response.body", "body": waiting})
    if size > longest:
        return Sent(complete=True)
    body = b"".join(parts)
    return Sent(complete=True, kept=Kept(content_hash(body), body))


async def send_whole(send: Send, body: bytes, headers: Sequence[tuple[bytes, bytes]], *, head: bool) -> None:
    """Send 200 and all of a body, or only its headers for a HEAD."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def send_empty(send: Send, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Send a status that has no body."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body"})


def content_type(media_type: str) -> bytes:
    """The header of that name: text says that it is UTF-8."""
    return f"{media_type}; charset=utf-8".encode() if media_type.startswith(_TEXT) else media_type.encode()


def _tell(body: bytes, link: str) -> bytes:
    """In JSON and XML the head says that the answer was cut (Results JSON, 3.1.2; XML, 2.3.1), if there is a `link`."""
    if not link:
        return body
    # No name of a variable has a `]` or a `<` in it.
    before, words = (b"</head>", b'<link href="%s"/>') if body.startswith(b"<") else (b"]", b'],"link":["%s"')
    at = body.index(before)
    return body[:at] + words % link.encode() + body[at:]
