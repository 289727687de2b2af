"""The pages for people: the home page, the search for an address, the editor, and the API's documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stelsel.names import Names
from stelsel.querying.curated import CuratedQuery
from stelsel.serving import assets, examples, reference, searching, welcome
from stelsel.serving.facts import Reader
from stelsel.serving.rendering import Pages, ProblemPages
from stelsel.storing import Store
from stelsel.storing.releases import Release

__all__ = ["Pages", "ProblemPages", "editor", "router"]

_METHODS = ["GET", "HEAD"]
_IN_SCRIPT = (
    *("running", "cancelled", "done", "shown", "truncated", "none", "yes", "no", "graph", "shownText"),
    *("failed", "broken", "network", "at", "download"),
    *("untitled", "declared", "suggested", "nothing"),
)
_IN_ADVICE = (
    *("place", "instead", "take", "unread", "none", "plan", "busy", "failed"),
    *("same.yes", "same.no", "same.sometimes"),
)


def router(
    store: Store,
    names: Names,
    pages: Pages,
    release_info: Callable[[], Release],
    queries: Sequence[CuratedQuery],
    *,
    openapi: Callable[[], Mapping[str, Any]] | None = None,
) -> APIRouter:
    """The routes of the pages that are about no single thing, and of the files that they use.

    `openapi` gives the document that /api/v1/docs tells; without it, it is that of the application they are part of.
    """
    routes = APIRouter(include_in_schema=False)
    census = welcome.Census(store, names)
    search = searching.find(queries)

    @routes.api_route("/", methods=_METHODS)
    async def home(request: Request) -> Response:
        release = release_info()
        counts = await census.counts()
        reader = Reader(pages.language(request), pages.links, counts.labels)
        return pages.render(
            request,
            "home.html",
            release=release,
            registers=welcome.shelves(release, counts, reader, datetime.now(UTC).date()),
            linksets=welcome.linksets(release, reader),
            others=welcome.others(release, pages.links),
            uncounted=not counts.known,
            questions=examples.curated(queries, reader.language),
            editor=partial(pages.editor, request),
            given=searching.NOTHING,
            searchable=search is not None,
            base=names.base,
            endpoint=f"{names.base}/sparql",
        )

    @routes.api_route("/zoek", methods=_METHODS)
    async def address(request: Request) -> Response:
        given = searching.read(request.query_params)
        found = await searching.run(store, search, given, names.root)
        reader = Reader(pages.language(request), pages.links, found.labels)
        return pages.render(
            request,
            "search.html",
            release=release_info(),
            given=given,
            searchable=True,
            what=given.text,
            message=found.message and reader.language.text(found.message),
            columns=found.columns,
            results=[
                [reader.value(row[name]) if name in row else None for name in found.columns] for row in found.rows
            ],
            api=found.address,
        )

    @routes.api_route("/api/v1/docs", methods=_METHODS)
    async def docs(request: Request) -> Response:
        document = openapi() if openapi else request.app.openapi()
        return pages.render(
            request,
            "docs.html",
            heading=document["info"]["title"],
            description=document["info"].get("description", ""),
            groups=reference.operations(document),
        )

    @routes.api_route("/static/{name:path}", methods=_METHODS)
    async def static(name: str) -> Response:
        return assets.answer(pages.assets, name)

    return routes


def editor(pages: Pages, queries: Sequence[CuratedQuery]) -> ASGIApp:
    """The page that /sparql gives to a browser that comes without a query."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        language = pages.language(request)
        ready = examples.ready(language)
        response = pages.render(
            request,
            "sparql.html",
            endpoint=f"{pages.names.base}/sparql",
            query=ready[0][1],
            examples=[*ready, *((one.title, one.text) for one in examples.curated(queries, language) if one.text)],
            prefixes=json.dumps(pages.links.prefixes),
            texts=json.dumps({name: language.texts[f"sparql.{name}"] for name in _IN_SCRIPT}),
            advice=json.dumps({name: language.texts[f"doctor.{name}"] for name in _IN_ADVICE}),
        )
        await response(scope, receive, send)

    return answer
