from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import MemoryStore
from stelsel.errors import DeadlinePassed, StoreError
from stelsel.querying.advice import LANGUAGES, edited
from stelsel.querying.diagnosis import Release, diagnose
from stelsel.querying.nearness import distance, nearest, twins
from stelsel.querying.probes import Allowance, Probes
from stelsel.querying.reading import read
from stelsel.storing import Limits, Question
from stelsel.storing.description import count, describe
from village import BAG, NAMES, RELEASE, village

PREFIXES = """PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>
PREFIX begrip: <http://bag.basisregistraties.overheid.nl/id/begrip/>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX nen3610: <http://modellen.geostandaarden.nl/def/nen3610#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
REGION = NAMES.identifier("regiojaar", "2024-GM9990")
LIMITS = Limits(seconds=5, memory=500_000_000)
KNOWN = Release(tuple(RELEASE.graphs), {"bag": date(2025, 12, 8)}, NAMES.catalogue)


@pytest.fixture(scope="module")
def store():
    found = village().load({NAMES.graph("cbs"): f"<{REGION}> a <{NAMES.term('RegioJaar')}> ."}, NAMES.root)
    graphs = {graph: count(found.quads, graph) for graph in (NAMES.graph("bag"), NAMES.graph("bag", "historie"))}
    found.quads.extend(describe(NAMES, found.release, datetime(2026, 1, 2, tzinfo=UTC), {"bag": "e"}, graphs))
    return found


def diagnosed(store, text, seconds=10.0):
    query = read(PREFIXES + text, NAMES.root)
    probes = Probes(store, Allowance(LIMITS, seconds), Question(query.text, NAMES.root))
    found = asyncio.run(diagnose(query, probes, KNOWN))
    for finding in found.findings:
        assert all(finding.text(language) for language in LANGUAGES)
    return found, query


def first(store, text):
    found, _ = diagnosed(store, text)
    assert found.complete
    return found.findings[0]


def test_a_property_that_is_not_there_has_its_nearest(store):
    found, query = diagnosed(store, 'SELECT * { ?n bag:postkode "1399ZA" }')
    finding = found.findings[0]
    assert finding.text("nl") == (
        "bag:postkode komt in de gegevens niet voor. "
        "Wel komt voor: http://bag.basisregistraties.overheid.nl/def/bag#postcode."
    )
    mended = edited(query.text, (finding.edit,))
    assert '?n <http://bag.basisregistraties.overheid.nl/def/bag#postcode> "1399ZA"' in mended
    assert store.quads.query(f"ASK {mended[mended.index('{') :]}", use_default_graph_as_union=True)


@pytest.mark.parametrize(
    ("text", "reason", "near"),
    [
        # a class in the case of a property, and a property that is there as another thing
        ("SELECT * { ?a a bag:pand }", "absent", "http://bag.basisregistraties.overheid.nl/def/bag#Pand"),
        ("SELECT * { ?a a bag:identificatie }", "absent-as", None),
        (f"DESCRIBE <{BAG}/pand/0999100000000002>", "absent", f"{BAG}/pand/0999100000000001"),
        # the other spellings of an address
        (
            f"SELECT * {{ <{BAG.replace('http:', 'https:')}/pand/0999100000000001> ?p ?o }}",
            "absent",
            f"{BAG}/pand/0999100000000001",
        ),
        (
            f"SELECT * {{ ?v bag:maaktDeelUitVan <{BAG}/pand/0999100000000001/> }}",
            "absent",
            f"{BAG}/pand/0999100000000001",
        ),
        # a value of a property
        (
            "SELECT * { ?n bag:status begrip:NaamgevingUitgegevn }",
            "absent",
            "http://bag.basisregistraties.overheid.nl/id/begrip/NaamgevingUitgegeven",
        ),
        # a graph, and a graph that is near
        (f"SELECT * {{ GRAPH <{NAMES.graph('bak')}> {{ ?s ?p ?o }} }}", "register", NAMES.graph("bag")),
        (f"SELECT * FROM <{NAMES.graph('brk')}> {{ ?s ?p ?o }}", "register", NAMES.graph("bag")),
        (f"SELECT * FROM <{NAMES.graph('bag', '2031')}> {{ ?s ?p ?o }}", "edition", NAMES.graph("bag")),
        ("SELECT * FROM <http://example.org/graph> { ?s ?p ?o }", "graph", NAMES.graph("bag")),
        # a year that is not loaded
        ('SELECT * { ?p bag:oorspronkelijkBouwjaar "2031"^^xsd:gYear }', "year", "1931"),
        ('SELECT * { ?p bag:oorspronkelijkBouwjaar ?j FILTER(?j > "2031"^^xsd:gYear) }', "year", "1931"),
        (f"SELECT * {{ <{NAMES.identifier('regiojaar', '2031-GM9990')}> ?p ?o }}", "year-of", REGION),
        # values of another kind
        ('SELECT * { ?n bag:huisnummer "7" }', "datatype", None),
        ("SELECT * { ?n bag:oorspronkelijkBouwjaar ?j FILTER(?j > 1900) }", "datatype", '"1931"'),
        ('SELECT * { ?x rdfs:label "pand"@de }', "datatype", None),
        ("SELECT * { ?x bag:identificatie 9990 }", "datatype", None),
        ('SELECT * { ?x bag:naam "Nieuwestraat" }', "value", None),
        # after the date of the data
        ('SELECT * { ?v nen3610:beginGeldigheid ?d FILTER(?d >= "2026-01-01"^^xsd:date) }', "date", None),
        # Rijksdriehoek
        ("PREFIX def: <def/> SELECT * { ?g def:rdWKT ?w FILTER(geof:sfIntersects(?w, ?w)) }", "geometry", None),
    ],
)
def test_an_empty_answer_has_its_reason(store, text, reason, near):
    text = text.removeprefix("PREFIX def: <def/> ").replace("def:rdWKT", f"<{NAMES.term('rdWKT')}>")
    finding = first(store, text)
    assert finding.reason == reason
    assert near is None or near in finding.near


def test_the_pattern_that_leaves_no_rows_is_told(store):
    text = "SELECT * {\n ?p a bag:Pand .\n ?p bag:status ?s .\n ?p bag:huisnummer ?n .\n}"
    finding = first(store, text)
    assert (finding.reason, finding.values["before"]) == ("join", "1")
    assert (PREFIXES + text)[finding.offset :].startswith("?p bag:huisnummer")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT * { ?p bag:oppervlakte ?m FILTER(?m > 5000) }", "filter"),
        ("SELECT * { ?p bag:oppervlakte ?m FILTER NOT EXISTS { ?p a bag:Verblijfsobject } }", "filter"),
        ("SELECT * { ?p bag:oppervlakte ?m MINUS { ?p a bag:Verblijfsobject } }", "filter"),
        ("SELECT * { VALUES ?p { bag:Pand } ?p bag:oppervlakte ?m }", "join"),
        ("SELECT * { ?a dct:isVersionOf/bag:huisnummer ?b }", "pattern"),
        ("SELECT * { ?p bag:oppervlakte ?m } OFFSET 10", "after"),
        ("SELECT ?p { ?p bag:oppervlakte ?m } LIMIT 0", "after"),
        ("SELECT ?p { ?p bag:oppervlakte ?m } GROUP BY ?p HAVING(COUNT(*) > 1)", "after"),
        ("SELECT * { { SELECT ?p { ?p bag:oppervlakte ?m } LIMIT 0 } }", "pattern"),
        ("SELECT * { ?a ^bag:ligtAan [ bag:postcode ?b ] OPTIONAL { ?a bag:x ?c } ?a bag:huisnummer ?d }", "join"),
    ],
)
def test_what_takes_the_rows_away_is_told_by_its_kind(store, text, reason):
    assert first(store, text).reason == reason


def test_rows_are_counted_no_further_than_a_thousand(store):
    finding = first(store, "SELECT * { ?n bag:huisnummer ?h FILTER(?h > 5000) }")
    assert finding.text("en") == "This drops every row that the patterns give (1000+ rows)."


def test_an_optional_term_is_no_reason(store):
    found, _ = diagnosed(store, "SELECT * { ?p bag:oppervlakte ?m OPTIONAL { ?p bag:nergens ?x } FILTER(?m > 5000) }")
    assert [finding.reason for finding in found.findings] == ["filter"]


def test_the_time_for_all_questions_holds(store):
    found, _ = diagnosed(store, "SELECT * { ?n bag:postkode ?p }", seconds=0.0)
    assert (found.findings, found.complete) == ((), False)


def test_a_question_that_meets_a_limit_leaves_the_rest_unknown():
    slow = MemoryStore(fails=DeadlinePassed("too late", seconds=1))
    found, _ = diagnosed(slow, "SELECT * { ?n bag:postkode ?p }")
    assert (found.findings, found.complete) == ((), False)


def test_a_store_that_fails_is_no_empty_answer():
    with pytest.raises(StoreError):
        diagnosed(MemoryStore(fails=StoreError("gone")), "SELECT * { ?n bag:postkode ?p }")


def test_what_is_asked_is_made_of_the_query_and_of_terms_only(store):
    store.questions.clear()
    diagnosed(store, "SELECT * { ?a bag:naam 'x\\\"} # ' ; <http://e/a\\u0022b> ?b }")
    assert store.questions
    for question in store.questions:
        store.quads.query(question, base_iri=NAMES.root)


@given(st.text("abcde", max_size=8), st.text("abcde", max_size=8))
def test_a_distance_is_the_same_both_ways_and_nought_for_equals(one, other):
    assert distance(one, other, 9) == distance(other, one, 9)
    assert (distance(one, other, 9) == 0) == (one == other)
    assert distance(one, other, 2) == min(distance(one, other, 9), 3)


def test_nearest_keeps_to_the_namespace_unless_the_name_is_the_same():
    candidates = ["http://e/naan", "http://f/naan", "http://f/Naam", "http://e/postcode"]
    assert set(nearest("http://e/naam", candidates)) == {"http://e/naan", "http://f/Naam"}


def test_an_address_has_three_twins_and_another_iri_one():
    assert len(twins("https://e.nl/a/")) == 3
    assert twins("urn:a") == ["urn:a/"]
