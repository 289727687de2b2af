"""The geojson reader: every feature with its properties and geometry, in one coordinate reference system a file."""

import io
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import ContentError, DeliveryError
from stelsel.home import open_home
from stelsel.loading.geometry import literals
from stelsel.loading.mapping import Mapper
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.geojson import GeoJsonReader
from stelsel.loading.register import Document, read_register
from stelsel.names import Names

CBS = read_register(open_home(), "cbs")
RING = [[5.0, 52.0], [5.1, 52.0], [5.1, 52.1], [5.0, 52.0]]
RD_RING = [[131000, 480000], [132000, 480000], [132000, 480500], [131000, 480000]]
RD = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
CRS84 = "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> "


def feature(coordinates, kind="Polygon", **properties):
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "id": "1", "properties": {"statcode": "GM9990", **properties}, "geometry": geometry}


def collection(*features, **members):
    return {"type": "FeatureCollection", **members, "features": features}


def read(content, name="gemeenten_2023.geojson"):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    member = Member(name, len(data), len(data), lambda: io.BytesIO(data))
    return list(GeoJsonReader(CBS, CBS.named(name)).records(member))


def said(content) -> str:
    with pytest.raises(DeliveryError) as caught:
        read(content)
    return str(caught.value)


def test_longitude_and_latitude_are_the_default_and_the_year_comes_from_the_name():
    (record,) = read(collection(feature([RING])))
    assert record.place == "feature 1"
    assert record.row == {
        "jaar": "2023",
        "statcode": "GM9990",
        "geometrie": CRS84 + "POLYGON((5.0 52.0,5.1 52.0,5.1 52.1,5.0 52.0))",
    }


def test_a_crs_member_says_that_coordinates_are_rd():
    (record,) = read(collection(feature([[RD_RING]], "MultiPolygon"), crs=RD))
    assert record.row["geometrie"].startswith("MULTIPOLYGON(((131000 480000,132000 480000")


def test_a_crs_member_counts_wherever_it_stands():
    content = {"features": [feature([RD_RING])], "type": "FeatureCollection", "crs": RD}
    (record,) = read(content)
    assert record.row["geometrie"].startswith("POLYGON((131000 ")


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"]
)
def test_every_name_of_longitude_and_latitude_is_known(name):
    crs = {"type": "name", "properties": {"name": name}}
    (record,) = read(collection(feature([RING]), crs=crs))
    assert record.row["geometrie"].startswith(CRS84)


@pytest.mark.parametrize("crs", [None, {"type": "link", "properties": {"href": "x"}}, "EPSG"])
def test_a_crs_that_says_nothing_is_refused(crs):
    assert "the reader knows CRS84 and EPSG:28992" in said({"type": "FeatureCollection", "crs": crs, "features": []})


def test_another_crs_is_refused_by_name():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    assert "is in 'urn:ogc:def:crs:EPSG::3857'; the reader knows CRS84 and EPSG:28992" in said(
        collection(feature([RING]), crs=crs)
    )


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (collection(feature([RING]), feature([RD_RING])), "feature 2: has the position 131000 480000"),
        (collection(feature([RD_RING]), feature([RING]), crs=RD), "feature 2: has the position 5.0 52.0"),
        (collection({**feature([RING]), "crs": RD}), "feature 1: has another crs than its file"),
    ],
)
def test_two_coordinate_reference_systems_in_one_file_are_refused_with_the_feature(content, place):
    message = said(content)
    assert place in message
    assert "mixed coordinate reference systems" in message


@pytest.mark.parametrize(
    ("geometry", "why"),
    [
        ({"type": "Polygon", "coordinates": [[]]}, "has no coordinates"),
        ({"type": "Polygon", "coordinates": "x"}, "has no coordinates"),
        ({"type": "Polygon", "coordinates": [[["a", "b"]]]}, "no geometry of GeoJSON"),
        ({"type": "Polygon", "coordinates": [[[5.0]]]}, "no geometry of GeoJSON"),
        ({"type": "Circle", "coordinates": [5.0, 52.0]}, "no geometry of GeoJSON"),
        ("POLYGON EMPTY", "no geometry of GeoJSON"),
        ({"type": "Polygon", "coordinates": [RING[:2]]}, ""),
        (
            {"type": "Polygon", "coordinates": [[[5, 52], [5.1, 52.1], [5.1, 52], [5, 52.1], [5, 52]]]},
            "Self-intersection",
        ),
    ],
)
def test_a_geometry_that_is_broken_is_told_apart_and_the_feature_stays(geometry, why):
    (record,) = read(collection({**feature([]), "geometry": geometry}))
    assert record.row["statcode"] == "GM9990"
    (shape,), broken = literals([record.row["geometrie"]])
    assert shape is None
    assert why in broken[0]


def test_a_polygon_that_crosses_itself_is_reported_and_its_region_loads_without():
    bow = [[5, 52], [5.1, 52.1], [5.1, 52], [5, 52.1], [5, 52]]
    (record,) = read(collection(feature([bow])))
    row = {**record.row, "regiocode": "GM9990", "water": "NEE"}
    batch = Mapper(CBS, Names("http://localhost")).map("gebied", [row], [record.place], date(2024, 1, 1))
    assert [(problem.reason, problem.refused) for problem in batch.problems] == [("geometrie", False)]
    assert b"regiojaar/2023-GM9990" in batch.quads[""]
    assert b"asWKT" not in batch.quads[""]


def test_a_feature_without_geometry_is_a_record_without_one():
    (record,) = read(collection({**feature([]), "geometry": None}))
    assert "geometrie" not in record.row


def test_a_sentinel_is_no_value_of_a_property():
    (record,) = read(collection(feature([RING], indelingswijziging_wijken_en_buurten=-99997)))
    assert "indelingswijziging" not in record.row


def test_an_unknown_property_is_an_error_that_says_what_to_do():
    assert "feature 1: table gebied of cbs does not know the key 'hoogte'; list it in loader.yml" in said(
        collection(feature([RING], hoogte=1))
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"type": "FeatureCollection", "features": [{"type": "Feature"', "record 1: is not JSON"),
        (b"<html>Not found</html>", "is a page of HTML or XML, not JSON"),
        (json.dumps({"type": "Topology", "features": []}).encode(), "is no FeatureCollection"),
        (json.dumps(collection({"type": "Punt"})).encode(), "feature 1: is no Feature of GeoJSON"),
    ],
)
def test_what_is_no_geojson_is_an_error_with_its_place(content, message):
    assert message in said(content)


def test_a_name_that_is_no_pattern_is_an_error_of_the_content():
    document = Document(reader="geojson", files=("*",), table="gebied", options={"name": "("})
    with pytest.raises(ContentError, match="is no regular expression"):
        GeoJsonReader(CBS, document)


degrees = st.tuples(st.floats(3.5, 7.0), st.floats(50.9, 53.4))


@given(st.lists(degrees, min_size=3, max_size=8))
def test_coordinates_come_through_to_the_last_digit(ring):
    (record,) = read(collection(feature([[list(point) for point in ring]])))
    text = record.row["geometrie"].removeprefix(CRS84 + "POLYGON((").removesuffix("))")
    assert [tuple(map(float, point.split())) for point in text.split(",")] == ring
