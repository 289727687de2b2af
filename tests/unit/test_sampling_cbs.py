from __future__ import annotations

import json
import re
import tracemalloc
from itertools import combinations

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from stelsel.sampling.bag_buildings import verblijfsobject
from stelsel.sampling.bag_extras import ligplaatsen, standplaatsen
from stelsel.sampling.cbs_delivery import CBS_TRAPS, write_cbs
from stelsel.sampling.ground import door
from stelsel.sampling.municipality import SLOTS, Municipality

TABLES = {2023: "85618NED", 2024: "85984NED"}
SIZES = [10, 100, 137, 2000, 7000]
TO_RD = Transformer.from_crs("OGC:CRS84", "EPSG:28992", always_xy=True)
MILLIMETRES = 5  # m2, along kilometres of border: the two years are in other coordinates


def silent(*_):
    return None


class Year:
    """What was written of one year, read by nothing of ours."""

    def __init__(self, folder, year):
        table = folder / str(year) / TABLES[year]
        self.pages = [json.loads(p.read_text("utf-8")) for p in sorted(table.glob("TypedDataSet*"))]
        self.rows = [row for page in self.pages for row in page["value"]]
        self.by_code = {row["Codering_3"].strip(): row for row in self.rows}
        self.properties = json.loads((table / "DataProperties.json").read_text("utf-8"))["value"]
        self.topics = {p["Key"]: p for p in self.properties if p["Type"] == "Topic"}
        self.keys = json.loads((table / "WijkenEnBuurten.json").read_text("utf-8"))["value"]
        self.info = json.loads((table / "TableInfos.json").read_text("utf-8"))["value"]
        self.maps = {p.name: json.loads(p.read_text("utf-8")) for p in (folder / str(year)).glob("*.geojson")}
        self.year = year

    def features(self, level):
        return next(m["features"] for name, m in self.maps.items() if name.startswith(level))

    def ground(self, feature):
        shape = shapely.geometry.shape(feature["geometry"])
        return shape if self.year == 2023 else shapely.transform(shape, rd)

    def column(self, stem):
        return next(key for key in self.topics if re.sub(r"_\d+$", "", key) == stem)


def rd(points):
    return np.column_stack(TO_RD.transform(points[:, 0], points[:, 1]))


