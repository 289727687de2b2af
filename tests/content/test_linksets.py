"""Every linkset that ships: its declaration is in order, and on a village of every register it links what it should."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from stelsel.home import open_home
from stelsel.linking.declarations import FOLDER, linksets, read_linkset
from stelsel.linking.run import build
from stelsel.modelling.ontology import defined_terms
from stelsel.storing.releases import release_path
from tinylinks import NAMES, buurt, edition, square, vorm

HOME = open_home()
EVERY = pytest.mark.parametrize("name", linksets(HOME))

# In metres: two buurten of 100 by 100 beside each other, in 2023 one of 200 by 100, and one that stays what it was.
WEST, EAST, FAR = square(100_000, 400_000), square(100_100, 400_000), square(100_200, 400_000)
CBS = (
    buurt(2023, "BU99900101", "POLYGON ((100000 400000, 100200 400000, 100200 400100, 100000 400100, 100000 400000))")
    + buurt(2023, "BU99900102", FAR)
    + buurt(2024, "BU99900101", WEST, 3)
    + buurt(2024, "BU99900103", EAST, 3)
    + buurt(2024, "BU99900102", FAR, 1)
)
# A gemeente that is gone in 2024, with a woonplaats that was in it.
CBS += buurt(2023, "BU99910101")
BAG = (
    "wpl:9991 a bag:Woonplaats ; def:gemeente gm:gm9991 .\n"
    'wpl:9990 a bag:Woonplaats ; bag:identificatie "9990" ; def:gemeente gm:gm9990 .\n'
    'vbo:9990010000000001 a bag:Verblijfsobject ; bag:identificatie "9990010000000001" '
    + vorm("vbo-1", "POINT (100010 400010)")
    + 'vbo:9990010000000002 a bag:Verblijfsobject ; bag:identificatie "9990010000000002" '
    + vorm("vbo-2", "POINT (100100 400010)")  # on the border: the first by IRI counts
    + 'vbo:9990010000000003 a bag:Verblijfsobject ; bag:identificatie "9990010000000003" '
    + vorm("vbo-3", "POINT (200000 400010)")  # outside
    + 'vbo:9990010000000004 a bag:Verblijfsobject ; bag:identificatie "9990010000000004" .\n'  # without a geometry
    + "".join(
        f'vbo:999001000000010{n} a bag:Verblijfsobject ; bag:identificatie "999001000000010{n}" '
        + vorm(f"vbo-10{n}", f"POINT (100{220 + n} 400010)")
        for n in range(10)
    )
    + "".join(
        f'vbo:999001000000020{n} a bag:Verblijfsobject ; bag:identificatie "999001000000020{n}" '
        + vorm(f"vbo-20{n}", f"POINT (100{220 + n} 400020)")
        for n in range(10)
    )
    + "<http://bag.basisregistraties.overheid.nl/bag/id/ligplaats/9990020000000001> a bag:Ligplaats "
    + vorm("lig-1", square(100_090, 400_040, 14))  # four tenths of it in the east; its middle in the west
    + 'pand:9990100000000001 a bag:Pand ; bag:identificatie "9990100000000001" '
    + vorm("pand-1", square(100_095, 400_000, 20))  # a quarter in the west
)  # fmt: skip
LABELS = """
label:1 a def:Energielabel ; def:bagIdentificatie "9990010000000001" ; def:registratiedatum "2015-01-01"^^xsd:date ; def:geldigTot "2025-01-01"^^xsd:date .
label:2 a def:Energielabel ; def:bagIdentificatie "9990010000000001" ; def:registratiedatum "2020-01-01"^^xsd:date ; def:geldigTot "2030-01-01"^^xsd:date .
label:3 a def:Energielabel ; def:bagIdentificatie "9990010000000001" ; def:registratiedatum "2021-01-01"^^xsd:date ; def:geldigTot "2024-05-31"^^xsd:date .
label:4 a def:Energielabel ; def:bagIdentificatie "9990010000000002" ; def:registratiedatum "2014-01-01"^^xsd:date ; def:geldigTot "2024-01-01"^^xsd:date .
label:5 a def:Energielabel ; def:bagIdentificatie "9990010000000009" ; def:registratiedatum "2014-01-01"^^xsd:date ; def:geldigTot "2034-01-01"^^xsd:date .
label:6 a def:Energielabel ; def:bagIdentificatie "9990100000000001" ; def:registratiedatum "2020-01-01"^^xsd:date ; def:geldigTot "2030-01-01"^^xsd:date .
label:7 a def:Energielabel ; def:bagIdentificatie "9990100000000001" ; def:registratiedatum "2020-01-01"^^xsd:date ; def:geldigTot "2024-06-01"^^xsd:date .
"""
TOOI = "gm:gm9990 a tooiont:Gemeente . gm:gm9991 a tooiont:Gemeente . gm:gm0457 a tooiont:Gemeente ."
BRK = (
    'perceel:1 a brk:Perceel ; def:kadastraleAanduiding "WDM01 A 1" '
    + vorm("perceel-1", WEST)
    + 'perceel:2 a brk:Perceel ; def:kadastraleAanduiding "WDM01 A 2" '
    + vorm("perceel-2", EAST)
)
BRK_PB = """
<id/beperking/1> a def:Beperking ; def:kadastraleAanduiding "WDM01 A 1" , "WDM01 A 2" , "WDM01 A 3 A1" ; geo:hasGeometry <id/geometrie/niet> .
<id/beperking/2> a def:Beperking ; def:kadastraleAanduiding "WDM01 A 1" ; nen3610:eindGeldigheid "2024-01-01"^^xsd:date .
<id/beperking/3> a def:Beperking """ + vorm("beperking-3", square(100_050, 400_000))
REGISTERS = {"bag": BAG, "cbs": CBS, "ep-online": LABELS, "tooi": TOOI, "brk": BRK, "brk-pb": BRK_PB}

VBO, PAND = "verblijfsobject/999001000000000", "pand/9990100000000001"
FAR_AWAY = {f"verblijfsobject/9990010000000{n}" for n in (*range(100, 110), *range(200, 210))}
LINKS = {
    "adresseerbaar-object-buurt": {
        (what, "ligtIn" + kind, region)
        for kind, code in (("Buurt", "BU999001"), ("Wijk", "WK999001"), ("Gemeente", "GM9990"))
        for what, number in [
            *((far, "02") for far in FAR_AWAY), (f"{VBO}1", "01"), (f"{VBO}2", "01"), ("ligplaats/9990020000000001", "01"),
        ]
        for region in [f"regiojaar/2024-{code}{number if kind == 'Buurt' else ''}"]
    },
    "pand-buurt": {
        (PAND, "ligtInBuurt", "regiojaar/2024-BU99900103"), (PAND, "ligtInWijk", "regiojaar/2024-WK999001"),
        (PAND, "ligtInGemeente", "regiojaar/2024-GM9990"),
    },
    "pand-perceel": {(PAND, "staatOp", "perceel/1"), (PAND, "staatOp", "perceel/2")},
    "verblijfsobject-perceel": {(f"{VBO}1", "ligtOp", "perceel/1"), (f"{VBO}2", "ligtOp", "perceel/1")},
    "energielabel-object": {
        *((f"energielabel/{n}", "isLabelVan", f"{VBO}1") for n in "123"),
        ("energielabel/4", "isLabelVan", f"{VBO}2"),
        *((f"energielabel/{n}", "isLabelVan", PAND) for n in "67"),
    },
    "object-energielabel": {
        (f"{VBO}1", "actueelEnergielabel", "energielabel/2"), (PAND, "actueelEnergielabel", "energielabel/6"),
    },
    "woonplaats-organisatie": {
        (f"woonplaats/{code}", "overheidsorganisatie", f"gemeente/gm{code}") for code in ("9990", "9991")
    },
    "woonplaats-gemeente": {
        ("woonplaats/9990", "ligtInGemeente", "regiojaar/2024-GM9990"),
        ("woonplaats/9991", "ligtInGemeente", "regiojaar/2023-GM9991"),
    },
    "regio-organisatie": {
        (f"regio/GM{code}", "overheidsorganisatie", f"gemeente/gm{code}") for code in ("9990", "9991")
    },
    "buurt-opvolger": {("regiojaar/2023-BU99900102", "opvolger", "regiojaar/2024-BU99900102")},
    "buurt-hertekend": {
        ("regiojaar/2023-BU99900101", "opvolger", f"regiojaar/2024-BU9990010{n}") for n in "13"
    },
    "beperking-perceel": {("beperking/1", "rustOp", "perceel/1"), ("beperking/1", "rustOp", "perceel/2")},
    "beperking-gebied": {("beperking/3", "rustOp", "perceel/1"), ("beperking/3", "rustOp", "perceel/2")},
}  # fmt: skip
ORPHANS = {
    "adresseerbaar-object-buurt": {f"{VBO}3", f"{VBO}4"},
    "verblijfsobject-perceel": {f"{VBO}3", f"{VBO}4", *FAR_AWAY},
    "energielabel-object": {"energielabel/5"},
    "object-energielabel": {f"{VBO}2"},
    "buurt-opvolger": {"regiojaar/2023-BU99900101", "regiojaar/2023-BU99910101"},
    "buurt-hertekend": {"regiojaar/2023-BU99910101"},
}
SHARES = {
    "pand-buurt": [0.75],
    "pand-perceel": [0.25, 0.75],
    "buurt-hertekend": [0.5, 0.5],
    "beperking-gebied": [0.5, 0.5],
}


@pytest.fixture(scope="module")
def village(tmp_path_factory):
    """A release of all registers; each linkset's counts, and the store."""
    data = tmp_path_factory.mktemp("village")
    editions = [edition(data, register, turtle) for register, turtle in REGISTERS.items()]
    outcome = build(data, HOME, NAMES, "open", editions)
    assert outcome.left_out == {}
    path = release_path(data, "open", outcome.release.id)
    return {made.name: made.edition for made in outcome.made}, ox.Store.read_only(str(path / "oxigraph"))


