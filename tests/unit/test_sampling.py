from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from shapely import MultiPolygon, Point, Polygon

from stelsel.errors import DiskFull, SettingError
from stelsel.loading.readers.archives import members
from stelsel.sampling import REGISTERS, write_sample
from stelsel.sampling.archives import new_archive
from stelsel.sampling.bag_mutations import MUTATIONS, write_mutations
from stelsel.sampling.ground import door, footprint, outline, pitch
from stelsel.sampling.municipality import PEILDATUM, SLOTS, Municipality
from stelsel.sampling.timeline import Step, lives
from stelsel.sampling.traps import TRAPS

STAND = "{http://www.kadaster.nl/schemas/standlevering-generiek/1.0}stand"
ML = "{http://www.kadaster.nl/schemas/mutatielevering-generiek/1.0}"
SILENT = {"progress": lambda *_: None}
BAG = {**SILENT, "registers": ("bag",)}


def files(archive, where=""):
    """Path inside the delivery and content of every file, however deep."""
    for name in archive.namelist():
        if name.endswith(".zip"):
            yield from files(zipfile.ZipFile(io.BytesIO(archive.read(name))), f"{where}{name}/")
        else:
            yield where + name, archive.read(name)


def local(element):
    return etree.QName(element).localname


def whole(element):
    """An element as a value: equal where nothing in it differs (C14N refuses the BAG's relative namespaces)."""
    return element.tag, tuple(element.attrib.items()), element.text, tuple(map(whole, element))


def record(element):
    """All texts of a record by the name of their element, several where it repeats; geometry as shapely has it."""
    found = defaultdict(list, kind=[local(element)], whole=[whole(element)])
    for leaf in element.iter():
        if not len(leaf):
            found[local(leaf)].append(leaf.text)
        found["srsDimension"] += [leaf.get("srsDimension")] if leaf.get("srsDimension") else []
        if local(leaf) == "Polygon":
            rings = [ring.text.split() for ring in leaf.iter("{*}posList")]
            size = int(leaf.get("srsDimension"))
            points = [list(zip(map(float, r[::size]), map(float, r[1::size]), strict=True)) for r in rings]
            found["polygon"].append(Polygon(points[0], points[1:]))
    return found


class Delivery:
    """An extract, read by nothing of ours."""

    def __init__(self, path):
        self.names, self.stands = [], defaultdict(list)
        for name, content in files(zipfile.ZipFile(path)):
            self.names.append(name)
            if name.endswith(".xml") and "__MACOSX" not in name:
                tree = etree.fromstring(content)
                part = name.split("/")[-1].removeprefix("9990").split("0")[0]
                self.stands[part] += [record(stand[0][0]) for stand in tree.iter(STAND)]
                self.stands["GWR"] += [record(line) for line in tree.iter("{*}GemeenteWoonplaatsRelatie")]
        self.last = {kind: self._last(kind) for kind in ("WPL", "OPR", "NUM", "VBO", "LIG", "STA", "PND")}
        self.all = [row for kind in self.last for row in self.stands[kind]]

    def _last(self, kind):
        rows = sorted(self.stands[kind], key=lambda row: int(row["voorkomenidentificatie"][0]))
        return {row["identificatie"][0]: row for row in rows}

    def objects(self):
        return [row for rows in self.last.values() for row in rows.values()]


def voorkomens(d):
    by_object = defaultdict(list)
    for row in d.all:
        by_object[row["kind"][0], row["identificatie"][0]].append(row)
    return by_object.values()


def gaps(d):
    return [1 for rows in voorkomens(d) for a, b in pairwise(rows) if a["eindGeldigheid"] < b["beginGeldigheid"]]


def onderzoek(d):
    return [row for kind in ("VBO", "PND", "NUM") for row in d.stands["IO" + kind] if row["inOnderzoek"] == ["J"]]