@pytest.fixture(scope="module", params=SIZES)
def sample(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("cbs")
    m = Municipality(request.param, 7)
    assert write_cbs(m, out, silent) == [out / "2023", out / "2024"]
    return m, Year(out, 2023), Year(out, 2024)


def test_every_address_lies_in_the_buurt_of_its_code_and_in_no_other(sample):
    m, _, now = sample
    buurten = [f for f in now.features("buurten") if f["properties"]["water"] == "NEE"]
    codes = [f["properties"]["buurtcode"] for f in buurten]
    tree = shapely.STRtree([now.ground(f) for f in buurten])
    indexes = range(m.dwellings)
    points = shapely.points([door(m, index // SLOTS, index % SLOTS) for index in indexes])
    which, found = tree.query(points, predicate="intersects")
    assert which.tolist() == list(indexes)
    assert [codes[position] for position in found] == [m.buurt_code(m.buurt(index)) for index in indexes]


def test_berths_and_pitches_lie_in_one_buurt_of_land_too(sample):
    m, _, now = sample
    grounds = [now.ground(f) for f in now.features("buurten") if f["properties"]["water"] == "NEE"]
    for place in (*ligplaatsen(m), *standplaatsen(m)):
        assert sum(ground.contains(shapely.Polygon(place.vlak).centroid) for ground in grounds) == 1


@pytest.mark.parametrize("which", [1, 2])
def test_surfaces_are_valid_and_overlap_nowhere(sample, which):
    year = sample[which]
    for level in ("buurten", "wijken"):
        grounds = [year.ground(f) for f in year.features(level)]
        assert all(ground.is_valid and ground.geom_type == "MultiPolygon" for ground in grounds)
        assert max(a.intersection(b).area for a, b in combinations(grounds, 2)) < 1  # m2, of kilometres of border


@pytest.mark.parametrize("which", [1, 2])
def test_wijken_and_the_gemeente_are_their_buurten_together(sample, which):
    year = sample[which]
    land = [f for f in year.features("buurten") if f["properties"]["water"] == "NEE"]
    (gemeente,) = [f for f in year.features("gemeente") if f["properties"].get("water", "NEE") == "NEE"]
    whole = shapely.union_all([year.ground(f) for f in land])
    assert year.ground(gemeente).symmetric_difference(whole).area < 1
    for wijk in year.features("wijken"):
        mine = [year.ground(f) for f in land if f["properties"]["wijkcode"] == wijk["properties"]["wijkcode"]]
        assert year.ground(wijk).symmetric_difference(shapely.union_all(mine)).area < 1


@pytest.mark.parametrize("which", [1, 2])
def test_the_table_and_the_map_have_the_same_regions(sample, which):
    year = sample[which]
    of_map = {f["properties"][k] for k, level in (("buurtcode", "buurten"), ("wijkcode", "wijken"))
              for f in year.features(level) if f["properties"]["water"] == "NEE"}  # fmt: skip
    assert set(year.by_code) == {*of_map, "GM9990", "NL00"}
    assert [row["WijkenEnBuurten"] for row in year.rows] == [key["Key"] for key in year.keys]
    assert all(len(key["Key"]) == 10 for key in year.keys)
    assert [row["ID"] for row in year.rows] == list(range(len(year.rows)))


@pytest.mark.parametrize("which", [1, 2])
def test_every_page_but_the_last_says_where_the_next_one_is(sample, which):
    year = sample[which]
    done = 0
    for page in year.pages:
        done += len(page["value"])
        assert page["odata.metadata"].endswith("#Cbs.OData.WebAPI.TypedDataSet")
        assert ("odata.nextLink" in page) == (done < len(year.rows))
        assert page.get("odata.nextLink", "").endswith(f"$skip={done}") == (done < len(year.rows))


@pytest.mark.parametrize("which", [1, 2])
def test_every_column_is_described_and_ends_in_its_position(sample, which):
    year = sample[which]
    assert set(year.rows[0]) == {"ID", "WijkenEnBuurten", *year.topics}
    for key, topic in year.topics.items():
        assert key.endswith(f"_{topic['Position']}")
        values = [row[key] for row in year.rows if row[key] is not None]
        kind = {"Long": int, "Double": float, "String": str}[topic["Datatype"]]
        assert all(isinstance(value, kind) for value in values)


def test_the_housing_stock_is_what_the_bag_has_on_the_first_of_january(sample):
    m, _, now = sample
    expected: dict[str, int] = {}
    for index in range(m.dwellings):
        for state in verblijfsobject(m, index):
            valid = state.life.begin <= "2024-01-01" < (state.life.end or "9999") and not state.life.inactive
            used = "gebruik" in state.status or "Verbouwing" in state.status
            if valid and used and "woonfunctie" in state.gebruiksdoelen:
                code = m.buurt_code(m.buurt(index))
                expected[code] = expected.get(code, 0) + 1
    stock = now.column("Woningvoorraad")
    shown = {c: row[stock] for c, row in now.by_code.items() if c.startswith("BU") and row[stock] is not None}
    assert shown == {code: expected[code] for code in shown}
    assert now.by_code["GM9990"][stock] == sum(expected.values())


@pytest.mark.parametrize("which", [1, 2])
def test_numbers_of_people_are_fives_and_add_up_but_for_that(sample, which):
    year = sample[which]
    column = year.column("AantalInwoners")
    buurten = [row[column] for code, row in year.by_code.items() if code.startswith("BU")]
    assert all(number % 5 == 0 for number in buurten)
    assert abs(sum(buurten) - year.by_code["GM9990"][column]) < 5 * len(buurten)


@pytest.mark.parametrize("which", [1, 2])
def test_a_region_of_few_people_says_nothing_else(sample, which):
    year = sample[which]
    inhabitants = year.column("AantalInwoners")
    figures = [key for key, topic in year.topics.items() if topic["Datatype"] != "String" and key != inhabitants]
    for code, row in year.by_code.items():
        if code[:2] in ("BU", "WK") and row[inhabitants] < 45:
            assert all(row[key] is None for key in figures)
        if code[:2] in ("BU", "WK") and row[inhabitants] > 55:
            assert all(row[key] is not None for key in figures if "Aardgasverbruik" not in key)


@pytest.mark.parametrize("which", [1, 2])
def test_homes_are_owned_or_rented(sample, which):
    year = sample[which]
    for row in year.rows:
        owned, rented = row[year.column("Koopwoningen")], row[year.column("HuurwoningenTotaal")]
        if owned is not None:
            assert 99 <= owned + rented <= 101
            assert row[year.column("InBezitWoningcorporatie")] <= rented


def test_a_split_buurt_was_the_two_together_and_a_renumbered_one_is_where_it_was(sample):
    m, before, now = sample
    changes = {c: row["IndelingswijzigingWijkenEnBuurten_4"] for c, row in now.by_code.items() if c[:2] == "BU"}
    split = [code for code, change in changes.items() if change == "3"]
    renumbered = [code for code, change in changes.items() if change == "2"]
    assert (len(split), len(renumbered)) == ((2, 1) if m.trapped else (0, 0))
    was = {f["properties"]["buurtcode"]: before.ground(f) for f in before.features("buurten")}
    known = {f["properties"]["buurtcode"]: now.ground(f) for f in now.features("buurten")}
    for code in renumbered:
        (earlier,) = [c for c in was if c not in known]
        assert was[earlier].symmetric_difference(known[code]).area < MILLIMETRES
    if split:
        together = shapely.union_all([known[code] for code in split])
        assert was[split[0]].symmetric_difference(together).area < MILLIMETRES
        assert split[1] not in was
    for code in set(was) & set(known) - set(split):
        assert was[code].symmetric_difference(known[code]).area < MILLIMETRES


def count_of(before, now):
    """How each trap is found in what was written."""
    stems = [{re.sub(r"_\d+$", "", key): key for key in year.topics} for year in (before, now)]
    figures = [key for key, topic in now.topics.items() if topic["Datatype"] != "String"]
    inhabitants = now.column("AantalInwoners")
    with_address = {m["properties"]["buurtcode"] for m in now.features("buurten")} - {"BU99900000"}
    buurten = [row for code, row in now.by_code.items() if code[:2] == "BU"]
    return {
        "other position": [s for s in stems[0] if s in stems[1] and stems[0][s] != stems[1][s]],
        "other stem": set(stems[1]) - set(stems[0]),
        "secret": [
            row for row in buurten
            if row[inhabitants] and row["Codering_3"] not in with_address
            and all(row[key] is None for key in figures if key != inhabitants)
        ],
        "no such figure": [row for row in now.rows if all(row[key] is None for key in figures)],
        "split": [row for row in buurten if row["IndelingswijzigingWijkenEnBuurten_4"] == "3"],
        "renumbered": [row for row in buurten if row["IndelingswijzigingWijkenEnBuurten_4"] == "2"],
        "water": [f for f in now.features("buurten") if f["properties"]["buurtcode"] not in now.by_code],
        "land and water": [f for f in before.features("gemeente") if f["properties"]["gemeentecode"] == "GM9990"],
        "two pieces": [f for f in now.features("gemeente") if len(f["geometry"]["coordinates"]) > 1],
    }  # fmt: skip


def test_every_trap_is_there_as_often_as_it_says(sample):
    m, before, now = sample
    if m.trapped:
        assert {name: len(found) for name, found in count_of(before, now).items()} == {
            name: trap.count for name, trap in CBS_TRAPS.items()
        }


def test_the_years_spell_the_map_in_their_own_way(sample):
    _, before, now = sample
    assert all(m["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::28992" for m in before.maps.values())
    assert not any("crs" in m for m in now.maps.values())
    assert "aantal_inwoners" in before.features("buurten")[0]["properties"]
    assert "aantalInwoners" in now.features("buurten")[0]["properties"]
    assert now.features("gemeente")[0]["properties"]["statcode"] == "GM9990"


def test_the_same_municipality_gives_the_same_bytes(tmp_path):
    for name in "ab":
        write_cbs(Municipality(500, 3), tmp_path / name, silent)
    a, b = ({p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*.*")} for n in "ab")
    assert a == b
    assert len(a) > 10


def test_memory_is_that_of_a_buurt(tmp_path):
    write_cbs(Municipality(100, 1), tmp_path / "first", silent)  # what is made once is no part of it
    peaks = []
    for size in (1_300, 3_900):
        tracemalloc.start()
        write_cbs(Municipality(size, 1), tmp_path / str(size), silent)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000
