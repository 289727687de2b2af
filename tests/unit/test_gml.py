import pytest
import shapely
from hypothesis import assume, given
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


def segment(positions: str) -> str:
    return f"<gml:LineStringSegment><gml:posList>{positions}</gml:posList></gml:LineStringSegment>"


def arc(positions: str) -> str:
    return f"<gml:ArcString><gml:posList>{positions}</gml:posList></gml:ArcString>"


def curve(*segments: str) -> str:
    return f"<gml:Curve><gml:segments>{''.join(segments)}</gml:segments></gml:Curve>"


def ringed(*members: str) -> str:
    inside = "".join(f"<gml:curveMember>{member}</gml:curveMember>" for member in members)
    return f"<gml:Polygon><gml:exterior><gml:Ring>{inside}</gml:Ring></gml:exterior></gml:Polygon>"


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
    ("<gml:MultiCurve/>", "no geometry"),
    ("<gml:Curve/>", "line of 0 positions"),
    ("<gml:LineString><gml:posList>1 2</gml:posList></gml:LineString>", "line of 1 positions"),
    (curve(segment("0 0 1 1"), segment("1 2 3 3")), "do not join"),
    (curve(arc("0 0 1 1")), "arcs of 2 positions"),
    (curve(arc("0 0 1 1 0 0")), "ends where it begins"),
    (curve(arc("0 0 1e9 1e9 2e9 0")), "radius"),
    (curve("<gml:Clothoid/>"), "Clothoid, which is not known here"),
    (ringed("<gml:OrientableCurve orientation='-'/>"), "OrientableCurve, which is not known here"),
    (polygon("0 0 10 nan 10 10 0 0"), "'nan' where a number is due"),
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


def test_a_line_is_a_line():
    line = "<gml:LineString srsDimension='3'><gml:posList>1.50 2 0 3 4 0</gml:posList></gml:LineString>"
    assert to_wkt(holder(line)) == "LINESTRING(1.50 2,3 4)"


def test_a_curve_of_several_segments_is_one_line():
    assert to_wkt(holder(curve(segment("0 0 5 0"), segment("5 0 5 5")))) == "LINESTRING(0 0,5 0,5 5)"


@pytest.mark.parametrize(("middle", "side"), [("10 10", 1), ("10 -10", -1)])
def test_an_arc_becomes_lines_that_stay_within_a_centimetre_on_its_own_side(middle, side):
    shape = shapely.from_wkt(to_wkt(holder(curve(arc(f"0 0 {middle} 20 0")))))
    points = shapely.get_coordinates(shape)
    assert tuple(points[0]) == (0, 0)
    assert tuple(points[-1]) == (20, 0)
    assert all(side * y >= 0 for _, y in points)
    circle = shapely.Point(10, 0).buffer(10, quad_segs=5000).exterior
    assert (
        shape.hausdorff_distance(circle.intersection(shapely.box(-1, min(0, 11 * side), 21, max(0, 11 * side)))) < 0.02
    )
    assert shape.length == pytest.approx(31.416, abs=0.02)


def test_an_arc_through_a_line_is_that_line():
    assert to_wkt(holder(curve(arc("0 0 1 1 2 2")))) == "LINESTRING(0 0,1 1,2 2)"


def test_a_ring_of_lines_and_arcs_is_a_ring():
    shape = shapely.from_wkt(to_wkt(holder(ringed(curve(segment("20 0 0 0")), curve(arc("0 0 10 10 20 0"))))))
    assert shape.is_valid
    assert shape.area == pytest.approx(157.08, abs=0.3)


@pytest.mark.parametrize("shape", [polygon(SQUARE, HOLE), curve(segment("0 0 5 0"), arc("5 0 6 1 7 0"))])
def test_both_versions_of_gml_read_the_same(shape):
    older = etree.fromstring(f"<geometrie {GML.replace('/3.2', '')}>{shape}</geometrie>")
    assert to_wkt(older) == to_wkt(holder(shape))


numbers = st.integers(0, 500)  # metres: three of these are never on a circle of more than 250 km


@given(st.tuples(numbers, numbers), st.tuples(numbers, numbers), st.tuples(numbers, numbers))
def test_an_arc_begins_and_ends_where_it_says(begin, middle, end):
    assume(begin != end)
    text = " ".join(f"{x} {y}" for x, y in (begin, middle, end))
    points = shapely.get_coordinates(shapely.from_wkt(to_wkt(holder(curve(arc(text))))))
    assert tuple(points[0]) == begin
    assert tuple(points[-1]) == end


@given(
    st.lists(st.tuples(st.integers(0, 300_000), st.integers(300_000, 620_000)), min_size=3, max_size=20, unique=True)
)
def test_every_closed_ring_comes_out_as_it_went_in(points):
    ring = [*points, points[0]]
    text = " ".join(f"{x} {y}" for x, y in ring)
    shape = shapely.from_wkt(to_wkt(holder(polygon(text))))
    assert [(int(x), int(y)) for x, y in shape.exterior.coords] == ring