def ended_before(d):
    return [row for row in d.stands["GWR"] if row["einddatumTijdvakGeldigheid"] and row["status"] == ["definitief"]]


DAY = PEILDATUM.isoformat()
# How each trap is found in what was written, by someone who does not know how it was written.
COUNT = {
    "eight voorkomens": lambda d: [rows for rows in voorkomens(d) if len(rows) >= 8],
    "begin equals end": lambda d: [r for r in d.all if r["beginGeldigheid"] == r["eindGeldigheid"]],
    "end known beforehand": lambda d: [
        r for r in d.all if r["eindRegistratie"] and r["eindRegistratie"][0][:10] < r["eindGeldigheid"][0]
    ],
    "begin to come": lambda d: [r for r in d.all if r["beginGeldigheid"][0] > DAY],
    "end to come": lambda d: [r for r in d.all if r["eindGeldigheid"] > [DAY]],
    "gap": gaps,
    "inactive": lambda d: [r for part in d.stands for r in d.stands[part] if r["tijdstipInactiefLV"]],
    "not BAG": lambda d: [r for part in d.stands for r in d.stands[part] if r["tijdstipNietBagLV"]],
    "nevenadres": lambda d: [r for r in d.last["VBO"].values() if len(r["NummeraanduidingRef"]) > 1],
    "nevenadressen": lambda d: [n for r in d.last["VBO"].values() for n in r["NummeraanduidingRef"][1:]],
    "several panden": lambda d: [r for r in d.last["VBO"].values() if len(r["PandRef"]) > 1],
    "several gebruiksdoelen": lambda d: [r for r in d.last["VBO"].values() if len(r["gebruiksdoel"]) > 1],
    "letter and addition": lambda d: [
        r for r in d.last["NUM"].values() if r["huisletter"] and r["huisnummertoevoeging"]
    ],
    "lower case letter": lambda d: [r for r in d.last["NUM"].values() if r["huisletter"] == ["a"]],
    "no postcode": lambda d: [r for r in d.last["NUM"].values() if not r["postcode"]],
    "own woonplaats": lambda d: [r for r in d.last["NUM"].values() if r["WoonplaatsRef"]],
    "withdrawn woonplaats": lambda d: [r for r in d.last["WPL"].values() if r["status"] == ["Woonplaats ingetrokken"]],
    "withdrawn plaats": lambda d: [r for r in d.last["STA"].values() if r["status"] == ["Plaats ingetrokken"]],
    "provisional relation": lambda d: [r for r in d.stands["GWR"] if r["status"] == ["voorlopig"]],
    "relation of no length": lambda d: [
        r for r in d.stands["GWR"] if r["begindatumTijdvakGeldigheid"] == r["einddatumTijdvakGeldigheid"]
    ],
    "earlier gemeente": lambda d: [r for r in ended_before(d) if r["identificatie"][1] == "9992"],
    "dangling pand": lambda d: [
        p for r in d.last["VBO"].values() for p in r["PandRef"] if p.strip() not in d.last["PND"]
    ],
    "statuses of panden": lambda d: {r["status"][0] for r in d.last["PND"].values()},
    "statuses of verblijfsobjecten": lambda d: {r["status"][0] for r in d.last["VBO"].values()},
    "in onderzoek": lambda d: [r for r in onderzoek(d) if not r["eindGeldigheid"]],
    "was in onderzoek": lambda d: [r for r in onderzoek(d) if r["eindGeldigheid"]],
    "two courts": lambda d: [r for r in d.last["PND"].values() if len(r["polygon"][0].interiors) == 2],
    "crossed polygon": lambda d: [r for r in d.last["PND"].values() if not r["polygon"][0].is_valid],
    "bouwjaar 9999": lambda d: [r for r in d.last["PND"].values() if r["oorspronkelijkBouwjaar"] == ["9999"]],
    "bouwjaar 1005": lambda d: [r for r in d.last["PND"].values() if r["oorspronkelijkBouwjaar"] == ["1005"]],
    "other gemeente's code": lambda d: [r for r in d.objects() if r["identificatie"][0].startswith("9991")],
    "diacritics": lambda d: [r for r in d.last["OPR"].values() if "'" in r["naam"][0] and "ë" in r["naam"][0]],
    "shortened name": lambda d: [r for r in d.last["OPR"].values() if r["verkorteNaam"]],
    "multivlak": lambda d: [r for r in d.last["WPL"].values() if len(r["polygon"]) > 1],
    "verblijfsobject as vlak": lambda d: [r for r in d.last["VBO"].values() if r["polygon"]],
    "geconstateerd": lambda d: [r for r in d.objects() if r["geconstateerd"] == ["J"]],
    "spaces around a reference": lambda d: [p for r in d.last["VBO"].values() for p in r["PandRef"] if p != p.strip()],
    "markup in text": lambda d: [r for r in d.objects() if set('<>&"') <= set(r["documentnummer"][0])],
    "junk": lambda d: [name for name in d.names if ".DS_Store" in name or "__MACOSX" in name],
}


