"""The register cbs: real tables and maps, several years in one edition, and what is wrong with a delivery."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import struct
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

import orjson
import pytest
import shapely

from stelsel.errors import DeliveryError
from stelsel.home import open_home
from stelsel.loading.delivery import Kinds
from stelsel.loading.mapping import Mapper
from stelsel.loading.register import read_register
from stelsel.loading.rows import read_lines
from stelsel.loading.run import load
from stelsel.names import Names
from stelsel.sampling.cbs_delivery import write_cbs
from stelsel.sampling.municipality import Municipality
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path

HOME = open_home()
BASE = "http://localhost:8000/"
EXAMPLE = HOME.loaders / "cbs/example/levering"


class Loaded:
    """An edition: its triples without the base, and its counts and problems."""

    def __init__(self, source: Path, data: Path) -> None:
        settings = read_settings({"data": data, "processes": 1}, {})
        outcome = load("cbs", [source], home=HOME, settings=settings, accept=False, progress=lambda *_: None)
        path = edition_path(data, outcome.edition)
        self.edition = outcome.edition
        (graph,) = [graph for graph in outcome.edition.graphs if graph.iri.endswith("/graph/cbs")]
        tail = f" <{graph.iri}> ."
        self.triples = {
            line.decode().strip().removesuffix(tail).replace(f"<{BASE}", "<") for line in read_lines(path / graph.file)
        }
        self.problems = [orjson.loads(line) for line in read_lines(path / "problems.jsonl.zst")]

    def of(self, subject: str) -> dict[str, str]:
        """Predicate -> object, of a subject with one value for each."""
        start = f"<{subject}> "
        pairs = (triple.removeprefix(start).split(" ", 1) for triple in self.triples if triple.startswith(start))
        return {re.split(r"[/#]", predicate.strip("<>"))[-1]: value for predicate, value in pairs}

    def read(self, table: str) -> int:
        return self.edition.tables[table].read


def decimal(text: str) -> str:
    return f'"{text}"^^<http://www.w3.org/2001/XMLSchema#decimal>'


@pytest.fixture(scope="module")
def of_2020(shared, tmp_path_factory):
    """The real table of 2020, of which the country and Weesp."""
    folder = tmp_path_factory.mktemp("cbs")
    shutil.copytree(shared / "data/cbs/odata-v3-json/84799NED", folder / "levering")
    (folder / "levering").chmod(0o755)
    for file in (folder / "levering").glob("*.json"):
        page = json.loads(file.read_text("utf-8"))
        rows = [
            row for row in page["value"] if (row.get("Key") or row.get("WijkenEnBuurten", ""))[2:6] in {"00  ", "0457"}
        ]
        file.chmod(0o644)
        file.write_text(json.dumps({**page, "value": page["value"] if "Data" in file.name[:4] else rows}), "utf-8")
    return Loaded(folder / "levering", folder / "data")


def test_weesp_had_19738_inhabitants_in_2020(of_2020):
    observation = of_2020.of("id/waarneming/2020-GM0457-AantalInwoners")
    assert observation["waarde"] == decimal("19738")
    assert observation["regio"] == "<id/regiojaar/2020-GM0457>"
    assert of_2020.of("id/regiojaar/2020-GM0457")["label"] == '"Weesp"'
    assert of_2020.of("id/cbs-doorsnede/84799NED-AantalInwoners")["unitMeasure"] == "<http://qudt.org/vocab/unit/NUM>"


def test_every_measure_of_every_region_of_2020_is_an_observation(of_2020):
    assert (of_2020.read("tabelonderwerp"), of_2020.read("regio")) == (112, 29)
    assert of_2020.read("waarneming") == 112 * 29
    assert of_2020.edition.violations == {}


@pytest.mark.slow  # 79,520 observations
def test_the_whole_sample_of_2020_is_in_order(shared, tmp_path):
    loaded = Loaded(shared / "data/cbs/odata-v3-json/84799NED", tmp_path)
    assert (loaded.read("regio"), loaded.read("waarneming")) == (1006, 112 * 710)
    assert loaded.edition.violations == {}
    assert loaded.problems == []


def test_what_is_missing_in_2020_is_stated_and_is_not_zero(of_2020):
    observation = of_2020.of("id/waarneming/2020-GM0457-Woningvoorraad")
    assert "waarde" not in observation
    assert observation["obsStatus"] == "<http://purl.org/linked-data/sdmx/2009/code#obsStatus-M>"
    assert observation["redenOntbreekt"] == "<def/RedenNietGegeven>"
    assert (
        of_2020.of("id/waarneming/2020-GM0457-MeestVoorkomendePostcode")["redenOntbreekt"] == "<def/OnbekendOfGeheim>"
    )


def test_the_buurten_of_weesp_lie_in_its_wijken_and_those_in_weesp(of_2020):
    inside = {triple.split()[0] for triple in of_2020.triples if "ligtInRegio> <id/regiojaar/2020-GM0457>" in triple}
    buurten = {
        triple.split()[0] for triple in of_2020.triples if re.search(r"ligtInRegio> <id/regiojaar/2020-WK0457", triple)
    }
    assert len(inside) == 8
    assert len(buurten) == 19


def test_the_codes_of_2017_are_all_regions(shared):
    register = read_register(HOME, "cbs")
    files = Kinds(register).files((shared / "data/cbs/odata-v4-json/83765NED",))
    records = [record for file in files if file.reader for record in file.reader.records(file.member)]
    assert Counter(record.table for record in records) == {"regio": 16_667, "tabelonderwerp": 103, "tabel": 1}
    rows = [record.row for record in records if record.table == "regio"]
    batch = Mapper(register, Names(BASE)).map("regio", rows, [""] * len(rows), date(2017, 1, 1))
    assert (batch.mapped, batch.problems) == (16_667, [])
    assert b"/id/regiojaar/2017-WK168000> <http://purl.org/dc/terms/isVersionOf>" in batch.quads[""]


def test_the_buurten_of_amsterdam_have_letters_in_their_code_and_weesp_is_among_them(shared, tmp_path):
    loaded = Loaded(shared / "data/cbs/amsterdam-gebieden", tmp_path)
    assert loaded.read("gebied") == 518
    assert loaded.problems == []
    region = loaded.of("id/regiojaar/2024-BU0363SD03")
    assert region["ligtInRegio"] == "<id/regiojaar/2024-WK0363SD>"
    assert region["hasGeometry"] == "<id/geometrie/regiojaar-2024-BU0363SD03>"
    assert (
        sum("geosparql#hasGeometry> <id/geometrie/regiojaar-2024-BU0363S" in triple for triple in loaded.triples) == 24
    )


def test_the_water_of_a_gemeente_is_kept_apart_and_no_sentinel_of_the_map_gets_in(shared, tmp_path):
    loaded = Loaded(shared / "data/cbs/pdok-geojson", tmp_path)
    assert loaded.of("id/regiowater/2021-GM0267")["waterVan"] == "<id/regiojaar/2021-GM0267>"
    assert loaded.of("id/regiojaar/2021-GM0267")["hasGeometry"] == "<id/geometrie/regiojaar-2021-GM0267>"
    assert not any("-9999" in triple for triple in loaded.triples)


def test_the_map_of_gebiedsindelingen_gives_every_gemeente(shared, tmp_path):
    loaded = Loaded(shared / "data/cbs/cartografie", tmp_path)
    assert loaded.read("gebied") == 345
    assert loaded.of("id/regiojaar/2022-GM0014")["label"] == '"Groningen"'


def test_an_export_of_statline_gives_scores_and_says_what_is_missing(shared, tmp_path):
    loaded = Loaded(shared / "data/cbs/statline-csv", tmp_path)
    assert loaded.of("id/waarneming/2019-GM0363-SesWoaTotaalscore")["waarde"] == decimal("-0.1")
    assert loaded.of("id/waarneming/2019-BU03630100-SesWoaTotaalscore")["redenOntbreekt"] == "<def/OnbekendOfGeheim>"
    assert loaded.of("id/waarneming/2019-BU03630100-ParticuliereHuishoudens")["waarde"] == decimal("0")


def test_several_years_in_one_delivery_are_one_edition_of_the_last(tmp_path):
    loaded = Loaded(EXAMPLE, tmp_path)
    assert str(loaded.edition.date) == "2024-01-01"
    years = {year: loaded.of(f"id/regiojaar/{year}-BU99900101") for year in (2017, 2023, 2024)}
    assert {region["isVersionOf"] for region in years.values()} == {"<id/regio/BU99900101>"}
    changes = {year: region.get("indelingswijziging", "")[:3] for year, region in years.items()}
    assert changes == {2017: "", 2023: '"1"', 2024: '"3"'}


@pytest.fixture
def delivery(tmp_path):
    """The example's table and map of 2024, to be spoilt."""
    folder = tmp_path / "levering"
    shutil.copytree(EXAMPLE / "2024", folder)
    return folder


