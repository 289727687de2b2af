"""Geometries in well-known binary (OGC 06-103r4, 8; ISO 13249-3 for z and m) as WKT: planar, every digit kept.

Read here and not by GEOS, which recurses for each multi-geometry in a multi-geometry without a bound: a million bytes
of those end the process.
"""

from __future__ import annotations

import numpy as np

_POINT, _LINE, _POLYGON = 1, 2, 3
_NAMES = {_POINT: "POINT", _LINE: "LINESTRING", _POLYGON: "POLYGON"}
_MULTI = {4: ("MULTIPOINT", _POINT), 5: ("MULTILINESTRING", _LINE), 6: ("MULTIPOLYGON", _POLYGON)}
_DIMENSIONS = {0: 2, 1: 3, 2: 3, 3: 4}
"""Thousands in the type (none, z, m, z and m) -> how many numbers a position has."""


class BrokenWkb(ValueError):
    """A geometry that cannot be read; the message says what is wrong with it."""


def to_wkt(content: bytes) -> str:
    """The geometry as WKT with x and y only, in the order in which they stand; z and m are dropped.

    Reads Point, LineString, Polygon and the Multi of each. Raises BrokenWkb for anything else, for what stops halfway or
    goes on after its end, and for a number that is not finite.

    >>> import shapely
    >>> to_wkt(shapely.LineString([(130000.1, 480000), (130001, 480000.25)]).wkb)
    'LINESTRING(130000.1 480000.0,130001.0 480000.25)'
    """
    walk = _Walk(content)
    kind, size = walk.head()
    if kind in _MULTI:
        name, part = _MULTI[kind]
        parts = [walk.member(part, size) for _ in range(walk.count(9))]
        text = f"{name}(" + ",".join(parts) + ")" if parts else f"{name} EMPTY"
    elif kind in _NAMES:
        text = _NAMES[kind] + walk.body(kind, size)
    else:
        raise BrokenWkb(f"is of WKB type {kind}, which is not read here")
    if walk.at != len(content):
        raise BrokenWkb(f"goes on for {len(content) - walk.at:,} bytes after its end")
    return text


class _Walk:
    """Where reading is in the bytes of one geometry."""

    def __init__(self, content: bytes) -> None:
        self._content, self.at, self._order = content, 0, "<"

    def _numbers(self, code: str, many: int) -> np.ndarray:
        kind = np.dtype(self._order + code)
        end = self.at + many * kind.itemsize
        if end > len(self._content):
            raise BrokenWkb("stops halfway")
        found = np.frombuffer(self._content, kind, many, self.at)
        self.at = end
        return found

    def head(self) -> tuple[int, int]:
        """Type without its dimensions, and how many numbers a position has."""
        order = int(self._numbers("u1", 1)[0])
        if order > 1:
            raise BrokenWkb(f"has byte order {order}")
        self._order = "<" if order else ">"
        dimensions, kind = divmod(int(self._numbers("u4", 1)[0]), 1000)
        if dimensions not in _DIMENSIONS:
            raise BrokenWkb(f"is of WKB type {dimensions * 1000 + kind}, which is not read here")
        return kind, _DIMENSIONS[dimensions]

    def count(self, least: int) -> int:
        """How many things follow, each of `least` bytes or more."""
        many = int(self._numbers("u4", 1)[0])
        if many * least > len(self._content) - self.at:
            raise BrokenWkb("stops halfway")
        return many

    def member(self, wanted: int, size: int) -> str:
        """One geometry of a multi-geometry, without its name."""
        kind, dimensions = self.head()
        if (kind, dimensions) != (wanted, size):
            raise BrokenWkb(f"has a member of another kind than {_NAMES[wanted]}")
        return self.body(kind, size)

    def body(self, kind: int, size: int) -> str:
        """What follows on the head of a geometry that is not a multi, as the text between its brackets, and those."""
        if kind == _POINT:
            return f"({self._positions(1, size)})"
        if kind == _LINE:
            return f"({self._positions(self.count(8 * size), size)})"
        rings = [f"({self._positions(self.count(8 * size), size)})" for _ in range(self.count(4))]
        return "(" + ",".join(rings) + ")" if rings else " EMPTY"

    def _positions(self, many: int, size: int) -> str:
        numbers = self._numbers("f8", many * size).reshape(many, size)[:, :2]
        if not np.isfinite(numbers).all():
            raise BrokenWkb("has a position that is no number")
        return ",".join([f"{x!r} {y!r}" for x, y in numbers.tolist()])
