"""What holds for every ontology, every shapes file, and every term that a mapping or a query uses."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from stelsel.modelling.documents import read_turtle
from stelsel.modelling.ontology import check, defined_terms, misspelt_prefixes, undefined_terms
from stelsel.modelling.prefixes import read_prefixes
from stelsel.modelling.shapes import count, read_shapes

HOME = Path(__file__).parents[2]
ROOT = "https://data.example.nl/"
ONTOLOGIES = sorted((HOME / "ontologies").glob("*.ttl"))
QUERIES = sorted([*(HOME / "loaders").rglob("*.rq"), *(HOME / "queries").rglob("*.rq")])
PREFIXES = read_prefixes(HOME / "ontologies" / "prefixes.ttl", ROOT)
# The namespaces whose every term is described here.
OWNED = [PREFIXES[prefix] for prefix in ("bag", "begrip", "brk", "def", "nen3610", "sc", "tooiont", "tooiwl")]
BEGRIP = PREFIXES["begrip"]
SKOS = PREFIXES["skos"]


def name(path):
    return str(path.relative_to(HOME))


def test_there_are_ontologies_and_queries():
    assert ONTOLOGIES
    assert QUERIES


@pytest.mark.parametrize("path", ONTOLOGIES, ids=name)
def test_an_ontology_has_no_findings(path):
    assert [str(finding) for finding in check(path, ROOT)] == []


@pytest.mark.parametrize("path", [*ONTOLOGIES, *QUERIES], ids=name)
def test_a_prefix_has_one_namespace(path):
    assert [str(finding) for finding in misspelt_prefixes(path, PREFIXES, ROOT)] == []


@pytest.mark.parametrize("path", [*ONTOLOGIES, *QUERIES], ids=name)
def test_a_term_that_is_used_is_described(path):
    assert [str(finding) for finding in undefined_terms(path, ROOT, defined_terms(ONTOLOGIES, ROOT), OWNED)] == []


@pytest.mark.parametrize("path", ONTOLOGIES, ids=name)
def test_turtle_is_sorted_by_subject_after_its_header(path):
    subjects = re.findall(r"^(?:[a-z0-9]+:|<)[^\s;]+", path.read_text(encoding="utf-8"), re.MULTILINE)
    rest = subjects if path.name.endswith(".shapes.ttl") else subjects[1:]
    assert rest == sorted(rest, key=lambda subject: (subject.casefold(), subject))


@pytest.mark.parametrize("path", [path for path in ONTOLOGIES if path.name.endswith(".shapes.ttl")], ids=name)
def test_a_shapes_file_has_shapes_that_check_something(path):
    assert read_shapes(path, ROOT)


def loader_codes():
    """Text in a delivery -> concept, as the mapping of the BAG has it."""
    lists = yaml.safe_load((HOME / "loaders" / "bag" / "loader.yml").read_text(encoding="utf-8"))[".codes"]
    return {text: iri for codes in lists.values() for text, iri in codes.items() if iri.startswith(BEGRIP)}


def test_every_code_of_the_bag_is_a_concept_with_that_notation():
    document = read_turtle(HOME / "ontologies" / "bag-begrippen.ttl", ROOT)
    concepts = {
        notation.value: node.value
        for node in document.subjects(NamedNode(f"{SKOS}notation"))
        for notation in document.objects(node, NamedNode(f"{SKOS}notation"))
        if isinstance(notation, Literal)
    }
    assert concepts == loader_codes()


def test_every_concept_that_a_shape_allows_comes_from_the_mapping_and_the_other_way_round():
    allowed = {
        token[1:-1]
        for shape in read_shapes(HOME / "ontologies" / "bag.shapes.ttl", ROOT)
        for constraint in shape.constraints
        for token in re.findall(r"<[^<>]*>", constraint.query)
        if token[1:].startswith(BEGRIP)
    }
    assert allowed == set(loader_codes().values())


def test_a_deprecated_term_says_what_replaces_it():
    document = read_turtle(HOME / "ontologies" / "bag.ttl", ROOT)
    old = list(document.subjects(NamedNode(f"{PREFIXES['owl']}deprecated")))
    replaced = [document.only(node, NamedNode(f"{PREFIXES['dct']}isReplacedBy")) for node in old]
    assert len(old) == 13
    assert {term.value for term in replaced if isinstance(term, NamedNode)} <= defined_terms(ONTOLOGIES, ROOT) | {
        f"{PREFIXES['geo']}hasGeometry"
    }


OBJECT = """
  bag:geconstateerd false ; bag:documentdatum "2010-01-01"^^xsd:date ; bag:documentnummer "D1" ; rdfs:label "iets" ;
  nen3610:beginGeldigheid "2010-01-01"^^xsd:date ; nen3610:tijdstipRegistratie "2010-11-26T08:20:55"^^xsd:dateTime ;
  def:voorkomen <id/voorkomen/1> ; """
SHAPE = """a geo:Geometry ; geo:asWKT "POINT (5 52)"^^geo:wktLiteral ;
  def:rdWKT "<http://www.opengis.net/def/crs/EPSG/0/28992> POINT (1 2)"^^geo:wktLiteral ."""
# One of everything, and nothing wrong with it.
BAG = f"""
<wpl> a bag:Woonplaats ; {OBJECT} bag:identificatie "3631" ; bag:status begrip:WoonplaatsAangewezen ; bag:naam "Weesp" ;
  def:gemeente gm:gm0457 ; geo:hasGeometry <g1> . <g1> {SHAPE}