@pytest.fixture(scope="module", params=[(100, 1), (103, 8), (1_500, 5)], ids=str)
def sample(request, tmp_path_factory):
    addresses, seed = request.param
    folder = tmp_path_factory.mktemp("sample")
    written = write_sample(folder, addresses=addresses, seed=seed, **BAG)
    (extract,), (mutations,) = written["bag"], written["bag-mutaties"]
    return Municipality(addresses, seed), Delivery(extract), mutations, json.loads((folder / "sample.json").read_text())


def test_every_trap_is_in_the_sample_exactly_as_often_as_its_table_says(sample):
    _, delivery, _, _ = sample

    assert {trap: len(find(delivery)) for trap, find in COUNT.items()} == {n: trap.count for n, trap in TRAPS.items()}


@given(addresses=st.integers(100, 250), seed=st.integers(0, 2**63))
@settings(max_examples=12, deadline=None)
def test_traps_do_not_depend_on_the_seed(addresses, seed):
    with TemporaryDirectory() as folder:
        delivery = Delivery(*write_sample(Path(folder), addresses=addresses, seed=seed, **BAG)["bag"])

    assert {trap: len(find(delivery)) for trap, find in COUNT.items()} == {n: trap.count for n, trap in TRAPS.items()}


def test_sample_json_says_what_the_files_hold(sample):
    m, _, _, facts = sample

    assert facts["addresses"] == m.addresses
    assert facts["mutations"] == MUTATIONS
    assert facts["traps"]["bag"]["gap"] == {"count": 1, "what": TRAPS["gap"].what}


def test_the_size_is_the_number_of_things_with_an_address(sample):
    m, delivery, _, _ = sample

    assert sum(len(delivery.last[kind]) for kind in ("VBO", "LIG", "STA")) == m.addresses


def test_voorkomens_are_numbered_from_1_and_those_that_were_corrected_fill_the_holes(sample):
    _, delivery, _, _ = sample
    corrected = [row for part, rows in delivery.stands.items() if part.startswith("IA") for row in rows]

    numbers = defaultdict(list)
    for row in delivery.all + corrected:
        numbers[row["kind"][0], row["identificatie"][0]].append(int(row["voorkomenidentificatie"][0]))
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())


def test_one_voorkomen_of_each_object_has_no_end_but_for_the_one_that_ends_in_2104(sample):
    _, delivery, _, _ = sample
    open_ended = Counter((row["kind"][0], row["identificatie"][0]) for row in delivery.all if not row["eindGeldigheid"])

    without = [r for r in delivery.objects() if open_ended[r["kind"][0], r["identificatie"][0]] != 1]
    assert [row["eindGeldigheid"] for row in without] == [["2104-03-03"]]


