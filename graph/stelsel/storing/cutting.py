"""Answers that end at a row or a byte limit, and are well-formed all the same.

The engine has no limit of its own and its rows are not to be walked in Python, so the cut is made in what it
writes. A cut answer ends where a next row would have begun: an answer of exactly the allowed rows is not cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")


class Stop(Exception):
    """The answer has reached a limit; `limit` is `rows` or `bytes`."""

    def __init__(self, limit: str) -> None:
        self.limit = limit
        super().__init__(limit)


@dataclass(frozen=True)
class _Shape:
    """Where rows begin in a format, as pyoxigraph writes it.

    `whole` matches text up to a token that is not complete yet; `start` has a group where a row begins, and skips
    what may look like it; `hold` are bytes that mean nothing before the next one is seen; `tail` closes the answer.
    """

    whole: re.Pattern[bytes]
    start: re.Pattern[bytes]
    hold: bytes
    keep: int
    tail: bytes


_SHAPES: Final = {
    # A row is an object in an array; every other object follows a colon.
    "json": _Shape(
        re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL),
        re.compile(rb'"(?:[^"\\]++|\\.)*+"|([\[,])\{', re.DOTALL),
        hold=b"[,",
        keep=0,
        tail=b"]}}",
    ),
    "xml": _Shape(
        re.compile(rb"(?:[^<]++|<[^>]*+>)*+"),
        re.compile(rb"(<result>)"),
        hold=b"",
        keep=0,
        tail=b"</results></sparql>",
    ),
    # The line break that ends the header or a row begins a row when something follows.
    "csv": _Shape(
        re.compile(rb'(?:[^"]++|"[^"]*+")*+'),
        re.compile(rb'"[^"]*+"|(\r\n)(?=.)', re.DOTALL),
        hold=b"\r\n",
        keep=2,
        tail=b"",
    ),
    "tsv": _Shape(re.compile(rb".*+", re.DOTALL), re.compile(rb"(\n)(?=.)", re.DOTALL), hold=b"\n", keep=1, tail=b""),
}


class Rows:
    """Counts the rows of a SELECT in one of the four result formats, and ends the answer at a limit."""

    def __init__(self, format: str, write: Callable[[bytes], object], *, rows: int | None, size: int | None) -> None:
        self._shape = _SHAPES[format]
        self._write = write
        self._rows, self._size = rows, size
        self._rest = b""
        self._seen = self._written = 0
        self._closed = False

    def write(self, data: bytes) -> int:
        """Take a piece of the answer. Raises Stop once the limit is reached; the answer has been closed then."""
        if self._closed:  # the engine, on its way out, still writes what it had in its buffer
            return len(data)
        text = self._rest + data
        whole = self._shape.whole.match(text)
        ready = text[: whole.end()].rstrip(self._shape.hold) if whole else b""
        self._rest = text[len(ready) :]
        for match in self._shape.start.finditer(ready):
            if match.group(1) is None:
                continue
            self._seen += 1
            limit = self._limit(self._written + match.start())
            if limit:
                at = match.start() + self._shape.keep
                # `[` opens the array and stays; `,` would announce a row that does not come.
                at += match.group(1) == b"["
                self._closed = True
                self._write(ready[:at] + self._shape.tail)
                raise Stop(limit)
        self._written += len(ready)
        self._write(ready)
        return len(data)

    def _limit(self, position: int) -> str:
        if self._rows is not None and self._seen > self._rows:
            return "rows"
        # The first row always goes: a cut answer without rows would look like an empty one.
        if self._size is not None and self._seen > 1 and position > self._size:
            return "bytes"
        return ""

    def flush(self) -> None:
        """Give what was held back; called when the engine has written everything."""
        self._write(self._rest)
        self._rest = b""


def until(
    statements: Iterable[T], written: Callable[[], int], *, rows: int | None, size: int | None, stopped: list[str]
) -> Iterator[T]:
    """Statements up to a limit. Which limit ended them is added to `stopped`; the serializer closes the answer itself."""
    for count, statement in enumerate(statements):
        if rows is not None and count >= rows:
            stopped.append("rows")
            return
        if size is not None and written() > size:
            stopped.append("bytes")
            return
        yield statement
