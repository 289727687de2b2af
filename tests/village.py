"""A few invented BAG objects as the loader writes them, with things that nobody should trust: what page tests read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from fakes import MemoryStore
from stelsel.names import Names
from stelsel.querying.curated import CuratedQuery, read_all
from stelsel.storing.releases import Release

BASE = "http://localhost:8000"
NAMES = Names(BASE)
BAG = "http://bag.basisregistraties.overheid.nl/bag/id"
PAND = f"{BAG}/pand/0999100000000001"
STRAAT = f"{BAG}/openbare-ruimte/0999300000000001"
HUB = "http://bag.basisregistraties.overheid.nl/id/begrip/NaamgevingUitgegeven"
HOSTILE = "http://example.org/vijandig"
SCRIPT = "<script>alert('x')</script>"

_PREFIXES = """
PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>
PREFIX begrip: <http://bag.basisregistraties.overheid.nl/id/begrip/>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX def: <def/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geometrie: <id/geometrie/>
PREFIX nen3610: <http://modellen.geostandaarden.nl/def/nen3610#>
PREFIX num: <http://bag.basisregistraties.overheid.nl/bag/id/nummeraanduiding/>
PREFIX opr: <http://bag.basisregistraties.overheid.nl/bag/id/openbare-ruimte/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX pand: <http://bag.basisregistraties.overheid.nl/bag/id/pand/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX vbo: <http://bag.basisregistraties.overheid.nl/bag/id/verblijfsobject/>
PREFIX voorkomen: <id/voorkomen/>
PREFIX wpl: <http://bag.basisregistraties.overheid.nl/bag/id/woonplaats/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""

_REGISTER = """
pand:0999100000000001 a bag:Pand ; rdfs:label "Pand 0999100000000001" ; bag:identificatie "0999100000000001" ;
  bag:oorspronkelijkBouwjaar "1931"^^xsd:gYear ; bag:status begrip:PandInGebruik ; bag:geconstateerd false ;
  bag:documentdatum "2010-06-01"^^xsd:date ; bag:documentnummer "BV 2010/0042" ;
  nen3610:beginGeldigheid "2010-06-01"^^xsd:date ;
  nen3610:tijdstipRegistratie "2010-06-03T09:14:05"^^xsd:dateTime ;
  def:voorkomen voorkomen:pand-0999100000000001-2 ; geo:hasGeometry geometrie:pand-0999100000000001 .
geometrie:pand-0999100000000001 a geo:Geometry ;
  geo:asWKT "POLYGON ((5.0410 52.3070, 5.0413 52.3070, 5.0413 52.3072, 5.0410 52.3072, 5.0410 52.3070), (5.04110 52.30705, 5.04120 52.30705, 5.04120 52.30710, 5.04110 52.30705))"^^geo:wktLiteral ;
  def:rdWKT "<http://www.opengis.net/def/crs/EPSG/0/28992> POLYGON ((131000.123 480000.456, 131020.123 480000.456, 131020.123 480022.456, 131000.123 480022.456, 131000.123 480000.456), (131006.8 480005.5, 131013.6 480005.5, 131013.6 480011.1, 131006.8 480005.5))"^^geo:wktLiteral .
vbo:0999010000000001 a bag:Verblijfsobject ; rdfs:label "Verblijfsobject 0999010000000001" ;
  bag:identificatie "0999010000000001" ; bag:hoofdadres num:0999200000000001 ; bag:maaktDeelUitVan pand:0999100000000001 ;
  bag:gebruiksdoel begrip:Woonfunctie, begrip:Winkelfunctie ; bag:oppervlakte 1240 ;
  geo:hasGeometry geometrie:verblijfsobject-0999010000000001 .
geometrie:verblijfsobject-0999010000000001 a geo:Geometry ; geo:asWKT "POINT (5.0412 52.3071)"^^geo:wktLiteral .
opr:0999300000000001 a bag:OpenbareRuimte ; rdfs:label "Nieuwstraat" ; skos:prefLabel "Nieuwstraat" ;
  bag:identificatie "0999300000000001" ; bag:naam "Nieuwstraat" ; bag:ligtIn wpl:9990 ; bag:type begrip:Weg .
wpl:9990 a bag:Woonplaats ; rdfs:label "Zandoever" ; bag:identificatie "9990" ; bag:naam "Zandoever" .
"""

_ADDRESS = """
num:09992{0:011d} a bag:Nummeraanduiding ; rdfs:label "{0}, 1399ZA" ; bag:identificatie "09992{0:011d}" ;
  bag:huisnummer {0} ; bag:postcode "1399ZA" ; bag:ligtAan opr:0999300000000001 ;
  bag:status begrip:NaamgevingUitgegeven .
"""

