"""Rows: the records of a delivery as text, and how an edition keeps them. All that Python in `loaders/` may import."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import orjson
import zstandard

Row = dict[str, str | list[str]]
"""A record: column -> text, or the texts of a column that may have many. Absent columns are absent."""

UNREADABLE = "?"
"""A geometry that could not be read is kept as `?` and the reason: WKT never starts so."""

LEVEL = 3  # zstd: half the size of level 1 on quads, at a tenth of what mapping costs


class Packer:
    """Compresses what it is given, bit by bit, into one zstd frame. Frames may stand behind each other in a file."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=LEVEL).compressobj()
        self._parts: list[bytes] = []

    def add(self, content: bytes) -> None:
        """Adds bytes to the frame."""
        self._parts.append(self._compressor.compress(content))

    def frame(self) -> bytes:
        """The whole frame; nothing can be added after it."""
        return b"".join([*self._parts, self._compressor.flush()])


def to_lines(rows: list[Row]) -> bytes:
    """Rows as JSON, a line each, keys sorted, so that equal rows are equal bytes."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) for row in rows)


def from_lines(content: bytes) -> list[Row]:
    """The rows that `to_lines` wrote."""
    return [orjson.loads(line) for line in content.splitlines()]


def read_lines(file: Path) -> Iterator[bytes]:
    """The lines of a packed file, one at a time."""
    with (
        file.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as plain,
    ):
        yield from io.BufferedReader(plain, 1 << 18)


def key_hash(table: str, key: str) -> int:
    """A record's key in 64 bits: two of a hundred million differ with certainty enough to count, and equals are looked up."""
    return int.from_bytes(hashlib.blake2b(f"{table}\0{key}".encode(), digest_size=8).digest(), "little")
