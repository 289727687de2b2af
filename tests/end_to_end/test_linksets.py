"""Linksets between real registers: all of Weesp in the buurten of Amsterdam, which it became a part of."""

from __future__ import annotations

from datetime import date

import pyoxigraph as ox
import pytest

from stelsel.home import open_home
from stelsel.linking.run import build
from stelsel.loading.run import load
from stelsel.querying.curated import read
from stelsel.settings import read_settings
from stelsel.storing.releases import release_path
from tinylinks import NAMES, amsterdam, edition

HOME = open_home()
BUURTEN = "data/cbs/amsterdam-gebieden/amsterdam_buurten_2024.geojson"
BAG = "http://bag.basisregistraties.overheid.nl/bag/id"

pytestmark = pytest.mark.slow


def loaded(data, register, source):
    settings = read_settings({"data": data, "processes": 2}, {})
    return load(register, [source], home=HOME, settings=settings, accept=False, progress=lambda *_: None).edition


def linked(data, *given):
    outcome = build(data, HOME, NAMES, "open", given)
    store = ox.Store.read_only(str(release_path(data, "open", outcome.release.id) / "oxigraph"))
    return {made.name: made.edition for made in outcome.made}, store


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("weesp")


@pytest.fixture(scope="module")
def bag(data, weesp):
    return loaded(data, "bag", weesp)


@pytest.fixture(scope="module")
def weesp_in_amsterdam(shared, data, bag):
    """The linksets of a release, and its store."""
    return linked(data, bag, edition(data, "cbs", amsterdam(shared / BUURTEN), day=date(2024, 1, 25)))


def asked(store, pattern):
    query = f"""
      PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#> PREFIX def: <def/> PREFIX graph: <graph/>
      PREFIX koppelset: <graph/linkset/> {pattern}"""
    return [[term.value for term in row] for row in store.query(query, base_iri=NAMES.root)]


def test_all_but_one_verblijfsobject_lie_in_a_buurt(weesp_in_amsterdam):
    _, store = weesp_in_amsterdam
    found = asked(store, """SELECT (COUNT(DISTINCT ?vbo) AS ?n) (COUNT(DISTINCT ?buurt) AS ?m) WHERE {
      GRAPH koppelset:adresseerbaar-object-buurt { ?vbo def:ligtInBuurt ?buurt }
      GRAPH graph:bag { ?vbo a bag:Verblijfsobject } }""")  # fmt: skip
    assert found == [["12508", "22"]]


def test_a_buurt_has_as_many_as_were_counted_elsewhere(weesp_in_amsterdam):
    _, store = weesp_in_amsterdam
    assert asked(store, """SELECT (COUNT(*) AS ?n) WHERE {
      GRAPH koppelset:adresseerbaar-object-buurt { ?vbo def:ligtInBuurt <id/regiojaar/2024-BU0363SD03> }
      GRAPH graph:bag { ?vbo a bag:Verblijfsobject } }""") == [["1472"]]  # fmt: skip


def test_the_one_outside_is_listed(weesp_in_amsterdam):
    _, store = weesp_in_amsterdam
    wezen = read(HOME.queries / "linksets/wezen.rq", NAMES.root)
    found = store.query(wezen.bind({"naam": ["adresseerbaar-object-buurt"]}), base_iri=NAMES.root)
    assert [row["object"].value for row in found] == [f"{BAG}/verblijfsobject/0457010000004631"]


def test_coverage_is_in_the_catalogue(weesp_in_amsterdam):
    _, store = weesp_in_amsterdam
    query = read(HOME.queries / "linksets/linksets.rq", NAMES.root)
    rows = {row["naam"].value: row for row in store.query(query.bind({}), base_iri=NAMES.root)}
    row = rows["adresseerbaar-object-buurt"]
    assert [row[name].value for name in ("objectenVan", "gekoppeldVan", "gekoppeldNaar")] == ["12689", "12688", "22"]
    assert rows["pand-buurt"]["gekoppeldVan"].value == "12899"


def test_a_pand_on_a_border_goes_where_most_of_it_is(weesp_in_amsterdam):
    editions, store = weesp_in_amsterdam
    found = asked(store, """SELECT (COUNT(*) AS ?n) (MIN(?aandeel) AS ?m) WHERE {
      GRAPH koppelset:pand-buurt { ?k def:van ?pand ; def:naar ?buurt ; def:aandeel ?aandeel . ?pand def:ligtInBuurt ?buurt } }""")  # fmt: skip
    assert found[0][0] == str(editions["pand-buurt"].tables["from"].mapped)
    assert float(found[0][1]) < 0.5  # the rest of that pand lies in no buurt


def test_weesp_is_a_gemeente_of_cbs_and_of_tooi_where_it_has_ended(shared, data, bag):
    """Of eight gemeenten in the table of 2020 all are in TOOI."""
    tooi = loaded(data, "tooi", shared / "data/tooi/rwc_gemeenten_compleet_5.json")
    cbs = loaded(data, "cbs", shared / "data/cbs/odata-v3-json/84799NED")
    editions, store = linked(data, bag, tooi, cbs)
    (row,) = asked(store, """SELECT ?regio ?organisatie ?einde WHERE {
      GRAPH koppelset:woonplaats-gemeente { <http://bag.basisregistraties.overheid.nl/bag/id/woonplaats/3631> def:ligtInGemeente ?regio }
      GRAPH graph:cbs { ?regio <http://purl.org/dc/terms/isVersionOf> ?altijd }
      GRAPH koppelset:regio-organisatie { ?altijd def:overheidsorganisatie ?organisatie }
      GRAPH koppelset:woonplaats-organisatie { <http://bag.basisregistraties.overheid.nl/bag/id/woonplaats/3631> def:overheidsorganisatie ?organisatie }
      GRAPH graph:tooi { ?organisatie <https://identifier.overheid.nl/tooi/def/ont/einddatum> ?einde } }""")  # fmt: skip
    organisatie = "https://identifier.overheid.nl/tooi/id/gemeente/gm0457"
    assert row == [NAMES.identifier("regiojaar", "2020-GM0457"), organisatie, "2022-03-23"]
    assert editions["regio-organisatie"].tables["from"].read == editions["regio-organisatie"].tables["from"].mapped == 8
