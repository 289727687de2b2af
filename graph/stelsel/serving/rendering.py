"""How a page is rendered: in which language, with which links, and what it may load."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stelsel.errors import NotAcceptable
from stelsel.home import Home
from stelsel.names import Names
from stelsel.serving import assets
from stelsel.serving.language import LANGUAGES, Language, language, preferred, visible
from stelsel.serving.linking import address, read_links
from stelsel.serving.negotiation import best
from stelsel.serving.problems import MEDIA_TYPE

_TEMPLATES = Path(__file__).parent / "templates"
_NAMES = {"nl": "Nederlands", "en": "English"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What stands in a problem document beside what the page shows in its own words.
_TOLD = frozenset({"type", "title", "status", "detail"})


class Pages:
    """Renders pages in the language of the client."""

    def __init__(self, names: Names, home: Home) -> None:
        self.names = names
        self.links = read_links(names, home)
        self.assets = assets.read_assets()
        # Autoescape holds for every template, whatever its name; a name that a template does not get is an error.
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def language(self, request: Request) -> Language:
        """The language of `?taal=`, else the one that the browser prefers."""
        return language(chosen(request) or preferred(request.headers.get("accept-language", "")))

    def address(self, request: Request, path: str, **parameters: str) -> str:
        """An address in this service, which keeps a language that was chosen by `?taal=`."""
        taal = chosen(request)
        return address(self.links.root + path, {**parameters, **({"taal": taal} if taal else {})})

    def href(self, request: Request, iri: str) -> str | None:
        """The address of an IRI's page; None for an IRI that must not become a link, such as `javascript:`."""
        found = self.links.page(iri)
        return self.address(request, found[0], **found[1]) if found else None

    def editor(self, request: Request, text: str) -> str:
        """The address of the editor with this query in it. It stands behind the #, so it is not sent, and not run."""
        return f"{self.address(request, '/sparql')}#query={quote(text, safe='')}"

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """The answer with a page."""
        tongue = self.language(request)
        content = self._templates.get_template(template).render(
            {
                "language": tongue,
                "t": tongue.text,
                "url": partial(self._url, request),
                "href": partial(self.href, request),
                "asset": self._asset,
                "languages": [(code, _NAMES[code], self._switch(request, code)) for code in LANGUAGES],
                "chosen": chosen(request),
                "here": request.url.path,
                "release": None,
                "root": self.links.root,
                "catalogue": self.names.catalogue,
                **context,
            }
        )
        return HTMLResponse(
            content,
            status,
            {
                "content-security-policy": _POLICY,
                "x-content-type-options": "nosniff",
                "referrer-policy": "same-origin",
                "content-language": tongue.code,
                "vary": "Accept, Accept-Language",
                "cache-control": "no-cache",
                **(headers or {}),
            },
        )

    def problem(self, request: Request, document: Mapping[str, Any]) -> Response:
        """A problem document (RFC 9457) as a page with its status."""
        tongue = self.language(request)
        status = int(document.get("status", 500))
        key = str(status) if f"problem.{status}" in tongue.texts else "otherwise"
        extras = [
            (visible(str(name)), visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
            for name, value in document.items()
            if name not in _TOLD
        ]
        return self.render(
            request,
            "problem.html",
            status=status,
            detail=visible(str(document.get("detail", ""))),
            code=status,
            heading=tongue.text(f"problem.headings.{key}"),
            help=tongue.text(f"problem.{key}"),
            extras=extras,
        )

    def _url(self, request: Request, path: str, *, bare: bool = False) -> str:
        return self.links.root + path if bare else self.address(request, path)

    def _asset(self, name: str) -> str:
        return address(f"{self.links.root}/static/{name}", {"v": self.assets[name].version})

    def _switch(self, request: Request, code: str) -> str:
        """The address of this page in another language."""
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "taal"]
        return f"{self.links.root}{raw_path(request)}?{urlencode([*kept, ('taal', code)])}"


def chosen(request: Request) -> str:
    """The language that `?taal=` asks for; empty where it asks for none that the pages speak."""
    taal = request.query_params.get("taal", "")
    return taal if taal in LANGUAGES else ""


def raw_path(request: Request) -> str:
    """The path as it was asked: percent-encoded, which the decoded path no longer tells apart."""
    raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    return quote(raw.partition(b"?")[0], safe="/:@!$&'()*+,;=~%-._")


def prefers_page(accept: str) -> bool:
    """Whether a client would rather see an error as a page than as a problem document: browsers do, programs do not."""
    try:
        return best(accept, (MEDIA_TYPE, "application/json", "text/html")) == "text/html"
    except NotAcceptable:
        return False


class ProblemPages:
    """Turns the problem documents of the application below it into pages, for clients that prefer those."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app, self._pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        if scope["type"] != "http" or not prefers_page(Headers(scope=scope).get("accept", "")):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def sending(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._answer(scope, receive, send, start, body)

        await self._app(scope, receive, sending)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, start: Message, body: bytes) -> None:
        kept = [(name, value) for name, value in start["headers"] if name.lower() not in _OF_THE_DOCUMENT]
        document = json.loads(body) if body else {"status": start["status"]}  # a HEAD has no body
        answer = self._pages.problem(Request(scope), document)
        answer.raw_headers += kept
        await answer(scope, receive, send)


# Headers that are about the document as such; the page has its own.
_OF_THE_DOCUMENT = frozenset({b"content-type", b"content-length", b"content-language", b"content-security-policy"})
_OF_THE_DOCUMENT |= {b"x-content-type-options", b"referrer-policy", b"vary"}


def _is_problem(message: Message) -> bool:
    return MEDIA_TYPE in Headers(raw=message["headers"]).get("content-type", "")
