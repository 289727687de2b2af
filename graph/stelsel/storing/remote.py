"""A release answered by any SPARQL 1.1 endpoint: its bytes, as they come, within the limits of this service.

What an endpoint says is not believed where that can be checked: a transfer must have an end that can be told from a
break, an answer must end as its format does, and what Virtuoso had found when its time was over is no answer.
Whether the engine itself stops when the connection is closed is its own business; where it knows a deadline, it
is told ours.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import httpx2

from stelsel.errors import QueryRefused, QuerySyntaxError, Truncated, Unreachable
from stelsel.storing import Limits, Question, Workload
from stelsel.storing.failures import too_late
from stelsel.storing.formats import Format
from stelsel.storing.outgoing import body
from stelsel.storing.remote_cutting import cut
from stelsel.storing.remote_endings import Ending
from stelsel.storing.remote_endpoint import Endpoint, said_in
from stelsel.storing.remote_engines import VIRTUOSO
from stelsel.storing.remote_errors import out_of_time, refusal
from stelsel.storing.remote_formats import accept, booleans, media_type, replaced, wish
from stelsel.storing.remote_gate import Gate
from stelsel.storing.remote_retyping import TRIPLES, retyped
from stelsel.storing.worker import names_dataset

# Wide on purpose: where it finds what is no relative IRI, a BASE is sent that nothing uses.
_RELATIVE: Final = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.-]*:)[^<>\s\"{}|^`]*>")
_BASE: Final = re.compile(r"\bBASE\s*<", re.IGNORECASE)


class RemoteStore:
    """One release in a remote store. Several share an `endpoint` and a `gate`; whoever opened those closes them.

    `graphs` are the graphs of the release, where the union of them must be spelled out: an engine's own default graph
    may be another one. `united` says that the engine's own is the union.
    """

    def __init__(
        self, release: str, endpoint: Endpoint, gate: Gate, *, graphs: tuple[str, ...] = (), united: bool = False
    ) -> None:
        self.release = release
        self._endpoint, self._gate, self._graphs = endpoint, gate, graphs
        self._overrules = united and endpoint.engine.overrules

    @property
    def ready(self) -> bool:
        """Whether the endpoint answered when it was last asked."""
        return self._endpoint.reached

    @property
    def workload(self) -> Workload:
        """What runs and waits here; the workers are the engine's."""
        return Workload(int(self.ready), self._gate.running, self._gate.waiting, 0)

    async def answer(self, question: Question, format: Format, within: Limits) -> AsyncGenerator[bytes]:
        """See storing.Store. Raises NotAcceptable too, for a format that the engine does not write well."""
        deadline = asyncio.get_running_loop().time() + within.seconds
        capped = within.rows is not None or within.bytes is not None
        retyping = bool(question.datatypes) and "graph" in format.kinds
        media_types = (TRIPLES,) if retyping else wish(format, self._endpoint.engine, triples=capped)
        prologue = _prologue(question)
        form = self._form(question, prologue, within)
        if "graph" in format.kinds and self._endpoint.cap is not None:
            raise Unreachable(_CAPPED.format(rows=self._endpoint.cap))
        async with self._gate.turn(within):
            try:
                async with self._endpoint.ask(form, accept(media_types), deadline) as response:
                    await _check(response, format, within, deadline, prologue)
                    written = media_type(response.headers.get("content-type", ""))
                    if written not in media_types:
                        raise Unreachable(f"the remote store was asked for {media_types[0]} and gave {written[:80]}")
                    chunks = self._mended(response, format, written, deadline)
                    chunks = cut(chunks, format, written, within) if capped else chunks
                    if retyping:
                        chunks = retyped(chunks, format, question.datatypes)
                    async with aclosing(chunks) as pieces:
                        async for piece in pieces:
                            yield piece
                    if stopped := response.headers.get("x-sparql-maxrows"):
                        raise Truncated(f"the remote store stops at {stopped} rows", limit="rows")
            except TimeoutError:
                raise too_late(within) from None

    async def drain(self) -> None:
        """Nothing to wait for: what runs has its own connection."""

    async def close(self) -> None:
        """Nothing to close: the endpoint is shared."""

    def _form(self, question: Question, prologue: str, within: Limits) -> list[tuple[str, str]]:
        """The fields of the request (SPARQL 1.1 Protocol, 2.1.2)."""
        try:
            (prologue + question.text).encode()
        except UnicodeEncodeError:
            raise QuerySyntaxError("the query is not valid Unicode text") from None
        default, named = question.default_graphs, question.named_graphs
        if default is None and named is None and (self._graphs or self._overrules):
            if not names_dataset(question.text):
                default = named = self._graphs or None
            elif self._overrules:
                raise QueryRefused(_OVERRULED)
        engine = self._endpoint.engine
        return [
            ("query", prologue + question.text),
            *(("default-graph-uri", graph) for graph in default or ()),
            *(("named-graph-uri", graph) for graph in named or ()),
            *engine.always,
            *([("timeout", engine.timeout(within.seconds))] if engine.timeout else []),
        ]

    async def _mended(
        self, response: httpx2.Response, format: Format, written: str, deadline: float
    ) -> AsyncGenerator[bytes]:
        """The body, mended where the engine's writing is known to be wrong, and known to end as its format does."""
        engine, ending = self._endpoint.engine, Ending(written)

        async def seen() -> AsyncGenerator[bytes]:
            async with aclosing(body(response, deadline)) as chunks:
                async for chunk in chunks:
                    ending.see(chunk)
                    yield chunk

        chunks = seen()
        if written in engine.mends:
            chunks = replaced(chunks, *engine.mends[written])
        if engine is VIRTUOSO:
            chunks = booleans(chunks, format)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk
        if not ending.proper:
            raise Unreachable("the remote store ended its answer in the middle, as if it were complete")


_OVERRULED: Final = (
    "FROM is refused: the remote store was started with --union-default-graph, which overrules it in silence; name the "
    "graphs with default-graph-uri, or start it without that option"
)
_CAPPED: Final = (
    "this Virtuoso ends every answer at {rows} rows, and of a graph it does not say so: remove ResultSetMaxRows from "
    "[SPARQL] in its virtuoso.ini"
)


async def _check(response: httpx2.Response, format: Format, within: Limits, deadline: float, prologue: str) -> None:
    """Raises what an answer says that is none."""
    if response.status_code == 200 and not out_of_time(response):
        return
    error = refusal(response, await said_in(response, deadline), format, within)
    if isinstance(error, QuerySyntaxError) and error.line == 1 and error.column:
        error.column = max(1, error.column - len(prologue))
    raise error


def _prologue(question: Question) -> str:
    """What makes relative IRIs mean what they mean here: the endpoint has a base of its own.

    On the first line, so that lines are counted as they are. A query with a BASE of its own has no need of ours, and
    Virtuoso takes only one.
    """
    if not question.base_iri or not _RELATIVE.search(question.text) or _BASE.search(question.text):
        return ""
    return f"BASE <{question.base_iri}> "
