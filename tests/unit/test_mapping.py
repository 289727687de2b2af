from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from bagxml import pand, stand, voorkomen
from stelsel.errors import ContentError
from stelsel.home import Home, open_home
from stelsel.loading.mapping import Mapper
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.register import read_register
from stelsel.names import Names

HOME = open_home()
REGISTER = read_register(HOME, "bag")
NAMES = Names("https://data.example.nl")
MAPPER = Mapper(REGISTER, NAMES)
BAG = "http://bag.basisregistraties.overheid.nl/def/bag#"
PAND = NamedNode("http://bag.basisregistraties.overheid.nl/bag/id/pand/0457100000000001")
DAY = date(2021, 10, 15)


def rows(*records: str) -> list[dict]:
    reader, content = XmlReader(REGISTER), stand(*records)
    return [record.row for record in reader.records(content, reader.document(content, "a"), "a")]


def mapped(*records: str, on: date = DAY) -> tuple[Store, list]:
    found = rows(*records)
    batch = MAPPER.map("pand", found, ["a.xml"] * len(found), on)
    store = Store()
    for content in batch.quads.values():
        store.load(content, RdfFormat.N_QUADS)
    return store, batch.problems


def values(store: Store, subject: NamedNode, term: str, graph: str = "bag") -> list:
    return [
        quad.object
        for quad in store.quads_for_pattern(subject, NamedNode(term), None, NamedNode(f"{NAMES.base}/graph/{graph}"))
    ]


