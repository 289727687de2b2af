"""Linked data: `/id/...` leads to `/doc/...`, and every IRI in the graph has its description at `/resource?iri=`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from stelsel.errors import NotFound
from stelsel.names import Names
from stelsel.serving import examples, facts
from stelsel.serving.answers import collect
from stelsel.serving.dereference import (
    REPRESENTATIONS,
    Representation,
    as_header,
    asked,
    negotiate,
    spellings,
    split_suffix,
)
from stelsel.serving.descriptions import MOST, Description, Document, Known, describe, find, rdf_question
from stelsel.serving.facts import Reader
from stelsel.serving.language import Language, visible
from stelsel.serving.linking import address
from stelsel.serving.rendering import Pages, raw_path
from stelsel.storing import Store
from stelsel.storing.releases import Release

_METHODS = ["GET", "HEAD"]


@dataclass(frozen=True)
class Origin:
    """Where statements come from: a graph, its register's title, and the date and age of the edition."""

    graph: str
    title: str
    date: date | None
    age: str


@dataclass(frozen=True)
class Subject:
    """The IRI that is asked for, and the address of its description without suffix."""

    iri: str
    path: str
    parameters: Mapping[str, str]

    def address(self, root: str, suffix: str = "") -> str:
        """The address of the description in one representation; without a suffix it is the client's choice."""
        return address(f"{root}{self.path}" + (f".{suffix}" if suffix else ""), self.parameters)


def router(store: Store, names: Names, pages: Pages, release_info: Callable[[], Release]) -> APIRouter:
    """The routes of linked data. They answer with descriptions from `store`, dated by `release_info`."""
    routes = APIRouter(include_in_schema=False)
    library = _Library(store, names, pages, release_info)

    @routes.api_route("/id/{path:path}", methods=_METHODS)
    async def identifier(request: Request) -> Response:
        return library.see_other(request)

    @routes.api_route("/doc/{path:path}", methods=_METHODS)
    async def document(request: Request) -> Response:
        stem, representation = split_suffix(raw_path(request).removeprefix("/doc/"))
        iri = asked([names.identifier(*stem.partition("/")[::2])])
        return await library.answer(request, Subject(iri, f"/doc/{stem}", {}), representation)

    @routes.api_route("/resource", methods=_METHODS)
    async def resource(request: Request) -> Response:
        iri = asked(request.query_params.getlist("iri"))
        return await library.answer(request, Subject(iri, "/resource", {"iri": iri}), None)

    @routes.api_route("/resource.{suffix}", methods=_METHODS)
    async def resource_as(request: Request, suffix: str) -> Response:
        representation = split_suffix(f"resource.{suffix}")[1]
        if representation is None:
            offered = ", ".join(f".{one.suffix}" for one in REPRESENTATIONS)
            raise NotFound(f"A description is not given as .{visible(suffix[:40])}; it is as {offered}")
        iri = asked(request.query_params.getlist("iri"))
        return await library.answer(request, Subject(iri, "/resource", {"iri": iri}), representation)

    return routes


class _Library:
    """What the routes share."""

    def __init__(self, store: Store, names: Names, pages: Pages, release_info: Callable[[], Release]) -> None:
        self._store, self._names, self._pages, self._release_info = store, names, pages, release_info

    def see_other(self, request: Request) -> Response:
        """From a thing to what describes it (Cool URIs for the Semantic Web, 4.2): 303, whatever the format."""
        path = "/doc/" + raw_path(request).removeprefix("/id/")
        target = address(self._pages.links.root + path, dict(request.query_params))
        return Response(
            status_code=303,
            headers={"location": target, "vary": "Accept", "link": f'<{target}>; rel="describedby"'},
        )

    async def answer(self, request: Request, subject: Subject, suffixed: Representation | None) -> Response:
        """The description of a subject. Raises NotFound for an IRI of which nothing is known."""
        representation = suffixed or negotiate(request.headers.get("accept", ""))
        release = self._release_info()
        known = await find(self._store, spellings(subject.iri))
        if known is None and subject.iri in release.graphs:
            known = Known(subject.iri)
        if known is None:
            raise NotFound(
                f"release {release.id} says nothing of <{visible(subject.iri)}>, and nothing in it points there"
            )
        headers = self._headers(subject, known, representation)
        if representation.format is None:
            description = await describe(self._store, known)
            return self._page(request, subject, description, release, headers)
        tongue, base = self._pages.language(request), self._names.base
        document = Document(f"{base}{subject.address('')}", subject.iri, f"{base}/sparql", tongue)
        question = await rdf_question(self._store, known, document)
        content = await collect(self._store, question, representation.format)
        return Response(content, media_type=representation.media_type, headers=headers)

    def _headers(self, subject: Subject, known: Known, representation: Representation) -> dict[str, str]:
        """Which thing this describes (in the spelling of the graph), and where its other representations are."""
        root = self._pages.links.root
        stored = replace(subject, parameters={"iri": known.iri}) if subject.parameters else subject
        links = [f'<{as_header(known.iri)}>; rel="describes"', f'<{stored.address(root)}>; rel="canonical"']
        links += [
            f'<{subject.address(root, one.suffix)}>; rel="alternate"; type="{one.media_type}"'
            for one in REPRESENTATIONS
            if one is not representation
        ]
        return {
            "link": ", ".join(links),
            "vary": "Accept, Accept-Language",
            "content-location": subject.address(root, representation.suffix),
            "cache-control": "no-cache",
            "stelsel-release": self._store.release,
            "access-control-allow-origin": "*",
        }

    def _page(
        self, request: Request, subject: Subject, found: Description, release: Release, headers: Mapping[str, str]
    ) -> Response:
        pages, known = self._pages, found.known
        tongue = pages.language(request)
        reader = Reader(tongue, pages.links, found.labels)
        drawn, undrawn = facts.drawing(found)
        links, links_cut = facts.counted(found, tongue)
        return pages.render(
            request,
            "resource.html",
            headers=headers,
            release=release,
            title=self._title(known.iri, release, reader),
            iri=visible(known.iri),
            outside=pages.links.outside(known.iri),
            asked="" if known.iri == subject.iri else visible(subject.iri),
            size=release.graphs.get(known.iri),
            types=facts.types(found, reader),
            sections=facts.sections(found, reader),
            incoming=facts.incoming(found, reader),
            links=links,
            links_cut=links_cut,
            uses=[(reader.name(row["subject"].value), reader.value(row["value"])) for row in found.uses],
            cut=found.cut,
            most=MOST,
            map=drawn,
            undrawn=undrawn,
            origin=partial(self._origin, release, tongue),
            representations=REPRESENTATIONS[1:],
            alternate=lambda suffix: subject.address(pages.links.root, suffix),
            editor=pages.editor(request, examples.about(known.iri)),
            pointing=lambda term: pages.editor(request, examples.pointing(term.iri, known.iri)),
        )

    def _title(self, iri: str, release: Release, reader: Reader) -> str:
        """The name of a thing; a graph is named after its register."""
        return self._pages.links.title(iri, reader.language) if iri in release.graphs else reader.name(iri).label

    def _origin(self, release: Release, tongue: Language, graph: str) -> Origin:
        """The register of a graph, with its date in this release: an ontology or a linkset may have none."""
        day = release.dates.get(self._pages.links.register(graph)[0])
        age = tongue.age(day, datetime.now(UTC).date()) if day else ""
        return Origin(visible(graph), self._pages.links.title(graph, tongue), day, age)
