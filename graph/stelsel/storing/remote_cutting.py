"""Answers of other engines that end at a row or a byte limit, and are well-formed all the same (see cutting)."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from stelsel.errors import Truncated, Unreachable
from stelsel.storing import Limits
from stelsel.storing.cutting import Rows, Stop
from stelsel.storing.formats import Format

_ROW: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|([\[,])[ \t\r\n]*+\{', re.DOTALL)
_LINE: Final = re.compile(rb'"[^"]*+"|(\n)(?=.)', re.DOTALL)
_SLACK: Final = 1_000_000  # bytes beyond the limit at which an answer that could not be cut is given up
_TRIPLES: Final = "application/n-triples"


class ForeignRows(Rows):
    """As Rows, for engines that put white space between the tokens of JSON and end lines of CSV in their own way."""

    def __init__(self, format: str, write: list[bytes], within: Limits) -> None:
        super().__init__(format, write.append, rows=within.rows, size=within.bytes)
        if format == "json":
            self._shape = replace(self._shape, start=_ROW, hold=b"[, \t\r\n")
        elif format == "csv":
            self._shape = replace(self._shape, start=_LINE, keep=1)


class _Statements:
    """N-Triples up to a limit, cut between lines."""

    def __init__(self, written: list[bytes], within: Limits) -> None:
        self._written, self._within = written, within
        self._rest = b""
        self._count = self._size = 0

    def write(self, data: bytes) -> None:
        """Take a piece. Raises Stop once the limit is reached."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            statement = line.startswith((b"<", b"_"))
            if statement and self._within.rows is not None and self._count >= self._within.rows:
                raise Stop("rows")
            if statement and self._within.bytes is not None and self._count and self._size > self._within.bytes:
                raise Stop("bytes")
            self._count += statement
            self._size += len(line) + 1
            self._written.append(line + b"\n")

    def flush(self) -> None:
        """Give what was held back."""
        if self._rest:
            self.write(b"\n")


class _Whole:
    """What cannot be cut."""

    def __init__(self, written: list[bytes]) -> None:
        self._written = written

    def write(self, data: bytes) -> None:
        """Take a piece."""
        self._written.append(data)

    def flush(self) -> None:
        """Nothing was held back."""


async def cut(chunks: AsyncGenerator[bytes], format: Format, written: str, within: Limits) -> AsyncGenerator[bytes]:
    """The same bytes up to a limit of `within`; `written` is the media type in which they come.

    Raises Truncated once it is reached. A graph is cut between lines of N-Triples. RDF/XML and JSON-LD cannot be
    cut: no statements are counted in them, and at the limit in bytes Unreachable is raised.
    """
    out: list[bytes] = []
    scissors = _scissors(format, written, out, within)
    size = 0
    async with aclosing(chunks):
        try:
            async for chunk in chunks:
                size += len(chunk)
                if within.bytes is not None and size > within.bytes + _SLACK:
                    raise Unreachable(f"the answer has more than {within.bytes} bytes, and {written} cannot be cut")
                scissors.write(chunk)
                if out:
                    yield b"".join(out)
                out.clear()
            scissors.flush()
        except Stop as stop:
            yield b"".join(out)
            raise Truncated(f"the answer stops at its limit of {stop.limit}", limit=stop.limit) from None
    if out:
        yield b"".join(out)


def _scissors(format: Format, written: str, out: list[bytes], within: Limits) -> ForeignRows | _Statements | _Whole:
    if "solutions" in format.kinds:
        return ForeignRows(format.name, out, within)
    return _Statements(out, within) if written == _TRIPLES else _Whole(out)