<opr> a bag:OpenbareRuimte ; {OBJECT} bag:identificatie "0457300000000001" ; bag:status begrip:NaamgevingUitgegeven ;
  bag:naam "Dorpsstraat" ; bag:verkorteNaam "Dorpsstr" ; bag:type begrip:Weg ; bag:ligtIn <wpl> .
<num> a bag:Nummeraanduiding ; {OBJECT} bag:identificatie "0457200000000001" ; bag:status begrip:NaamgevingUitgegeven ;
  bag:huisnummer 12 ; bag:huisletter "b" ; bag:huisnummertoevoeging "3A" ; bag:postcode "1381AB" ; bag:ligtAan <opr> ;
  bag:ligtIn <wpl> ; bag:typeAdresseerbaarObject begrip:Verblijfsobject .
<num2> a bag:Nummeraanduiding ; {OBJECT} bag:identificatie "0457200000000002" ; bag:status begrip:NaamgevingUitgegeven ;
  bag:huisnummer 99999 ; bag:ligtAan <opr> ; bag:typeAdresseerbaarObject begrip:Ligplaats .
<vbo> a bag:Verblijfsobject ; {OBJECT} bag:identificatie "0457010000000001" ; bag:status begrip:VerblijfsobjectInGebruik ;
  bag:hoofdadres <num> ; bag:nevenadres <num2> ; bag:gebruiksdoel begrip:Woonfunctie , begrip:Kantoorfunctie ;
  bag:oppervlakte 80 ; bag:maaktDeelUitVan <pnd> ; geo:hasGeometry <g2> . <g2> {SHAPE}
<lig> a bag:Ligplaats ; {OBJECT} bag:identificatie "0457020000000001" ; bag:status begrip:PlaatsAangewezen ;
  bag:hoofdadres <num2> ; geo:hasGeometry <g3> . <g3> {SHAPE}
<sta> a bag:Standplaats ; {OBJECT} bag:identificatie "0457030000000001" ; bag:status begrip:PlaatsIngetrokken ;
  bag:hoofdadres <num2> ; geo:hasGeometry <g4> . <g4> {SHAPE}
<pnd> a bag:Pand ; {OBJECT} bag:identificatie "0457100000000001" ; bag:status begrip:PandInGebruik_nietIngemeten ;
  bag:oorspronkelijkBouwjaar "1975"^^xsd:gYear ; geo:hasGeometry <g5> . <g5> {SHAPE}