def spoil(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_a_region_that_is_in_no_classification_is_loaded_and_reported(delivery, tmp_path):
    spoil(delivery / "85984NED/WijkenEnBuurten.json", '"Key": "BU99900102"', '"Key": "BU99900103"')
    loaded = Loaded(delivery, tmp_path / "data")
    assert loaded.of("id/waarneming/2024-BU99900102-AantalInwoners")["waarde"] == decimal("40")
    (delivery / "buurten_2024.geojson").unlink()
    assert Loaded(delivery, tmp_path / "other").edition.violations == {f"{BASE}def/shape/Cbs-Waarneming-regio": 4}


def test_a_code_that_is_none_is_refused_and_counted_and_the_rest_loads(delivery, tmp_path):
    spoil(delivery / "85984NED/TypedDataSet.0002.json", "BU99900102", "BX99900102")
    loaded = Loaded(delivery, tmp_path / "data")
    assert loaded.edition.tables["waarneming"].refused == 4
    first = next(problem for problem in loaded.problems if problem["table"] == "waarneming")
    assert "'BX99900102' does not fit" in first["message"]
    assert "TypedDataSet.0002.json, record 2" in first["where"]


def test_a_polygon_that_crosses_itself_is_reported_and_its_buurt_loads_without(delivery, tmp_path):
    file = delivery / "buurten_2024.geojson"
    content = json.loads(file.read_text("utf-8"))
    ring = content["features"][0]["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    file.write_text(json.dumps(content), "utf-8")
    loaded = Loaded(delivery, tmp_path / "data")
    (problem,) = loaded.problems
    assert (problem["reason"], problem["refused"]) == ("geometrie", False)
    assert problem["where"].endswith("buurten_2024.geojson, feature 1")
    assert problem["key"].startswith("BU99900101")
    assert "hasGeometry" not in loaded.of("id/regiojaar/2024-BU99900101")


def test_the_ground_of_belgium_on_the_map_is_abroad_and_no_gemeente(delivery, tmp_path):
    spoil(
        delivery / "gemeente_gegeneraliseerd_2024.geojson", '"statcode": "GM9990"', '"statcode": "GM0998", "water": "B"'
    )
    spoil(delivery / "gemeente_gegeneraliseerd_2024.geojson", "2024GM9990", "2024GM0998")
    loaded = Loaded(delivery, tmp_path / "data")
    assert loaded.of("id/regiojaar/2024-GM0998")["regiosoort"] == "<def/Buitenland>"


def test_a_map_whose_name_and_content_are_of_two_years_is_refused(delivery, tmp_path):
    (delivery / "buurten_2024.geojson").rename(delivery / "buurten_2023.geojson")
    file = delivery / "buurten_2023.geojson"
    content = json.loads(file.read_text("utf-8"))
    for feature in content["features"]:
        del feature["properties"]["jaar"]
    file.write_text(json.dumps(content), "utf-8")
    loaded = Loaded(delivery, tmp_path / "data")
    assert loaded.edition.tables["gebied"].refused == 2
    assert "is of 2024 by its jrstatcode, and of 2023 by its file or its jaar" in loaded.problems[0]["message"]


def test_a_feature_without_a_code_and_one_that_has_ended_are_refused(delivery, tmp_path):
    file = delivery / "buurten_2024.geojson"
    content = json.loads(file.read_text("utf-8"))
    nameless, ended = (feature["properties"] for feature in content["features"])
    for code in ("buurtcode", "wijkcode", "gemeentecode"):
        del nameless[code]
    ended["eindGeldigheid"] = "2023-10-25T00:00:00"
    file.write_text(json.dumps(content), "utf-8")
    loaded = Loaded(delivery, tmp_path / "data")
    assert [problem["message"] for problem in loaded.problems] == [
        "has none of the codes of a region: buurtcode, wijkcode, gemeentecode, statcode or cbsCode",
        "BU99900102 ended on 2023-10-25T00:00:00, before the year of the map",
    ]


LAYERS = """
CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER);
CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, last_change TEXT);
CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
INSERT INTO gpkg_spatial_ref_sys VALUES (28992, 'EPSG', 28992);
INSERT INTO gpkg_contents VALUES ('wijken', 'features', '2024-05-01'), ('gemeenten', 'features', '2024-05-01');
INSERT INTO gpkg_geometry_columns VALUES ('wijken', 'geom', 28992), ('gemeenten', 'geom', 28992);
CREATE TABLE wijken (fid INTEGER PRIMARY KEY, geom BLOB, wijkcode TEXT, wijknaam TEXT, gemeentecode TEXT,
  indelingswijziging_wijken_en_buurten INTEGER, water TEXT, jaar INTEGER, aantal_inwoners INTEGER);
CREATE TABLE gemeenten (fid INTEGER PRIMARY KEY, geom BLOB, gemeentecode TEXT, gemeentenaam TEXT, water TEXT,
  jrstatcode TEXT, percentage_koopwoningen INTEGER);
"""


def test_the_layers_of_a_geopackage_are_regions_of_their_kind(tmp_path):
    square = shapely.MultiPolygon([shapely.box(131000, 480000, 132000, 480500)])
    shape = b"GP\0\1" + struct.pack("<i", 28992) + shapely.to_wkb(square)
    with closing(sqlite3.connect(tmp_path / "wijkenbuurten_2024_v1.gpkg")) as database:
        database.executescript(LAYERS)
        database.execute(
            "INSERT INTO wijken VALUES (1, ?, 'WK999001', 'Wijk 01', 'GM9990', -99997, 'NEE', 2024, -99995)", (shape,)
        )
        database.execute(
            "INSERT INTO gemeenten VALUES (1, ?, 'GM9990', 'Wadermeer', 'NEE', '2024GM9990', 51)", (shape,)
        )
        database.commit()
    loaded = Loaded(tmp_path / "wijkenbuurten_2024_v1.gpkg", tmp_path / "data")
    wijk, gemeente = loaded.of("id/regiojaar/2024-WK999001"), loaded.of("id/regiojaar/2024-GM9990")
    assert (wijk["regiosoort"], wijk["ligtInRegio"]) == ("<def/Wijk>", "<id/regiojaar/2024-GM9990>")
    assert (gemeente["regiosoort"], gemeente["label"]) == ("<def/Gemeente>", '"Wadermeer"')
    assert "indelingswijziging" not in wijk
    assert "131000.0 480000.0" in loaded.of("id/geometrie/regiojaar-2024-WK999001")["rdWKT"]


def test_the_sample_of_two_years_is_in_order(tmp_path):
    write_cbs(Municipality(300, 1), tmp_path / "cbs", lambda *_: None)
    loaded = Loaded(tmp_path / "cbs", tmp_path / "data")
    assert loaded.edition.violations == {}
    assert loaded.problems == []
    assert {table for table, count in loaded.edition.tables.items() if count.read} == set(loaded.edition.tables)
    assert "waterVan" in loaded.of("id/regiowater/2024-BU99900097")


def test_a_table_of_a_year_that_nobody_listed_stops_the_load(delivery, tmp_path):
    spoil(delivery / "85984NED/WijkenEnBuurten.json", "85984NED", "86999NED")
    with pytest.raises(DeliveryError, match=r"is of table 86999NED, which is not in onderwerpen\.yml"):
        Loaded(delivery, tmp_path / "data")