def test_a_pand_has_its_official_iri_and_a_year():
    store, problems = mapped(pand())
    assert not problems
    (year,) = values(store, PAND, BAG + "oorspronkelijkBouwjaar")
    assert year == Literal("1975", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#gYear"))


def test_geometry_stands_in_crs84_with_rd_beside_it():
    store, _ = mapped(pand())
    (shape,) = values(store, PAND, "http://www.opengis.net/ont/geosparql#hasGeometry")
    (wkt,) = values(store, shape, "http://www.opengis.net/ont/geosparql#asWKT")
    (rd,) = values(store, shape, "https://data.example.nl/def/rdWKT")
    assert wkt.value.startswith("POLYGON ((5.0")
    assert "130000.0 480000.0" in rd.value


def test_a_broken_geometry_is_reported_and_the_rest_is_loaded():
    bow = "130000 480000 0 130010 480010 0 130010 480000 0 130000 480010 0 130000 480000 0"
    store, (problem,) = mapped(pand(positions=bow))
    assert problem.key == "0457100000000001 1"
    assert problem.reason == "geometrie"
    assert not problem.refused
    assert "Self-intersection" in problem.message
    assert values(store, PAND, BAG + "status")
    assert not values(store, PAND, "http://www.opengis.net/ont/geosparql#hasGeometry")


@pytest.mark.parametrize(("record", "says"), [
    (pand("0457999999999999"), "identificatie: '0457999999999999' does not fit"),
    (pand(status="Pand ontploft"), "status: 'Pand ontploft' is not in the code list"),
    (pand(when=voorkomen(begin="2010-02-30")), "beginGeldigheid: '2010-02-30' is not a date"),
    (pand(year=""), "oorspronkelijkBouwjaar is missing"),
])  # fmt: skip
def test_a_record_that_cannot_be_is_refused_with_the_reason(record, says):
    store, problems = mapped(record, pand("0457100000000002"))
    assert says in problems[0].message
    assert problems[0].refused
    assert (
        len(set(store.quads_for_pattern(None, NamedNode(BAG + "identificatie"), None, None))) == 2
    )  # the good one, in both graphs


@pytest.mark.parametrize(("when", "valid"), [
    (voorkomen(), True),
    (voorkomen(begin="2021-10-15"), True),
    (voorkomen(begin="2021-10-16"), False),
    (voorkomen(end="2021-10-15", ended="2021-10-15T09:00:00.000"), False),
    # Registered before it happens: known to end, not ended yet.
    (voorkomen(end="2021-11-01", ended="2021-10-01T09:00:00.000"), True),
    (voorkomen(begin="2020-01-01", end="2020-01-01", ended="2020-01-02T09:00:00.000"), False),
])  # fmt: skip
def test_the_graph_of_now_holds_what_is_valid_on_the_date(when, valid):
    store, _ = mapped(pand(when=when))
    assert bool(values(store, PAND, BAG + "status")) is valid
    voorkomens = list(store.quads_for_pattern(None, NamedNode("http://purl.org/dc/terms/isVersionOf"), PAND, None))
    assert len(voorkomens) == 1  # the history has every one


def test_no_triple_stands_in_both_graphs():
    store, _ = mapped(pand(), pand("0457100000000002"))
    now, history = (NamedNode(f"{NAMES.base}/graph/bag{part}") for part in ("", "/historie"))
    triples = [{quad.triple for quad in store.quads_for_pattern(None, None, None, graph)} for graph in (now, history)]
    assert triples[0]
    assert not triples[0] & triples[1]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_whatever_a_delivery_says_is_a_value_and_never_query(text):
    row = {**rows(pand())[0], "documentnummer": text}
    store = Store()
    batch = MAPPER.map("pand", [row], ["a.xml"], DAY)
    for content in batch.quads.values():
        store.load(content, RdfFormat.N_QUADS)
    assert values(store, PAND, BAG + "documentnummer") == [Literal(text)]


@given(st.lists(st.integers(1, 99), min_size=1, max_size=12, unique=True), st.integers(1, 11))
def test_the_size_of_a_batch_does_not_matter(numbers, cut):
    records = rows(*(pand(f"04571000000000{number:02}") for number in numbers))
    places = ["a"] * len(records)
    whole = MAPPER.map("pand", records, places, DAY).quads
    first, last = (MAPPER.map("pand", part, places, DAY).quads for part in (records[:cut], records[cut:]))
    for part, content in whole.items():
        assert sorted(content.splitlines()) == sorted((first[part] + last[part]).splitlines())


VERBLIJFSOBJECT = {
    "identificatie": "0457010000000001", "voorkomenidentificatie": "1", "beginGeldigheid": "2010-01-01",
    "tijdstipRegistratie": "2010-01-01T10:00:00", "geconstateerd": "N", "documentdatum": "2010-01-01", "documentnummer": "1",
    "hoofdadres": "0457200000000001", "nevenadres": ["0457200000000002", "0457200000000003", "0457200000000004"],
    "geometrie": "POINT(130000 480000)", "gebruiksdoel": ["woonfunctie", "kantoorfunctie"], "oppervlakte": "80",
    "status": "Verblijfsobject in gebruik", "maaktDeelUitVan": ["0457100000000001", "0457100000000002"],
}  # fmt: skip


def test_several_values_of_a_column_become_several_triples_and_the_rest_one():
    lines = MAPPER.map("verblijfsobject", [VERBLIJFSOBJECT], ["a"], DAY).quads[""].decode().splitlines()
    counted = {
        term: sum(f"{BAG}{term}>" in line for line in lines)
        for term in ("nevenadres", "gebruiksdoel", "maaktDeelUitVan", "oppervlakte")
    }
    assert counted == {"nevenadres": 3, "gebruiksdoel": 2, "maaktDeelUitVan": 2, "oppervlakte": 1}


def copied(tmp_path, file: str, change) -> Home:
    folder = tmp_path / "loaders/bag"
    folder.mkdir(parents=True)
    for source in REGISTER.folder.iterdir():
        if source.is_file():
            (folder / source.name).write_text(source.read_text("utf-8"), "utf-8")
    (folder / file).write_text(change((folder / file).read_text("utf-8")), "utf-8")
    return Home(tmp_path)


@pytest.mark.parametrize(("file", "change", "says"), [
    ("pand.rq", lambda text: text.replace("$status", "$statuss"), r"pand\.rq:11: \$statuss is not a column"),
    ("pand.rq", lambda text: text.replace("BIND(IRI(CONCAT", "BIND(IRI(CONCATT"), r"pand\.rq: is not SPARQL"),
    ("pand.rq", lambda text: text.replace("WHERE", ""), r"pand\.rq: a mapping is one CONSTRUCT"),
    ("loader.yml", lambda text: text.replace("kind: cover", "kind: covr"), r"loader\.yml: documents > 0 > kind"),
    ("loader.yml", lambda text: text + "\n  tuin: [", r"loader\.yml:\d+: is not YAML"),
    ("loader.yml", lambda text: text.replace("      naam: {path", '      bijnaam: {path: "Objecten:bijnaam"}\n      naam: {path', 1), "no mapping of table woonplaats uses bijnaam"),
])  # fmt: skip
def test_content_that_is_wrong_is_named_with_its_file(tmp_path, file, change, says):
    home = copied(tmp_path, file, change)
    with pytest.raises(ContentError, match=says):
        Mapper(read_register(home, "bag"), NAMES)


def test_a_list_without_values_is_a_column_that_is_absent():
    batch = MAPPER.map("verblijfsobject", [{**VERBLIJFSOBJECT, "nevenadres": []}], ["a.xml"], DAY)
    assert not batch.problems
    assert b"nevenadres" not in batch.quads[""]
    batch = MAPPER.map("verblijfsobject", [{**VERBLIJFSOBJECT, "maaktDeelUitVan": []}], ["a.xml"], DAY)
    assert [problem.message for problem in batch.problems] == ["maaktDeelUitVan is missing"]
