"""Everything wired together, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from stelsel.home import Home
from stelsel.names import Names
from stelsel.querying import curated
from stelsel.serving import health, operating, pages, problems, resources
from stelsel.serving.clients import Clients
from stelsel.serving.current import CurrentStore
from stelsel.serving.headers import SecurityHeaders
from stelsel.serving.limits import open_budgets
from stelsel.serving.logs import Requests
from stelsel.serving.metrics import Metrics
from stelsel.serving.reception import open_reception
from stelsel.serving.rendering import Pages, ProblemPages
from stelsel.serving.sizes import Sizes
from stelsel.serving.sparql import PATH, Sparql
from stelsel.settings import Settings


def create_app(settings: Settings, home: Home) -> ASGIApp:
    """The whole service. Its lifespan opens the current release and closes it. Raises ContentError and SettingError."""
    store = CurrentStore(settings)
    names = Names(settings.base)
    queries = curated.read_all(home.queries, names.root)
    rendered = Pages(names, home)
    metrics = Metrics(store)
    budgets = open_budgets(settings)
    clients = Clients(settings.trusted_proxies, settings.proxy_header)

    def client(scope: Scope) -> str:
        caller = identify(scope)
        return clients.key(scope, token=caller.id if caller else "")

    reception = open_reception(client, budgets=budgets, metrics=metrics, log_queries=settings.log_queries)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await store.open()
        yield
        sparql.close()
        await store.close()
        budgets.close()

    api = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(api)
    api.include_router(health.router(store))
    api.include_router(operating.router(reception.queries, metrics, identify=identify, readable=settings.metrics))
    api.include_router(resources.router(store, names, rendered, store.info))
    api.include_router(pages.router(store, names, rendered, store.info, queries))

    sparql = Sparql(store, settings, page=pages.editor(rendered, queries), reception=reception)
    rest = SecurityHeaders(ProblemPages(problems.Boundary(Sizes(api, body=settings.query_length)), rendered))
    return Requests(Service(problems.Boundary(sparql), rest), client=client, count=metrics.request)


def identify(scope: Scope) -> operating.Caller | None:
    """Who shows a token. This service has no tokens yet: nobody does."""
    del scope
    return None


class Service:
    """SPARQL goes its own way; all else goes through FastAPI, which costs three times as much a request."""

    def __init__(self, sparql: ASGIApp, rest: ASGIApp) -> None:
        self._sparql, self._rest = sparql, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        hot = scope["type"] == "http" and scope["path"] == PATH
        await (self._sparql if hot else self._rest)(scope, receive, send)
