"""/sparql: the SPARQL 1.1 Protocol for queries, as plain ASGI.

It stands outside FastAPI because this is the path that counts: nothing here is done twice, or copied. The status is
decided before the first byte leaves: the answer's first two chunks are waited for. An answer that is whole by then
goes out with its length; a longer one streams, and when it goes wrong halfway the connection is broken, so that
nobody takes a part for the whole.

An answer that was given before comes from the result cache, and a client that has it already hears so: neither costs a
worker, or a part of anyone's budget. A GET that is the same to the byte is not even read again.
"""

from __future__ import annotations

import logging
import time
from contextlib import aclosing
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stelsel.errors import InputError, NoRelease, StelselError
from stelsel.names import Names
from stelsel.querying.guard import Form
from stelsel.serving import restoring
from stelsel.serving.asked import Asked, read
from stelsel.serving.cache import ResultCache
from stelsel.serving.conditional import Validators, caching, is_conditional
from stelsel.serving.current import CurrentStore
from stelsel.serving.description import Descriptions
from stelsel.serving.downloads import Downloads
from stelsel.serving.explaining import flag, help_link, with_help
from stelsel.serving.judging import Judge, heavy
from stelsel.serving.keys import Keys, Known
from stelsel.serving.limits import Headers
from stelsel.serving.negotiation import best, choose
from stelsel.serving.problems import HttpProblem, problem, send_problem
from stelsel.serving.ranges import send_kept
from stelsel.serving.reception import Reception, unattended
from stelsel.serving.replies import content_type, send_answer, send_empty, send_whole
from stelsel.serving.watch import Watch
from stelsel.settings import Settings
from stelsel.storing import Limits, Question
from stelsel.storing.failures import too_late
from stelsel.storing.formats import FORMATS, Kind, formats

PATH: Final = "/sparql"

_KINDS: Final[dict[str, Kind]] = {"select": "solutions", "ask": "boolean", "construct": "graph", "describe": "graph"}
_METHODS: Final = "GET, HEAD, POST, OPTIONS"
_LAST: Final = 0.01  # seconds that a query gets whose text took all of its time to read

