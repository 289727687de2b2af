"""The log: one JSON object a line on standard error, and one line a request.

What a client sends never ends a line, moves a cursor or changes a direction: everything outside printable ASCII is
escaped. The text of a query is not logged unless the operator asks for it: queries are about people now and then.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, Literal

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.types import EventDict, Processor, WrappedLogger

from stelsel.serving import tracing
from stelsel.serving.running import Ended

Text = Literal["no", "hash", "text"]

_LONGEST: Final = 500  # characters of a path or a text that are logged


@dataclass
class Told:
    """What is known about a request by the time that it is logged. Whoever answers it adds to `more`."""

    status: int = 0
    bytes: int = 0
    broken: bool = True
    more: dict[str, Any] = field(default_factory=dict)


_told: ContextVar[Told | None] = ContextVar("told", default=None)


class Requests:
    """Goes around everything: gives each request its trace, and logs and counts it when it is over."""

    def __init__(self, app: ASGIApp, *, client: Callable[[Scope], str], count: Callable[[str, int], None]) -> None:
        self._app, self._client, self._count = app, client, count
        # Whoever has not asked for a log (a test, a notebook) gets none.
        self._write = structlog.get_config()["logger_factory"]().msg if structlog.is_configured() else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        trace = tracing.begin(scope)
        told = Told()
        _told.set(told)
        ours = (b"traceparent", trace.traceparent.encode())

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), ours]}
            else:
                told.bytes += len(message.get("body", b""))
                told.broken = message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._count(scope["path"], told.status)
            if self._write is not None:
                event = {
                    "method": scope["method"],
                    "path": scope["path"][:_LONGEST],
                    "status": told.status,
                    "bytes": told.bytes,
                    "broken": told.broken,
                    "ms": round((time.perf_counter() - began) * 1000, 2),
                    "client": self._client(scope),
                    **told.more,
                    "event": "request",
                    "level": "info",
                    "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
                    "trace": trace.id,
                    "span": trace.span,
                }
                self._write(_request_line(event))


def query_of_request(ended: Ended, *, text: Text) -> None:
    """Have the line of the request that is being answered say what became of its query."""
    told = _told.get()
    if told is None:
        return
    told.more.update(
        client=ended.query.within.client,
        outcome=ended.outcome,
        lane=ended.query.within.lane,
        release=ended.query.release,
        held_ms=round(ended.held * 1000, 2),
    )
    if text != "no":
        asked = ended.query.question.text
        shown = sha256(asked.encode("utf-8", "replace")).hexdigest()[:16] if text == "hash" else asked[:_LONGEST]
        told.more["query"] = shown


def configure() -> None:
    """Everything that is logged from here on, by us or by a library, becomes such a line."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    lines = structlog.processors.JSONRenderer(serializer=_line)
    structlog.configure(
        processors=[*shared, lines],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                lines,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    trace = tracing.current()
    if trace is not None:
        event["trace"], event["span"] = trace.id, trace.span
    return event


def _request_line(event: EventDict) -> str:
    """As `_line`, and quick for what is plain: by way of the processors it was half of the time of a cached answer."""
    try:
        line = orjson.dumps(event).decode()
    except TypeError:  # half a surrogate pair in a path
        return _line(event)
    return line if line.isascii() and "\x7f" not in line else _line(event)


def _line(event: EventDict, **_: Any) -> str:
    """JSON in ASCII: whatever a client sent, it is one line and nothing but text."""
    return json.dumps(event, ensure_ascii=True, default=str).replace("\x7f", "\\u007f")
