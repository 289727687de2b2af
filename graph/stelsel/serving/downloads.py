"""Editions to download: the files that the release was built from, for whoever wants all of a graph.

A file is N-Quads in zstd, as it was made: it can be asked for in parts, and its checksum is that of `SHA256SUMS`. Only what
the audience of this process may see is there, and only while a release of that audience is made of it.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from stelsel.errors import Damaged, NoRelease, NotFound
from stelsel.serving.conditional import has
from stelsel.serving.description import VOID
from stelsel.settings import Settings
from stelsel.storing import Question
from stelsel.storing.checksums import sums
from stelsel.storing.editions import Edition, GraphFile
from stelsel.storing.releases import Release, releases
from stelsel.storing.whole import graph_of

PATH: Final = "/catalogus/edities"
MEDIA_TYPE: Final = "application/zstd"

_METHODS: Final = ["GET", "HEAD"]
_YEAR: Final = 31_536_000  # seconds; an edition never changes


@dataclass(frozen=True)
class Download:
    """A file of an edition: the graph that it holds, where it lies, and its SHA-256."""

    edition: Edition
    graph: GraphFile
    path: Path
    sha256: str

    @property
    def name(self) -> str:
        """The last step of its address."""
        return self.path.name

    @property
    def address(self) -> str:
        """Its address within this service."""
        return f"{PATH}/{self.edition.register}/{self.edition.id}/{self.name}"


class Downloads:
    """The files of a data directory that one audience may have. `info` describes the release that is served."""

    def __init__(self, settings: Settings, info: Callable[[], Release]) -> None:
        self._data, self._audience, self._info = settings.data, settings.audience, info
        self._base = settings.base
        self._by_graph: tuple[str, dict[str, str]] = ("", {})
        self.all = f'<{self._base}{PATH}>; rel="related"; type="application/json"; title="downloads"'.encode()
        """A Link header to the list of all of them."""

    def listed(self) -> list[Download]:
        """The files that the current release was built from. Raises NoRelease."""
        return [each for register, edition in self._info().editions.items() for each in self._of(register, edition)]

    def find(self, register: str, id: str, name: str) -> Download:
        """One file of an edition. Raises NotFound where it is not there, and where it is not for this audience."""
        if any(release.editions.get(register) == id for release in releases(self._data, self._audience)):
            for each in self._of(register, id):
                if each.name == name:
                    return each
        raise NotFound(
            f"there is no download {register[:80]}/{id[:80]}/{name[:80]}; {self._base}{PATH} lists what there is"
        )

    def link(self, question: Question) -> bytes:
        """A Link header for a question whose answer is all of a graph that can be downloaded; else empty."""
        graph = graph_of(question.text, question.default_graphs, question.named_graphs)
        address = self.address(graph) if graph else ""
        return f'<{address}>; rel="alternate"; type="{MEDIA_TYPE}"'.encode() if address else b""

    def address(self, graph: str) -> str:
        """The address of the file that holds all of a graph and nothing else; empty where there is none."""
        try:
            release = self._info().id
        except NoRelease:
            return ""
        if self._by_graph[0] != release:
            found = self.listed()
            # Every edition has something to say in the catalogue: no file holds all of that.
            editions = Counter(each.graph.iri for each in found)
            addresses = {each.graph.iri: self._base + each.address for each in found if editions[each.graph.iri] == 1}
            self._by_graph = (release, addresses)
        return self._by_graph[1].get(graph, "")

    def _of(self, register: str, id: str) -> Iterator[Download]:
        """The files of an edition for this audience; none where it is not here, as in front of another store."""
        folder = self._data / "editions" / register / id
        try:
            edition = Edition.model_validate_json((folder / "edition.json").read_bytes())
            digests = sums(folder)
        except (OSError, ValidationError, Damaged):
            return
        for graph in edition.graphs:
            if (graph.access == "open" or self._audience == "gesloten") and graph.file in digests:
                yield Download(edition, graph, folder / graph.file, digests[graph.file])


def router(downloads: Downloads, settings: Settings) -> APIRouter:
    """The routes: a list of what the current release was built from, and the files."""
    routes = APIRouter(include_in_schema=False)
    whose = "private" if settings.audience == "gesloten" else "public"
    root = settings.base

    # These read the disk, and so run in a thread.
    @routes.api_route("/catalogus", methods=_METHODS)
    def catalogue() -> Response:
        return RedirectResponse(f"{root}{VOID}", status_code=303)

    @routes.api_route(PATH, methods=_METHODS)
    def editions() -> Response:
        headers = {"cache-control": f"{whose}, no-cache", "access-control-allow-origin": "*"}
        return JSONResponse([_described(each, root) for each in downloads.listed()], headers=headers)

    @routes.api_route(PATH + "/{register}/{id}/{name}", methods=_METHODS)
    def file(request: Request, register: str, id: str, name: str) -> Response:
        found = downloads.find(register, id, name)
        digest = base64.b64encode(bytes.fromhex(found.sha256)).decode()
        headers = {
            "etag": f'"{found.sha256}"',
            "repr-digest": f"sha-256=:{digest}:",  # RFC 9530
            "cache-control": f"{whose}, max-age={_YEAR}, immutable",
            "access-control-allow-origin": "*",
            "access-control-expose-headers": "Accept-Ranges, Content-Range, ETag, Repr-Digest",
        }
        if has(request.scope["headers"], headers["etag"].encode()):
            return Response(status_code=304, headers=headers)
        try:
            stat = found.path.stat()
            found.path.open("rb").close()
        except OSError:  # this process may not read it
            raise NotFound(f"{found.name} cannot be read here; ask whoever runs this service") from None
        filename = f"{found.edition.register}-{found.edition.id}-{found.name}"
        return FileResponse(found.path, headers=headers, media_type=MEDIA_TYPE, filename=filename, stat_result=stat)

    return routes


def _described(found: Download, root: str) -> dict[str, Any]:
    return {
        "register": found.edition.register,
        "edition": found.edition.id,
        "date": found.edition.date.isoformat(),
        "graph": found.graph.iri,
        "quads": found.graph.quads,
        "href": root + found.address,
        "type": MEDIA_TYPE,
        "sha256": found.sha256,
    }
