from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.serving.drawing import HEIGHT, LARGEST, WIDTH, Undrawable, draw

HOUSE = "POLYGON ((5.041 52.307, 5.0413 52.307, 5.0413 52.3072, 5.041 52.3072, 5.041 52.307))"


def points(path):
    return [tuple(map(float, pair.split())) for pair in re.findall(r"-?[\d.]+ -?[\d.]+", path)]


def test_a_house_is_drawn_with_north_up_and_in_its_true_proportions():
    drawing = draw(HOUSE)
    (west, south), (east, _), (_, north), *_ = points(drawing.areas)
    # 0.0003 degrees of longitude at 52.3 north is 20.4 m, 0.0002 degrees of latitude is 22.3 m.
    assert (east - west) / (south - north) == pytest.approx(20.4 / 22.3, rel=0.01)
    assert north < south
    assert drawing.kind == "Polygon"
    assert (drawing.longitude, drawing.latitude) == pytest.approx((5.04115, 52.3071))


def test_the_scale_line_has_the_length_that_it_says():
    drawing = draw(HOUSE)
    (_, south), _, (_, north), *_ = points(drawing.areas)
    assert drawing.metres / drawing.scale == pytest.approx(0.0002 * 111_320 / (south - north), rel=0.01)


def test_a_hole_and_every_part_of_a_collection_are_drawn():
    hole = "(5.0411 52.30705, 5.0412 52.30705, 5.0412 52.3071, 5.0411 52.30705)"
    assert draw(f"{HOUSE[:-1]}, {hole})").areas.count("Z") == 2
    drawing = draw(
        f"GEOMETRYCOLLECTION ({HOUSE}, LINESTRING (5.041 52.307, 5.0413 52.3072), MULTIPOINT ((5.0411 52.3071), (5.0412 52.3071)))"
    )
    assert drawing.areas.count("M") == 1
    assert drawing.lines.count("M") == 1
    assert len(drawing.dots) == 2


def test_a_point_stands_in_the_middle_of_a_field():
    assert draw("POINT Z (5 52 -1.5)").dots == ((f"{WIDTH / 2}", f"{HEIGHT / 2}"),)


def test_crs84_may_be_named():
    assert draw(f"<http://www.opengis.net/def/crs/OGC/1.3/CRS84> {HOUSE}") == draw(HOUSE)


def test_a_border_of_many_points_becomes_a_short_path():
    ring = ", ".join(f"{5 + n / 1e6:.7f} {52 + (n % 2) / 1e7:.7f}" for n in range(10_000))
    assert len(draw(f"LINESTRING ({ring})").lines) < 2_000


@pytest.mark.parametrize(
    "wkt",
    [
        "", "geen wkt", "POINT EMPTY", "POINT (nan nan)", "POINT (131000 480000)", "POLYGON ((0 0, 1 1))", "<script>",
        "<http://www.opengis.net/def/crs/EPSG/0/28992> POINT (131000 480000)", "POINT (5 52", "POINT (5 90)", "POINT (inf 1)",
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_says_so(wkt):
    with pytest.raises(Undrawable) as caught:
        draw(wkt)
    assert caught.value.reason == "undrawn"


def test_what_is_too_large_says_so():
    with pytest.raises(Undrawable) as caught:
        draw("LINESTRING (5 52" + ", 5 52" * (LARGEST // 6) + ")")
    assert caught.value.reason == "large"


degrees = st.floats(-179, 179), st.floats(-89, 89)


@given(st.lists(st.tuples(*degrees), min_size=2, max_size=20))
def test_everything_is_drawn_within_the_field(line):
    wkt = "LINESTRING (" + ", ".join(f"{x:.9f} {y:.9f}" for x, y in line) + ")"
    for x, y in points(draw(wkt).lines):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
