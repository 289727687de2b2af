"""The cadastral map and the restrictions of the invented municipality, read by nothing of ours."""

import csv
import hashlib
import sqlite3
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from shapely import Polygon

from stelsel.sampling.brk_map import write_brk
from stelsel.sampling.brk_parcels import lot_parcels, open_parcels, street_parcels
from stelsel.sampling.brk_restrictions import write_brk_pb
from stelsel.sampling.brk_traps import BRK_PB_TRAPS, BRK_TRAPS
from stelsel.sampling.ground import footprint, outline
from stelsel.sampling.municipality import Municipality

SILENT = {"progress": lambda *_: None}
FILES = ("perceel", "kadastralegrens", "kwaliteit", "pand", "openbareruimtelabel")


def parcels(m):
    return [*(parcel for street in range(m.streets) for parcel in street_parcels(m, street)), *open_parcels(m)]


def ground(parcel):
    """The ground of a perceel, also where its ring crosses itself."""
    polygon = Polygon(parcel.ring)
    return polygon if polygon.is_valid else shapely.MultiPoint(parcel.ring).convex_hull


@pytest.fixture(scope="module")
def kaart(tmp_path_factory):
    """Name of a file -> its elements, by local name."""
    (path,) = write_brk(Municipality(100, 1), tmp_path_factory.mktemp("brk"), **SILENT)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"kadastralekaart_{name}.gml" for name in FILES]
        return {name: etree.fromstring(archive.read(f"kadastralekaart_{name}.gml")) for name in FILES}


@pytest.fixture(scope="module")
def beperkingen(tmp_path_factory, kaart):
    """Rows by table: the layers of the GeoPackage and the CSV files, and the percelen that there are."""
    folder = tmp_path_factory.mktemp("brk-pb")
    package, *files = write_brk_pb(Municipality(100, 1), folder, **SILENT)
    found = {"percelen": {texts["identificatie"] for texts, _ in percelen(kaart)}}
    with closing(sqlite3.connect(package)) as database:
        database.row_factory = sqlite3.Row
        for layer in ("pb_multipolygon", "pb_multilinestring", "pb_multipoint"):
            found[layer] = [dict(row) for row in database.execute(f"SELECT * FROM {layer}")]
    for file in files:
        with file.open(encoding="utf-8", newline="") as stream:
            found[file.stem.removeprefix("WKPB_")] = list(csv.DictReader(stream, delimiter=";"))
    return found


