"""What went wrong, as problem documents (RFC 9457). One table says which status an error has."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stelsel.errors import (
    BudgetSpent,
    Busy,
    DeadlinePassed,
    FunctionUnknown,
    MemoryExceeded,
    NoRelease,
    NotAcceptable,
    NotFound,
    ParameterError,
    QueryRefused,
    QuerySyntaxError,
    StelselError,
    Stopped,
    Unreachable,
)
from stelsel.serving import tracing

MEDIA_TYPE: Final = "application/problem+json"

# Error -> status and title. An error that is not here, and that no class above it is here for, is ours: 500.
STATUS: Final[dict[type[Exception], tuple[int, str]]] = {
    QuerySyntaxError: (400, "The query does not parse"),
    ParameterError: (400, "A parameter is wrong"),
    QueryRefused: (403, "The query asks for what this service does not do"),
    FunctionUnknown: (501, "The query calls a function that this service does not have"),
    NotFound: (404, "There is no such thing"),
    NotAcceptable: (406, "No format that is offered fits"),
    MemoryExceeded: (503, "The query ran out of memory"),
    Busy: (503, "The service is busy"),
    Stopped: (503, "The query was stopped"),
    BudgetSpent: (429, "There is no query time left"),
    NoRelease: (503, "Nothing has been released yet"),
    Unreachable: (502, "Another server gave no answer"),
    DeadlinePassed: (504, "The query ran out of time"),
}

_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")
_LINE: Final = 200  # characters of a query's line that are shown
_log = logging.getLogger(__name__)


class HttpProblem(StelselError):
    """Something that only HTTP knows: a method, a length, a media type. `headers` are added to the answer."""

    def __init__(self, message: str, *, status: int, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.headers = status, headers or {}
        super().__init__(message)


@dataclass(frozen=True)
class Problem:
    """A problem document: members beyond the standard ones are in `more`."""

    status: int
    kind: str
    title: str
    detail: str
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The document."""
        members = {
            "type": f"urn:problem-type:stelsel:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        trace = tracing.current()
        if trace is not None:
            members.setdefault("instance", trace.instance)
        return json.dumps(members, ensure_ascii=False).encode("utf-8", "replace")

    def all_headers(self) -> dict[str, str]:
        """Every header of the answer but its length."""
        return {
            "content-type": MEDIA_TYPE,
            "content-language": "en",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "access-control-allow-origin": "*",
            **self.headers,
        }


def problem(error: Exception, *, query: str = "") -> Problem:
    """The problem document of an error. What is ours to solve is logged under an id, and told without details."""
    if isinstance(error, HttpProblem):
        phrase = HTTPStatus(error.status).phrase
        kind = phrase.lower().replace(" ", "-")
        return Problem(error.status, kind, phrase, _sentence(error), headers=error.headers)
    known = next((cause for cause in type(error).__mro__ if cause in STATUS), None)
    if known is None:
        trace = tracing.current()
        instance = trace.instance if trace else uuid.uuid4().urn
        _log.error("%s: %s", instance, error, exc_info=error)
        detail = "Something went wrong on our side. It has been logged; please mention the id in `instance`."
        return Problem(500, "internal-server-error", "Internal Server Error", detail, {"instance": instance})
    status, title = STATUS[known]
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, Busy | BudgetSpent) else {}
    if isinstance(error, BudgetSpent):
        headers.update(error.headers)
    kind = _CAPITAL.sub("-", known.__name__).lower()
    return Problem(status, kind, title, _sentence(error), _more(error, query), headers)


async def send_problem(send: Send, found: Problem, *, head: bool = False) -> None:
    """Answer with a problem document; `head` leaves the body out."""
    body = found.body
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in found.all_headers().items()]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


def install(app: FastAPI) -> None:
    """Let a FastAPI application answer with problem documents, for its own errors too; Boundary goes around it."""

    async def answer(_: Request, error: Exception) -> Response:
        return _response(problem(error))

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        return _response(problem(HttpProblem(str(error.detail), status=error.status_code, headers=headers)))

    async def invalid(_: Request, error: Exception) -> Response:
        # A value that does not fit is 400, as for curated queries; 422 is for documents (NL GOV API Design Rules).
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        name = str(first["loc"][-1])
        return _response(problem(ParameterError(f"{name}: {first['msg']}", name=name)))

    async def pass_on(_: Request, error: Exception) -> Response:
        raise error  # to Boundary; Starlette would send a text of its own first

    app.add_exception_handler(Exception, pass_on)
    app.add_exception_handler(StelselError, answer)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


class Boundary:
    """The outermost boundary: an error that nobody foresaw becomes a 500, or breaks off the answer that had begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the outermost boundary
            found = problem(error)
            if not started:
                await send_problem(send, found, head=scope["method"] == "HEAD")


def _response(found: Problem) -> Response:
    return Response(found.body, found.status, found.all_headers())


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


def _more(error: Exception, query: str) -> dict[str, Any]:
    if isinstance(error, QuerySyntaxError) and error.line is not None:
        lines = query.splitlines()
        shown = lines[error.line - 1][:_LINE] if 0 < error.line <= len(lines) else ""
        return {"line": error.line, "column": error.column, "query_line": shown}
    if isinstance(error, NotAcceptable):
        return {"offered": error.offered}
    if isinstance(error, ParameterError):
        return {"parameter": error.name}
    if isinstance(error, BudgetSpent):
        return {"violated-policies": ["query-time"]}  # draft-ietf-httpapi-ratelimit-headers, section 7.1
    if isinstance(error, DeadlinePassed):
        return {"seconds": error.seconds}
    return {}
