"""Editions, releases, and the one port through which questions are answered.

editions   dated, immutable loads of a register
releases   what is served: built from editions, switched to by one move
building   the Oxigraph store of a release, made
quads      the quads of editions as one stream
packing    how text lies in an edition: zstd frames, read a line at a time
disjoint   proof that no triple stands in two graphs
apart      the same for the linksets, which a build makes itself
ontologies the files of ontologies/ as graphs
description what a release says about itself: VoID, and its editions
pruning    old releases and editions removed
staging    folders that appear whole or not at all
checksums  SHA-256 of every file
locks      who writes, and who still reads
progress   how long work says how far it is
changing   a steward's change to the current release, which makes another
changes    what can be asked of a release that is to be changed
scribe     the server's handle on the process that makes changes
writer     what runs inside that process
applying   a clone of a store, changed
amending   the catalogue, amended for the graphs that a change touched
stewardship  the steward's own graphs, and what an edition keeps of them
tokens     the tokens of stewards and operators, as hashes
embedded   a release answered by Oxigraph, in worker processes
workers    the pool: deadlines, turns, replacement
worker     what runs inside one worker process
nursery    the small process that forks workers and ends them
forker     what runs inside it
turns      who may go next: lanes, and fairness between clients
failures   why a query did not get its answer
line       the pool's end of one worker
frames     what a worker and its pool say to each other
memory     how much of it a process takes, and may take
datatypes  what the store takes away, given back on the way out
columns    typed columns: Arrow and Parquet
remote     a release answered by any SPARQL endpoint
remote_opening   the remote store of the settings: what it holds now
remote_endpoint  the connection to an endpoint: which engine, which credentials
remote_engines   what is known of engines, as one table
remote_release   which release a remote store holds
remote_gate      turns for a store that has no workers of its own
remote_formats   what an engine is asked to write, and what is mended in it
remote_retyping  datatypes given back in what other engines write
remote_cutting   answers of other engines that end at a limit
remote_endings   whether an answer looks finished
remote_errors    why a remote store did not answer
remote_writing   graphs written to a remote store
pushing    a release put into a remote store
pushing_parts    a graph in parts that a store takes one at a time
outgoing   requests to others: to the internet only, verified and bounded
whole      questions that ask for all of one graph
cutting    answers that end at a row or a byte limit, well-formed
formats    the formats that answers are written in
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from stelsel.storing.formats import Format

Lane = Literal["curated", "free"]


@dataclass(frozen=True)
class Limits:
    """What one answer may take, and whose turn it takes.

    `seconds` count from the question, waiting for a worker included. `memory` and `bytes` are in bytes.
    Curated queries take the lane `curated`: neither lane can take the last worker of the other. Between the
    clients of a lane (`client` is any key: an address, a token) turns go round. `taken` is called when a worker has
    been taken, by a store that knows turns.
    """

    seconds: float
    memory: int
    rows: int | None = None
    bytes: int | None = None
    lane: Lane = "free"
    client: str = ""
    taken: Callable[[], None] | None = None


@dataclass(frozen=True)
class Workload:
    """How a store's workers are doing: how many live, run a query, wait for a turn, and were ever started."""

    alive: int
    busy: int
    waiting: int
    started: int


@dataclass(frozen=True)
class Question:
    """A read-only SPARQL query. Graphs that are named here replace the query's own FROM (SPARQL 1.1 Protocol, 2.1.4).

    When one of `default_graphs` and `named_graphs` is given and the other is None, the other is empty. `datatypes` are
    what integers of a property get on their way out, in an answer that is a graph (see `datatypes.restore`).
    """

    text: str
    base_iri: str | None = None
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    datatypes: tuple[tuple[str, str], ...] = ()


class Store(Protocol):
    """Answers read-only SPARQL about one release."""

    @property
    def release(self) -> str:
        """The id of the release that is being answered from."""
        ...

    def answer(self, question: Question, format: Format, within: Limits) -> AsyncGenerator[bytes]:
        """The answer's bytes, as an async generator; closing it ends the query at once.

        Raises QuerySyntaxError, DeadlinePassed, MemoryExceeded, Busy or StoreError, before the first chunk where it
        can. The first chunk waits a moment, so that most failures come before it. A generator that ends without
        an error has given the complete answer. One that raises Truncated has given a well-formed answer that stops at
        `within.rows` or `within.bytes`: whoever does not know that error breaks the connection, which is honest too.
        """
        ...
