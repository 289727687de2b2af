import struct

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stelsel.loading.readers.wkb import BrokenWkb, to_wkt

numbers = st.floats(-1e7, 1e7)
positions = st.tuples(numbers, numbers)
rings = st.lists(positions, min_size=3, max_size=8).map(lambda points: [*points, points[0]])
polygons = st.builds(shapely.Polygon, rings, st.lists(rings, max_size=2))
lines = st.lists(positions, min_size=2, max_size=8).map(shapely.LineString)
points = positions.map(shapely.Point)
shapes = st.one_of(
    points,
    lines,
    polygons,
    st.lists(points, min_size=1, max_size=3).map(shapely.MultiPoint),
    st.lists(lines, min_size=1, max_size=3).map(shapely.MultiLineString),
    st.lists(polygons, min_size=1, max_size=3).map(shapely.MultiPolygon),
)


@given(shapes, st.sampled_from([0, 1]))
def test_every_shape_comes_out_as_geos_reads_it_in_either_byte_order(shape, order):
    content = shapely.to_wkb(shape, byte_order=order)
    assert shapely.from_wkt(to_wkt(content)).equals_exact(shape, 0)


@pytest.mark.parametrize("wkt", ["POINT Z (1 2 3)", "POINT M (1 2 3)", "POINT ZM (1 2 3 4)"])
def test_height_and_measure_are_dropped(wkt):
    assert to_wkt(shapely.to_wkb(shapely.from_wkt(wkt), flavor="iso")) == "POINT(1.0 2.0)"


@pytest.mark.parametrize("wkt", ["POLYGON EMPTY", "MULTIPOLYGON EMPTY", "MULTIPOINT EMPTY"])
def test_what_is_empty_says_so(wkt):
    assert to_wkt(shapely.from_wkt(wkt).wkb) == wkt


SQUARE = shapely.box(0, 0, 10, 10).wkb
NESTED = struct.pack("<BII", 1, 6, 1)


@pytest.mark.parametrize(("content", "says"), [
    (b"", "stops halfway"),
    (SQUARE[:-1], "stops halfway"),
    (SQUARE + b"\0\0", "goes on for 2 bytes"),
    (b"\2" + SQUARE[1:], "byte order 2"),
    (shapely.from_wkt("GEOMETRYCOLLECTION (POINT (1 2))").wkb, "WKB type 7"),
    (struct.pack("<BI", 1, 4001), "WKB type 4001"),
    (shapely.from_wkt("POINT EMPTY").wkb, "no number"),
    (struct.pack("<BII", 1, 3, 2**32 - 1), "stops halfway"),
    (NESTED + SQUARE[:1] + struct.pack("<I", 1003) + SQUARE[5:], "another kind than POLYGON"),
    # A million bytes of these end a process that reads them with GEOS.
    (NESTED * 120_000, "another kind than POLYGON"),
])  # fmt: skip
def test_what_is_broken_says_how(content, says):
    with pytest.raises(BrokenWkb, match=says):
        to_wkt(content)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(content):
    try:
        to_wkt(content)
    except BrokenWkb:
        return


@given(st.integers(0, len(SQUARE) - 1), st.integers(0, 255))
def test_one_wrong_byte_never_gets_further_than_a_refusal(index, byte):
    content = SQUARE[:index] + bytes([byte]) + SQUARE[index + 1 :]
    try:
        wkt = to_wkt(content)
    except BrokenWkb:
        return
    assert wkt.startswith(("POLYGON", "MULTI", "LINESTRING", "POINT"))
