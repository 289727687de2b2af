import pyoxigraph as ox
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stelsel.loading.geometry import CRS84, literals

GEOF = "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>"
# The tower of the Onze Lieve Vrouwekerk in Amersfoort is where RD began: 155,000 and 463,000 m, EPSG:28992 by definition.
ORIGIN = (5.387638889, 52.156160556)


def coordinates(term: str) -> tuple[float, float]:
    point = shapely.from_wkt(term.split('"')[1])
    return point.x, point.y


def test_the_origin_of_rd_is_where_it_should_be():
    ((crs84, rd),), broken = literals(["POINT(155000 463000)"])
    assert not broken
    # Two metres: RD's own parameters and WGS 84 differ by the datum shift, which PROJ rates at one.
    assert coordinates(crs84) == pytest.approx(ORIGIN, abs=0.0015)
    assert rd.startswith('"<http://www.opengis.net/def/crs/EPSG/0/28992> POINT(155000 463000)"')


def test_the_engine_measures_what_was_projected():
    """1,000 m in RD are 1,000 m for GeoSPARQL, but for the sphere that Oxigraph measures on: 1 in 200 at most."""
    ((one, _), (two, _)), _ = literals(["POINT(155000 463000)", "POINT(156000 463000)"])
    query = f"{GEOF} SELECT ?d {{ BIND(geof:distance({one}, {two}, <http://www.opengis.net/def/uom/OGC/1.0/metre>) AS ?d) }}"
    (row,) = ox.Store().query(query)
    assert float(row["d"].value) == pytest.approx(1000, rel=0.005)


def test_what_is_broken_is_told_apart_and_the_rest_is_not_touched():
    bow = "POLYGON((155000 463000,155010 463010,155010 463000,155000 463010,155000 463000))"
    found, broken = literals(
        ["POINT(155000 463000)", None, "?has no ring", bow, "POINT(5.38 52.15)", "POLYGON((1 2,3 4))"]
    )
    assert [item is not None for item in found] == [True, False, False, False, False, False]
    assert broken[2] == "has no ring"
    assert broken[3].startswith("Self-intersection")
    assert broken[4] == "lies outside the area of EPSG:28992"
    assert broken[5] == "cannot be read"
    assert 1 not in broken


@given(st.lists(st.tuples(st.floats(10_000, 280_000), st.floats(310_000, 620_000)), max_size=30), st.integers(0, 29))
def test_a_batch_gives_what_each_gives_alone(points, cut):
    texts = [f"POINT({x:.3f} {y:.3f})" for x, y in points]
    whole, _ = literals(texts)
    first, _ = literals(texts[:cut])
    last, _ = literals(texts[cut:])
    assert whole == first + last


def test_a_geometry_in_crs84_is_kept_as_it_was_and_given_in_rd_too():
    ((crs84, _),), _ = literals(["POINT(155000 463000)"])
    delivered = crs84.split('"')[1]
    ((kept, rd),), broken = literals([f"{CRS84}{delivered}"])
    assert not broken
    assert kept == f'"{delivered}"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'
    assert coordinates(rd.replace("<http://www.opengis.net/def/crs/EPSG/0/28992> ", "")) == pytest.approx(
        (155000, 463000), abs=0.002
    )


@given(
    st.lists(st.tuples(st.floats(20_000, 270_000), st.floats(320_000, 600_000), st.booleans()), min_size=1, max_size=9)
)
def test_both_systems_may_stand_beside_each_other(points):
    wkt = [f"POINT ({x:.3f} {y:.3f})" for x, y, _ in points]
    rd = [item[0].split('"')[1] for item in literals(wkt)[0]]
    mixed = [f"{CRS84}{there}" if flag else here for here, there, (*_, flag) in zip(wkt, rd, points, strict=True)]
    found, broken = literals(mixed)
    assert not broken
    for item, here, there in zip(found, wkt, rd, strict=True):
        assert coordinates(item[0]) == pytest.approx(coordinates(f'"{there}"'), abs=1e-7)
        assert coordinates(item[1].replace("<http://www.opengis.net/def/crs/EPSG/0/28992> ", "")) == pytest.approx(
            coordinates(f'"{here}"'), abs=0.002
        )


def test_degrees_that_say_they_are_crs84_and_lie_elsewhere_are_told():
    _, broken = literals([f"{CRS84}POINT (52.15 5.38)", f"{CRS84}POINT (5.38 95)", f"{CRS84}POINT (155000 463000)"])
    assert broken == dict.fromkeys(range(3), "lies outside the area of EPSG:28992")
