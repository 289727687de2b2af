"""Whether a client has the answer already: entity tags and dates (RFC 9110, sections 8.8 and 13; RFC 9111).

The tag of an answer is `"<release>.<format>.<key of the question>.<hash of the content>"`. Rows may come in another
order when a question is asked again, so only the hash makes a tag strong; an answer that is too long to wait for goes
out with the weak one, without it. All of them name the same answer of the same release: a client that has any of them
needs no other, and to know that takes no worker.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from typing import Final, Literal

_TAG: Final = re.compile(rb'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*+)"')

_CONDITIONS: Final = (b"if-none-match", b"if-modified-since")

Headers = list[tuple[bytes, bytes]]


class Validators:
    """What tells the answer to one question, from one release and in one format, from all others."""

    def __init__(self, release: str, made: str, format: str, key: bytes) -> None:
        self._name = b"%s.%s.%s" % (release.encode(), format.encode(), _text(key))
        self._made = made.encode()

    def headers(self, content: bytes | None = None) -> Headers:
        """ETag and Last-Modified of an answer with this hash; weak where there is none."""
        tag = b'W/"%s"' % self._name if content is None else b'"%s.%s"' % (self._name, _text(content))
        return [(b"etag", tag), (b"last-modified", self._made)]

    def owed(self, headers: Iterable[tuple[bytes, bytes]], *, answered: bool) -> Headers | None:
        """The headers of a 304, if that is what a GET or HEAD with these headers is owed; else None.

        A tag proves that the question has an answer. A date or `*` proves nothing: those count for one that was
        `answered` before. And a date must be the release's own: after a rollback, a later one does not mean that the
        client has what is served.
        """
        tags = b",".join([value for name, value in headers if name == b"if-none-match"])
        if not tags:
            since = [value for name, value in headers if name == b"if-modified-since"]
            return self.headers() if answered and since == [self._made] else None
        if tags.strip() == b"*":
            return self.headers() if answered else None
        for found in _TAG.finditer(tags):
            if found[1] == self._name or found[1].startswith(self._name + b"."):
                return [(b"etag", found[0]), (b"last-modified", self._made)]
        return None


def is_conditional(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request asks for an answer only if it is another one."""
    return any(name in _CONDITIONS for name, _ in headers)


def has(headers: Iterable[tuple[bytes, bytes]], tag: bytes) -> bool:
    """Whether If-None-Match names this entity tag, by weak comparison, or is `*`: for what is sure to be there.

    >>> has([(b"if-none-match", b'"a", W/"b"')], b'"b"')
    True
    """
    tags = b",".join([value for name, value in headers if name == b"if-none-match"])
    return tags.strip() == b"*" or any(b'"%s"' % found[1] == tag for found in _TAG.finditer(tags))


def content_hash(body: bytes) -> bytes:
    """What tells one content from another, in nine bytes: within one question, release and format."""
    return blake2b(body, digest_size=9).digest()


def caching(audience: Literal["open", "gesloten"], seconds: int) -> bytes:
    """Cache-Control of an answer that may be kept for `seconds`; closed data by the client alone."""
    whose = b"private" if audience == "gesloten" else b"public"
    return b"%s, max-age=%d, must-revalidate" % (whose, seconds) if seconds else b"%s, no-cache" % whose


def http_date(moment: datetime) -> str:
    """A moment as HTTP writes it.

    >>> http_date(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    'Fri, 02 Jan 2026 03:04:05 GMT'
    """
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _text(octets: bytes) -> bytes:
    return urlsafe_b64encode(octets).rstrip(b"=")
