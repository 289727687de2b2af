"""Everything wired together, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from stelsel.home import Home
from stelsel.names import Names
from stelsel.querying import curated
from stelsel.serving import (
    doctor,
    downloads,
    graphstore,
    health,
    operating,
    pages,
    problems,
    resources,
    update,
    wellknown,
)
from stelsel.serving.access import Access
from stelsel.serving.asking import Desk
from stelsel.serving.cache import open_cache
from stelsel.serving.clients import Clients
from stelsel.serving.compressing import Compressing
from stelsel.serving.current import CurrentStore
from stelsel.serving.endpoints import Api
from stelsel.serving.headers import SecurityHeaders
from stelsel.serving.issuers import open_issuer
from stelsel.serving.limits import open_budgets
from stelsel.serving.logs import Requests
from stelsel.serving.metrics import Metrics
from stelsel.serving.openapi import PREFIX, document
from stelsel.serving.pacing import pace_for
from stelsel.serving.reception import open_reception
from stelsel.serving.rendering import Pages, ProblemPages
from stelsel.serving.running import Watched
from stelsel.serving.sizes import Sizes
from stelsel.serving.sparql import PATH, Sparql
from stelsel.serving.writing import Writing
from stelsel.settings import Settings

_UNDER: Final = (graphstore.PATH, PREFIX)  # what answers for all that lies below it too


def create_app(settings: Settings, home: Home, folder: Path | None = None) -> ASGIApp:
    """The whole service. Its lifespan opens the current release and closes it. Raises ContentError and SettingError.

    `folder` is for what the server processes of this machine share; without one there is no result cache.
    """
    store = CurrentStore(settings)
    names = Names(settings.base)
    queries = curated.read_all(home.queries, names.root)
    rendered = Pages(names, home)
    metrics = Metrics(store)
    budgets = open_budgets(settings, folder)
    cache = open_cache(settings, folder, metrics.cache)
    issuer = open_issuer(settings)
    access = Access(settings.data, issuer.identify if issuer else None)
    clients = Clients(settings.trusted_proxies, settings.proxy_header)

    def client(scope: Scope) -> str:
        caller = access.identify(scope)
        return clients.key(scope, token=caller.id if caller else "")

    reception = open_reception(
        client,
        budgets=budgets,
        metrics=metrics,
        log_queries=settings.log_queries,
        pace=pace_for(settings.query_workers, settings.workers),
    )
    writing = Writing(store, settings, access)
    examining = doctor.Doctor(store, settings, pages=rendered, reception=reception)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if issuer:
            await issuer.open()
        await store.open()
        yield
        await sparql.close()
        await examining.close()
        await writing.close()
        if issuer:
            await issuer.close()
        await store.close()
        budgets.close()
        if cache:
            await cache.close()

    files = downloads.Downloads(settings, store.info)
    watched = Watched(store, reception.queries)
    api = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(api)
    api.include_router(health.router(store))
    api.include_router(wellknown.router(watched, names))
    api.include_router(downloads.router(files, settings))
    api.include_router(operating.router(reception.queries, metrics, access=access, readable=settings.metrics))
    api.include_router(resources.router(watched, names, rendered, store.info))
    described = document(queries, names)
    api.include_router(pages.router(watched, names, rendered, store.info, queries, openapi=lambda: described))

    api.include_router(doctor.router(examining, rendered, settings, reception))

    sparql = Sparql(
        store, settings, page=pages.editor(rendered, queries), reception=reception, cache=cache, downloads=files
    )
    rest = SecurityHeaders(ProblemPages(problems.Boundary(Sizes(api, body=settings.query_length)), rendered))
    endpoints = Api(Desk(store, settings, reception, cache), names, queries, store.info, otherwise=rest)
    own: dict[str, ASGIApp] = {
        PATH: sparql,
        PREFIX: SecurityHeaders(endpoints),
        update.PATH: update.Update(writing, settings),
        graphstore.PATH: graphstore.GraphStore(sparql, store, writing, settings, files),
    }
    service = Service({path: problems.Boundary(app) for path, app in own.items()}, rest)
    return Requests(Compressing(service), client=clients.key, count=metrics.request)


class Service:
    """SPARQL goes its own way; all else goes through FastAPI, which costs three times as much a request."""

    def __init__(self, own: Mapping[str, ASGIApp], rest: ASGIApp) -> None:
        self._own, self._rest = own, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        app = self._rest
        if scope["type"] == "http":
            path = scope["path"]
            under = next((prefix for prefix in _UNDER if path.startswith(f"{prefix}/")), path)
            app = self._own.get(under, self._rest)
        await app(scope, receive, send)
