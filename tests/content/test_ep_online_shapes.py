"""The shapes of energy labels: a sound label breaks none, and each fault breaks its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from stelsel.modelling.prefixes import read_prefixes
from stelsel.modelling.shapes import count, read_shapes

ONTOLOGIES = Path(__file__).parents[2] / "ontologies"
ROOT = "https://data.example.nl/"
SHAPES = read_shapes(ONTOLOGIES / "ep-online.shapes.ttl", ROOT)
PREFIXES = read_prefixes(ONTOLOGIES / "prefixes.ttl", ROOT)

SOUND = """
<a> a def:Energielabel ; rdfs:label "Energielabel A, 2023-09-04" ; def:bagIdentificatie "9990010000000012" ;
  def:opnamedatum "2023-09-04"^^xsd:date ; def:registratiedatum "2023-09-04"^^xsd:date ;
  def:geldigTot "2033-09-04"^^xsd:date ; def:energieklasse <def/energieklasse/A+++++> ;
  def:primaireFossieleEnergie -4.2 ; def:gebruiksoppervlakteThermischeZone 88.7 .
<b> a def:Energielabel ; rdfs:label "Energielabel G, 2018-03-12" ; def:bagIdentificatie "9990100000000207" ;
  def:registratiedatum "2018-03-12"^^xsd:date ; def:geldigTot "2028-03-01"^^xsd:date ;
  def:energieklasse <def/energieklasse/G> ; def:energiegebruikTotaal 93039.0 .
"""
FAULTS = [
    ('def:bagIdentificatie "9990100000000207" ;', "", {"bagIdentificatie": 1}),
    ("def:energiegebruikTotaal 93039.0", "def:energiegebruikTotaal 93039.0 , 93040.0", {"energiegebruikTotaal": 1}),
    ("<def/energieklasse/G>", "<def/energieklasse/H>", {"energieklasse": 1}),
    ("<def/energieklasse/G>", "<def/energieklasse/G> , <def/energieklasse/F>", {"energieklasse": 1}),
    ("def:energieklasse <def/energieklasse/G> ;", "", {"zonder-klasse": 1}),
    ('"Energielabel G, 2018-03-12"', '"Energielabel G, 2018-03-12" , "Energielabel F, 2018-03-12"', {"label": 1}),
    ('opnamedatum "2023-09-04"', 'opnamedatum "2023-09-05"', {"opname-na-registratie": 1}),
    ('"2033-09-04"', '"2023-09-04"', {"opnamedatum": 1}),
    ("88.7", "0.0", {"oppervlakte": 1}),
    ("-4.2", "93039.0", {"primaireFossieleEnergie": 1}),
    ('def:registratiedatum "2018-03-12"^^xsd:date ;', "", {"registratiedatum": 1}),
    ('def:geldigTot "2028-03-01"^^xsd:date ;', "", {"zonder-einde": 1}),
]


def broken(data):
    """Name of each shape that is broken, without the class's -> how often."""
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    store = Store()
    store.load((head + data).encode(), RdfFormat.TURTLE, base_iri=ROOT)
    outcomes = count(store, SHAPES, None)
    assert all(outcome.checked == 2 for outcome in outcomes)
    return Counter({o.shape.iri.rsplit("/Energielabel-", 1)[1]: o.violations for o in outcomes if o.violations})


def test_a_sound_label_breaks_no_shape():
    assert broken(SOUND) == {}


@pytest.mark.parametrize(("sound", "fault", "shapes"), FAULTS)
def test_a_fault_is_found_by_its_shape_and_by_no_other(sound, fault, shapes):
    assert sound in SOUND
    assert broken(SOUND.replace(sound, fault)) == shapes


def test_every_shape_has_a_fault_that_it_finds():
    assert {f"Energielabel-{name}" for _, _, found in FAULTS for name in found} == {
        shape.iri.rsplit("/", 1)[1] for shape in SHAPES
    }
