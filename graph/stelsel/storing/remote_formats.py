"""What a remote store is asked to write, and what is mended in what it writes, byte for byte and as it streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from stelsel.errors import NotAcceptable
from stelsel.storing.formats import FORMATS, Format
from stelsel.storing.remote_engines import Engine

_TRIPLES: Final = "application/n-triples"
# Syntaxes that another one contains: N-Triples are Turtle, TriG and N-Quads as they stand, and Turtle is TriG.
_WITHIN: Final = {
    "turtle": (_TRIPLES,),
    "trig": (_TRIPLES, "text/turtle"),
    "nquads": (_TRIPLES,),
    "json": ("application/json",),
    "xml": ("application/xml",),
}
_ASK: Final = b"__ASK_RETVAL"
_HEAD: Final = 512  # bytes at the beginning in which Virtuoso names the columns of one
_BOOLEANS: Final = {
    "json": b'{"head":{},"boolean":%s}',
    "xml": b'<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head></head>'
    b"<boolean>%s</boolean></sparql>",
    "csv": b"%s",
    "tsv": b"%s",
}
# What stands in Virtuoso's table of an ASK when there is a row in it.
_YES: Final = {"json": b'"value": "1"', "xml": b"<result>", "csv": b"\n1", "tsv": b"\n1"}


def wish(format: Format, engine: Engine, *, triples: bool) -> tuple[str, ...]:
    """The media types to accept, best first. `triples` asks for N-Triples wherever those will do.

    Raises NotAcceptable for a format that the engine writes so that something is lost.
    """
    if format.name in engine.wrong:
        offered = tuple(
            entry.media_type
            for entry in FORMATS.values()
            if entry.kinds == format.kinds and entry.name not in engine.wrong
        )
        raise NotAcceptable(
            f"{engine.name} loses something when it writes {format.media_type}; ask for {' or '.join(offered)}",
            offered=offered,
        )
    others = _WITHIN.get(format.name, ())
    if (triples or engine.triples) and _TRIPLES in others:
        return (_TRIPLES,)
    return (format.media_type, *others)


def accept(media_types: tuple[str, ...]) -> str:
    """An Accept header: the first one, or else the others.

    >>> accept(("text/turtle", "application/n-triples"))
    'text/turtle, application/n-triples;q=0.5'
    """
    return ", ".join(each if number == 0 else f"{each};q=0.{6 - number}" for number, each in enumerate(media_types))


def media_type(content_type: str) -> str:
    """The media type of a Content-Type header, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


async def replaced(chunks: AsyncGenerator[bytes], old: bytes, new: bytes) -> AsyncGenerator[bytes]:
    """The same bytes with `new` in the place of `old`, wherever the pieces were cut."""
    rest = b""
    async with aclosing(chunks):
        async for chunk in chunks:
            text = (rest + chunk).replace(old, new)
            # The beginning of an `old` may stand at the end.
            held = next((n for n in range(min(len(old) - 1, len(text)), 0, -1) if old.startswith(text[-n:])), 0)
            rest = text[len(text) - held :]
            if len(text) > held:
                yield text[: len(text) - held]
    if rest:
        yield rest


async def booleans(chunks: AsyncGenerator[bytes], format: Format) -> AsyncGenerator[bytes]:
    """The same bytes, but Virtuoso's answer to an ASK, a table with one column, as SPARQL 1.1 has it."""
    if format.name not in _BOOLEANS:
        async for chunk in chunks:
            yield chunk
        return
    async with aclosing(chunks):
        first = await anext(chunks, b"")
        if _ASK not in first[:_HEAD]:
            if first:
                yield first
            async for chunk in chunks:
                yield chunk
            return
        table = first + b"".join([chunk async for chunk in chunks])
    yield _BOOLEANS[format.name] % (b"true" if _YES[format.name] in table else b"false")