def test_nothing_was_registered_after_the_extract_was_made(sample):
    _, delivery, _, _ = sample

    assert max(row["tijdstipRegistratieLV"][0] for row in delivery.all) < DAY
    assert all(row["tijdstipRegistratie"] < row["tijdstipRegistratieLV"] for row in delivery.all)


def test_every_reference_but_the_dangling_one_leads_to_an_object(sample):
    _, delivery, _, _ = sample
    targets = {"NummeraanduidingRef": "NUM", "OpenbareRuimteRef": "OPR", "WoonplaatsRef": "WPL", "PandRef": "PND"}

    lost = {
        key.strip()
        for row in delivery.all
        for name, kind in targets.items()
        for key in row[name]
        if key.strip() not in delivery.last[kind]
    }
    assert lost == {"9990109999999999"}


def test_a_verblijfsobject_lies_in_its_pand_and_in_its_woonplaats(sample):
    _, delivery, _, _ = sample
    astray = []
    for row in delivery.last["VBO"].values():
        panden = [delivery.last["PND"][key.strip()] for key in row["PandRef"] if key.strip() in delivery.last["PND"]]
        street = delivery.last["NUM"][row["NummeraanduidingRef"][0]]["OpenbareRuimteRef"][0]
        place = delivery.last["WPL"][delivery.last["OPR"][street]["WoonplaatsRef"][0]]
        if row["pos"] and panden and panden[0]["polygon"][0].is_valid:
            point = Point(*map(float, row["pos"][0].split()[:2]))
            inside = panden[0]["polygon"][0].contains(point) and MultiPolygon(place["polygon"]).contains(point)
            astray += [] if inside else [row["identificatie"]]
    assert not astray


def test_panden_do_not_overlap(sample):
    _, delivery, _, _ = sample
    polygons = [p["polygon"][0].buffer(-0.01) for p in delivery.last["PND"].values() if p["polygon"][0].is_valid]

    assert MultiPolygon([piece for p in polygons for piece in getattr(p, "geoms", [p])]).is_valid


def test_heights_are_given_for_pand_and_verblijfsobject_only(sample):
    _, delivery, _, _ = sample

    dimensions = {kind: {d for row in delivery.stands[kind] for d in row["srsDimension"]} for kind in delivery.last}
    assert dimensions == {
        "VBO": {"3"},
        "PND": {"3"},
        "WPL": {"2"},
        "LIG": {"2"},
        "STA": {"2"},
        "OPR": set(),
        "NUM": set(),
    }


def test_the_mutations_hold_what_their_table_says(sample):
    _, delivery, mutations, _ = sample
    content = dict(files(zipfile.ZipFile(mutations)))
    tree = etree.fromstring(content["9999MUT08062024-09062024.zip/9999MUT08062024-09062024-000002.xml"])
    io_tree = etree.fromstring(content["9999IOMUT08062024-09062024.zip/9999IOMUT08062024-09062024-000002.xml"])

    known = {row["whole"][0] for rows in delivery.stands.values() for row in rows}
    known_ids = {row["identificatie"][0] for row in delivery.all}
    was = [record(change.find(f"{ML}was")[0][0]) for change in tree.iter(f"{ML}wijziging")]
    wordt = {record(addition.find(f"{ML}wordt")[0][0])["whole"][0] for addition in tree.iter(f"{ML}toevoeging")}
    investigated = [record(change.find(f"{ML}was")[0][0]) for change in io_tree.iter(f"{ML}wijziging")]
    groups = [Counter(map(local, group)) for group in tree.iter(f"{ML}mutatieGroep")]
    fit = [row for row in was if row["whole"][0] in known | wordt]
    assert {
        "groups": len(groups),
        "toevoegingen": sum(group["toevoeging"] for group in groups),
        "wijzigingen": sum(group["wijziging"] for group in groups),
        "new objects": sum(group == {"toevoeging": 1} for group in groups),
        "changes that fit": len(fit),
        "groups in two steps": sum(group["wijziging"] == 2 for group in groups),
        "changes that do not fit": sum(r["identificatie"][0] in known_ids for r in was if r not in fit),
        "changes of another gemeente's objects": sum(r["identificatie"][0].startswith("9991") for r in was),
        "changes of what is in onderzoek": sum(row["whole"][0] in known for row in investigated),
    } == MUTATIONS


