"""Links by where things lie, on the coordinates in RD as they were delivered, with an index over the side `to`.

n objects among m take n log m: the index gives the few whose box meets the object's, and only those are compared. Keys,
where both sides have them, must be equal besides: the year that polygons are of, for example.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from stelsel.linking.settling import Pairs
from stelsel.linking.sides import Index, Objects, Shapes

Shares = Callable[[Shapes, Shapes], NDArray[np.float64]]
"""What share of each of the first lies in the one of the second beside it; the second are prepared."""


class Places:
    """The places of a side `to`, ready to be compared with many others."""

    def __init__(self, targets: Objects, shares: Shares) -> None:
        self._targets, self._shares = targets, shares
        self._tree = STRtree(targets.shapes)  # what has no geometry is in no answer
        shapely.prepare(targets.shapes)
        self._keyed = any(key is not None for key in targets.keys)
        self._codes = {key: number for number, key in enumerate(dict.fromkeys(targets.keys)) if key is not None}
        self._theirs = self._numbers(targets.keys, -1)

    def match(self, block: Objects) -> Pairs:
        """All pairs of which the one lies in the other, for some share."""
        mine, theirs = self._tree.query(block.shapes)
        if self._keyed:
            same = self._numbers(block.keys, -2)[mine] == self._theirs[theirs]
            mine, theirs = mine[same], theirs[same]
        share = self._shares(block.shapes[mine], self._targets.shapes[theirs])
        some = share > 0
        return Pairs(block.of[mine[some]], self._targets.of[theirs[some]], share[some])

    def _numbers(self, keys: list[str | None], absent: int) -> Index:
        """Keys as numbers; an absent or unknown one equals nothing of the other side."""
        return np.fromiter((self._codes.get(key, absent) if key else absent for key in keys), np.int64, len(keys))


def contained(mine: Shapes, theirs: Shapes) -> NDArray[np.float64]:
    """1 where the point of the one lies in the other, on its border too, and 0 where not. An area or a line has a point
    on it for its point (GEOS: in the middle of the widest stretch half-way up).
    """
    points = mine.copy()
    other = np.flatnonzero(shapely.get_type_id(mine) != 0)
    points[other] = shapely.point_on_surface(mine[other])
    return np.asarray(shapely.covers(theirs, points), np.float64)


def overlapping(mine: Shapes, theirs: Shapes) -> NDArray[np.float64]:
    """The share of an area, of the length of a line, or all of a point. What only touches has none."""
    share = np.asarray(shapely.covers(theirs, mine), np.float64)
    partly = np.flatnonzero((share == 0) & shapely.intersects(theirs, mine))
    dimension = shapely.get_dimensions(mine[partly])
    for kind, measure in ((1, shapely.length), (2, shapely.area)):
        some = partly[dimension == kind]
        share[some] = measure(shapely.intersection(mine[some], theirs[some])) / measure(mine[some])
    return np.minimum(share, 1.0)
