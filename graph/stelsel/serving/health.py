"""Whether the service lives, and whether it is ready to answer."""

from __future__ import annotations

from fastapi import APIRouter, Response

from stelsel.errors import NoRelease
from stelsel.serving.current import CurrentStore


def router(store: CurrentStore) -> APIRouter:
    """`/health/live` says that the process runs; `/health/ready` that a question would be answered."""
    routes = APIRouter(prefix="/health", tags=["health"])

    @routes.get("/live")
    async def live(response: Response) -> dict[str, str]:
        """Restart the process when this does not answer."""
        response.headers["cache-control"] = "no-store"
        return {"status": "live"}

    @routes.get("/ready")
    async def ready(response: Response) -> dict[str, str]:
        """Send no requests while this answers 503."""
        if not store.ready:
            raise NoRelease("there is no release to answer from, or no worker has opened it yet")
        response.headers["cache-control"] = "no-store"
        return {"status": "ready", "release": store.release}

    return routes
