"""Geometries in GML 3.1.1 and 3.2 as WKT: planar, in the numbers and the axis order that were delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import atan2, ceil, cos, hypot, isfinite, pi, sin, sqrt

from lxml import etree

GML = "{http://www.opengis.net/gml/3.2}"
GML31 = "{http://www.opengis.net/gml}"
"""The namespace of GML 3.1.1, in which IMGeo and older deliveries are written; what is read here is the same in both."""
ARC_TOLERANCE = 0.01
"""Metres between an arc and the straight lines that stand for it, at most: WKT of GeoSPARQL has no arcs."""
_RD = ("urn:ogc:def:crs:EPSG::28992", "http://www.opengis.net/def/crs/EPSG/0/28992", "EPSG:28992", "28992")
_SURFACES = ("surfaceMember", "surfaceMembers", "polygonMember")
_LINES = ("LineString", "LineStringSegment", "Arc", "ArcString")
_HOLDERS = {"segments": _LINES[1:], "curveMember": ("LineString", "Curve", "CompositeCurve", "Ring")}
"""What may stand in the elements that hold the parts of a curve; others, such as OrientableCurve, are not read."""
_MOST_STEPS = 20_000  # for one arc: the whole circle, with a radius of 800 km


class BrokenGeometry(ValueError):
    """A geometry that cannot be read; the message says what is wrong with it."""


def to_wkt(holder: etree._Element) -> str:
    """The one geometry inside an element, as WKT in EPSG:28992 with x and y only (m); z is dropped.

    Reads Point, LineString, Curve, Polygon, Surface with PolygonPatch, and MultiSurface (OGC 07-036, 10.3.1, 10.4,
    10.5.4, 10.5.10, 11.3.4; the same in 03-105r1). Arcs become straight lines that stay within ARC_TOLERANCE. Raises
    BrokenGeometry for anything else, another CRS, a ring that is not closed, or a number that is none.
    """
    shape = next((element for element in holder.iter() if _name(element) in _READERS), None)
    if shape is None:
        raise BrokenGeometry("holds no geometry that is known here")
    crs = shape.get("srsName", _RD[0])
    if crs not in _RD:
        raise BrokenGeometry(f"is in {crs[:80]}, not in EPSG:28992")
    return _READERS[_name(shape)](shape)


def _name(element: etree._Element) -> str:
    """An element's name where it is one of GML, else nothing."""
    tag = element.tag
    if not isinstance(tag, str):  # a comment or a processing instruction
        return ""
    for namespace in (GML, GML31):
        if tag.startswith(namespace):
            return tag[len(namespace) :]
    return ""


