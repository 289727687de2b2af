"""The cadastral map and the restrictions: three versions, real samples, and what is wrong with a delivery."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from brkxml import CROSSED, dkk3, dkk4, dkk5, grens3, perceel, perceel3
from stelsel.errors import DeliveryError
from stelsel.home import open_home
from stelsel.loading.delivery import Kinds
from stelsel.loading.readers import xml_stream
from stelsel.loading.readers.archives import members
from stelsel.loading.register import read_register
from stelsel.loading.rows import read_lines
from stelsel.loading.run import Outcome, load
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path

HOME = open_home()
BRK = "http://brk.basisregistraties.overheid.nl/def/brk#"
DEF = "http://localhost:8000/def/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PERCEEL = "https://brk.basisregistraties.overheid.nl/brk2/id/perceel/"


@dataclass
class Loaded:
    """What a load gave, and the quads of the register's own graph."""

    outcome: Outcome
    quads: list[Quad]

    def of(self, kind: str) -> set[str]:
        return {q.subject.value for q in self.quads if q.predicate.value == TYPE and q.object == NamedNode(kind)}

    def values(self, predicate: str) -> list[str]:
        return [q.object.value for q in self.quads if q.predicate.value == predicate]

    def facts(self, subject: str) -> dict[str, str]:
        return {
            q.predicate.value.rsplit("#")[-1].rsplit("/")[-1]: q.object.value
            for q in self.quads
            if q.subject.value == subject
        }


def loaded(data: Path, name: str, *paths: Path, day: str = "2024-06-08", accept: bool = False) -> Loaded:
    settings = read_settings({"data": data, "processes": 1}, {})
    date = dt.date.fromisoformat(day)
    outcome = load(name, list(paths), home=HOME, settings=settings, accept=accept, progress=lambda *_: None, date=date)
    folder = edition_path(data, outcome.edition)
    own = next(graph for graph in outcome.edition.graphs if graph.iri.endswith(f"/graph/{name}"))
    return Loaded(outcome, list(parse(b"".join(read_lines(folder / own.file)), RdfFormat.N_QUADS)))


def written(folder: Path, content: bytes, name: str = "kadastralekaart_perceel.gml") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


@pytest.fixture(scope="module")
def otterlo(shared, tmp_path_factory) -> Loaded:
    return loaded(tmp_path_factory.mktemp("otterlo"), "brk", shared / "data/brk/dkk-v5-otterlo", day="2023-12-23")


def bgt(shared: Path, files: str, element: str) -> set[str]:
    """The texts of an element in the BGT of the same area."""
    found: set[str] = set()
    for member in members(shared / "data/bgt/otterlo/otterlo.zip"):
        if files in member.where:
            with member.open() as stream:
                for _, node in etree.iterparse(stream, tag=f"{{*}}{element}"):
                    found.add(node.text)
                    node.clear()
    return found


def test_the_map_of_otterlo_loads_whole(otterlo):
    assert len(otterlo.of(f"{BRK}Perceel")) == 11
    assert len(otterlo.of(f"{BRK}KadastraleGrens")) == 10
    assert len(otterlo.of(f"{DEF}Kaartpand")) == 22
    assert len(otterlo.of(f"{DEF}Kaartlabel")) == 10
    assert len(otterlo.values(f"{DEF}kwaliteitsklasse")) == 8
    assert otterlo.outcome.edition.problems == {}


def test_a_real_perceel_has_what_its_record_says(otterlo):
    facts = otterlo.facts(f"{PERCEEL}84920229870000")
    assert facts["kadastraleAanduiding"] == "OTL02 B 2298"
    assert facts["kadastraleGemeente"].endswith("/brk2/id/kadastraleGemeente/761")
    assert (facts["kadastraleGrootte"], facts["perceelnummer"], facts["sectie"]) == ("222", "2298", "B")
    assert facts["beginGeldigheid"] == "2000-11-20T14:29:09+01:00"
    assert facts["perceelnummerPlaats"].endswith("POINT(181202.040 456706.351)")


def test_a_boundary_that_has_ended_on_the_date_is_left_out(shared, tmp_path):
    later = loaded(tmp_path, "brk", shared / "data/brk/dkk-v5-otterlo", day="2023-12-24")
    assert len(later.of(f"{BRK}KadastraleGrens")) == 9


def test_nineteen_of_the_twenty_one_panden_of_otterlo_are_in_the_bgt(otterlo, shared):
    panden = {
        q.object.value
        for q in otterlo.quads
        if q.predicate.value == f"{DEF}bagIdentificatie" and "/kaartpand/" in q.subject.value
    }
    assert len(panden) == 21
    assert len(panden & bgt(shared, "pand", "identificatieBAGPND")) == 19


