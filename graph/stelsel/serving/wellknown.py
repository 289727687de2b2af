"""/.well-known/void: what the release holds, counted when it was built (VoID, section 7.2)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from stelsel import terms
from stelsel.names import Names
from stelsel.querying.binding import bind
from stelsel.serving.answers import collect, query
from stelsel.serving.description import VOID
from stelsel.serving.negotiation import choose
from stelsel.storing import Question, Store


def router(store: Store, names: Names) -> APIRouter:
    """The route. It answers from the catalogue graph, in any format for graphs."""
    routes = APIRouter(include_in_schema=False)
    question = Question(bind(query("void"), {"catalogue": terms.iri(names.catalogue)}), names.root)

    @routes.api_route(VOID, methods=["GET", "HEAD"])
    async def void(request: Request) -> Response:
        written, media_type = choose("graph", request.headers.get("accept", ""), request.query_params.multi_items())
        content = await collect(store, question, written)
        headers = {
            "vary": "Accept",
            "cache-control": "no-cache",
            "stelsel-release": store.release,
            "access-control-allow-origin": "*",
            "link": f'<{names.base}/sparql>; rel="service"',
        }
        return Response(content, media_type=media_type, headers=headers)

    return routes
