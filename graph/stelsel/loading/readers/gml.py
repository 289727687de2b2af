"""Geometries in GML 3.2 as WKT: planar, in the numbers and the axis order that were delivered."""

from __future__ import annotations

from lxml import etree

GML = "{http://www.opengis.net/gml/3.2}"
_RD = ("urn:ogc:def:crs:EPSG::28992", "http://www.opengis.net/def/crs/EPSG/0/28992", "EPSG:28992")
_SURFACES = {GML + "surfaceMember", GML + "surfaceMembers", GML + "polygonMember"}


class BrokenGeometry(ValueError):
    """A geometry that cannot be read; the message says what is wrong with it."""


def to_wkt(holder: etree._Element) -> str:
    """The one geometry inside an element, as WKT in EPSG:28992 with x and y only (m); z is dropped.

    Reads Point, Polygon, Surface with PolygonPatch, and MultiSurface (OGC 07-036, 10.3.1, 10.5.4, 10.5.10, 11.3.4).
    Raises BrokenGeometry for anything else, another CRS, a ring that is not closed, or a number that is none.
    """
    shapes = [element for element in holder.iter() if isinstance(element.tag, str) and element.tag in _READERS]
    if not shapes:
        raise BrokenGeometry("holds no geometry that is known here")
    shape = shapes[0]
    crs = shape.get("srsName", _RD[0])
    if crs not in _RD:
        raise BrokenGeometry(f"is in {crs[:80]}, not in EPSG:28992")
    return _READERS[shape.tag](shape)


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
        try:
            float(number)
        except ValueError:
            raise BrokenGeometry(f"has {number[:40]!r} where a number is due") from None
    return [f"{x} {y}" for x, y in zip(numbers[::size], numbers[1::size], strict=True)]


def _ring(element: etree._Element) -> str:
    lists = list(element.iter(GML + "posList")) or list(element.iter(GML + "pos"))
    points = [position for part in lists for position in _positions(part)]
    if len(points) < 4:
        raise BrokenGeometry(f"has a ring of {len(points)} positions; a ring has four at least")
    if points[0] != points[-1]:
        raise BrokenGeometry("has a ring that is not closed")
    return "(" + ",".join(points) + ")"


def _rings(element: etree._Element) -> str:
    outer = [_ring(part) for part in element.iterchildren(GML + "exterior")]
    if len(outer) != 1:
        raise BrokenGeometry(f"has a polygon with {len(outer)} outer rings")
    return "(" + ",".join(outer + [_ring(part) for part in element.iterchildren(GML + "interior")]) + ")"


def _point(element: etree._Element) -> str:
    positions = [position for part in element.iter(GML + "pos") for position in _positions(part)]
    if len(positions) != 1:
        raise BrokenGeometry(f"is a point with {len(positions)} positions")
    return f"POINT({positions[0]})"


def _polygon(element: etree._Element) -> str:
    return "POLYGON" + _rings(element)


def _surface(element: etree._Element) -> str:
    patches = [_rings(patch) for patch in element.iter(GML + "PolygonPatch")]
    if not patches:
        raise BrokenGeometry("is a surface without a PolygonPatch")
    return "POLYGON" + patches[0] if len(patches) == 1 else "MULTIPOLYGON(" + ",".join(patches) + ")"


def _multi_surface(element: etree._Element) -> str:
    polygons = [
        _rings(polygon)
        for member in element
        if member.tag in _SURFACES
        for polygon in member.iter(GML + "Polygon", GML + "PolygonPatch")
    ]
    if not polygons:
        raise BrokenGeometry("is a multi-surface without a polygon")
    return "MULTIPOLYGON(" + ",".join(polygons) + ")"


_READERS = {
    GML + "Point": _point,
    GML + "Polygon": _polygon,
    GML + "Surface": _surface,
    GML + "MultiSurface": _multi_surface,
}