def short(term):
    return "/".join(term.value.split("/")[-2:])


def asked(store, name, pattern):
    query = f"PREFIX def: <def/> SELECT * WHERE {{ GRAPH <graph/linkset/{name}> {{ {pattern} }} }}"
    return list(store.query(query, base_iri=NAMES.root))


@EVERY
def test_a_linkset_links_what_it_should(name, village):
    _, store = village
    found = {
        (short(row["s"]), row["p"].value.rsplit("/", 1)[1], short(row["o"]))
        for row in asked(
            store, name, "?s ?p ?o FILTER NOT EXISTS { ?s a def:Koppeling } FILTER(?p != def:zonderKoppeling)"
        )
    }
    assert found == LINKS[name]


@EVERY
def test_what_has_no_link_is_an_orphan_and_counted(name, village):
    editions, store = village
    orphans = {short(row["o"]) for row in asked(store, name, f"?o def:zonderKoppeling <graph/linkset/{name}>")}
    assert orphans == ORPHANS.get(name, set())
    counted = editions[name].tables["from"]
    assert counted.read - counted.mapped == len(orphans)


@EVERY
def test_a_link_by_overlap_has_its_share(name, village):
    _, store = village
    rows = asked(store, name, "?k a def:Koppeling ; def:van ?van ; def:naar ?naar ; def:aandeel ?aandeel")
    assert sorted(float(row["aandeel"].value) for row in rows) == SHARES.get(name, [])
    assert {(short(row["van"]), short(row["naar"])) for row in rows} <= {(s, o) for s, _, o in LINKS[name]}


