import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from stelsel.loading.readers.gml import BrokenGeometry, to_wkt

GML = 'xmlns:gml="http://www.opengis.net/gml/3.2"'


def holder(inner: str) -> etree._Element:
    return etree.fromstring(f"<geometrie {GML}>{inner}</geometrie>")


def polygon(outer: str, *inner: str, dimension: int = 2) -> str:
    rings = f"<gml:exterior><gml:LinearRing><gml:posList>{outer}</gml:posList></gml:LinearRing></gml:exterior>"
    for ring in inner:
        rings += f"<gml:interior><gml:LinearRing><gml:posList>{ring}</gml:posList></gml:LinearRing></gml:interior>"
    return f'<gml:Polygon srsName="urn:ogc:def:crs:EPSG::28992" srsDimension="{dimension}">{rings}</gml:Polygon>'


SQUARE = "0 0 10 0 10 10 0 10 0 0"
HOLE = "4 4 6 4 6 6 4 6 4 4"


def test_a_point_loses_its_height_and_keeps_its_digits():
    point = '<gml:Point srsName="urn:ogc:def:crs:EPSG::28992" srsDimension="3"><gml:pos>131009.0 482405.100 0.0</gml:pos></gml:Point>'
    assert to_wkt(holder(point)) == "POINT(131009.0 482405.100)"


def test_inner_rings_are_kept():
    shape = shapely.from_wkt(to_wkt(holder(polygon(SQUARE, HOLE))))
    assert shape.area == 96
    assert len(shape.interiors) == 1


def test_a_polygon_in_three_dimensions_becomes_flat():
    assert to_wkt(holder(polygon("0 0 0.0 10 0 0.0 10 10 0.0 0 0 0.0", dimension=3))) == "POLYGON((0 0,10 0,10 10,0 0))"


@pytest.mark.parametrize("wrapped", [
    "<gml:MultiSurface><gml:surfaceMember>{0}</gml:surfaceMember><gml:surfaceMember>{0}</gml:surfaceMember></gml:MultiSurface>",
    "<gml:MultiSurface><gml:surfaceMembers>{0}{0}</gml:surfaceMembers></gml:MultiSurface>",
])  # fmt: skip
def test_a_multi_surface_becomes_a_multipolygon(wrapped):
    shape = shapely.from_wkt(to_wkt(holder(wrapped.format(polygon(SQUARE)))))
    assert shape.geom_type == "MultiPolygon"
    assert len(shape.geoms) == 2


def test_a_surface_of_one_patch_is_a_polygon():
    ring = f"<gml:exterior><gml:LinearRing><gml:posList>{SQUARE}</gml:posList></gml:LinearRing></gml:exterior>"
    surface = f"<gml:Surface><gml:patches><gml:PolygonPatch>{ring}</gml:PolygonPatch></gml:patches></gml:Surface>"
    assert shapely.from_wkt(to_wkt(holder(surface))).area == 100


def test_a_comment_between_the_numbers_is_no_number():
    assert to_wkt(holder(polygon("0 0 10 0 <!-- corner --> 10 10 0 0"))) == "POLYGON((0 0,10 0,10 10,0 0))"


@pytest.mark.parametrize(("inner", "says"), [
    ("", "no geometry"),
    ("<gml:Curve/>", "no geometry"),
    (polygon("0 0 10 0 10 10"), "ring of 3"),
    (polygon("0 0 10 0 10 10 0 10"), "not closed"),
    (polygon("0 0 10 0 10 10 0"), "no whole number"),
    (polygon("0 0 10 x 10 10 0 0"), "'x' where a number is due"),
    (polygon(SQUARE).replace("28992", "4258"), "not in EPSG:28992"),
    (polygon(SQUARE, dimension=4), "srsDimension"),
    ("<gml:Point><gml:pos>1 2 3 4</gml:pos></gml:Point>", "2 positions"),
    ("<gml:Polygon/>", "0 outer rings"),
])  # fmt: skip
def test_what_is_broken_says_how(inner, says):
    with pytest.raises(BrokenGeometry, match=says):
        to_wkt(holder(inner))


@given(
    st.lists(st.tuples(st.integers(0, 300_000), st.integers(300_000, 620_000)), min_size=3, max_size=20, unique=True)
)
def test_every_closed_ring_comes_out_as_it_went_in(points):
    ring = [*points, points[0]]
    text = " ".join(f"{x} {y}" for x, y in ring)
    shape = shapely.from_wkt(to_wkt(holder(polygon(text))))
    assert [(int(x), int(y)) for x, y in shape.exterior.coords] == ring