def test_all_ten_labels_of_otterlo_are_in_the_bgt(otterlo, shared):
    labels = {
        q.object.value
        for q in otterlo.quads
        if q.predicate.value == f"{DEF}bagIdentificatie" and "/kaartlabel/" in q.subject.value
    }
    assert len(labels) == 10
    assert labels <= bgt(shared, "openbareruimtelabel", "identificatieBAGOPR")


def test_the_sample_of_version_3_loads(shared, tmp_path):
    old = loaded(tmp_path, "brk", shared / "data/brk/dkk-v3/perceel.gml", day="2016-06-01")
    assert len(old.of(f"{BRK}Perceel")) == 15
    assert old.facts(f"{PERCEEL}470485338")["kadastraleAanduiding"] == "SBG01 B 6931"


def test_versions_4_and_5_say_the_same_but_for_the_zone(tmp_path):
    five = loaded(tmp_path / "5", "brk", written(tmp_path, dkk5(perceel()), "5.gml"))
    four = loaded(tmp_path / "4", "brk", written(tmp_path, dkk4(perceel(version=4)), "4.gml"))
    assert five.values("http://modellen.geostandaarden.nl/def/nen3610#beginGeldigheid") == ["2018-07-02T11:30:00+02:00"]
    assert four.values("http://modellen.geostandaarden.nl/def/nen3610#beginGeldigheid") == ["2018-07-02T11:30:00"]
    times = {
        q for q in [*five.quads, *four.quads] if isinstance(q.object, Literal) and "dateTime" in q.object.datatype.value
    }
    assert set(five.quads) - times == set(four.quads) - times


def test_version_3_gives_the_same_perceel_and_the_type_of_a_boundary(tmp_path):
    three = loaded(tmp_path, "brk", written(tmp_path, dkk3(perceel3(), grens3())))
    facts = three.facts(f"{PERCEEL}470000001")
    assert facts["kadastraleAanduiding"] == "WDM00 A 1"
    assert facts["kadastraleGrootte"] == "598"
    assert three.facts("http://localhost:8000/id/kadastrale-grens/120000001")["typeGrens"].endswith("/brk-typegrens/3")


def test_a_size_below_a_metre_has_a_comma_and_becomes_a_number(tmp_path):
    tiny = loaded(tmp_path, "brk", written(tmp_path, dkk5(perceel(size="0,4"))))
    assert tiny.values(f"{BRK}kadastraleGrootte") == ["0.4"]


def test_what_began_on_the_date_is_there_and_what_ended_on_it_is_not(tmp_path):
    begun = perceel("90010000170000", begin="2024-06-08T16:00:00")
    ended = perceel("90010000270000", end="2024-06-08T09:00:00")
    found = loaded(tmp_path, "brk", written(tmp_path, dkk5(begun, ended)))
    assert found.of(f"{BRK}Perceel") == {f"{PERCEEL}90010000170000"}


@pytest.mark.parametrize(("bad", "says"), [
    (perceel("90010000270000", ring=CROSSED), "Self-intersection"),
    (perceel("90010000270000").replace("EPSG::28992", "EPSG::4258", 1), "not in EPSG:28992"),
    (perceel("90010000270000", ring="5.1 52.1 5.2 52.1 5.2 52.2 5.1 52.1"), "outside the area of EPSG:28992"),
])  # fmt: skip
def test_a_perceel_whose_boundary_cannot_be_used_loads_without_it_and_is_reported(tmp_path, bad, says):
    found = loaded(tmp_path, "brk", written(tmp_path, dkk5(perceel(), bad)))
    edition = found.outcome.edition
    assert edition.tables["perceel"].mapped == 2
    assert edition.problems == {"geometrie": 1}
    assert edition.violations == {f"{DEF}shape/brk-geometrie": 1}
    assert "hasGeometry" not in found.facts(f"{PERCEEL}90010000270000")
    assert "hasGeometry" in found.facts(f"{PERCEEL}90010000170000")
    (problem,) = read_lines(edition_path(tmp_path, edition) / "problems.jsonl.zst")
    assert says.encode() in problem
    assert b"line 4" in problem


def test_a_place_of_the_number_in_another_crs_refuses_the_record(tmp_path):
    content = dkk5(perceel(), perceel("90010000270000", crs="urn:ogc:def:crs:EPSG::4258"))
    with pytest.raises(
        DeliveryError, match=r"plaatscoordinaten: '.is in urn:ogc:def:crs:EPSG::4258, not in EPSG:28992' does not fit"
    ):
        loaded(tmp_path, "brk", written(tmp_path, content))


