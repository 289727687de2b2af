"""What runs inside one worker process: one question at a time, answered from a store that nobody writes to.

Engine calls happen here and nowhere else in the server: they cannot be cancelled, and a panic ends the process.
"""

from __future__ import annotations

import re
import signal
import socket
import time
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

import orjson
from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    serialize,
)

from stelsel.storing import memory
from stelsel.storing.columns import answer as columns
from stelsel.storing.cutting import Rows, Stop, until
from stelsel.storing.datatypes import restore
from stelsel.storing.frames import ASK, CUT, DATA, END, ERROR, HEAD, LONGEST, READY, frame
from stelsel.storing.whole import Whole, graph_of

_RESULTS: Final = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
_GRAPHS: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdfxml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
}
_CACHE: Final = 200_000_000  # RocksDB's block caches fill up to 160 MB; they are nobody's query
_GROWN: Final = 256_000_000  # a process that has grown by more than this makes place for a fresh one
_PATIENCE: Final = 0.25  # seconds that a piece of an answer may wait for the frame to fill
_GRACE: Final = 1.0  # the pool ends a query at its deadline; this alarm is for when the pool is gone
_PLACE: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)

# FROM as a keyword: not in a comment, a string, an IRI, a variable, a prefixed name or a language tag.
# (The engine takes \u escapes in strings and IRIs only.)
_DATASET: Final = re.compile(
    r"""
    \#[^\n\r]*+
    | \"{3}(?:(?!\"{3})(?:[^\\]|\\.))*+\"{3} | '{3}(?:(?!'{3})(?:[^\\]|\\.))*+'{3}
    | "(?:[^"\\\n\r]|\\.)*+" | '(?:[^'\\\n\r]|\\.)*+'
    | <[^<>"{}|^`\\\x00-\x20]*+>
    | [\w.%-]*+:(?:[\w.:%-]|\\.)*+ | [?$@]\w++
    | (?P<keyword>\bFROM\b)(?!-) | \w++
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


class Job(NamedTuple):
    """One question as it crosses to a worker, as a JSON array."""

    text: str
    base_iri: str | None
    default_graphs: list[str] | None
    named_graphs: list[str] | None
    union: bool
    format: str
    seconds: float
    memory: int
    rows: int | None
    bytes: int | None
    datatypes: list[tuple[str, str]]


def names_dataset(text: str) -> bool:
    """Whether the query says itself what its dataset is. pyoxigraph's union option would overrule its FROM, in silence.

    >>> names_dataset("SELECT * FROM <http://example.nl/g> { ?s ?p ?o }")
    True
    >>> names_dataset("SELECT ?from { ?from <http://example.nl/from> 'FROM' } # from")
    False
    """
    return "from" in text.lower() and any(match.group("keyword") for match in _DATASET.finditer(text))


class _Output:
    """A file that the engine writes an answer to; it leaves as frames."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._parts: list[bytes] = []
        self._size = 0
        self._since = time.monotonic()
        self.total = 0

    def write(self, data: bytes) -> int:
        self._parts.append(data)
        self._size += len(data)
        self.total += len(data)
        if self._size >= LONGEST or time.monotonic() - self._since > _PATIENCE:
            self._line.sendall(self._take())
        return len(data)

    def flush(self) -> None:
        """The engine calls this at the end; the last frame leaves together with the one that says so."""

    def finish(self, kind: int, body: bytes = b"") -> None:
        """Send what is left and the last frame, in one go."""
        self._line.sendall((self._take() if self._size else b"") + frame(kind, body))

    def _take(self) -> bytes:
        data = b"".join((HEAD.pack(DATA, self._size), *self._parts))
        self._parts.clear()
        self._size = 0
        self._since = time.monotonic()
        return data


def serve(line: socket.socket, path: Path) -> None:
    """Answer jobs that come over `line` from the store at `path`, until the pool closes the line."""
    try:
        store = Store.read_only(str(path))
        list(store.query("SELECT ?s WHERE { GRAPH ?g { ?s ?p ?o } } LIMIT 1"))  # type: ignore[arg-type]
    except (OSError, ValueError) as error:
        line.sendall(frame(ERROR, _error("store", f"{path} cannot be opened: {error}")))
        return
    baseline, grown = memory.address_space(), memory.peak() + _CACHE + _GROWN
    limit = 0
    incoming = line.makefile("rb")
    line.sendall(frame(READY))
    while head := incoming.read(HEAD.size):
        kind, length = HEAD.unpack(head)
        if kind != ASK:
            return
        job = Job(*orjson.loads(incoming.read(length)))
        if job.format in columns.FORMATS and not columns.loaded():
            baseline += columns.load()
            limit = 0
        if job.memory != limit:
            limit = job.memory
            memory.limit(baseline + _CACHE + limit)
        signal.setitimer(signal.ITIMER_REAL, job.seconds + _GRACE)
        output = _Output(line)
        kind, body = _answer(store, job, output)
        signal.setitimer(signal.ITIMER_REAL, 0)
        leaving = kind == END and memory.peak() > grown
        output.finish(kind, b"1" if leaving else body)
        if leaving:
            return


def _answer(store: Store, job: Job, output: _Output) -> tuple[int, bytes]:
    """Write the answer; the last frame is what comes back."""
    try:
        graph = graph_of(job.text, job.default_graphs, job.named_graphs)
        if graph is not None:
            return _write(Whole(store, graph), job, output)
        return _write(store.query(job.text, base_iri=job.base_iri, **_dataset(job)), job, output)
    except Stop as stop:
        return CUT, stop.limit.encode()
    except columns.NoRoom as error:
        return ERROR, _error("room", str(error))
    except ModuleNotFoundError:
        return ERROR, _error(
            "query", f"{job.format} is for an installation with the extra: pip install 'stelsel[arrow]'"
        )
    except (SyntaxError, MemoryError, OSError, ValueError, RuntimeError) as error:
        return ERROR, _explain(error)


def _write(
    results: QuerySolutions | QueryBoolean | QueryTriples | Whole, job: Job, output: _Output
) -> tuple[int, bytes]:
    if isinstance(results, QueryTriples | Whole):
        return _write_graph(results, job, output)
    if job.format in columns.FORMATS and isinstance(results, QuerySolutions):
        cut = columns.write(results, job.format, output.write, rows=job.rows, size=job.bytes)
        return (CUT, cut.encode()) if cut else (END, b"")
    if job.format not in _RESULTS:
        return ERROR, _error("query", f"rows cannot be written as {job.format}")
    if (job.rows is None and job.bytes is None) or isinstance(results, QueryBoolean):
        results.serialize(cast("IO[bytes]", output), _RESULTS[job.format])  # it asks for no more than write and flush
        return END, b""
    rows = Rows(job.format, output.write, rows=job.rows, size=job.bytes)
    results.serialize(cast("IO[bytes]", rows), _RESULTS[job.format])
    rows.flush()
    return END, b""


def _write_graph(results: QueryTriples | Whole, job: Job, output: _Output) -> tuple[int, bytes]:
    file = cast("IO[bytes]", output)
    if job.format not in _GRAPHS:
        return ERROR, _error("query", f"a graph cannot be written as {job.format}")
    if job.rows is None and job.bytes is None and not job.datatypes:
        results.serialize(file, _GRAPHS[job.format])
        return END, b""
    stopped: list[str] = []
    restored = restore(results, dict(job.datatypes)) if job.datatypes else results
    statements = until(restored, lambda: output.total, rows=job.rows, size=job.bytes, stopped=stopped)
    serialize(statements, file, _GRAPHS[job.format])
    return (CUT, stopped[0].encode()) if stopped else (END, b"")


def _dataset(job: Job) -> dict[str, Any]:
    """The dataset arguments of a query: the protocol's, else the query's own, else the union (SPARQL Protocol, 2.1.4)."""
    if job.default_graphs is None and job.named_graphs is None:
        return {"use_default_graph_as_union": job.union and not names_dataset(job.text)}
    return {
        "default_graph": [NamedNode(graph) for graph in job.default_graphs or ()],
        "named_graphs": [NamedNode(graph) for graph in job.named_graphs or ()],
    }


# A ValueError is an IRI that is none or text that is not Unicode; a RuntimeError a function that does not exist.
_KINDS: Final = {
    SyntaxError: "syntax",
    MemoryError: "memory",
    OSError: "store",
    ValueError: "query",
    RuntimeError: "query",
}


def _explain(error: Exception) -> bytes:
    kind = next(kind for cause, kind in _KINDS.items() if isinstance(error, cause))
    if kind == "query" and str(error).startswith("The custom function"):
        kind = "function"
    place = _PLACE.fullmatch(str(error)) if kind == "syntax" else None
    if place is None:
        return _error(kind, str(error))
    return _error(kind, place[3], int(place[1]), int(place[2]))


def _error(kind: str, message: str, line: int | None = None, column: int | None = None) -> bytes:
    return orjson.dumps([kind, " ".join(message.split())[:500], line, column])