_HISTORY = """
voorkomen:pand-0999100000000001-1 a bag:Voorkomen ; dct:isVersionOf pand:0999100000000001 ;
  nen3610:beginGeldigheid "1931-01-01"^^xsd:date ; nen3610:eindGeldigheid "2010-06-01"^^xsd:date .
voorkomen:pand-0999100000000001-2 a bag:Voorkomen ; dct:isVersionOf pand:0999100000000001 ;
  nen3610:beginGeldigheid "2010-06-01"^^xsd:date .
"""

_TERMS = """
bag:Pand a owl:Class ; rdfs:label "pand"@nl, "building"@en .
bag:OpenbareRuimte a owl:Class ; rdfs:label "openbare ruimte"@nl, "public space"@en .
bag:Nummeraanduiding a owl:Class ; rdfs:label "nummeraanduiding"@nl, "number designation"@en .
bag:Verblijfsobject a owl:Class ; rdfs:label "verblijfsobject"@nl, "accommodation unit"@en .
bag:oorspronkelijkBouwjaar a owl:DatatypeProperty ; rdfs:label "oorspronkelijk bouwjaar"@nl, "original year of construction"@en .
bag:identificatie a owl:DatatypeProperty ; rdfs:label "identificatie"@nl, "identification"@en .
bag:status a owl:ObjectProperty ; rdfs:label "status"@nl, "status"@en .
bag:ligtAan a owl:ObjectProperty ; rdfs:label "ligt aan"@nl, "lies along"@en .
bag:maaktDeelUitVan a owl:ObjectProperty ; rdfs:label "maakt deel uit van"@nl, "is part of"@en .
begrip:PandInGebruik a skos:Concept ; skos:prefLabel "Pand in gebruik"@nl, "Building in use"@en .
"""

_HOSTILE = (
    """
<http://example.org/vijandig> rdfs:label "<script>alert('x')</script>" ;
  rdfs:comment "\\"><img src=x onerror=alert(1)>"@nl, "bel\\u0007 en \\u202Eomgekeerd" ;
  rdfs:seeAlso <javascript:alert(1)>, <data:text/html,x>, <http://example.org/o'hara&x=1>, <urn:isbn:1> ;
  dct:description "LONG" .
<http://example.org/schema'onclick='alert(1)> rdfs:label "]]></title><script>alert(2)</script>" .
<id/soort/Caf\u00e9> rdfs:label "Caf\u00e9" .
"""
).replace("LONG", "lang " * 2_000)

GRAPHS = {
    NAMES.graph("bag"): _REGISTER + "".join(_ADDRESS.format(number) for number in range(1, 1201)),
    NAMES.graph("bag", "historie"): _HISTORY,
    NAMES.ontology("bag"): _TERMS,
    "http://example.org/graaf": _HOSTILE,
}

RELEASE = Release(
    id="20260102-030405-678",
    audience="open",
    made=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    base=BASE,
    stelsel="0.1.0",
    editions={"bag": "2025-12-08-1"},
    dates={"bag": date(2025, 12, 8)},
    quads=8_500,
    graphs={
        NAMES.graph("bag"): 8_450,
        NAMES.graph("bag", "historie"): 7,
        NAMES.ontology("bag"): 30,
        NAMES.catalogue: 13,
    },
    repeated={},
)


def village() -> MemoryStore:
    """A store that holds the village."""
    store = MemoryStore(release=RELEASE.id)
    return store.load({graph: _PREFIXES + text for graph, text in GRAPHS.items()}, NAMES.root)


_ADDRESS_QUERY = """#+ summary: {nl: Adres bij postcode en huisnummer, en: Address by postcode and house number}
#+ path: /adressen
#+ tags: [bag]
#+ parameters:
#+   postcode: {type: string, required: true, pattern: "[1-9][0-9]{3}[A-Z]{2}", example: 1399ZA}
#+   huisnummer: {type: integer, required: true, minimum: 1, maximum: 99999, example: "7"}
#+   huisletter: {type: string, maxLength: 1}
#+ returns: {adres: {type: iri}, huisnummer: {type: integer}}
#+ most: 100
PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>
SELECT ?adres ?huisnummer WHERE {
  VALUES ?letter { $huisletter }
  ?adres bag:postcode $postcode ; bag:huisnummer $huisnummer, ?huisnummer .
}
"""
_STREET_QUERY = """#+ summary: Alleen Nederlands
#+ path: /straten/{naam}
#+ parameters: {naam: {type: string, required: true, example: "Nieuw/straat"}}
#+ returns: {straat: {type: iri}}
#+ most: 10
PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>
SELECT ?straat WHERE { ?straat bag:naam $naam }
"""


def village_queries(folder: Path) -> tuple[CuratedQuery, ...]:
    """Two curated queries that the village can answer, written to a folder and read from it."""
    (folder / "bag").mkdir()
    (folder / "bag/adres.rq").write_text(_ADDRESS_QUERY, "utf-8")
    (folder / "bag/straat.rq").write_text(_STREET_QUERY, "utf-8")
    return read_all(folder, NAMES.root)
