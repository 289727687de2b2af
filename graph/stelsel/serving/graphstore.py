"""/graph-store: the SPARQL 1.1 Graph Store HTTP Protocol. Reading is open; writing is for stewards.

A graph is named by `?graph=` or `?default` (section 4.2), or is the one whose IRI is the address itself, below
`/graph-store/` (section 4.1).
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from stelsel.errors import NotFound, ParameterError, QueryRefused, StelselError
from stelsel.names import Names
from stelsel.serving import restoring
from stelsel.serving.asked import pairs
from stelsel.serving.current import CurrentStore
from stelsel.serving.documents import read_parts
from stelsel.serving.downloads import MEDIA_TYPE, Downloads
from stelsel.serving.problems import HttpProblem, problem, send_problem
from stelsel.serving.replies import send_empty
from stelsel.serving.sizes import check_address, read_body
from stelsel.serving.update import done
from stelsel.serving.writing import Writing
from stelsel.settings import Settings
from stelsel.storing.changes import Change, Kind
from stelsel.terms import iri

PATH: Final = "/graph-store"

_METHODS: Final = "GET, HEAD, PUT, POST, DELETE, OPTIONS"
_CONTENT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_WRITES: Final[dict[str, Kind]] = {"PUT": "replace", "POST": "add", "DELETE": "remove"}
_PREFLIGHT: Final = (
    (b"allow", _METHODS.encode()),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"Accept, If-None-Match"),
)


@dataclass(frozen=True)
class _Named:
    """The graph that a request is about: its IRI, or None for the default graph. `fresh` asks for a new one."""

    graph: str | None
    rest: tuple[tuple[str, str], ...] = ()
    fresh: bool = False


class GraphStore:
    """The graph store, as plain ASGI. What is read is answered by `queries`, the SPARQL endpoint: formats, limits, 304.

    Who accepts `application/zstd` is sent to the file that a graph was made from, if there is one.
    """

    def __init__(
        self, queries: ASGIApp, store: CurrentStore, writing: Writing, settings: Settings, downloads: Downloads
    ) -> None:
        self._queries, self._store, self._writing, self._settings = queries, store, writing, settings
        self._downloads = downloads
        self._catalogue = Names(settings.base).catalogue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server."""
        method = scope["method"]
        try:
            if method == "OPTIONS":
                await send({"type": "http.response.start", "status": 204, "headers": list(_PREFLIGHT)})
                await send({"type": "http.response.body"})
                return
            if method not in ("GET", "HEAD", *_WRITES):
                raise HttpProblem(f"{method} is not for graphs", status=405, headers={"allow": _METHODS})
            check_address(scope)
            if method in _WRITES:
                await self._write(scope, receive, send)
            else:
                await self._read(self._named(scope), scope, receive, send)
        except StelselError as error:
            await send_problem(send, problem(error), head=method == "HEAD")

    async def _read(self, named: _Named, scope: Scope, receive: Receive, send: Send) -> None:
        if named.fresh:
            raise ParameterError("say which graph: ?graph=... or ?default", name="graph")
        if named.graph is not None and named.graph not in self._store.info().graphs:
            raise NotFound(f"there is no graph <{named.graph}> in release {self._store.release}")
        if named.graph is not None and _wants_file(scope) and (address := self._downloads.address(named.graph)):
            await send_empty(send, 303, [(b"location", address.encode()), (b"access-control-allow-origin", b"*")])
            return
        parameters = [("query", _CONTENT), *named.rest]
        if named.graph is not None:
            parameters.append(("default-graph-uri", named.graph))
        if named.graph == self._catalogue:
            parameters.append((restoring.PARAMETER, restoring.DCAT_AP.name))
        asked = {**scope, "path": "/sparql", "raw_path": b"/sparql", "query_string": urlencode(parameters).encode()}
        await self._queries(asked, receive, send)

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        by = self._writing.admit(scope)
        kind = _WRITES[scope["method"]]
        named = self._named(scope)
        if named.fresh:
            if kind != "add":
                raise ParameterError("say which graph: ?graph=... or ?default", name="graph")
            named = _Named(f"{self._settings.base}{PATH}/{uuid.uuid4()}", named.rest, fresh=True)
        if named.graph is None and self._writing.confined:
            raise QueryRefused("the default graph is not the steward's; name a graph of yours with ?graph=...")
        change = Change(
            kind,
            graph=named.graph,
            touched=(named.graph,) if named.graph is not None and self._writing.confined else None,
        )
        if kind != "remove":
            body = await read_body(scope, receive, self._settings.write_length)
            parts = await asyncio.to_thread(read_parts, scope, body, base_iri=named.graph or self._settings.base + "/")
            change = Change(kind, graph=change.graph, parts=parts, touched=change.touched)
        changed = await self._writing.change(change, by)
        created = kind != "remove" and not changed.existed
        location = named.graph if created and named.graph else ""
        await done(send, 201 if created else 204, changed.release.id, location)

    def _named(self, scope: Scope) -> _Named:
        """Raises ParameterError where a request names no graph that can be, or names one in two ways."""
        parameters = pairs(scope["query_string"]) if scope["query_string"] else []
        graphs = [value for name, value in parameters if name == "graph"]
        default = any(name == "default" for name, _ in parameters)
        rest = tuple((name, value) for name, value in parameters if name in {"format", "timeout", restoring.PARAMETER})
        # As it was sent: an IRI's escapes are part of it.
        path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("ascii", "replace")
        below = path.removeprefix(PATH).removeprefix("/")
        if len(graphs) + default + bool(below) > 1:
            raise ParameterError("name one graph, in one way", name="graph")
        if default:
            return _Named(None, rest)
        if not graphs and not below:
            return _Named(None, rest, fresh=True)
        try:
            return _Named(iri(graphs[0] if graphs else f"{self._settings.base}{PATH}/{below}")[1:-1], rest)
        except ValueError as error:
            raise ParameterError(f"graph: {error}", name="graph") from None


def _wants_file(scope: Scope) -> bool:
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept").decode("latin-1")
    return MEDIA_TYPE in accepted.lower()
