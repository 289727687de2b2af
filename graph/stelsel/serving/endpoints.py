"""Curated queries as REST endpoints under `/api/v1`, by the NL GOV REST API Design Rules, as plain ASGI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from stelsel.errors import NotFound, StelselError, StoreError, Truncated
from stelsel.names import Names
from stelsel.querying import results
from stelsel.querying.binding import bind
from stelsel.querying.curated import CuratedQuery
from stelsel.querying.declarations import MOST
from stelsel.serving import answers
from stelsel.serving.asking import Desk, Visit
from stelsel.serving.calls import Call, read
from stelsel.serving.conditional import Validators, content_hash, has, http_date
from stelsel.serving.keys import Known
from stelsel.serving.limits import Headers
from stelsel.serving.openapi import PREFIX, VERSION, document
from stelsel.serving.problems import HttpProblem, problem, send_problem
from stelsel.serving.sizes import check_address
from stelsel.serving.watch import Watch
from stelsel.storing import Question
from stelsel.storing.formats import FORMATS
from stelsel.storing.releases import Release

_METHODS: Final = "GET, HEAD, OPTIONS"
_EXPOSED: Final = (
    "API-Version, Deprecation, ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After, Stelsel-Release"
)
_CORS: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": _EXPOSED,
    "x-content-type-options": "nosniff",
    "api-version": VERSION,
}
_PREFLIGHT: Final = {
    "allow": _METHODS,
    "access-control-allow-methods": _METHODS,
    "access-control-allow-headers": "Accept, If-None-Match",
    "access-control-max-age": "86400",
}
_HOLE: Final = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Api:
    """Answers everything under `/api/v1`, but leaves the page that documents it to `otherwise`.

    `desk` answers from the current release, and `info` describes that.
    """

    def __init__(
        self,
        desk: Desk,
        names: Names,
        queries: Sequence[CuratedQuery],
        info: Callable[[], Release],
        *,
        otherwise: ASGIApp | None = None,
    ) -> None:
        self._desk, self._names, self._info, self._otherwise = desk, names, info, otherwise
        # A literal segment goes before a hole: a path that has a name of its own is no identification.
        ordered = sorted(queries, key=lambda one: [part.startswith("{") for part in one.path.split("/")])
        self._routes = [(re.compile(_HOLE.sub(r"(?P<\1>[^/]+)", PREFIX + one.path)), one) for one in ordered]
        self._document = orjson.dumps(document(queries, names), option=orjson.OPT_INDENT_2)
        self._tag = b'"%s"' % content_hash(self._document).hex().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        if self._otherwise is not None and scope["path"] == f"{PREFIX}/docs":
            await self._otherwise(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        visit = self._desk.visit(scope)
        try:
            check_address(scope)
            reply = await self._reply(scope, receive, visit)
        except StelselError as error:
            found = problem(error)
            standing = {name.decode(): value.decode() for name, value in visit.standing}
            await send_problem(
                send, replace(found, headers={**standing, **found.headers, "api-version": VERSION}), head=head
            )
            return
        if reply is not None:  # else the client has gone
            await _send(reply, visit.standing, send, head=head)

    async def _reply(self, scope: Scope, receive: Receive, visit: Visit) -> _Reply | None:
        path = scope["path"]
        if path == f"{PREFIX}/openapi.json":
            return _by_method(scope) or self._described(scope)
        for pattern, query in self._routes:
            if found := pattern.fullmatch(path):
                return _by_method(scope) or await self._answer(
                    read(scope, query, found.groupdict(), self._names), scope, receive, visit
                )
        hint = ", and no address ends in a slash" if path.endswith("/") else ""
        raise NotFound(f"there is no endpoint {path[:200]}{hint}; see {self._names.base}{PREFIX}/openapi.json")

    def _described(self, scope: Scope) -> _Reply:
        headers = {
            "content-type": "application/json",
            "etag": self._tag.decode(),
            "cache-control": "public, no-cache",
        }
        return _Reply(304, headers) if has(scope["headers"], self._tag) else _Reply(200, headers, self._document)

    async def _answer(self, call: Call, scope: Scope, receive: Receive, visit: Visit) -> _Reply | None:
        declared, form = call.query.declared, call.query.form
        question = Question(call.query.bind(call.values, beyond=1), self._names.root)
        rows = declared.most or MOST
        release = self._info()
        headers = self._headers(call, release)
        known = self._known(call, question, rows)
        if known is not None:
            validators = Validators(release.id, http_date(release.made), known.format, known.key)
            answered = self._desk.keys.was_answered(release.id, known)
            owed = validators.owed(scope["headers"], answered=answered)
            headers |= {name.decode(): value.decode() for name, value in owed or validators.headers()}
            if owed is not None:
                return _Reply(304, headers)
        async with Watch(receive, self._desk.limits.seconds):
            # Between `info` and here nothing is awaited: both are of the same release.
            try:
                content = await visit.ask(question, "json" if form == "select" else call.format, form=form, rows=rows)
            except Truncated:
                raise HttpProblem(f"there are more than {rows} rows; ask for less", status=400) from None
            reply = await self._made(call, content, headers, release, visit)
            if known is not None:
                self._desk.keys.answered(release.id, known)
            return reply
        return None

    async def _made(
        self, call: Call, content: bytes, headers: dict[str, str], release: Release, visit: Visit
    ) -> _Reply:
        """The reply that an answer of the store makes. Raises NotFound where what was asked for is not there."""
        if call.query.form != "select":
            await self._must_exist(call, release, visit)
            return _Reply(200, headers | {"content-type": call.media_type}, content)
        bindings = orjson.loads(content)["results"]["bindings"]
        items = results.items(call.query.returns, bindings)
        if call.query.declared.single:
            if not items:
                raise _unknown(call, release)
            if len(items) > 1:
                raise StoreError(f"{call.query.name} is declared single, and gives {len(items)} items")
        elif not items:
            await self._must_exist(call, release, visit)
        return _written(call, items, bindings, headers)

    def _known(self, call: Call, question: Question, rows: int) -> Known | None:
        """What tells this representation from all others of a release; None where it may change within one."""
        key = self._desk.keys.key(question, FORMATS["json"], [], rows=rows)
        if key is None:
            return None
        shape = (self._names.base, VERSION, call.format, call.query.returns)
        return Known(key + content_hash(repr(shape).encode()), call.format, call.media_type.encode())

    def _headers(self, call: Call, release: Release) -> dict[str, str]:
        declared = call.query.declared
        shared = "private" if release.audience == "gesloten" else "public"
        headers = {
            "cache-control": f"{shared}, max-age={declared.cache}" if declared.cache else f"{shared}, no-cache",
            "vary": "Accept",
            "stelsel-release": release.id,
            "link": f'<{self._names.base}{PREFIX}/openapi.json>; rel="service-desc", '
            f'<{self._names.catalogue}>; rel="describedby"',
        }
        if declared.deprecated:
            moment = datetime.combine(declared.deprecated, datetime.min.time(), UTC)
            headers["deprecation"] = f"@{int(moment.timestamp())}"  # RFC 9745
        return headers

    async def _must_exist(self, call: Call, release: Release, visit: Visit) -> None:
        """Tells a thing of which there is nothing to tell from a thing that is not there. Raises NotFound."""
        terms = call.query.terms(call.values)
        named = [p.name for p in call.query.parameters if p.type == "iri" and p.name in call.query.declared.path_names]
        for name in named:
            text = bind(answers.query("exists"), {"iri": terms[name][0]})
            content = await visit.ask(Question(text), "json", form="ask")
            if not orjson.loads(content)["boolean"]:
                raise _unknown(call, release)


def _written(call: Call, items: list[results.Item], bindings: list[Any], headers: dict[str, str]) -> _Reply:
    """The answer in its format; of a query with pages, one page and the address of the next."""
    columns, paging, links = call.query.returns, call.query.declared.paging, {"self": {"href": call.address}}
    size = call.query.page_size(call.values)
    if paging is not None and size is not None and len(items) > size:
        items = items[:size]
        kept = {item[paging.by] for item in items}
        bindings = [binding for binding in bindings if binding[paging.by]["value"] in kept]
        links["next"] = {"href": call.after(items[-1][paging.by])}
        headers["link"] += f', <{links["next"]["href"]}>; rel="next"'
    if call.format == "csv":
        headers["content-type"] = "text/csv; charset=utf-8; header=present"
        return _Reply(200, headers, results.table(columns, items))
    headers["content-type"] = call.media_type
    if call.format == "srj":
        content: Any = {"head": {"vars": [column.name for column in columns]}, "results": {"bindings": bindings}}
    elif call.query.declared.single:
        content = items[0]
    else:
        content = {"_links": links, "items": items}
    return _Reply(200, headers, orjson.dumps(content))


def _unknown(call: Call, release: Release) -> NotFound:
    given = ", ".join(f"{name} {value[:80]}" for name, (value, *_) in call.values.items())
    places = [
        f"register {name}, edition {release.editions[name]}"
        if name in release.editions
        else f"{name}, which is not loaded"
        for name in call.query.declared.registers
    ]
    return NotFound(f"there is no answer for {given} in {' or '.join(places) or 'the release'} (release {release.id})")


def _by_method(scope: Scope) -> _Reply | None:
    """The answer to OPTIONS; none to what is read. Raises HttpProblem for any other method."""
    if scope["method"] == "OPTIONS":
        return _Reply(204, _PREFLIGHT)
    if scope["method"] not in ("GET", "HEAD"):
        raise HttpProblem("this is read with GET", status=405, headers={"allow": _METHODS})
    return None


async def _send(reply: _Reply, standing: Headers, send: Send, *, head: bool) -> None:
    headers = list(standing)
    headers += [(name.encode(), value.encode("latin-1")) for name, value in (_CORS | dict(reply.headers)).items()]
    if reply.status == 200:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else reply.body})
