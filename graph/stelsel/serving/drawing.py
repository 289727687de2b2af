"""Draws a geometry as SVG: no tiles, no map service, nothing from elsewhere."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from stelsel.errors import InputError

WIDTH, HEIGHT = 480, 300
LARGEST = 500_000
"""The longest WKT that is drawn, in characters: a municipality's border has some ten thousand."""

_CRS84 = re.compile(r"^\s*(?:<https?://www\.opengis\.net/def/crs/OGC/1\.3/CRS84>)?\s*")
_METRES = 111_320.0  # a degree of latitude; a drawing of this size does not show the ellipsoid
_NARROWEST = 40.0  # metres: a point is drawn in a field of this size
_MARGIN = 1.15


class Undrawable(InputError):
    """This geometry is not drawn. `reason` is the key of the text that says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The geometry cannot be drawn ({reason})")


@dataclass(frozen=True)
class Drawing:
    """Path data and dots in a field of WIDTH by HEIGHT, and a scale line with its length in metres."""

    kind: str
    lines: str
    areas: str
    dots: tuple[tuple[str, str], ...]
    scale: float
    metres: float
    longitude: float
    latitude: float


def draw(wkt: str) -> Drawing:
    """The drawing of a WKT literal in CRS84. Raises Undrawable for what is not that, is empty, or is too large."""
    shape = _read(wkt)
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 < south <= north < 90):  # NaN does not fit either
        raise Undrawable("undrawn")
    longitude, latitude = (west + east) / 2, (south + north) / 2
    across = _METRES * math.cos(math.radians(latitude))
    wide = max((east - west) * across, _NARROWEST) * _MARGIN
    high = max((north - south) * _METRES, _NARROWEST * HEIGHT / WIDTH) * _MARGIN
    pixel = max(wide / WIDTH, high / HEIGHT)  # in metres

    def path(points: shapely.coords.CoordinateSequence) -> str:
        x = WIDTH / 2 + (np.asarray(points)[:, 0] - longitude) * across / pixel
        y = HEIGHT / 2 - (np.asarray(points)[:, 1] - latitude) * _METRES / pixel
        return "M" + "L".join(f"{h:.1f} {v:.1f}" for h, v in zip(x.tolist(), y.tolist(), strict=True))

    # Finer than half a pixel is not seen, and would only make the page heavy.
    parts = _parts(shapely.simplify(shape, pixel / 2 / _METRES, preserve_topology=False))
    areas = [path(ring.coords) + "Z" for part in parts if part.geom_type == "Polygon" for ring in _rings(part)]
    lines = [path(part.coords) for part in parts if part.geom_type in {"LineString", "LinearRing"}]
    dots = [path(part.coords)[1:].split() for part in parts if part.geom_type == "Point"]
    metres = _round_length(pixel * WIDTH / 4)
    return Drawing(
        kind=shape.geom_type,
        areas="".join(areas),
        lines="".join(lines),
        dots=tuple((x, y) for x, y in dots),
        scale=round(metres / pixel, 1),
        metres=metres,
        longitude=longitude,
        latitude=latitude,
    )


def _read(wkt: str) -> BaseGeometry:
    if len(wkt) > LARGEST:
        raise Undrawable("large")
    try:
        # Another reference system in front makes the text no WKT, and so undrawable.
        shape = shapely.force_2d(shapely.from_wkt(_CRS84.sub("", wkt, count=1)))
    except (shapely.errors.ShapelyError, ValueError):
        raise Undrawable("undrawn") from None
    if shape is None or shape.is_empty:
        raise Undrawable("undrawn")
    return shape


def _parts(shape: BaseGeometry) -> list[BaseGeometry]:
    if not hasattr(shape, "geoms"):
        return [shape] if not shape.is_empty else []
    return [part for inner in shape.geoms for part in _parts(inner)]


def _rings(polygon: shapely.Polygon) -> list[shapely.LinearRing]:
    return [polygon.exterior, *polygon.interiors]


def _round_length(metres: float) -> float:
    """The largest of 1, 2, 5, 10, 20, ... that is not longer."""
    power = 10.0 ** math.floor(math.log10(metres))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= metres)