<v1> a bag:Voorkomen ; dct:isVersionOf <pnd> ; def:voorkomenidentificatie 1 ; bag:status begrip:BouwGestart ;
  nen3610:beginGeldigheid "2010-01-01"^^xsd:date ; nen3610:eindGeldigheid "2012-01-01"^^xsd:date ;
  nen3610:tijdstipRegistratie "2010-01-02T00:00:00"^^xsd:dateTime ; nen3610:eindRegistratie "2012-01-02T00:00:00"^^xsd:dateTime .
<v2> a bag:Voorkomen ; dct:isVersionOf <pnd> ; def:voorkomenidentificatie 2 ; bag:status begrip:PandInGebruik ;
  nen3610:beginGeldigheid "2012-01-01"^^xsd:date ; nen3610:tijdstipRegistratie "2012-01-02T00:00:00"^^xsd:dateTime .
<v3> a bag:Voorkomen ; dct:isVersionOf <pnd> ; def:voorkomenidentificatie 3 ; bag:status begrip:PandGesloopt ;
  nen3610:beginGeldigheid "2011-01-01"^^xsd:date ; nen3610:tijdstipRegistratie "2011-01-02T00:00:00"^^xsd:dateTime ;
  def:tijdstipInactief "2011-01-03T00:00:00"^^xsd:dateTime .
<gwr> a def:GemeenteWoonplaatsRelatie ; def:woonplaats <http://bag.basisregistraties.overheid.nl/bag/id/woonplaats/3631> ;
  def:gemeente gm:gm0457 ; def:relatiestatus "definitief" ; nen3610:beginGeldigheid "1970-01-01"^^xsd:date .
<ond> a def:Onderzoek ; def:onderzoekNaar <vbo> ; def:kenmerk bag:oppervlakte ; def:inOnderzoek true ;
  nen3610:beginGeldigheid "2012-01-01"^^xsd:date ; nen3610:tijdstipRegistratie "2012-01-02T00:00:00"^^xsd:dateTime .
