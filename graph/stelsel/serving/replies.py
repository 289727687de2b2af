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
) -> Sent:
    """Send an answer as it comes. One of more than `longest` bytes is too long to keep.

    `validators` are for a complete answer. Where an answer is cut, `cut_link` is for the head of its JSON; empty where
    the format has no place for it. Raises what the store raises, as long as nothing has been sent.
    """
    first, second = b"", None
    try:
        first = await anext(chunks, b"")
        second = await anext(chunks, None)
    except Truncated as error:
        headers.append((b"stelsel-truncated", error.limit.encode()))
        body = _tell(first, cut_link + error.limit) if cut_link else first
        await send_whole(send, body, headers, head=head)
        return Sent(complete=False)
    if second is None:
        kept = Kept(content_hash(first), first)
        if validators is not None:
            headers += validators.headers(kept.hash)
        await send_whole(send, first, headers, head=head)
        return Sent(complete=True, kept=kept if len(first) <= longest else None)
    measured = await _read_on([first, second], chunks, longest=longest) if head else None
    if validators is not None:
        headers += validators.headers(measured.hash if measured else None)
    if measured is not None:
        await send_whole(send, measured.body, headers, head=True)
        return Sent(complete=True, kept=measured)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if head:
        await send({"type": "http.response.body"})
        return Sent(complete=False)
    return await _stream(send, first, second, chunks, longest=longest)


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


async def _stream(send: Send, first: bytes, second: bytes, chunks: AsyncGenerator[bytes], *, longest: int) -> Sent:
    parts, size = [first, second], len(first) + len(second)
    for chunk in (first, second):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size <= longest:
                parts.append(chunk)
            else:
                parts.clear()
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except StelselError as error:
        # Truncated too: its header has gone, and an answer must not look complete that is not.
        _log.warning("an answer was broken off: %s", error)
        return Sent(complete=False)
    await send({"type": "http.response.body"})
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
    """In JSON, the head says that the answer was cut (SPARQL 1.1 Results JSON, 3.1.2); a variable has no `]`."""
    at = body.index(b"]") + 1
    return body[:at] + f',"link":["{link}"]'.encode() + body[at:]