def _within(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The elements of these names below an element, itself included, in document order."""
    return element.iter(*(namespace + name for name in names for namespace in (GML, GML31)))


def _dimension(element: etree._Element) -> int:
    """How many numbers a position has: the nearest srsDimension, 2 where none is said."""
    current: etree._Element | None = element
    while current is not None:
        said = current.get("srsDimension")
        if said is not None:
            if said not in {"2", "3"}:
                raise BrokenGeometry(f"has srsDimension {said[:20]!r}")
            return int(said)
        current = current.getparent()
    return 2


def _positions(element: etree._Element) -> list[str]:
    """`x y` of every position in a pos or posList."""
    numbers = "".join(map(str, element.itertext())).split()
    size = _dimension(element)
    if not numbers or len(numbers) % size:
        raise BrokenGeometry(f"has {len(numbers)} numbers, which is no whole number of positions of {size}")
    for number in numbers:
        if not _is_number(number):
            raise BrokenGeometry(f"has {number[:40]!r} where a number is due")
    return [f"{x} {y}" for x, y in zip(numbers[::size], numbers[1::size], strict=True)]


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _told(element: etree._Element) -> list[str]:
    """The positions in an element: of its posLists, or of its single ones."""
    lists = list(_within(element, "posList")) or list(_within(element, "pos"))
    return [position for part in lists for position in _positions(part)]


def _line(element: etree._Element) -> list[str]:
    """The positions along a LineString, a Curve, or what holds several of them that follow each other."""
    for holder in _within(element, *_HOLDERS):
        for part in holder:
            if isinstance(part.tag, str) and _name(part) not in _HOLDERS[_name(holder)]:
                raise BrokenGeometry(f"has a curve with {part.tag.rpartition('}')[2][:40]}, which is not known here")
    points: list[str] = []
    for piece in _within(element, *_LINES):
        told = _told(piece)
        if _name(piece) in ("Arc", "ArcString"):
            told = _straightened(told)
        if points and points[-1] != told[0]:
            raise BrokenGeometry("is a curve whose parts do not join")
        points += told[1:] if points else told
    if len(points) < 2:
        raise BrokenGeometry(f"is a line of {len(points)} positions; a line has two at least")
    return points


def _straightened(points: list[str]) -> list[str]:
    """Lines for a string of arcs, each through three positions: a begin, one on the way, and the end."""
    if len(points) < 3 or len(points) % 2 == 0:
        raise BrokenGeometry(f"has arcs of {len(points)} positions; each takes two more than the one before it")
    result = points[:1]
    for index in range(0, len(points) - 2, 2):
        result += [*_on_the_way(*points[index : index + 3]), points[index + 2]]
    return result


def _on_the_way(begin: str, middle: str, end: str) -> list[str]:
    """Positions on an arc between its begin and its end, to the millimetre; only its middle where it is straight."""
    if begin == end:
        raise BrokenGeometry("has an arc that ends where it begins")
    (ax, ay), (bx, by), (cx, cy) = (tuple(map(float, text.split())) for text in (begin, middle, end))
    # The circle through three points, with the last one as the origin.
    double = 2 * ((ax - cx) * (by - cy) - (bx - cx) * (ay - cy))
    if double == 0:
        return [middle]
    a, b = (ax - cx) ** 2 + (ay - cy) ** 2, (bx - cx) ** 2 + (by - cy) ** 2
    x, y = (a * (by - cy) - b * (ay - cy)) / double, (b * (ax - cx) - a * (bx - cx)) / double
    radius, x, y = hypot(x, y), x + cx, y + cy
    start = atan2(ay - y, ax - x)
    turn = (atan2(cy - y, cx - x) - start) % (2 * pi)
    if double < 0:  # clockwise
        turn -= 2 * pi
    # A chord of angle t strays at most radius * t * t / 8 from its arc.
    steps = max(1, ceil(abs(turn) * sqrt(radius / (8 * ARC_TOLERANCE))))
    if steps > _MOST_STEPS:
        raise BrokenGeometry(f"has an arc with a radius of {radius:.0f} m")
    angles = [start + turn * step / steps for step in range(1, steps)]
    return [f"{x + radius * cos(angle):.3f} {y + radius * sin(angle):.3f}" for angle in angles]


def _ring(element: etree._Element) -> str:
    curved = next(_within(element, "Ring"), None)
    points = _told(element) if curved is None else _line(curved)
    if len(points) < 4:
        raise BrokenGeometry(f"has a ring of {len(points)} positions; a ring has four at least")
    if points[0] != points[-1]:
        raise BrokenGeometry("has a ring that is not closed")
    return "(" + ",".join(points) + ")"


def _rings(element: etree._Element) -> str:
    outer = [_ring(part) for part in element if _name(part) == "exterior"]
    if len(outer) != 1:
        raise BrokenGeometry(f"has a polygon with {len(outer)} outer rings")
    return "(" + ",".join(outer + [_ring(part) for part in element if _name(part) == "interior"]) + ")"


def _point(element: etree._Element) -> str:
    positions = [position for part in _within(element, "pos") for position in _positions(part)]
    if len(positions) != 1:
        raise BrokenGeometry(f"is a point with {len(positions)} positions")
    return f"POINT({positions[0]})"


def _curve(element: etree._Element) -> str:
    return "LINESTRING(" + ",".join(_line(element)) + ")"


def _polygon(element: etree._Element) -> str:
    return "POLYGON" + _rings(element)


def _surface(element: etree._Element) -> str:
    patches = [_rings(patch) for patch in _within(element, "PolygonPatch")]
    if not patches:
        raise BrokenGeometry("is a surface without a PolygonPatch")
    return "POLYGON" + patches[0] if len(patches) == 1 else "MULTIPOLYGON(" + ",".join(patches) + ")"


def _multi_surface(element: etree._Element) -> str:
    polygons = [
        _rings(polygon)
        for member in element
        if _name(member) in _SURFACES
        for polygon in _within(member, "Polygon", "PolygonPatch")
    ]
    if not polygons:
        raise BrokenGeometry("is a multi-surface without a polygon")
    return "MULTIPOLYGON(" + ",".join(polygons) + ")"


_READERS: dict[str, Callable[[etree._Element], str]] = {
    "Point": _point,
    "LineString": _curve,
    "Curve": _curve,
    "Polygon": _polygon,
    "Surface": _surface,
    "MultiSurface": _multi_surface,
}