_EXPOSED: Final = "Accept-Ranges, Content-Range, ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After, Traceparent, Stelsel-Release, Stelsel-Truncated"
_CORS: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED.encode()),
)
_PREFLIGHT: Final = (
    *_CORS,
    (b"allow", _METHODS.encode()),
    (b"access-control-allow-methods", _METHODS.encode()),
    (b"access-control-allow-headers", b"Accept, Content-Type, If-None-Match, If-Modified-Since"),
    (b"access-control-max-age", b"86400"),
)
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
        cache: ResultCache | None = None,
        downloads: Downloads | None = None,
    ) -> None:
        self._store, self._settings, self._page = store, settings, page
        self._downloads = downloads
        self._keys, self._cache = Keys(settings), cache
        self._reception = reception or unattended()
        self._judge = Judge(allowed_services=frozenset(settings.federation), base=settings.base + "/")
        self._endpoint = settings.base + PATH
        self._descriptions = Descriptions(
            *(Names(settings.base), self._endpoint, settings.default_graph),
            federated=bool(settings.federation),
            embedded=not settings.store,
        )
        self._described = tuple(dict.fromkeys(t for f in formats("graph") for t in f.media_types))
        common = (
            *_CORS,
            (b"x-content-type-options", b"nosniff"),
            (b"vary", b"Accept"),
            (b"link", f'<{settings.base}/catalogus>; rel="describedby", <{self._endpoint}>; rel="service"'.encode()),
        )
        self._always = (*common, (b"cache-control", caching(settings.audience, settings.cache_seconds)))
        self._once = (*common, (b"cache-control", b"no-store"))

    async def close(self) -> None:
        """End what was started to read long queries."""
        await self._judge.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        text = ""
        try:
            if scope["method"] == "OPTIONS":
                await send_empty(send, 204, _PREFLIGHT)
                return
            if scope["method"] not in ("GET", "HEAD", "POST"):
                raise HttpProblem("queries come with GET or POST", status=405, headers={"allow": _METHODS})
            seen = self._keys.seen(scope)
            if seen is not None and await self._recall(seen, scope, send):
                return
            asked = await read(scope, receive, longest=self._settings.query_length, base_iri=self._settings.base + "/")
            if asked.question is None:
                await self._introduce(asked, scope, receive, send)
                return
            text = asked.question.text
            await self._answer(asked, asked.question, seen, scope, receive, send)
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
        try:
            release = self._store.info()
        except NoRelease:
            release = None
        body = self._descriptions.of(release)[name]
        headers = (*self._always, (b"content-type", content_type(media_type)))
        await send_whole(send, body, headers, head=scope["method"] == "HEAD")

    async def _answer(
        self, asked: Asked, question: Question, tried: Known | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        client = self._reception.client(scope)
        seconds = asked.seconds(self._settings.query_seconds)
        standing, form, seconds = await self._admit(question.text, client, seconds)
        written, media_type = choose(_KINDS[form], asked.accept, asked.parameters)
        restoring.check(question.datatypes, _KINDS[form])
        explain = flag(asked.parameters, "uitleg")
        known = None
        if not explain:
            known = self._keys.known(scope, question, written, content_type(media_type), asked.parameters)
        if known is not None and known != tried and await self._recall(known, scope, send):
            return
        release, made = self._store.release, self._store.made
        headers = [
            *(self._once if known is None else self._always),
            (b"stelsel-release", release.encode()),
            (b"content-type", content_type(media_type)),
        ]
        headers += standing or self._reception.admit(client)
        bulk = self._downloads if form in ("construct", "describe") else None
        if bulk is not None and (link := bulk.link(question)):
            headers.append((b"link", link))
        settings = self._settings
        within = Limits(
            *(seconds, settings.query_memory, settings.query_rows, settings.query_bytes),
            client=client,
        )
        answer = self._reception.queries.answer(self._store, question, written, within, form=form)
        if explain:
            answer = with_help(answer, headers, written, help_link(f"{self._endpoint}/doctor", question))
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        async with Watch(receive, within.seconds) as watch, aclosing(answer) as chunks:
            sent = await send_answer(
                sending,
                chunks,
                headers,
                Validators(release, made, known.format, known.key) if known and scope["method"] != "POST" else None,
                cut_link=f"{self._endpoint}#truncated-" if written.name in ("json", "xml") else "",
                longest=self._cache.longest if self._cache and known else 0,
                head=scope["method"] == "HEAD",
                bulk=bulk.all if bulk else b"",
                limited=within.rows is not None or within.bytes is not None,
            )
            if known is not None and sent.complete:
                self._keys.answered(release, known)
                if self._cache is not None and sent.kept is not None:
                    self._cache.put(release, known.key, sent.kept)
        if watch.cause == "late" and not started:  # this process was too busy to hear the store say so
            raise too_late(within)
        if watch.cause == "late":
            _log.warning("an answer was broken off: its client read too slowly")

    async def _recall(self, known: Known, scope: Scope, send: Send) -> bool:
        """Answer without asking, if that can be done."""
        release = self._store.release
        headers = [*self._always, (b"stelsel-release", release.encode()), (b"content-type", known.content_type)]
        if scope["method"] == "POST":  # what is posted is not conditional
            found = self._cache.get(release, known.key) if self._cache else None
            if found is not None:
                await send_whole(send, found.body, headers, head=False)
            return found is not None
        conditional = is_conditional(scope["headers"])
        if not conditional and self._cache is None:
            return False
        validators = Validators(release, self._store.made, known.format, known.key)
        answered = self._keys.was_answered(release, known)
        owed = validators.owed(scope["headers"], answered=answered) if conditional else None
        found = None if owed or self._cache is None else self._cache.get(release, known.key)
        if found is not None and not answered:  # by another process, as it turns out
            self._keys.answered(release, known)
            owed = validators.owed(scope["headers"], answered=True)
        if owed is not None:
            await send_empty(send, 304, [*headers, *owed])
        elif found is not None:
            headers += validators.headers(found.hash)
            await send_kept(send, scope, found.body, headers)
        return bool(owed or found)

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
