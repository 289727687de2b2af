"""Restrictions as a GeoPackage, through the whole load."""

import sqlite3
import struct
from contextlib import closing
from datetime import date

import pytest
from pydantic import ValidationError
from pyoxigraph import NamedNode, RdfFormat, Store

from stelsel.errors import DeliveryError
from stelsel.home import open_home
from stelsel.loading.register import Document
from stelsel.loading.rows import read_lines
from stelsel.loading.run import load
from stelsel.sampling.geopackage import Layer, multipolygon, write_geopackage
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path

COLUMNS = ("identificatie", "grondslagCode", "datumInWerking", "bevoegdGezag")
METRES = ((16000.0, 495000.0), (16020.0, 495000.0), (16020.0, 495030.0), (16000.0, 495000.0))
DEGREES = ((3.343, 52.425), (3.344, 52.425), (3.344, 52.426), (3.343, 52.425))
BEPERKING = NamedNode("http://localhost:8000/id/beperking/1001")


def package(folder, ring=METRES, texts=("1001", "GWA", "2012-05-07", "gm9990"), columns=COLUMNS, srs=28992):
    """A GeoPackage with one restriction."""
    file = write_geopackage(
        folder / "wkpb.gpkg",
        [Layer("pb_multipolygon", "MULTIPOLYGON", columns, [(multipolygon([(ring,)]), texts)])],
        date(2024, 6, 8),
    )
    if srs != 28992:
        with closing(sqlite3.connect(file)) as database:
            (blob,) = database.execute("SELECT geom FROM pb_multipolygon").fetchone()
            database.execute("UPDATE pb_multipolygon SET geom = ?", (blob[:4] + struct.pack("<i", srs) + blob[8:],))
            database.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (srs,))
            database.commit()
    return file


def loaded(folder, file):
    settings = read_settings({"data": folder / "data", "processes": 1}, {})
    edition = load(
        "brk-pb", [file], home=open_home(), settings=settings, accept=False, progress=lambda *_: None
    ).edition
    store = Store()
    for graph in edition.graphs:
        content = b"".join(read_lines(edition_path(settings.data, edition) / graph.file))
        store.load(content, RdfFormat.N_QUADS)
    return edition, store


def objects(store, predicate, subject=BEPERKING):
    return [quad.object.value for quad in store.quads_for_pattern(subject, NamedNode(predicate), None, None)]


def test_the_edition_has_the_date_of_the_last_change(tmp_path):
    edition, _ = loaded(tmp_path, package(tmp_path))
    assert edition.date == date(2024, 6, 8)


@pytest.mark.parametrize(("ring", "srs"), [(METRES, 28992), (DEGREES, 4326)])
def test_an_area_is_there_in_both_systems_whichever_was_delivered(tmp_path, ring, srs):
    _, store = loaded(tmp_path, package(tmp_path, ring, srs=srs))
    (form,) = objects(store, "http://www.opengis.net/ont/geosparql#hasGeometry")
    (wkt,) = objects(store, "http://www.opengis.net/ont/geosparql#asWKT", NamedNode(form))
    (rd,) = objects(store, "http://localhost:8000/def/rdWKT", NamedNode(form))
    assert wkt.replace("MULTIPOLYGON (((", "MULTIPOLYGON(((").startswith("MULTIPOLYGON(((3.343")
    assert rd.startswith("<http://www.opengis.net/def/crs/EPSG/0/28992> MULTIPOLYGON")


@pytest.mark.parametrize(("given", "known", "named"), [
    ("gm9990", ["https://identifier.overheid.nl/tooi/id/gemeente/gm9990"], []),
    ("0457", ["https://identifier.overheid.nl/tooi/id/gemeente/gm0457"], []),
    ("Gemeente Weesp", [], ["Gemeente Weesp"]),
    (None, [], []),
])  # fmt: skip
def test_an_authority_is_an_organisation_where_its_code_is_given_and_a_name_otherwise(tmp_path, given, known, named):
    _, store = loaded(tmp_path, package(tmp_path, texts=("1001", "GWA", "2012-05-07", given)))
    assert objects(store, "http://localhost:8000/def/bevoegdGezag") == known
    assert objects(store, "http://localhost:8000/def/bevoegdGezagNaam") == named


def test_a_code_that_is_in_no_list_loads_without_a_law_and_is_counted(tmp_path):
    edition, store = loaded(tmp_path, package(tmp_path, texts=("1001", "ZZZ", "2012-05-07", "gm9990")))
    (ground,) = objects(store, "http://localhost:8000/def/grondslag")
    assert objects(store, "http://purl.org/dc/terms/references", NamedNode(ground)) == []
    assert edition.violations["http://localhost:8000/def/shape/Beperking-grondslag-wet"] == 1


def test_the_headings_of_other_versions_are_the_same_columns(tmp_path):
    columns = ("IDENTIFICATIE", "GRONDSLAG_CODE", "DATUM_IN_WERKING", "BEVOEGD_GEZAG")
    _, store = loaded(tmp_path, package(tmp_path, columns=columns))
    assert objects(store, "http://localhost:8000/def/grondslag") == ["http://localhost:8000/id/grondslag/GWA"]


@pytest.mark.parametrize(("columns", "srs", "says"), [
    ((*COLUMNS[:3], "eigenaar"), 28992, r"wkpb\.gpkg, layer pb_multipolygon: has headings .*'eigenaar'"),
    (COLUMNS, -1, r"wkpb\.gpkg, layer pb_multipolygon: is in NONE:-1; only EPSG:28992"),
])  # fmt: skip
def test_what_is_wrong_with_a_package_is_said_with_its_layer(tmp_path, columns, srs, says):
    with pytest.raises(DeliveryError, match=says):
        loaded(tmp_path, package(tmp_path, columns=columns, srs=srs))


@pytest.mark.parametrize("facts", [{"kind": "closed"}, {"kind": "records", "reason": "closed"}])
def test_a_document_is_closed_for_a_reason_and_no_other_has_one(facts):
    with pytest.raises(ValidationError, match="closed for a reason"):
        Document(root="a:b", **facts)
