"""How long an address and a body may be, and how long a body may take to come."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stelsel.serving.problems import HttpProblem, problem, send_problem

LONGEST_ADDRESS: Final = 50_000  # bytes; a longer query is sent with POST
_PATIENCE: Final = 30.0  # seconds in which a body must have come


def check_address(scope: Scope) -> None:
    """Raises HttpProblem 414 for an address that is too long."""
    length = len(scope["query_string"]) + len(scope.get("raw_path") or b"")
    if length > LONGEST_ADDRESS:
        raise HttpProblem(
            f"the address is longer than {LONGEST_ADDRESS} bytes; send a long query with POST", status=414
        )


def check_length(scope: Scope, limit: int) -> None:
    """Raises HttpProblem 413 when the client says beforehand that its body is longer than `limit` bytes."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
        raise _too_large(limit)


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body. Raises HttpProblem: 413 when it is longer than `limit` bytes, 408 when it comes too slowly."""
    check_length(scope, limit)
    parts, size, more = [], 0, True
    try:
        async with asyncio.timeout(_PATIENCE):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise HttpProblem("the body was broken off", status=400)
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                more = message.get("more_body", False)
                if size > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise HttpProblem(f"the body did not come within {_PATIENCE:.0f} s", status=408, headers=_CLOSE) from None
    return b"".join(parts)


class Sizes:
    """Refuses what is too long before an application reads it."""

    def __init__(self, app: ASGIApp, *, body: int) -> None:
        self._app, self._body = app, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            check_address(scope)
            check_length(scope, self._body)
        except HttpProblem as error:
            await send_problem(send, problem(error), head=scope["method"] == "HEAD")
            return
        size = 0
        refused = False

        async def receiving() -> Message:
            nonlocal size, refused
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._body:
                refused = True
                raise _too_large(self._body)
            return message

        async def sending(message: Message) -> None:
            # FastAPI takes any failure to read a body for a mistake in it, and would answer 400.
            if not refused:
                await send(message)
            elif message["type"] == "http.response.start":
                await send_problem(send, problem(_too_large(self._body)))

        await self._app(scope, receiving, sending)


_CLOSE: Final = {"connection": "close"}  # what is left of the body is not read


def _too_large(limit: int) -> HttpProblem:
    return HttpProblem(f"the body is longer than {limit} bytes", status=413, headers=_CLOSE)
