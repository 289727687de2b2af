"""Graphs written to a remote store: by the Graph Store Protocol, or by SPARQL Update where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Protocol, Self

import httpx2

from stelsel.errors import StoreError
from stelsel.storing.outgoing import endpoint
from stelsel.storing.remote_endpoint import credentials
from stelsel.storing.remote_errors import words
from stelsel.terms import iri

_PATIENCE: Final = 600.0  # seconds that a store may take for one part of a graph
_PAUSES: Final = (1.0, 3.0)  # seconds before a request is sent again
_PASSING: Final = frozenset({429, 502, 503, 504})


class Writer(Protocol):
    """Writes graphs; contents are N-Triples. Raises StoreError where the store cannot be reached or refuses.

    `size` is how many bytes it is given at a time, about: an engine may keep all of that in memory.
    """

    size: int

    async def replace(self, graph: str, content: bytes) -> None:
        """The graph holds this from now on, and nothing else."""

    async def add(self, graph: str, content: bytes) -> None:
        """The graph holds this too."""

    async def remove(self, graph: str) -> None:
        """The graph is empty, or not there."""


class _Door:
    """Authenticated requests to one address, sent again where a failure may pass."""

    def __init__(self, url: str, *, user: str, password: str) -> None:
        self._url = endpoint(url)
        self._user, self._password = user, password
        self._auth: httpx2.Auth | None = None
        self._client = httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=_PATIENCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def _send(
        self, method: str, content: bytes = b"", headers: Mapping[str, str] | None = None, **query: str
    ) -> httpx2.Response:
        for pause in (*_PAUSES, None):
            try:
                response = await self._once(method, content, headers or {}, query)
            except httpx2.TransportError as error:
                if pause is None:
                    raise StoreError(f"{self._url} cannot be reached: {str(error) or type(error).__name__}") from error
            else:
                if pause is None or response.status_code not in _PASSING:
                    return response
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _once(
        self, method: str, content: bytes, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> httpx2.Response:
        url = self._url.copy_merge_params(query)
        if self._user and self._auth is None:
            # Asked before anything is sent: a server that does not want a large body hangs up while it is still coming.
            async with self._client.stream("GET", url) as response:
                if response.status_code == 401:
                    self._auth = credentials(response, self._user, self._password)
        # Content of known length on purpose: Virtuoso 7 takes a body in chunks for an empty one, and says 201.
        return await self._client.request(method, url, content=content, headers=headers, auth=self._auth)

    def _check(self, response: httpx2.Response, what: str) -> None:
        if response.is_success:
            return
        if response.status_code in (401, 403):
            hint = "; STELSEL_STORE_USER and STELSEL_STORE_PASSWORD say who may write"
            raise StoreError(f"{self._url} does not let this service write (status {response.status_code}){hint}")
        raise StoreError(f"{self._url} did not {what} (status {response.status_code}): {words(response.text)}")


class GraphStore(_Door):
    """A Writer by the SPARQL 1.1 Graph Store Protocol, with indirect identification (section 4.2)."""

    size = 2_000_000  # Virtuoso takes 40,000 triples in 0.8 s so, and more at a time ever more slowly

    async def replace(self, graph: str, content: bytes) -> None:
        """See Writer."""
        response = await self._send("PUT", content, {"Content-Type": "application/n-triples"}, graph=graph)
        self._check(response, f"replace <{graph}>")

    async def add(self, graph: str, content: bytes) -> None:
        """See Writer."""
        response = await self._send("POST", content, {"Content-Type": "application/n-triples"}, graph=graph)
        self._check(response, f"add to <{graph}>")

    async def remove(self, graph: str) -> None:
        """See Writer."""
        response = await self._send("DELETE", graph=graph)
        if response.status_code != 404:
            self._check(response, f"remove <{graph}>")


class Updates(_Door):
    """A Writer by SPARQL 1.1 Update. N-Triples stand in INSERT DATA as they are: every line of it is a triple."""

    size = 100_000  # Virtuoso's compiler runs out of memory at 350 kB

    async def replace(self, graph: str, content: bytes) -> None:
        """See Writer."""
        await self.remove(graph)
        await self.add(graph, content)

    async def add(self, graph: str, content: bytes) -> None:
        """See Writer."""
        await self._update(b"".join((b"INSERT DATA { GRAPH ", iri(graph).encode(), b" {\n", content, b"} }")), graph)

    async def remove(self, graph: str) -> None:
        """See Writer."""
        await self._update(b"DROP SILENT GRAPH " + iri(graph).encode(), graph)

    async def _update(self, text: bytes, graph: str) -> None:
        response = await self._send("POST", text, {"Content-Type": "application/sparql-update"})
        self._check(response, f"change <{graph}>")
