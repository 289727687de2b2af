"""The Stelselcatalogus: the real dump, and what its free text becomes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.home import open_home
from stelsel.loading.hooks import read_hook
from stelsel.loading.register import read_register
from stelsel.loading.rows import read_lines
from stelsel.loading.run import load
from stelsel.modelling.shapes import count, read_shapes
from stelsel.names import Names
from stelsel.querying import results
from stelsel.querying.curated import read
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path
from stelsel.wetten import LAW

HOME = open_home()
NAMES = Names("http://localhost:8000")
ROWS = read_hook(read_register(HOME, "stelselcatalogus"))
PREFIXES = f"""
PREFIX dct: <http://purl.org/dc/terms/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX def: <{NAMES.root}def/>
PREFIX sc: <http://data.stelselvanbasisregistraties.nl/stelselcatalogus/def#> PREFIX graph: <{NAMES.root}graph/>
"""
BAG = "http://data.stelselvanbasisregistraties.nl/bag/id/gegevenselement/"


def loaded(folder, source, on=None):
    settings = read_settings({"data": folder, "processes": 1}, {})
    outcome = load(
        "stelselcatalogus", [source], home=HOME, settings=settings, accept=False, progress=lambda *_: None, date=on
    )
    path, store = edition_path(folder, outcome.edition), ox.Store()
    for graph in outcome.edition.graphs:
        store.load(b"\n".join(read_lines(path / graph.file)), ox.RdfFormat.N_QUADS)
    problems = [json.loads(line) for line in read_lines(path / "problems.jsonl.zst")]
    return outcome.edition, store, problems


def asked(store, name, **values):
    query = read(HOME.queries / "catalogus" / f"{name}.rq", NAMES.root)
    found = store.query(query.bind({key: [value] for key, value in values.items()}), base_iri=NAMES.root)
    return results.items(
        query.returns, json.loads(found.serialize(format=ox.QueryResultsFormat.JSON))["results"]["bindings"]
    )


def counted(store, pattern):
    found = store.query(f"{PREFIXES} SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH graph:stelselcatalogus {{ {pattern} }} }}")
    return int(next(iter(found))["n"].value)


@pytest.fixture(scope="module")
def real(shared, tmp_path_factory):
    dump = shared / "data/stelselcatalogus/stelselcatalogus.ttl"
    return loaded(tmp_path_factory.mktemp("stelselcatalogus"), dump, date(2020, 7, 13))


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return loaded(tmp_path_factory.mktemp("example"), HOME.loaders / "stelselcatalogus/example/levering")


def test_the_real_dump_loads_whole(real):
    edition, _, _ = real
    assert {name: (table.read, table.refused) for name, table in edition.tables.items()} == {
        "begrip": (276, 0),
        "gegevenselement": (950, 0),
        "registratie": (19, 0),
        "regelgeving": (115, 0),
    }


def test_a_register_has_the_elements_that_the_real_dump_gives_it(real):
    _, store, _ = real
    found = store.query(f"""{PREFIXES} SELECT ?naam (COUNT(*) AS ?n) WHERE {{ GRAPH graph:stelselcatalogus {{
      ?element a sc:Gegevenselement ; sc:registratie ?registratie . ?registratie skos:altLabel ?naam }} }} GROUP BY ?naam""")
    elements = {row["naam"].value: int(row["n"].value) for row in found}
    base = {"BRK": 281, "BRV": 186, "BRP": 108, "BAG": 82, "WOZ": 69, "HR": 65}
    assert elements == base | {
        "Polis": 68,
        "Banken": 32,
        "Verzekeraars": 24,
        "Pensioenfondsen": 15,
        "Depositogarantiestelsel": 15,
        "COR": 5,
    }


def test_elements_are_authentic_as_often_as_the_real_dump_says(real):
    _, store, _ = real
    assert counted(store, "?element a sc:Gegevenselement ; sc:authentiek true") == 316
    assert counted(store, "?element a sc:Gegevenselement ; sc:authentiek false") == 634


def test_every_real_reference_to_a_law_is_one_iri_but_the_empty_one(real):
    _, store, problems = real
    found = store.query(
        f"{PREFIXES} SELECT ?wet WHERE {{ GRAPH graph:stelselcatalogus {{ ?regel def:wettekst ?wet }} }}"
    )
    laws = [row["wet"].value for row in found]
    assert {law.startswith((LAW, "http://data.europa.eu/eli/")) for law in laws} == {True}
    wrong = [problem for problem in problems if "reference to a law" in problem["message"]]
    assert {problem["key"].rsplit("/", 1)[1] for problem in wrong} == {""}
    assert len(wrong) == 2


def test_no_html_is_left_of_the_real_texts(real):
    _, store, _ = real
    assert (
        counted(store, '?thing ?says ?text FILTER(ISLITERAL(?text) && REGEX(STR(?text), "</?[a-zA-Z]|&[a-z]+;"))') == 0
    )


def test_an_access_that_the_table_has_not_is_reported_and_kept_in_words(real):
    _, store, problems = real
    said = Counter(
        problem["message"].partition("'")[2].partition("'")[0]
        for problem in problems
        if "toegang:" in problem["message"]
    )
    assert said == {"via gba": 38, "via nhr": 29, "openbaar; niet gevoelig (deels)": 1}
    assert counted(store, 'VALUES ?said { "via GBA" "via NHR" } ?element sc:toegankelijkheid ?said') == 67
    assert counted(store, "?element dct:accessRights ?right") + sum(said.values()) == counted(
        store, "?e sc:toegankelijkheid ?t"
    )


def test_every_element_of_the_table_of_properties_is_in_the_real_dump(real):
    _, store, _ = real
    table = (HOME.loaders / "stelselcatalogus/gegevenselement.rq").read_text("utf-8").partition("?graaf) {")[2]
    assert counted(store, "?element def:eigenschap ?property ; def:gegevensgraaf ?graph") == table.count("(<") > 70


def test_what_the_real_dump_lacks_is_what_the_shapes_count(real):
    _, store, _ = real
    shapes = read_shapes(HOME.ontologies / "stelselcatalogus.shapes.ttl", NAMES.root)
    outcomes = count(store, shapes, None)
    assert all(outcome.checked for outcome in outcomes)
    lacking = {
        o.shape.iri.rsplit("/", 1)[1].removeprefix("Stelselcatalogus-"): sum(o.counts.values())
        for o in outcomes
        if o.counts
    }
    assert lacking == {
        "definitie": 92,
        "Gegevenselement-toegang": 351,
        "grondslag": 5,
        "naam": 1,
        "Regelgeving-wettekst": 2,
    }


def test_a_word_finds_the_real_attribute_with_owner_access_law_and_property(real):
    _, store, _ = real
    (found,) = [
        item
        for item in asked(store, "attribuut", woord="postcode")
        if item["attribuut"] == f"{BAG}Postcode-Nummeraanduiding"
    ]
    assert found["eigenschap"] == "http://bag.basisregistraties.overheid.nl/def/bag#postcode"
    assert found["graaf"] == f"{NAMES.root}graph/bag"
    assert found["registratie"] == "Basisregistraties Adressen en Gebouwen"
    assert all("BWBR0023466" in law for law in found["wet"])
    assert found["wet"]


def test_an_attribute_is_found_by_the_name_of_its_concept(example):
    _, store, _ = example
    (found,) = asked(store, "attribuut", woord="Nummeraanduiding")
    assert found["attribuut"] == f"{BAG}Huisnummer-Nummeraanduiding"
    assert found["wet"] == [f"{LAW}BWBR0023466", f"{LAW}jci1.3:c:BWBR0023466&artikel=19"]
    assert found["houder"] == ["https://identifier.overheid.nl/tooi/def/ont/Gemeente"]
    assert found["toegang"].endswith("/PUBLIC")
    assert found["graaf"] == f"{NAMES.root}graph/bag"


def test_the_examples_of_the_queries_have_an_answer_in_the_example(example):
    _, store, _ = example
    assert asked(store, "attribuut", woord="huisnummer")
    assert asked(store, "begrip", woord="nummeraanduiding")


def test_a_concept_has_its_attributes(example):
    _, store, _ = example
    (found,) = asked(store, "begrip", woord="NUMMERaanduiding")
    assert found["attribuut"] == [f"{BAG}Huisnummer-Nummeraanduiding"]
    assert found["definitie"] == "Het nummer dat een gemeente aan een huis geeft & bijhoudt."


def test_a_value_of_a_code_list_that_is_not_known_is_left_out_and_its_record_is_not(example):
    edition, store, problems = example
    loon = "<http://data.stelselvanbasisregistraties.nl/polis/id/gegevenselement/Loon-Inkomstenopgave>"
    assert edition.tables["gegevenselement"].refused == 0
    assert sorted(p["message"].partition(":")[0] for p in problems if p["key"] == loon[1:-1]) == [
        "authentiek",
        "houder",
        "toegang",
    ]
    assert counted(store, f"{loon} def:houder ?holder") == 1
    assert counted(store, f"{loon} sc:authentiek ?any") == 0


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("n < 5 en m > 3", "n < 5 en m > 3"),
        ("een<br/>twee<p>drie</p>", "een twee drie"),
        ('zie <a href="http://example.nl?a=1&amp;b=2">de wet</a>.', "zie de wet."),
        ('zie &lt;a href="http://example.nl"&gt;de wet&lt;/a&gt;.', "zie de wet."),
    ],
)
def test_html_in_a_text_becomes_what_a_browser_shows(markup, text):
    ((_, row),) = ROWS("begrip", {"naam": "x", "definitie": markup})
    assert row["definitie"] == text


def test_an_owner_of_nothing_but_separators_is_nobody():
    ((_, row),) = ROWS("begrip", {"naam": "x", "eigenaar": " ; / "})
    assert "houder" not in row


@given(st.text(alphabet="abcé .,:()'-", max_size=60))
def test_a_text_without_markup_stays_as_it_is(text):
    ((_, row),) = ROWS("begrip", {"naam": "x", "definitie": f"a{text}z"})
    assert row["definitie"] == " ".join(f"a{text}z".split())


def test_what_a_source_relates_to_in_words_is_no_reference():
    ((_, row),) = ROWS(
        "begrip",
        {"naam": "x", "relatie": ["http://example.nl/1", "niet van toepassing"], "verwant": ["http://example.nl/2"]},
    )
    assert row["verwant"] == ["http://example.nl/2", "http://example.nl/1"]
    assert row["relatie"] == ["niet van toepassing"]


def test_a_record_counts_once_as_reported_whatever_was_left_out_of_it(example):
    edition, _, problems = example
    assert edition.tables["gegevenselement"].reported == 1
    assert len(problems) == 4
    assert edition.tables["regelgeving"].reported == 1
