"""/sparql/update: the SPARQL 1.1 Protocol for updates (section 2.2), for stewards."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Receive, Scope, Send

from stelsel.errors import ParameterError, QueryRefused, StelselError
from stelsel.querying.guard import judge_update
from stelsel.querying.operations import ANY, DEFAULT, targets
from stelsel.querying.rewriting import with_dataset, without_silent_loads
from stelsel.serving.asked import FORM, pairs
from stelsel.serving.problems import HttpProblem, problem, send_problem
from stelsel.serving.sizes import check_address, read_body
from stelsel.serving.writing import Writing
from stelsel.settings import Settings
from stelsel.storing.changes import Change

PATH: Final = "/sparql/update"
UPDATE: Final = "application/sparql-update"

_USING: Final = ("using-graph-uri", "using-named-graph-uri")


class Update:
    """The endpoint, as plain ASGI. 204 says that the update has been made; `Stelsel-Release` says what came of it."""

    def __init__(self, writing: Writing, settings: Settings) -> None:
        self._writing, self._settings = writing, settings
        self._base = settings.base + "/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        asked = ""
        try:
            if scope["method"] != "POST":
                raise HttpProblem("updates come with POST", status=405, headers={"allow": "POST"})
            by = self._writing.admit(scope)
            parameters = await self._read(scope, receive)
            asked = _one(parameters)
            # Long texts take long to read; nobody else waits for it.
            change = await asyncio.to_thread(self._judged, asked, parameters)
            changed = await self._writing.change(change, by)
            await done(send, 204, changed.release.id)
        except StelselError as error:
            await send_problem(send, problem(error, query=asked), head=scope["method"] == "HEAD")

    async def _read(self, scope: Scope, receive: Receive) -> list[tuple[str, str]]:
        check_address(scope)
        media_type = content_type(scope)
        if media_type not in (FORM, UPDATE):
            raise HttpProblem(
                f"an update is posted as {UPDATE}, or as {FORM} with a field update",
                status=415,
                headers={"accept-post": f"{UPDATE}, {FORM}"},
            )
        parameters = pairs(scope["query_string"]) if scope["query_string"] else []
        if any(name == "update" for name, _ in parameters):
            raise ParameterError("an update is sent in the body, not in the address", name="update")
        body = await read_body(scope, receive, self._settings.query_length)
        return parameters + (pairs(body) if media_type == FORM else [("update", _text(body))])

    def _judged(self, update: str, parameters: list[tuple[str, str]]) -> Change:
        """The update as it may run, with the graphs that it may write. Raises QuerySyntaxError and QueryRefused."""
        update = without_silent_loads(update, self._base)
        judge_update(update, base=self._base)
        touched = targets(update, self._base) if self._writing.confined else None
        if touched is not None and touched & {ANY, DEFAULT}:
            raise QueryRefused("the update must name each graph that it writes, with GRAPH <...> or WITH <...>")
        using, named = ([value for name, value in parameters if name == given] for given in _USING)
        return Change(
            "update",
            text=with_dataset(update, self._base, using, named),
            base_iri=self._base,
            touched=None if touched is None else tuple(sorted(touched)),
        )


def _one(parameters: list[tuple[str, str]]) -> str:
    updates = [value for name, value in parameters if name == "update"]
    if len(updates) != 1:
        raise ParameterError("send one update, in the body or in a field update", name="update")
    if any(name == "query" for name, _ in parameters):
        raise ParameterError("this is a query as well as an update; queries go to /sparql", name="query")
    return updates[0]


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise ParameterError("the update is not UTF-8", name="update") from None


def content_type(scope: Scope) -> str:
    """The media type of a body, in small letters. Raises HttpProblem for text that is not in UTF-8."""
    given: bytes = dict(scope["headers"]).get(b"content-type", b"")
    media_type, *parameters = (part.strip().lower() for part in given.decode("latin-1").split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in {"utf-8", "utf8", "us-ascii"}:
            raise HttpProblem("text is taken in UTF-8 only", status=415)
    return media_type


async def done(send: Send, status: int, release: str, location: str = "") -> None:
    """Answers that a change has been made."""
    headers = [
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"stelsel-release", release.encode()),
        *([(b"location", location.encode())] if location else []),
    ]
    if status == 204:
        del headers[0]  # RFC 9110, section 8.6
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body"})
