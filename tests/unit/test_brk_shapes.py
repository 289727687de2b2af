"""The shapes of the cadastral map and the restrictions: each fault is found by its shape, and by no other."""

from collections import Counter

import pytest
from pyoxigraph import RdfFormat, Store

from stelsel.home import open_home
from stelsel.modelling.prefixes import read_prefixes
from stelsel.modelling.shapes import count, read_shapes

ROOT = "https://data.example.nl/"
ONTOLOGIES = open_home().ontologies
PREFIXES = read_prefixes(ONTOLOGIES / "prefixes.ttl", ROOT)
FORM = """a geo:Geometry ; geo:asWKT "POLYGON ((5 52, 6 52, 6 53, 5 52))"^^geo:wktLiteral ;
  def:rdWKT "<http://www.opengis.net/def/crs/EPSG/0/28992> POLYGON ((1 2, 3 2, 3 4, 1 2))"^^geo:wktLiteral ."""
BRK = f"""
<p> a brk:Perceel ; rdfs:label "WDM00 A 1" ; dct:identifier "90010000170000" ; def:kadastraleAanduiding "WDM00 A 1" ;
  brk:kadastraleGemeente <kg> ; brk:kadastraleGrootte 598.0 ; brk:soortGrootte <sg> ;
  nen3610:beginGeldigheid "2018-07-02T11:30:00+02:00"^^xsd:dateTime ; geo:hasGeometry <g1> . <g1> {FORM}
<kg> a def:KadastraleGemeente . <sg> a def:SoortGrootte .
<gr> a brk:KadastraleGrens ; rdfs:label "Grens" ; dct:identifier "700000001" ; brk:typeGrens <tg> ; def:perceelLinks <p> ;
  def:kwaliteitsklasse "B" ; nen3610:beginGeldigheid "2018-07-02T11:30:00+02:00"^^xsd:dateTime ; geo:hasGeometry <g2> .
<g2> {FORM} <tg> a def:TypeGrens .
<kp> a def:Kaartpand ; rdfs:label "Pand" ; def:bagIdentificatie "9990100000000001" ; geo:hasGeometry <g3> . <g3> {FORM}
<kl> a def:Kaartlabel ; rdfs:label "Kade" ; def:bagIdentificatie "9990300000000001" .
"""
PB = f"""
<b> a def:Beperking ; rdfs:label "Beperking" ; dct:identifier "1001" ; def:grondslag <gs> ; def:bevoegdGezag <gm> ;
  nen3610:beginGeldigheid "2012-05-07"^^xsd:date ; geo:hasGeometry <g1> ; def:brondocument <d> . <g1> {FORM}
<gs> a def:Grondslag ; rdfs:label "Gemeentewet" ; dct:references <https://wetten.overheid.nl/BWBR0005416> .
<d> a def:Brondocument ; def:orgaan <o> . <o> a def:Orgaan .
"""


def broken(register: str, data: str) -> dict[str, int]:
    """Local name of each shape that is broken -> how often."""
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    store = Store()
    store.load((head + data).encode(), RdfFormat.TURTLE, base_iri=ROOT)
    outcomes = count(store, read_shapes(ONTOLOGIES / f"{register}.shapes.ttl", ROOT), None)
    assert all(outcome.checked for outcome in outcomes)
    return Counter({o.shape.iri.rsplit("/", 1)[1]: o.violations for o in outcomes if o.violations})


@pytest.mark.parametrize(("register", "data"), [("brk", BRK), ("brk-pb", PB)])
def test_sound_data_break_no_shape(register, data):
    assert broken(register, data) == {}


