"""Everything wired together, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from stelsel.home import Home
from stelsel.names import Names
from stelsel.serving import health, problems
from stelsel.serving.current import CurrentStore
from stelsel.serving.headers import SecurityHeaders
from stelsel.serving.sizes import Sizes
from stelsel.serving.sparql import PATH, Sparql
from stelsel.settings import Settings


def create_app(settings: Settings, home: Home) -> ASGIApp:
    """The whole service: its lifespan opens the current release and closes it."""
    store = CurrentStore(settings)
    names = Names(settings.base)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await store.open()
        yield
        await store.close()

    api = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(api)
    api.include_router(health.router(store))
    rest = SecurityHeaders(problems.Boundary(Sizes(api, body=settings.query_length)))
    return Service(problems.Boundary(Sparql(store, settings)), rest)


class Service:
    """SPARQL goes its own way; all else goes through FastAPI, which costs three times as much a request."""

    def __init__(self, sparql: ASGIApp, rest: ASGIApp) -> None:
        self._sparql, self._rest = sparql, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        hot = scope["type"] == "http" and scope["path"] == PATH
        await (self._sparql if hot else self._rest)(scope, receive, send)