def test_the_same_size_and_seed_give_the_same_bytes_and_another_seed_does_not(tmp_path):
    first, again, other = (everything(tmp_path / name, seed) for name, seed in (("a", 4), ("b", 4), ("c", 5)))

    assert first == again
    assert {str(name.parent) for name in first} >= {"bag", "bag-mutaties", "tooi", "ep-online", "brk", "brk-pb"}
    assert first[Path("bag/BAGGEM9990L-08062024.zip")] != other[Path("bag/BAGGEM9990L-08062024.zip")]


def everything(folder, seed):
    """Path and content of every file of a sample."""
    write_sample(folder, addresses=150, seed=seed, **SILENT)
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_type_with_more_than_ten_thousand_voorkomens_has_several_files(tmp_path):
    (extract,) = write_sample(tmp_path, addresses=6_000, seed=1, **BAG)["bag"]
    counts = {
        name.split("/")[-1]: content.count(b"</sl:stand>")
        for name, content in files(zipfile.ZipFile(extract))
        if "9990VBO" in name
    }

    assert list(counts) == ["9990VBO08062024-000001.xml", "9990VBO08062024-000002.xml"]
    assert counts["9990VBO08062024-000001.xml"] == 10_000


@pytest.mark.parametrize("register", REGISTERS)
def test_memory_does_not_grow_with_the_size(tmp_path, register):
    def peak(addresses):
        tracemalloc.start()
        folder = tmp_path / str(addresses)
        write_sample(folder, addresses=addresses, seed=1, **{**SILENT, "registers": (register,)})
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    # Buffers of zips are full from about a thousand addresses on; a page of CBS is about 300 kB, whatever the size.
    assert peak(3_000) < 1.25 * peak(1_000) + 300_000


def test_a_zip_in_a_zip_that_may_grow_large_reads_as_any_other(tmp_path):
    with (
        new_archive(tmp_path / "a.zip", PEILDATUM, large=True) as outer,
        outer.inside("b.zip", stored=True) as stored,
        stored.inside("c.zip") as deflated,
    ):
        deflated.add("d.xml", (f"<é{n}/>" for n in range(100_000)))

    ((where, content),) = files(zipfile.ZipFile(tmp_path / "a.zip"))
    (found,) = (member.content for member in members(tmp_path / "a.zip"))
    assert where == "b.zip/c.zip/d.xml"
    assert content == found == "".join(f"<é{n}/>" for n in range(100_000)).encode()


def test_an_interrupted_sample_leaves_nothing_behind(tmp_path):
    def stop(what, *_):
        if what == "BAG PND":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, addresses=100, seed=1, progress=stop, registers=("bag",))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_full_disk_is_said_to_be_full(tmp_path):
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / ".BAGGEM9990L-08062024.zip.part").symlink_to("/dev/full")

    with pytest.raises(DiskFull, match=r"BAGGEM9990L-08062024\.zip: the disk is full"):
        write_sample(tmp_path, addresses=100, seed=1, **BAG)


def test_a_register_of_which_there_is_no_sample_is_refused(tmp_path):
    with pytest.raises(SettingError, match="there is no sample of 'brp'; there are: tooi, bag, cbs"):
        write_sample(tmp_path, addresses=100, seed=1, progress=lambda *_: None, registers=("brp",))


@pytest.mark.parametrize("addresses", [9, 10_000_001])
def test_a_size_that_cannot_be_is_refused(tmp_path, addresses):
    with pytest.raises(SettingError, match=f"--addresses {addresses} must be from 10 to 10,000,000"):
        write_sample(tmp_path, addresses=addresses, seed=1, **SILENT)


