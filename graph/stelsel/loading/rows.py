"""Rows: the records of a delivery as text, and how an edition keeps them. All that Python in `loaders/` may import."""

from __future__ import annotations

import hashlib

import orjson

from stelsel.storing.packing import Packer, read_lines

__all__ = ["UNREADABLE", "Packer", "Row", "from_lines", "key_hash", "read_lines", "to_lines"]

Row = dict[str, str | list[str]]
"""A record: column -> text, or the texts of a column that may have many. Absent columns are absent."""

UNREADABLE = "?"
"""A geometry that could not be read is kept as `?` and the reason: WKT never starts so."""


def to_lines(rows: list[Row]) -> bytes:
    """Rows as JSON, a line each, keys sorted, so that equal rows are equal bytes."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) for row in rows)


def from_lines(content: bytes) -> list[Row]:
    """The rows that `to_lines` wrote."""
    return [orjson.loads(line) for line in content.splitlines()]


def key_hash(table: str, key: str) -> int:
    """A record's key in 64 bits: two of a hundred million differ with certainty enough to count, and equals are looked up."""
    return int.from_bytes(hashlib.blake2b(f"{table}\0{key}".encode(), digest_size=8).digest(), "little")
