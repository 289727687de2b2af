"""Parts of an answer that is kept (RFC 9110, section 14): readers of Parquet ask for its end first, and then for columns.

Only an answer in the result cache is given in parts. Parts of two runs of a query could be parts of two answers, because rows
may come in another order; a part of what is not there any more is refused by giving the whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from starlette.types import Scope, Send

from stelsel.serving.replies import send_whole

_RANGE: Final = re.compile(rb"bytes\s*+=\s*+([0-9]{0,18})\s*+-\s*+([0-9]{0,18})\s*+", re.IGNORECASE)


async def send_kept(send: Send, scope: Scope, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Send a whole body or the one part of it that a GET asks for: 206, or 416 where there is nothing. `headers` has its tag."""
    found = _asked(scope, dict(headers).get(b"etag", b""))
    if scope["method"] != "GET" or found is None:
        await send_whole(send, body, headers, head=scope["method"] == "HEAD")
        return
    first, last = found
    size = len(body)
    start, stop = (int(first), min(int(last or size), size - 1) + 1) if first else (max(0, size - int(last)), size)
    status, part = (206, body[start:stop]) if start < stop else (416, b"")
    place = b"bytes %d-%d/%d" % (start, stop - 1, size) if part else b"bytes */%d" % size
    more = [(b"accept-ranges", b"bytes"), (b"content-range", place), (b"content-length", b"%d" % len(part))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *more]})
    await send({"type": "http.response.body", "body": part})


def _asked(scope: Scope, tag: bytes) -> tuple[bytes, bytes] | None:
    """The one range that is asked for; None for none, for several, for one that is none, and for one of another answer."""
    headers = dict(scope["headers"])
    match = _RANGE.fullmatch(headers.get(b"range", b""))
    if match is None or not (match[1] or match[2]) or headers.get(b"if-range", tag) != tag:
        return None
    first, last = match[1], match[2]
    return None if first and last and int(first) > int(last) else (first, last)
