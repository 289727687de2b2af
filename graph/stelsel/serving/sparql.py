"""/sparql: the SPARQL 1.1 Protocol for queries, as plain ASGI.

It stands outside FastAPI because this is the path that counts: nothing here is done twice, or copied. The status is
decided before the first byte leaves: the answer's first two chunks are waited for. An answer that is whole by then
goes out with its length; a longer one streams, and when it goes wrong halfway the connection is broken, so that
nobody takes a part for the whole.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from stelsel.errors import InputError, StelselError, Truncated
from stelsel.querying.guard import Form
from stelsel.serving.asked import Asked, read
from stelsel.serving.current import CurrentStore
from stelsel.serving.description import describe
from stelsel.serving.judging import Judge, heavy
from stelsel.serving.limits import Headers
from stelsel.serving.negotiation import best, choose
from stelsel.serving.problems import HttpProblem, problem, send_problem
from stelsel.serving.reception import Reception, unattended
from stelsel.serving.watch import Watch
from stelsel.settings import Settings
from stelsel.storing import Limits, Question
from stelsel.storing.formats import FORMATS, Format, Kind, formats

PATH: Final = "/sparql"

_KINDS: Final[dict[str, Kind]] = {"select": "solutions", "ask": "boolean", "construct": "graph", "describe": "graph"}
_METHODS: Final = "GET, HEAD, POST, OPTIONS"
_LAST: Final = 0.01  # seconds that a query gets whose text took all of its time to read
# The answer differs from one moment to the next, so it is not to be kept.
_FLEETING: Final = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID)\s*\(")
_FLEETING_WORDS: Final = ("NOW", "RAND", "UUID")  # looked for first: a search for words is far cheaper
_SERVICES: Final[frozenset[str]] = frozenset()  # federation is off

_EXPOSED: Final = "ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After, Traceparent, Stelsel-Release, Stelsel-Truncated"
_CORS: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED.encode()),
)
_PREFLIGHT: Final = (
    *_CORS,
    (b"allow", _METHODS.encode()),
    (b"access-control-allow-methods", _METHODS.encode()),
    (b"access-control-allow-headers", b"Accept, Content-Type, If-None-Match"),
    (b"access-control-max-age", b"86400"),
)
_TEXT: Final = ("text/", "application/n-triples", "application/n-quads", "application/trig")

_log = logging.getLogger(__name__)


class Sparql:
    """The endpoint. `page` answers a browser that comes without a query."""

    def __init__(
        self,
        store: CurrentStore,
        settings: Settings,
        *,
        page: ASGIApp | None = None,
        reception: Reception | None = None,
    ) -> None:
        self._store, self._settings, self._page = store, settings, page
        self._reception = reception or unattended()
        self._judge = Judge(allowed_services=_SERVICES, base=settings.base + "/")
        self._endpoint = settings.base + PATH
        self._description = describe(self._endpoint, settings.default_graph)
        self._described = tuple(dict.fromkeys(t for f in formats("graph") for t in f.media_types))
        caching = b"private, no-cache" if settings.audience == "gesloten" else b"public, no-cache"
        self._always = (
            *_CORS,
            (b"x-content-type-options", b"nosniff"),
            (b"vary", b"Accept"),
            (b"cache-control", caching),
            (b"link", f'<{settings.base}/catalogus>; rel="describedby", <{self._endpoint}>; rel="service"'.encode()),
        )

    def close(self) -> None:
        """End what was started to read long queries."""
        self._judge.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        text = ""
        try:
            if scope["method"] == "OPTIONS":
                await _empty(send, 204, _PREFLIGHT)
                return
            if scope["method"] not in ("GET", "HEAD", "POST"):
                raise HttpProblem("queries come with GET or POST", status=405, headers={"allow": _METHODS})
            asked = await read(scope, receive, longest=self._settings.query_length, base_iri=self._settings.base + "/")
            if asked.question is None:
                await self._introduce(asked, scope, receive, send)
                return
            text = asked.question.text
            await self._answer(asked, asked.question, scope, receive, send)
        except StelselError as error:
            await send_problem(send, problem(error, query=text), head=scope["method"] == "HEAD")

    async def _introduce(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        """No query: the page for a browser, the service description for anyone else."""
        offered = self._described if self._page is None else (*self._described, "text/html")
        media_type = best(asked.accept, offered)
        if media_type == "text/html" and self._page is not None:
            await self._page(scope, receive, send)
            return
        if scope["method"] == "POST":
            raise HttpProblem("there is no query in the body", status=400)
        name = next(
            name for name, entry in FORMATS.items() if "graph" in entry.kinds and media_type in entry.media_types
        )
        body = self._description[name]
        headers = (*self._always, (b"content-type", _content_type(media_type)))
        await _whole(send, body, headers, head=scope["method"] == "HEAD")

    async def _answer(self, asked: Asked, question: Question, scope: Scope, receive: Receive, send: Send) -> None:
        client = self._reception.client(scope)
        seconds = asked.seconds(self._settings.query_seconds)
        standing, form, seconds = await self._admit(question.text, client, seconds)
        written, media_type = choose(_KINDS[form], asked.accept, asked.parameters)
        kept = scope["method"] != "POST" and not _fleeting(question.text)
        identity = self._identity(written) if kept else ((b"stelsel-release", self._store.release.encode()),)
        headers = [*self._always, *identity, (b"content-type", _content_type(media_type))]
        if kept and _matches(asked.known, identity[0][1].decode()):
            await _empty(send, 304, headers)
            return
        headers += standing or self._reception.admit(client)
        settings = self._settings
        within = Limits(
            *(seconds, settings.query_memory, settings.query_rows, settings.query_bytes),
            client=client,
        )
        async with (
            Watch(receive, within.seconds) as watch,
            aclosing(self._reception.queries.answer(self._store, question, written, within, form=form)) as chunks,
        ):
            await self._send(chunks, headers, written, send, head=scope["method"] == "HEAD")
        if watch.cause == "late":
            _log.warning("an answer was broken off: its client read too slowly")

    async def _admit(self, text: str, client: str, seconds: float) -> tuple[Headers, Form, float]:
        """The form of a query that may run, and the seconds that it has left. Reading a long one is paid for."""
        reception = self._reception
        try:
            if not heavy(text):
                return (), await self._judge.form(text, seconds), seconds
            standing = reception.admit(client)
            began = time.monotonic()
            try:
                form = await self._judge.form(text, seconds)
            finally:
                took = time.monotonic() - began
                reception.charge(client, took)
            return standing, form, max(seconds - took, _LAST)
        except InputError as error:
            reception.unfit(error)
            raise

    async def _send(
        self,
        chunks: AsyncGenerator[bytes],
        headers: list[tuple[bytes, bytes]],
        format: Format,
        send: Send,
        *,
        head: bool,
    ) -> None:
        first, second, cut = b"", None, ""
        try:
            first = await anext(chunks, b"")
            second = await anext(chunks, None)
        except Truncated as error:
            cut = error.limit
        if second is None:
            if cut:
                headers.append((b"stelsel-truncated", cut.encode()))
                first = self._tell(first, format, cut)
            await _whole(send, first, headers, head=head)
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if head:
            await send({"type": "http.response.body"})
            return
        await send({"type": "http.response.body", "body": first, "more_body": True})
        await send({"type": "http.response.body", "body": second, "more_body": True})
        try:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except StelselError as error:
            # Truncated too: its header has gone, and an answer must not look complete that is not.
            _log.warning("an answer was broken off: %s", error)
            return
        await send({"type": "http.response.body"})

    def _identity(self, format: Format) -> tuple[tuple[bytes, bytes], ...]:
        """Which release answers; weak, because the order of rows may differ from one answer to the next."""
        release, made = self._store.release, self._store.made
        return (
            (b"etag", f'W/"{release}.{format.name}"'.encode()),
            (b"last-modified", made.encode()),
            (b"stelsel-release", release.encode()),
        )

    def _tell(self, body: bytes, format: Format, cut: str) -> bytes:
        """In JSON, the head says that the answer was cut (SPARQL 1.1 Results JSON, 3.1.2); a variable has no `]`."""
        if format.name != "json":
            return body
        at = body.index(b"]") + 1
        return body[:at] + f',"link":["{self._endpoint}#truncated-{cut}"]'.encode() + body[at:]


def _fleeting(text: str) -> bool:
    upper = text.upper()
    return any(word in upper for word in _FLEETING_WORDS) and _FLEETING.search(upper) is not None


def _matches(known: str, etag: str) -> bool:
    """If-None-Match, by weak comparison (RFC 9110, section 13.1.2)."""
    if not known:
        return False
    tags = [tag.strip() for tag in known.split(",")]
    return "*" in tags or etag in tags or etag.removeprefix("W/") in tags


def _content_type(media_type: str) -> bytes:
    return f"{media_type}; charset=utf-8".encode() if media_type.startswith(_TEXT) else media_type.encode()


async def _whole(
    send: Send, body: bytes, headers: tuple[tuple[bytes, bytes], ...] | list[tuple[bytes, bytes]], *, head: bool
) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def _empty(send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...] | list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body"})