@given(st.integers(10, 2500), st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_percelen_cover_the_woonplaatsen_without_gap_or_overlap(addresses, seed):
    m = Municipality(addresses, seed)
    everything = parcels(m)
    pieces = [ground(parcel) for parcel in everything]
    places = sum(Polygon(outline(m, place)).area for place in m.places)
    assert sum(piece.area for piece in pieces) == pytest.approx(places, abs=0.01)
    assert shapely.union_all(pieces).area == pytest.approx(places, abs=0.01)
    assert (
        len({parcel.identificatie for parcel in everything}) == len({p.designation for p in everything}) == len(pieces)
    )


@given(st.integers(100, 2500), st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_a_pand_stands_on_the_percelen_of_its_lot_and_on_no_other(addresses, seed):
    m = Municipality(addresses, seed)
    for street in range(m.streets):
        for lot in m.lots(street):
            pand = Polygon(footprint(m, lot)[0])
            on = shapely.union_all([ground(parcel) for parcel in lot_parcels(m, lot)])
            assert on.intersection(pand).area == pytest.approx(pand.area)


def local(element):
    return etree.QName(element).localname


def texts(record):
    return {local(leaf): leaf.text for leaf in record.iter() if isinstance(leaf.tag, str) and not len(leaf)}


def rings(record):
    numbers = [list(map(float, node.text.split())) for node in record.iter("{*}posList")]
    return [list(zip(row[::2], row[1::2], strict=True)) for row in numbers]


def percelen(kaart):
    return [(texts(record), Polygon(rings(record)[0])) for record in kaart["perceel"].iter("{*}Perceel")]


def panden(kaart):
    return [(texts(r)["identificatieBAGPND"], Polygon(*[rings(r)[0]])) for r in kaart["pand"].iter("{*}BuildingPart")]


def halved(kaart):
    tree = shapely.STRtree([polygon.buffer(0) for _, polygon in percelen(kaart)])
    shares = Counter()
    for key, polygon in panden(kaart):
        for index in tree.query(polygon, predicate="intersects"):
            if tree.geometries[index].intersection(polygon).area > 5:
                shares[key] += 1
    return [key for key, number in shares.items() if number > 1]


def holding(kaart):
    """Percelen that hold two panden that are no shed, both on a front."""
    houses = [polygon for key, polygon in panden(kaart) if int(key) % 100 <= 50 and polygon.area > 30]
    return [p for _, p in percelen(kaart) if sum(p.buffer(0).contains(house.buffer(-0.1)) for house in houses) > 1]


COUNT = {
    "garden of its own": lambda k: [
        t for t, p in percelen(k) if int(t["perceelnummer"]) % 100 >= 50 and 90 < p.area < 100
    ],
    "pand on two percelen": halved,
    "two panden on a perceel": holding,
    "crossed perceel": lambda k: [t for t, p in percelen(k) if not p.is_valid],
    "sliver": lambda k: [r for r in k["perceel"].iter("{*}TypeOppervlak") if "," in r[0].text],
    "other size": lambda k: [
        r for r in k["perceel"].iter("{*}Perceel")
        if float(r.find(".//{*}TypeOppervlak/{*}waarde").text.replace(",", ".")) > 1.9 * max(1.0, Polygon(rings(r)[0]).area)
        and Polygon(rings(r)[0]).is_valid
    ],
    "ended boundary": lambda k: list(k["kadastralegrens"].iter("{*}eindGeldigheid")),
    "curved boundary": lambda k: list(k["kadastralegrens"].iter("{*}Arc")),
    "two AKR codes": lambda k: {r[1].text for r in k["perceel"].iter("{*}AKRKadastraleGemeenteCode")},
    "filler": lambda k: [key for key, _ in panden(k) if key.endswith("9999999999")],
}  # fmt: skip


@pytest.mark.parametrize("name", BRK_TRAPS)
def test_a_trap_is_on_the_map_as_often_as_it_says(name, kaart):
    assert len(COUNT[name](kaart)) == BRK_TRAPS[name].count


def numbers(rows):
    return [row["identificatie"] for row in rows]


COUNT_PB = {
    "perceel that is no more": lambda b: [
        row for row in b["beperking_kadastraalobject"]
        if row["belast:BRK.KOT.indexletter"] == "G"
        and row["belast:BRK.KOT.identificatie"].rsplit(".", 1)[1] not in b["percelen"]
    ],
    "apartment right": lambda b: [
        row for row in b["beperking_kadastraalobject"] if row["belast:BRK.KOT.indexletter"] == "A"
    ],
    "no identification": lambda b: [
        row for row in b["beperking_kadastraalobject"] if row["belast:BRK.KOT.identificatie"].endswith("NO-GEO")
    ],
    "ended restriction": lambda b: [
        row for row in b["beperking"]
        if row["eindGeldigheid"] and numbers(b["brondocument"]).count(row["identificatie"]) == 2
    ],
    "several objects": lambda b: [
        number for number, often in Counter(numbers(b["beperking_kadastraalobject"])).items() if often == 3
    ],
    "line and point": lambda b: [*b["pb_multilinestring"], *b["pb_multipoint"]],
    "unknown ground": lambda b: [row for row in b["pb_multipolygon"] if row["grondslagCode"] == "ZZZ"],
    "broken area": lambda b: [
        row for row in b["pb_multipolygon"] if not shapely.from_wkb(row["geom"][8:]).is_valid
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", BRK_PB_TRAPS)
def test_a_trap_is_among_the_restrictions_as_often_as_it_says(name, beperkingen):
    assert len(COUNT_PB[name](beperkingen)) == BRK_PB_TRAPS[name].count


def test_panden_of_the_map_are_those_of_the_bag(kaart):
    keys = [key for key, _ in panden(kaart)]
    assert len(keys) == len(set(keys)) > 90
    assert all(key.startswith(("999010", "999110")) for key in keys)


def test_boundaries_have_existing_percelen_on_both_sides_and_lie_on_both(kaart):
    known = {t["identificatie"]: polygon.buffer(0) for t, polygon in percelen(kaart) if polygon.is_valid}
    for record in kaart["kadastralegrens"].iter("{*}KadastraleGrens"):
        found = texts(record)
        line = shapely.LineString(rings(record)[0])
        if record.find(".//{*}Arc") is not None or record.find(".//{*}eindGeldigheid") is not None:
            continue
        left, right = known[found["perceelLinks"]], known[found["perceelRechts"]]
        assert left.distance(right) < 0.1
        assert line.distance(left) < 0.1
        # Seen along the line, what lies on the left of it is the perceel on the left.
        (x0, y0), (x1, y1) = line.coords
        middle = shapely.Point((x0 + x1) / 2 - (y1 - y0) / line.length, (y0 + y1) / 2 + (x1 - x0) / line.length)
        assert left.buffer(0.1).contains(middle)


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_the_same_size_and_seed_give_the_same_bytes_and_another_seed_does_not(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_brk(Municipality(200, seed), tmp_path / name / "brk", **SILENT)
        write_brk_pb(Municipality(200, seed), tmp_path / name / "pb", **SILENT)
    assert digests(tmp_path / "a/brk") == digests(tmp_path / "b/brk")
    assert digests(tmp_path / "a/pb") == digests(tmp_path / "b/pb")
    assert set(digests(tmp_path / "a/brk").values()).isdisjoint(digests(tmp_path / "c/brk").values())


GML = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:gml="http://www.opengis.net/gml/3.2"
  targetNamespace="http://www.opengis.net/gml/3.2" elementFormDefault="qualified">
  <xs:attributeGroup name="AssociationAttributeGroup"/><xs:attributeGroup name="OwnershipAttributeGroup"/>
  <xs:attribute name="id" type="xs:ID"/>
  <xs:complexType name="AbstractFeatureType" abstract="true"><xs:sequence/><xs:attribute ref="gml:id" use="required"/></xs:complexType>
  <xs:element name="AbstractFeature" type="gml:AbstractFeatureType" abstract="true"/>
  <xs:complexType name="any"><xs:sequence><xs:any processContents="skip"/></xs:sequence></xs:complexType>
  <xs:complexType name="SurfacePropertyType"><xs:complexContent><xs:extension base="gml:any"/></xs:complexContent></xs:complexType>
  <xs:complexType name="CurvePropertyType"><xs:complexContent><xs:extension base="gml:any"/></xs:complexContent></xs:complexType>
  <xs:complexType name="PointPropertyType"><xs:complexContent><xs:extension base="gml:any"/></xs:complexContent></xs:complexType>
</xs:schema>"""


@pytest.mark.parametrize("name", ["perceel", "kadastralegrens", "kwaliteit"])
def test_the_map_is_valid_by_the_official_schema(name, kaart, shared, tmp_path):
    """What the GML namespace brings is not beside the schemas: what stands in for it takes any geometry.

    The schema's own pattern of a size below a metre, 0,4, is no decimal to it, and is left out of what is checked.
    """
    source = shared / "data/brk/xsd/dkkv5"
    for file in source.rglob("*.xsd"):
        target = tmp_path / "dkk" / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (tmp_path / "gml/3.2.2").mkdir(parents=True)
    (tmp_path / "gml/3.2.2/gml.xsd").write_text(GML, encoding="utf-8")
    schema = etree.XMLSchema(file=str(next((tmp_path / "dkk/stand").rglob("*.xsd"))))
    document = etree.fromstring(etree.tostring(kaart[name]))
    for size in document.iter("{*}TypeOppervlak"):
        size[0].text = size[0].text.replace("0,4", "1")
    schema.assertValid(document)
