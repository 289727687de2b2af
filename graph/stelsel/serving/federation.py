"""SERVICE, for the endpoints that the operator lists: workers have no network, and this is their only way out.

In a query that the guard has let through, each endpoint is replaced by an address of this server that means that
endpoint, for this one query, until it ends; workers can connect to nothing else (see forker.open_door). What they ask
there is asked of the real endpoint under the query's deadline, with limits on calls and bytes, at an address that was
judged (see outgoing), and what comes back is passed on only if it is an answer.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from stelsel.errors import DeadlinePassed, LimitError, QueryRefused, SettingError, StelselError, Unreachable
from stelsel.querying.guard import judge
from stelsel.serving.federation_http import HEAD, Reply, read
from stelsel.serving.redirecting import redirected
from stelsel.settings import Settings
from stelsel.storing import Limits, Question, Store
from stelsel.storing.formats import Format
from stelsel.storing.outgoing import Outgoing, body, endpoint
from stelsel.storing.remote_endings import Ending
from stelsel.storing.remote_formats import media_type

_CALLS: Final = 100  # requests that one query may make
_ACCEPT: Final = "application/sparql-results+json, application/sparql-results+xml;q=0.9"
_TYPES: Final = frozenset({"application/sparql-results+json", "application/sparql-results+xml"})

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Visit:
    """One query that asks others: until when, how much it has taken, and what went wrong first."""

    deadline: float
    seconds: float
    text: str = ""
    calls: int = 0
    bytes: int = 0
    failure: StelselError | None = None
    running: set[asyncio.Task[None]] = field(default_factory=set)


class Federation:
    """The proxy between workers and the endpoints that SERVICE may ask. Raises SettingError for one that is none."""

    def __init__(self, settings: Settings) -> None:
        if settings.store:
            raise SettingError(
                "STELSEL_FEDERATION and STELSEL_STORE exclude each other: a remote store would do the asking itself"
            )
        for address in settings.federation:
            endpoint(address)
        self._endpoints = frozenset(settings.federation)
        self._most = settings.federation_bytes
        self._outgoing = Outgoing(settings.federation_networks)
        self._places: dict[str, tuple[_Visit, str]] = {}  # the path of an address -> which query, which endpoint
        self._port = 0
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None

    def open(self, door: socket.socket) -> None:
        """Answer at this socket, which workers can connect to; one that was open before is closed."""
        self._port = door.getsockname()[1]
        self._opening = asyncio.get_running_loop().create_task(self._open(door))

    async def close(self) -> None:
        """End every request, and listen no more."""
        if self._opening is not None:
            await self._opening
        if self._server is not None:
            self._server.close()
        for visit, _ in self._places.values():
            for task in visit.running:
                task.cancel()

    async def answer(self, store: Store, question: Question, format: Format, within: Limits) -> AsyncGenerator[bytes]:
        """As storing.Store.answer, for a query that the guard has let through. Raises QueryRefused too."""
        async with self._visit(question, within) as visit:
            asked = replace(question, text=visit.text)
            try:
                async with aclosing(store.answer(asked, format, within)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except LimitError:
                raise
            except StelselError as error:
                raise visit.failure or error from error

    @asynccontextmanager
    async def _visit(self, question: Question, within: Limits) -> AsyncIterator[_Visit]:
        """The query with addresses of ours in it, which mean something until the block ends."""
        visit = _Visit(asyncio.get_running_loop().time() + within.seconds, within.seconds)
        places: dict[str, str] = {}

        def give(address: str) -> str:
            if address not in self._endpoints:
                raise QueryRefused(f"SERVICE <{address[:200]}> is refused: it is not on the list of this service")
            if not self._port:
                raise Unreachable("SERVICE cannot be used now: the workers have no way to this server")
            path = f"/{secrets.token_urlsafe(24)}"
            places[path] = address
            return f"http://127.0.0.1:{self._port}{path}"

        base = question.base_iri or ""
        visit.text, given = await asyncio.to_thread(redirected, question.text, base, give)
        self._places.update({path: (visit, address) for path, address in places.items()})
        try:
            # Judged again: what goes to a worker asks nobody but this server, however its text is read.
            await asyncio.to_thread(judge, visit.text, allowed_services=given, base=base)
            yield visit
        finally:
            for path in places:
                del self._places[path]
            for task in visit.running:
                task.cancel()

    async def _open(self, door: socket.socket) -> None:
        before, self._server = self._server, await asyncio.start_server(self._serve, sock=door, limit=HEAD)
        if before is not None:
            before.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a worker: a POST with a query, and the connection closes behind its answer."""
        reply = Reply(writer)
        try:
            path, query = await read(reader)
            visit, address = self._places[path]
        except (KeyError, ValueError, EOFError, asyncio.LimitOverrunError, ConnectionError):
            reply.fail(b"404 Not Found")
            return
        task = asyncio.current_task()
        if task is not None:
            visit.running.add(task)
            task.add_done_callback(visit.running.discard)
        try:
            await self._pass_on(visit, address, query, reply)
        except TimeoutError:
            # The only time that is kept here is the query's: whoever sees its end first, it is the same end.
            message = f"SERVICE <{address}> had not answered when the query's {visit.seconds:g} s were over"
            visit.failure = visit.failure or DeadlinePassed(message, seconds=visit.seconds)
            _log.info("%s", visit.failure)
            reply.fail(b"502 Bad Gateway")
        except (StelselError, ConnectionError, asyncio.CancelledError) as error:
            said = str(error) or "the query was over"
            visit.failure = visit.failure or Unreachable(f"SERVICE <{address}> did not answer: {said}")
            _log.info("%s", visit.failure)
            reply.fail(b"502 Bad Gateway")

    async def _pass_on(self, visit: _Visit, address: str, query: bytes, reply: Reply) -> None:
        """Ask the endpoint, and write its answer. Raises Unreachable and TimeoutError; the answer is then not whole."""
        visit.calls += 1
        if visit.calls > _CALLS:
            raise Unreachable(f"a query may ask {_CALLS} times; VALUES inside SERVICE asks about many things at once")
        headers = {"Content-Type": "application/sparql-query", "Accept": _ACCEPT}
        async with self._outgoing.post(address, query, headers, visit.deadline) as response:
            kind = media_type(response.headers.get("content-type", ""))
            if response.status_code != 200:
                raise Unreachable(f"its status is {response.status_code}")
            if kind not in _TYPES:
                raise Unreachable(f"it gives {kind[:80] or 'something without a type'}, and no SPARQL results")
            ending = Ending(kind)
            reply.begin(kind)
            async with aclosing(body(response, visit.deadline)) as chunks:
                async for chunk in chunks:
                    visit.bytes += len(chunk)
                    if visit.bytes > self._most:
                        raise Unreachable(f"a query may get {self._most} bytes from others, and this one gets more")
                    ending.see(chunk)
                    async with asyncio.timeout_at(visit.deadline):
                        await reply.write(chunk)
            if not ending.proper:
                raise Unreachable("its answer ends in the middle")
            reply.end()