@pytest.mark.parametrize(("content", "says"), [
    (dkk5(perceel(extra="<oz:eigenaar>x</oz:eigenaar>")), r"line 3: element .*eigenaar is not known; list it in loader\.yml"),
    (dkk5(perceel("0123456789")), "identificatie: '0123456789' does not fit"),
    (dkk5(perceel(size="12,3")), "kadastraleGrootte: '12,3' does not fit"),
    (dkk5(perceel(), perceel()), "the delivery holds this record twice"),
    (dkk5(perceel(begin="2018-02-30T11:30:00")), "is not a moment"),
    (dkk5().replace(b"v20220601", b"v20300101"), "is no brk delivery"),
])  # fmt: skip
def test_what_is_wrong_with_a_delivery_is_said_with_its_place(tmp_path, content, says):
    with pytest.raises(DeliveryError, match=says):
        loaded(tmp_path, "brk", written(tmp_path, content))


def test_two_percelen_with_one_designation_are_a_violation(tmp_path):
    double = perceel("90020000170000")
    found = loaded(tmp_path, "brk", written(tmp_path, dkk5(perceel(), double)))
    assert found.outcome.edition.violations == {f"{DEF}shape/Perceel-aanduiding-dubbel": 2}


def test_a_levering_with_persons_is_refused_and_says_why(shared, tmp_path):
    with pytest.raises(
        DeliveryError, match=r"is a BRK Levering, which holds persons, rights and prices\. Those are closed"
    ):
        loaded(tmp_path, "brk", shared / "data/brk/brk2-levering")


def test_a_delivery_without_a_date_asks_for_one(tmp_path):
    settings = read_settings({"data": tmp_path, "processes": 1}, {})
    with pytest.raises(DeliveryError, match="--date YYYY-MM-DD"):
        load(
            "brk",
            [written(tmp_path, dkk5(perceel()))],
            home=HOME,
            settings=settings,
            accept=False,
            progress=lambda *_: None,
        )


def test_a_large_document_is_streamed_and_gives_the_same(tmp_path, monkeypatch):
    file = written(tmp_path, dkk5(*(perceel(f"9001{number:05d}70000") for number in range(1, 60))))
    whole = loaded(tmp_path / "whole", "brk", file)
    monkeypatch.setattr("stelsel.loading.delivery.LARGE", 1000)
    (kind,) = Kinds(read_register(HOME, "brk")).files((file,))
    assert isinstance(kind.reader, xml_stream.XmlStream)
    assert loaded(tmp_path / "streamed", "brk", file).quads == whole.quads


def test_the_restrictions_of_amsterdam_load(shared, tmp_path):
    found = loaded(tmp_path, "brk-pb", shared / "data/brk/amsterdam-gob-csv/wkpb", day="2016-01-01")
    read = {name: count.read for name, count in found.outcome.edition.tables.items()}
    assert (read["beperking"], read["belast-object"], read["brondocument"]) == (50, 210, 49)
    assert found.outcome.edition.problems == {"tweemaal": 1}
    facts = found.facts("http://localhost:8000/id/beperking/6257")
    assert (facts["beginGeldigheid"], facts["grondslag"].rsplit("/")[-1]) == ("2014-01-13", "GG")
    named = {q.object.value for q in found.quads if q.predicate.value == f"{DEF}kadastraleAanduiding"}
    assert {"HLM02 X 1320 A37", "AMR03 A 3103"} <= named
    assert "NO-GEO" not in {q.object.value for q in found.quads}


def test_a_restriction_with_a_column_that_nobody_knows_is_refused(tmp_path):
    written(
        tmp_path,
        b"identificatie;typeCode;beginGeldigheid;eindGeldigheid;eigenaar\n1;KW;2020-01-01;;x\n",
        "a_beperking.csv",
    )
    with pytest.raises(DeliveryError, match=r"a_beperking\.csv, line 1: has headings .*'eigenaar'"):
        loaded(tmp_path / "data", "brk-pb", tmp_path / "a_beperking.csv")


def test_a_time_that_is_not_midnight_is_no_day(tmp_path):
    written(
        tmp_path,
        b"identificatie;typeCode;beginGeldigheid;eindGeldigheid\n1;KW;2020-01-01T12:00:00;\n",
        "a_beperking.csv",
    )
    with pytest.raises(DeliveryError, match="beginGeldigheid: '2020-01-01T12:00:00' is not a date"):
        loaded(tmp_path / "data", "brk-pb", tmp_path / "a_beperking.csv")
