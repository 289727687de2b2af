"""The connection to a remote endpoint: which engine it is, how it lets this service in, and requests to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx2

from stelsel.errors import Unreachable
from stelsel.storing.outgoing import body, endpoint
from stelsel.storing.remote_engines import OTHER, VIRTUOSO, Engine, recognise

_PATIENCE: Final = 10.0  # seconds in which an endpoint must say which engine it is
_SAID: Final = 8_000  # bytes of an error that are read
_FORM: Final = "application/x-www-form-urlencoded"

_log = logging.getLogger(__name__)


class Endpoint:
    """One SPARQL endpoint. The operator has chosen it, so its address is not judged; redirects are not followed."""

    def __init__(self, url: str, *, user: str = "", password: str = "", connections: int = 8) -> None:
        self.url = str(endpoint(url))
        self.engine: Engine = OTHER
        self.reached = False
        self.cap: int | None = None
        """Rows at which it ends an answer, where that is known (Virtuoso's ResultSetMaxRows)."""
        self._user, self._password = user, password
        self._auth: httpx2.Auth | None = None
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would write a line for every question
        self._client = httpx2.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=None,
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
            headers={"User-Agent": "Stelsel", "Accept-Encoding": "identity"},
        )

    async def recognise(self) -> None:
        """Find out which engine it is and how it wants to be asked. Raises Unreachable where it is not there."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        form = [("query", "ASK { ?s ?p ?o }")]
        try:
            async with self.ask(form, "application/sparql-results+json", deadline) as response:
                self.engine = recognise(response.headers.get("server", ""))
                if response.status_code != 200:
                    said = await said_in(response, deadline)
                    raise Unreachable(f"{self.url} does not answer (status {response.status_code}): {said[:300]}")
                async for _ in body(response, deadline):
                    pass
            if self.engine is VIRTUOSO:
                self.cap = await self._read_cap(deadline)
        except TimeoutError:
            raise Unreachable(f"{self.url} did not answer within {_PATIENCE:g} s") from None
        _log.info("%s is %s", self.url, self.engine.name)

    @asynccontextmanager
    async def ask(
        self, form: Sequence[tuple[str, str]], accept: str, deadline: float
    ) -> AsyncIterator[httpx2.Response]:
        """The answer to a POST of a form, its body still to be read. `deadline` is a time of the event loop.

        Raises Unreachable where the endpoint cannot be reached, TimeoutError at the deadline.
        """
        content = str(httpx2.QueryParams(tuple(form))).encode()
        headers = {"Accept": accept, "Content-Type": _FORM}
        response = await self._send(content, headers, deadline)
        try:
            if response.status_code == 401 and self._user and self._auth is None:
                self._auth = credentials(response, self._user, self._password)
                await response.aclose()
                response = await self._send(content, headers, deadline)
            yield response
        finally:
            await response.aclose()  # with a body that has not been read this closes the connection, which says stop

    def sibling(self, reference: str) -> str:
        """An address beside this one; nothing where there is no reference.

        >>> Endpoint("http://data.example.nl/query").sibling("store")
        'http://data.example.nl/store'
        """
        return str(httpx2.URL(self.url).join(reference)) if reference else ""

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _send(self, content: bytes, headers: dict[str, str], deadline: float) -> httpx2.Response:
        async with asyncio.timeout_at(deadline):
            # A connection that was kept may have been closed at the other end, which shows only now: once more, then.
            for last in (False, True):
                request = self._client.build_request("POST", self.url, content=content, headers=headers)
                try:
                    response = await self._client.send(request, auth=self._auth, stream=True)
                except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError) as error:
                    if last:
                        raise self._away(error) from error
                except httpx2.TransportError as error:
                    raise self._away(error) from error
                else:
                    self.reached = True
                    return response
        raise AssertionError("unreachable")

    def _away(self, error: httpx2.TransportError) -> Unreachable:
        self.reached = False
        return Unreachable(f"the remote store cannot be reached ({str(error) or type(error).__name__}); ask again")

    async def _read_cap(self, deadline: float) -> int | None:
        """Virtuoso's ResultSetMaxRows: it ends graphs there and does not say so."""
        query = 'SELECT (bif:virtuoso_ini_item_value("SPARQL", "ResultSetMaxRows") AS ?rows) { ?s ?p ?o } LIMIT 1'
        async with self.ask([("query", query)], "text/csv", deadline) as response:
            if response.status_code != 200:
                _log.warning("%s does not say where it ends answers; see ResultSetMaxRows in its manual", self.url)
                return None
            text = b"".join([chunk async for chunk in body(response, deadline)]).decode()
        value = text.split("\n")[1].strip('"\r') if "\n" in text else ""
        return int(value) if value.isascii() and value.isdigit() and int(value) else None


def credentials(response: httpx2.Response, user: str, password: str) -> httpx2.Auth:
    """How to let oneself in where a response says that one must (RFC 9110, section 11.6.1)."""
    wanted = response.headers.get("www-authenticate", "").lower()
    return httpx2.DigestAuth(user, password) if wanted.startswith("digest") else httpx2.BasicAuth(user, password)


async def said_in(response: httpx2.Response, deadline: float) -> str:
    """The beginning of an error's text. Raises TimeoutError; what else goes wrong is part of the error."""
    said = b""
    try:
        async for chunk in body(response, deadline):
            said += chunk
            if len(said) > _SAID:
                break
    except Unreachable as error:
        return f"{said[:_SAID].decode(errors='replace')} ({error})"
    return said[:_SAID].decode(errors="replace")