"""


def broken(data):
    """Local name of each shape that is broken -> how often."""
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    store = Store()
    store.load((head + data).encode(), RdfFormat.TURTLE, base_iri=ROOT)
    outcomes = count(store, read_shapes(HOME / "ontologies" / "bag.shapes.ttl", ROOT), None)
    assert all(outcome.checked for outcome in outcomes if outcome.shape.targets != f"<{ROOT}def/NietBagVoorkomen>")
    return Counter({o.shape.iri.rsplit("/", 1)[1]: o.violations for o in outcomes if o.violations})


def test_a_sound_bag_breaks_no_shape():
    assert broken(BAG) == {}


FAULTS = [
    ('"0457010000000001"', '"0457020000000009"', {"Verblijfsobject-identificatie": 1}),
    ('"3631"', "3631", {"identificatie": 1}),
    ('"1381AB"', '"1381 AB"', {"Nummeraanduiding-postcode": 1}),
    ('"1381AB"', '"0381AB"', {"Nummeraanduiding-postcode": 1}),
    ("bag:huisnummer 12 ;", "bag:huisnummer 0 ;", {"Nummeraanduiding-huisnummer": 1}),
    ("bag:huisnummer 12 ;", "", {"Nummeraanduiding-huisnummer": 1}),
    ("bag:huisnummer 12 ;", "bag:huisnummer 12 , 13 ;", {"Nummeraanduiding-huisnummer": 1}),
    ('bag:huisletter "b"', 'bag:huisletter "bb"', {"Nummeraanduiding-huisletter": 1}),
    ('"3A"', '"3-A"', {"Nummeraanduiding-huisnummertoevoeging": 1}),
    (
        "bag:oppervlakte 80",
        "bag:oppervlakte 1000000",
        {"Verblijfsobject-oppervlakte": 1, "Verblijfsobject-oppervlakte-invulwaarde": 1},
    ),
    ("bag:oppervlakte 80", "bag:oppervlakte 999999", {"Verblijfsobject-oppervlakte-invulwaarde": 1}),
    ("bag:maaktDeelUitVan <pnd>", "bag:maaktDeelUitVan <pnd> , <weg>", {"Verblijfsobject-maaktDeelUitVan": 1}),
    ("bag:gebruiksdoel begrip:Woonfunctie , begrip:Kantoorfunctie ;", "", {"Verblijfsobject-gebruiksdoel": 1}),
    ("begrip:Kantoorfunctie", "begrip:Weg", {"Verblijfsobject-gebruiksdoel": 1}),
    ("begrip:VerblijfsobjectInGebruik", "begrip:PandInGebruik", {"Verblijfsobject-status": 1}),
    ("bag:status begrip:PlaatsAangewezen ;", "", {"status": 1}),
    ("bag:status begrip:PlaatsAangewezen", 'bag:status "Plaats aangewezen"', {"status": 1, "Plaats-status": 1}),
    ("bag:hoofdadres <num> ;", "bag:hoofdadres <num> , <num2> ;", {"hoofdadres": 1, "nevenadres": 1}),
    ("bag:hoofdadres <num> ;", "bag:hoofdadres <weg> ;", {"hoofdadres": 1, "Nummeraanduiding-zonder-object": 1}),
    ('"1975"^^xsd:gYear', '"9999"^^xsd:gYear', {"Pand-oorspronkelijkBouwjaar-invulwaarde": 1}),
    ('"1975"^^xsd:gYear', '"1005"^^xsd:gYear', {"Pand-oorspronkelijkBouwjaar-invulwaarde": 1}),
    ("bag:ligtAan <opr> ;\n", "bag:ligtAan <wpl> ;\n", {"Nummeraanduiding-ligtAan": 1}),
    ("bag:ligtIn <wpl> .", "bag:ligtIn <opr> .", {"OpenbareRuimte-ligtIn": 1}),
    ("geo:hasGeometry <g5> .", "rdfs:comment 'geen' .", {"geometrie": 1}),
    ('geo:asWKT "POINT (5 52)"', 'geo:asWKT "5 52"', {"Geometrie-asWKT": 5}),
    ("def:gemeente gm:gm0457 ; geo", "geo", {"Woonplaats-zonder-gemeente": 1}),
    (
        '"2012-01-01"^^xsd:date ; nen3610:tijdstip',
        '"2011-06-01"^^xsd:date ; nen3610:tijdstip',
        {"Voorkomen-overlap": 1},
    ),
    ("def:tijdstipInactief", "rdfs:comment", {"Voorkomen-overlap": 2}),
    ('eindGeldigheid "2012-01-01"', 'eindGeldigheid "2009-01-01"', {"beginGeldigheid": 1}),
    ('eindGeldigheid "2012-01-01"', 'eindGeldigheid "2012-02-30"', {"beginGeldigheid": 1, "eindGeldigheid": 1}),
    ('eindRegistratie "2012', 'eindRegistratie "2009', {"Voorkomen-registratie": 1}),
    ("<v2> a bag:Voorkomen ; dct:isVersionOf <pnd> ;", "<v2> a bag:Voorkomen ;", {"Voorkomen-isVersionOf": 1}),
    ('"definitief"', '"onbekend"', {"Relatie-status": 1}),
    ("def:kenmerk bag:oppervlakte", "def:kenmerk bag:documentnummer", {"Onderzoek-kenmerk": 1}),
]


@pytest.mark.parametrize(("sound", "fault", "shapes"), FAULTS)
def test_a_fault_in_the_bag_is_found_by_its_shape_and_by_no_other(sound, fault, shapes):
    assert sound in BAG
    assert broken(BAG.replace(sound, fault)) == shapes
