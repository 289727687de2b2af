"""For operators: what runs, stopping it, and what this process counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final, Literal, Protocol

from fastapi import APIRouter, Request, Response
from starlette.types import Scope

from stelsel.serving.metrics import Metrics
from stelsel.serving.problems import HttpProblem
from stelsel.serving.running import Queries, Running

OPERATOR: Final = "operator"

_LONGEST: Final = 20_000  # characters of a query that are shown
_RELAYED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")  # what proxies add


class Caller(Protocol):
    """Whoever showed a token that is good."""

    @property
    def id(self) -> str:
        """The token's id, which is no secret."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do."""
        ...


Identify = Callable[[Scope], Caller | None]


def router(
    queries: Queries, metrics: Metrics, *, identify: Identify, readable: Literal["operator", "loopback", "anyone"]
) -> APIRouter:
    """`/sparql/queries` and `/metrics`. Each shows one server process: its own, whose number it tells."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/sparql/queries")
    async def list_queries(request: Request, response: Response) -> dict[str, Any]:
        """What runs or waits in this process, the oldest first."""
        _require_operator(identify(request.scope))
        response.headers["cache-control"] = "no-store"
        return {"process": os.getpid(), "queries": [_shown(query) for query in queries.running()]}

    @routes.delete("/sparql/queries/{id}", status_code=204)
    async def stop_query(request: Request, id: str) -> None:
        """Stop one; its client is told."""
        _require_operator(identify(request.scope))
        await queries.stop(id)

    @routes.get("/metrics")
    async def show_metrics(request: Request) -> Response:
        """Prometheus' text format, or OpenMetrics."""
        if readable == "operator" or (readable == "loopback" and not _local(request)):
            _require_operator(identify(request.scope))
        text, media_type = metrics.render(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": media_type, "cache-control": "no-store"})

    return routes


def _require_operator(caller: Caller | None) -> None:
    """Raises HttpProblem (RFC 6750, section 3.1)."""
    if caller is None:
        raise HttpProblem(
            "this is for operators; send a token that has the scope operator",
            status=401,
            headers={"www-authenticate": 'Bearer realm="stelsel"'},
        )
    if OPERATOR not in caller.scopes:
        raise HttpProblem(
            "your token does not have the scope operator",
            status=403,
            headers={"www-authenticate": 'Bearer realm="stelsel", error="insufficient_scope", scope="operator"'},
        )


def _local(request: Request) -> bool:
    """Whether a request comes from this machine, and not through a proxy on it."""
    if request.client is None or any(name in request.headers for name in _RELAYED):
        return False
    return ip_address(request.client.host).is_loopback


def _shown(query: Running) -> dict[str, Any]:
    text = query.question.text
    return {
        "id": query.id,
        "since": query.since.isoformat(timespec="milliseconds"),
        "seconds": round(query.seconds, 3),
        "state": "waiting" if query.taken is None else "running",
        "client": query.within.client,
        "lane": query.within.lane,
        "form": query.form,
        "release": query.release,
        "text": text[:_LONGEST],
        "cut": len(text) > _LONGEST,
    }