def test_progress_reaches_its_end_for_every_large_type(tmp_path):
    told = []
    write_sample(tmp_path, addresses=400, seed=1, progress=lambda *news: told.append(news), registers=("bag",))

    assert {what: done == total for what, done, total in told} == {
        f"BAG {kind}": True for kind in ("OPR", "NUM", "VBO", "PND")
    }


def test_mutations_can_be_had_for_the_smallest_hamlet(tmp_path):
    assert zipfile.ZipFile(write_mutations(Municipality(10, 3), tmp_path)).testzip() is None


@given(addresses=st.integers(10, 5_000), seed=st.integers(0, 2**63))
@settings(max_examples=40, deadline=None)
def test_addresses_are_unique_and_every_street_has_a_place_and_a_buurt(addresses, seed):
    m = Municipality(addresses, seed)
    known = {(*m.address(index)[:3], index // SLOTS) for index in range(m.dwellings)}
    streets = [m.place(street) for street in range(m.streets)]

    assert len(known) == m.dwellings
    assert sum(map(m.slots, range(m.streets))) == m.dwellings
    assert Counter(streets) == {n: place.streets for n, place in enumerate(m.places) if place.streets}
    assert len({m.buurt_code(buurt) for buurt in range(m.buurten)}) == m.buurten > m.buurt(m.dwellings - 1)


@given(addresses=st.integers(10, 10_000_000), seed=st.integers(0, 2**63), where=st.floats(0, 1, exclude_max=True))
@settings(max_examples=200, deadline=None)
def test_at_any_size_a_dwelling_is_in_its_pand_in_its_place_in_the_netherlands(addresses, seed, where):
    m = Municipality(addresses, seed)
    index = int(where * m.dwellings)
    street, slot = divmod(index, SLOTS)
    x, y = door(m, street, slot)

    outer, *courts = footprint(m, m.lot(street, slot))
    assert Polygon(outer, courts).contains(Point(x, y))
    assert Polygon(outline(m, m.places[m.place(street)])).contains(Polygon(outer))
    assert 7_000 < x < 300_000
    assert 289_000 < y < 629_000


def test_ten_million_addresses_have_room_in_every_code():
    m = Municipality(10_000_000, 1)
    last = m.dwellings - 1

    assert len({m.street_name(street) for street in range(m.streets)}) == m.streets
    assert m.postcode(m.streets - 1)[:4].isdigit()
    assert len(m.postcode(m.streets - 1)) == 6
    assert len(m.buurt_code(m.buurt(last))) == len("BU99900101")
    assert Polygon(outline(m, m.places[0])).contains(Polygon(pitch(m, m.pitches - 1)))


def test_a_household_is_the_same_in_a_larger_sample_of_the_same_seed():
    small, large = Municipality(200, 9), Municipality(2_000, 9)

    assert [small.household(n) for n in range(100)] == [large.household(n) for n in range(100)]
    assert {small.household(n).tenure for n in range(100)} == {"koop", "corporatie", "particuliere huur"}


DAYS = st.lists(st.integers(date(1990, 1, 1).toordinal(), date(2023, 1, 1).toordinal()), min_size=1, max_size=8)


@given(days=DAYS, chance=st.integers(0, 2**64 - 1))
def test_registrations_never_go_back_and_each_end_is_known_when_the_next_begin_is(days, chance):
    found = lives([Step(day, "x") for day in sorted(days)], chance)

    assert all(life.registered < life.registered_lv for life in found)
    assert all(a.registered < b.registered and a.begin <= b.begin for a, b in pairwise(found))
    assert all(
        (a.end, a.end_registered, a.end_lv) == (b.begin, b.registered, b.registered_lv) for a, b in pairwise(found)
    )
    assert found[-1].end is found[-1].end_registered is None
