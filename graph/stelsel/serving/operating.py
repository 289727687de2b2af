"""For operators: what runs, stopping it, and what this process counts."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response

from stelsel.serving.access import Access
from stelsel.serving.attempts import Running
from stelsel.serving.metrics import Metrics
from stelsel.serving.running import Queries

OPERATOR: Final = "operator"
STEWARD: Final = "steward"

_LONGEST: Final = 20_000  # characters of a query that are shown
_RELAYED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")  # what proxies add


def router(
    queries: Queries, metrics: Metrics, *, access: Access, readable: Literal["operator", "loopback", "anyone"]
) -> APIRouter:
    """`/sparql/queries` and `/metrics`. Each shows one server process: its own, whose number it tells."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/sparql/queries")
    async def list_queries(request: Request, response: Response) -> dict[str, Any]:
        """What runs or waits in this process, the oldest first."""
        holder = access.identify(request.scope)
        if holder is None or STEWARD not in holder.scopes:
            access.require(request.scope, OPERATOR)
        response.headers["cache-control"] = "no-store"
        return {"process": os.getpid(), "queries": [_shown(query) for query in queries.running()]}

    @routes.delete("/sparql/queries/{id}", status_code=204)
    async def stop_query(request: Request, id: str) -> None:
        """Stop one; its client is told."""
        access.require(request.scope, OPERATOR)
        await queries.stop(id)

    @routes.get("/metrics")
    async def show_metrics(request: Request) -> Response:
        """Prometheus' text format, or OpenMetrics."""
        if readable == "operator" or (readable == "loopback" and not _local(request)):
            access.require(request.scope, OPERATOR)
        text, media_type = metrics.render(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": media_type, "cache-control": "no-store"})

    return routes


def _local(request: Request) -> bool:
    """Whether a request comes from this machine, and not through a proxy on it."""
    if request.client is None or any(name in request.headers for name in _RELAYED):
        return False
    return ip_address(request.client.host).is_loopback


def _shown(query: Running) -> dict[str, Any]:
    text = query.question.text
    return {
        "id": query.id,
        "since": datetime.fromtimestamp(query.since, UTC).isoformat(timespec="milliseconds"),
        "seconds": round(query.seconds, 3),
        "state": "waiting" if query.taken is None else "running",
        "client": query.within.client,
        "lane": query.within.lane,
        "form": query.form,
        "release": query.release,
        "text": text[:_LONGEST],
        "cut": len(text) > _LONGEST,
    }