@EVERY
def test_the_catalogue_says_who_answers_for_it_and_what_it_used(name, village):
    editions, store = village
    used = editions[name].used
    query = f"""
      PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/> PREFIX def: <def/>
      PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX void: <http://rdfs.org/ns/void#>
      SELECT DISTINCT ?gebruikt WHERE {{ GRAPH <graph/catalogus> {{
        <graph/linkset/{name}> a void:Linkset ; void:subjectsTarget ?van ; void:objectsTarget ?naar ; void:linkPredicate ?p ;
          void:triples ?triples ; def:methode ?methode ; dct:isVersionOf ?dataset .
        ?dataset a dcat:Dataset ; dct:publisher ?eigenaar ; dct:title ?titel ; dcat:hasCurrentVersion ?editie .
        ?editie dct:hasPart <graph/linkset/{name}> ; def:koppelingen ?n ; def:dekkingVan ?d ; def:meerduidig ?m ;
          prov:wasGeneratedBy ?gang . ?gang prov:used ?gebruikt .
      }} }}"""
    found = {row["gebruikt"].value for row in store.query(query, base_iri=NAMES.root)}
    assert found == {NAMES.identifier("editie", f"{register}-{identity}") for register, identity in used.items()}


@EVERY
def test_its_properties_are_described_and_its_owner_is_in_tooi(name):
    linkset = read_linkset(HOME, NAMES, name)
    assert linkset.links.keys() <= defined_terms(HOME.ontologies.glob("*.ttl"), NAMES.root)
    assert linkset.owner.startswith("https://identifier.overheid.nl/tooi/id/")


def test_every_query_is_used_and_every_linkset_is_in_the_manual():
    folder = HOME.loaders / FOLDER
    found = [read_linkset(HOME, NAMES, name) for name in linksets(HOME)]
    assert {side.query for linkset in found for side in (linkset.source, linkset.target)} == {
        file.name for file in folder.glob("*.rq")
    }
    manual = (folder / "README.md").read_text("utf-8")
    assert [linkset.name for linkset in found if f"`{linkset.name}`" not in manual] == []