@pytest.mark.parametrize(("sound", "fault", "shapes"), [
    ('def:kadastraleAanduiding "WDM00 A 1"', 'def:kadastraleAanduiding "WDM00 J 1"', {"Perceel-aanduiding": 1}),
    ('dct:identifier "90010000170000"', 'dct:identifier "090"', {"brk-identificatie": 1}),
    ("598.0", "0.0", {"Perceel-grootte": 1}),
    ("brk:kadastraleGemeente <kg> ;", "", {"Perceel-gemeente": 1}),
    ("brk:soortGrootte <sg>", "brk:soortGrootte <kg>", {"Perceel-soortGrootte": 1}),
    ("geo:hasGeometry <g1> .", "rdfs:comment 'geen' .", {"brk-geometrie": 1}),
    ("brk:typeGrens <tg> ;", "", {"KadastraleGrens-typeGrens": 1}),
    ("def:perceelLinks <p> ;", "", {"KadastraleGrens-percelen": 1}),
    ("def:perceelLinks <p> ;", "def:perceelLinks <weg> ;", {"KadastraleGrens-percelen-buiten": 1}),
    ('def:kwaliteitsklasse "B"', 'def:kwaliteitsklasse "B" , "C"', {"KadastraleGrens-kwaliteitsklasse": 1}),
    ('"9990100000000001"', '"9990109999999999"', {"Kaartpand-invulwaarde": 1}),
    ('def:bagIdentificatie "9990100000000001" ;', "", {"Kaartpand-zonder-BAG": 1}),
    ('def:bagIdentificatie "9990100000000001"', 'def:bagIdentificatie "1" , "2"', {"Kaartpand-bagIdentificatie": 1}),
    ('; def:bagIdentificatie "9990300000000001"', "", {"Kaartlabel-bagIdentificatie": 1}),
    ('<kl> a def:Kaartlabel ; rdfs:label "Kade"', '<kl> a def:Kaartlabel ; rdfs:comment "Kade"', {"brk-label": 1}),
    ('<g3> a geo:Geometry ; geo:asWKT "POLYGON', '<g3> a geo:Geometry ; geo:asWKT "POINT', {"Kaart-Geometrie-asWKT": 1}),
    ("<tg> a def:TypeGrens .", """<tg> a def:TypeGrens . <q> a brk:Perceel ; rdfs:label "x" ; dct:identifier "2" ;
      def:kadastraleAanduiding "WDM00 A 1" ; brk:kadastraleGemeente <kg> ; brk:kadastraleGrootte 1.0 ; geo:hasGeometry <g1> ;
      nen3610:beginGeldigheid "2018-07-02T11:30:00+02:00"^^xsd:dateTime .""", {"Perceel-aanduiding-dubbel": 2}),
    ("geo:hasGeometry <g1> .", """geo:hasGeometry <g1> ; nen3610:eindGeldigheid "2001-01-01T00:00:00+01:00"^^xsd:dateTime .""",
     {"brk-beginGeldigheid": 1}),
])  # fmt: skip
def test_a_fault_on_the_map_is_found_by_its_shape_and_by_no_other(sound, fault, shapes):
    assert sound in BRK
    assert broken("brk", BRK.replace(sound, fault)) == shapes


@pytest.mark.parametrize(("sound", "fault", "shapes"), [
    ('dct:identifier "1001"', "dct:identifier 1001", {"Beperking-identificatie": 1}),
    ("def:grondslag <gs> ;", "def:grondslag <weg> ;", {"Beperking-grondslag": 1, "Beperking-grondslag-wet": 1}),
    (" ; dct:references <https://wetten.overheid.nl/BWBR0005416>", "", {"Beperking-grondslag-wet": 1}),
    ("geo:hasGeometry <g1> ; def:brondocument", "def:brondocument", {"Beperking-gebied": 1}),
    ('rdfs:label "Gemeentewet"', 'rdfs:label "Gemeentewet" , "Iets anders"', {"Grondslag-label": 1}),
    ('"2012-05-07"^^xsd:date', '"2012-02-30"^^xsd:date', {"Beperking-beginGeldigheid": 1}),
    ("def:brondocument <d> .", "rdfs:comment 'geen' .", {"Brondocument-beperking": 1}),
    ("def:orgaan <o>", "def:orgaan <weg>", {"Brondocument-orgaan": 1}),
    ('rdfs:label "Beperking"', 'rdfs:comment "Beperking"', {"Beperking-label": 1}),
])  # fmt: skip
def test_a_fault_in_the_restrictions_is_found_by_its_shape_and_by_no_other(sound, fault, shapes):
    assert sound in PB
    assert broken("brk-pb", PB.replace(sound, fault)) == shapes


def test_a_restriction_of_nobody_is_found():
    orphan = PB.replace("def:bevoegdGezag <gm> ;", "").replace("; def:brondocument <d>", "")
    assert broken("brk-pb", orphan) == {"Beperking-gezag": 1, "Brondocument-beperking": 1}
