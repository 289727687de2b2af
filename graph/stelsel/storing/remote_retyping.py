"""Datatypes given back (see datatypes) in what another engine writes.

The engine is asked for N-Triples, and only lines that may hold such a value are read. RDF/XML and JSON-LD are made here of
all of it: who asks for a profile asks for a catalogue, or for one thing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from pyoxigraph import RdfFormat, parse, serialize

from stelsel.errors import NotAcceptable, StoreError, Truncated
from stelsel.storing.datatypes import restore
from stelsel.storing.formats import Format

TRIPLES: Final = "application/n-triples"

# N-Triples are Turtle, TriG and N-Quads as they stand.
_LINES: Final = frozenset({"ntriples", "turtle", "trig", "nquads"})
_MADE: Final = {"rdfxml": RdfFormat.RDF_XML, "jsonld": RdfFormat.JSON_LD}
_LONGEST: Final = 50_000_000  # bytes of N-Triples that are kept to make another format of
_MARK: Final = b'"^^<http://www.w3.org/2001/XMLSchema#integer>'

Datatypes = tuple[tuple[str, str], ...]


async def retyped(chunks: AsyncGenerator[bytes], format: Format, datatypes: Datatypes) -> AsyncGenerator[bytes]:
    """N-Triples in a format for graphs, with these datatypes. Raises what `chunks` raises, Truncated after what there is.

    Raises NotAcceptable where there is too much of it to be made into that format.
    """
    lines = _lines(chunks, dict(datatypes))
    if format.name in _LINES:
        async with aclosing(lines):
            async for line in lines:
                yield line
        return
    kept: list[bytes] = []
    size, cut = 0, None
    async with aclosing(lines):
        try:
            async for line in lines:
                kept.append(line)
                size += len(line)
                if size > _LONGEST:
                    offered = ("text/turtle", TRIPLES)
                    raise NotAcceptable(
                        f"this is too long to be given as {format.name} in a profile; ask for turtle", offered=offered
                    )
        except Truncated as error:
            cut = error
    yield await asyncio.to_thread(_made, b"".join(kept), _MADE[format.name])
    if cut is not None:
        raise cut


async def _lines(chunks: AsyncGenerator[bytes], datatypes: dict[str, str]) -> AsyncGenerator[bytes]:
    """The same lines, whole, with the datatypes in them; as many at a time as come."""
    marks = [f"<{name}>".encode() for name in datatypes]
    rest = b""
    async with aclosing(chunks):
        try:
            async for chunk in chunks:
                *whole, rest = (rest + chunk).split(b"\n")
                if whole:
                    yield b"".join([_line(line, marks, datatypes) for line in whole])
        except Truncated:
            if rest:
                yield _line(rest, marks, datatypes)
            raise
    if rest:
        yield _line(rest, marks, datatypes)


def _line(line: bytes, marks: list[bytes], datatypes: dict[str, str]) -> bytes:
    if _MARK not in line or not any(mark in line for mark in marks):
        return line + b"\n"
    try:
        triples = [quad.triple for quad in parse(line, RdfFormat.N_TRIPLES)]
    except SyntaxError as error:
        raise StoreError(f"the remote store wrote what is no N-Triples: {error}") from None
    return serialize(restore(triples, datatypes), format=RdfFormat.N_TRIPLES) or b""


def _made(lines: bytes, format: RdfFormat) -> bytes:
    try:
        return serialize((quad.triple for quad in parse(lines, RdfFormat.N_TRIPLES)), format=format) or b""
    except SyntaxError as error:
        raise StoreError(f"the remote store wrote what is no N-Triples: {error}") from None
