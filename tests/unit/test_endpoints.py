"""The curated BAG queries as endpoints, on a few objects with what makes the BAG hard."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import httpx2
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes import MemoryStore
from stelsel.errors import Busy, Truncated
from stelsel.home import open_home
from stelsel.names import Names
from stelsel.querying.curated import read_all
from stelsel.serving.asking import Desk
from stelsel.serving.buckets import Buckets
from stelsel.serving.cache import ResultCache
from stelsel.serving.endpoints import Api
from stelsel.serving.limits import Budget, Budgets
from stelsel.serving.reception import Reception, unattended
from stelsel.serving.running import Queries
from stelsel.settings import read_settings
from stelsel.storing.releases import Release

BASE = "http://localhost:8000"
NAMES = Names(BASE)
BAG = "http://bag.basisregistraties.overheid.nl/bag/id"
BEGRIP = "http://bag.basisregistraties.overheid.nl/id/begrip"
QUERIES = read_all(open_home().queries, NAMES.root)
RELEASE = Release(
    id="20260101-000000-000",
    audience="open",
    made=datetime(2026, 1, 1, tzinfo=UTC),
    base=BASE,
    stelsel="0.1.0",
    editions={"bag": "2025-12-08-abcdef01"},
    dates={"bag": date(2025, 12, 8)},
    quads=1,
    graphs={},
    repeated={},
)
PREFIXES = """
PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>
PREFIX begrip: <http://bag.basisregistraties.overheid.nl/id/begrip/>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX def: <def/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX nen3610: <http://modellen.geostandaarden.nl/def/nen3610#>
PREFIX num: <http://bag.basisregistraties.overheid.nl/bag/id/nummeraanduiding/>
PREFIX opr: <http://bag.basisregistraties.overheid.nl/bag/id/openbare-ruimte/>
PREFIX pand: <http://bag.basisregistraties.overheid.nl/bag/id/pand/>
PREFIX vbo: <http://bag.basisregistraties.overheid.nl/bag/id/verblijfsobject/>
PREFIX voorkomen: <id/voorkomen/>
PREFIX wpl: <http://bag.basisregistraties.overheid.nl/bag/id/woonplaats/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
# Three verblijfsobjecten: one in two panden with a side address, two in one pand. One address lies in another town.
NOW = """
wpl:9901 a bag:Woonplaats ; bag:naam "Wadermeer" ; def:gemeente <https://identifier.overheid.nl/tooi/id/gemeente/gm9990> .
wpl:9902 a bag:Woonplaats ; bag:naam "Helmwier" .
opr:9990300000000001 a bag:OpenbareRuimte ; bag:naam "Kade" ; bag:identificatie "9990300000000001" ; bag:type begrip:Weg ;
  bag:status begrip:NaamgevingUitgegeven ; bag:ligtIn wpl:9901 .
opr:9990300000000002 a bag:OpenbareRuimte ; bag:naam "Kade" ; bag:identificatie "9990300000000002" ; bag:type begrip:Weg ;
  bag:status begrip:NaamgevingUitgegeven ; bag:ligtIn wpl:9902 .
num:9990200000000001 bag:identificatie "9990200000000001" ; bag:status begrip:NaamgevingUitgegeven ; bag:huisnummer 1 ;
  bag:postcode "9000AA" ; bag:ligtAan opr:9990300000000001 .
num:9990200000000002 bag:identificatie "9990200000000002" ; bag:status begrip:NaamgevingUitgegeven ; bag:huisnummer 1 ;
  bag:huisletter "a" ; bag:postcode "9000AA" ; bag:ligtAan opr:9990300000000001 .
num:9990200000000003 bag:identificatie "9990200000000003" ; bag:status begrip:NaamgevingUitgegeven ; bag:huisnummer 1 ;
  bag:huisletter "B" ; bag:huisnummertoevoeging "bis" ; bag:postcode "9000AA" ; bag:ligtAan opr:9990300000000001 ; bag:ligtIn wpl:9902 .
num:9990200000000004 bag:identificatie "9990200000000004" ; bag:status begrip:NaamgevingIngetrokken ; bag:huisnummer 1 ;
  bag:postcode "9000AA" ; bag:ligtAan opr:9990300000000001 .
num:9990200000000005 bag:identificatie "9990200000000005" ; bag:status begrip:NaamgevingUitgegeven ; bag:huisnummer 3 ;
  bag:postcode "9000AA" ; bag:ligtAan opr:9990300000000001 .
vbo:9990010000000001 a bag:Verblijfsobject ; bag:identificatie "9990010000000001" ; bag:status begrip:VerblijfsobjectInGebruik ;
  bag:oppervlakte 80 ; bag:gebruiksdoel begrip:Woonfunctie, begrip:Winkelfunctie ; bag:hoofdadres num:9990200000000001 ;
  bag:nevenadres num:9990200000000005 ; bag:maaktDeelUitVan pand:9990100000000001, pand:9990100000000002 ;
  bag:inOnderzoek bag:oppervlakte ; nen3610:beginGeldigheid "2010-06-01"^^xsd:date ; geo:hasGeometry <id/geometrie/vbo> .
<id/geometrie/vbo> geo:asWKT "POINT (5 52)"^^geo:wktLiteral .
vbo:9990010000000002 a bag:Verblijfsobject ; bag:identificatie "9990010000000002" ; bag:status begrip:VerblijfsobjectInGebruik ;
  bag:oppervlakte 40 ; bag:gebruiksdoel begrip:Woonfunctie ; bag:hoofdadres num:9990200000000002 ;
  bag:maaktDeelUitVan pand:9990100000000001 ; nen3610:beginGeldigheid "2010-06-01"^^xsd:date .
vbo:9990010000000003 a bag:Verblijfsobject ; bag:identificatie "9990010000000003" ; bag:status begrip:VerblijfsobjectInGebruik ;
  bag:oppervlakte 120 ; bag:gebruiksdoel begrip:Woonfunctie ; bag:hoofdadres num:9990200000000003 ;
  bag:maaktDeelUitVan pand:9990100000000001 ; nen3610:beginGeldigheid "2010-06-01"^^xsd:date .
pand:9990100000000001 a bag:Pand ; bag:identificatie "9990100000000001" ; bag:oorspronkelijkBouwjaar "1931"^^xsd:gYear ;
  bag:status begrip:PandInGebruik ; nen3610:beginGeldigheid "2015-01-01"^^xsd:date ; nen3610:eindGeldigheid "2099-01-01"^^xsd:date .
pand:9990100000000002 a bag:Pand ; bag:identificatie "9990100000000002" ; bag:oorspronkelijkBouwjaar "1980"^^xsd:gYear ;
  bag:status begrip:PandInGebruik ; nen3610:beginGeldigheid "2010-06-01"^^xsd:date .
"""
# Voorkomen 1 says 1913, which is corrected (voorkomen 2, 1931) in 2012. In 2014 it is registered that 2 ends and 3 begins
# on 2015-01-01; in 2020 that 3 ends on 2099-01-01.
HISTORY = """
voorkomen:pand-9990100000000001-1 a bag:Voorkomen ; dct:isVersionOf pand:9990100000000001 ; def:voorkomenidentificatie 1 ;
  bag:oorspronkelijkBouwjaar "1913"^^xsd:gYear ; bag:status begrip:PandInGebruik ; bag:documentnummer "D1" ;
  bag:documentdatum "2010-06-01"^^xsd:date ; nen3610:beginGeldigheid "2010-06-01"^^xsd:date ;
  nen3610:tijdstipRegistratie "2010-06-03T09:00:00"^^xsd:dateTime ; def:tijdstipInactief "2012-03-01T10:00:00"^^xsd:dateTime .
voorkomen:pand-9990100000000001-2 a bag:Voorkomen ; dct:isVersionOf pand:9990100000000001 ; def:voorkomenidentificatie 2 ;
  bag:oorspronkelijkBouwjaar "1931"^^xsd:gYear ; bag:status begrip:PandInGebruik ; bag:documentnummer "D2" ;
  bag:documentdatum "2012-03-01"^^xsd:date ; nen3610:beginGeldigheid "2010-06-01"^^xsd:date ;
  nen3610:tijdstipRegistratie "2012-03-01T10:00:00"^^xsd:dateTime ; nen3610:eindGeldigheid "2015-01-01"^^xsd:date ;
  nen3610:eindRegistratie "2014-12-15T08:00:00"^^xsd:dateTime .
voorkomen:pand-9990100000000001-3 a bag:Voorkomen ; dct:isVersionOf pand:9990100000000001 ; def:voorkomenidentificatie 3 ;
  bag:oorspronkelijkBouwjaar "1931"^^xsd:gYear ; bag:status begrip:VerbouwingPand ; bag:documentnummer "D3" ;
  bag:documentdatum "2014-12-15"^^xsd:date ; nen3610:beginGeldigheid "2015-01-01"^^xsd:date ;
  nen3610:tijdstipRegistratie "2014-12-15T08:00:00"^^xsd:dateTime ; nen3610:eindGeldigheid "2099-01-01"^^xsd:date ;
  nen3610:eindRegistratie "2020-05-05T08:00:00"^^xsd:dateTime .
"""


@pytest.fixture(scope="module")
def store():
    graphs = {NAMES.graph("bag"): PREFIXES + NOW, NAMES.graph("bag", "historie"): PREFIXES + HISTORY}
    return MemoryStore().load(graphs, NAMES.root)


def desk_of(store, reception=None, cache=None):
    return Desk(store, read_settings({"query_seconds": 5}, {}), reception or unattended(), cache)


def api_of(store, release=RELEASE):
    return Api(desk_of(store), NAMES, QUERIES, lambda: release)


@pytest.fixture(scope="module")
def client(store):
    return TestClient(api_of(store), base_url=BASE, follow_redirects=False)


def get(client, address):
    answer = client.get(f"/api/v1{address}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def detail(client, address, status):
    answer = client.get(f"/api/v1{address}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.headers["api-version"] == "1.0.0"
    return answer.json()["detail"]


def test_an_address_has_all_that_people_ask_of_it(client):
    [found] = [
        item for item in get(client, "/adressen?postcode=9000AA&huisnummer=1")["items"] if "huisletter" not in item
    ]
    assert found == {
        "nummeraanduiding": f"{BAG}/nummeraanduiding/9990200000000001",
        "identificatie": "9990200000000001",
        "straat": "Kade",
        "huisnummer": 1,
        "postcode": "9000AA",
        "woonplaats": "Wadermeer",
        "gemeente": "https://identifier.overheid.nl/tooi/id/gemeente/gm9990",
        "soortAdres": "hoofdadres",
        "adresseerbaarObject": f"{BAG}/verblijfsobject/9990010000000001",
        "status": f"{BEGRIP}/VerblijfsobjectInGebruik",
        "oppervlakte": 80,
        "gebruiksdoelen": found["gebruiksdoelen"],
        "panden": found["panden"],
        "bouwjaren": found["bouwjaren"],
    }
    assert sorted(found["gebruiksdoelen"]) == [f"{BEGRIP}/Winkelfunctie", f"{BEGRIP}/Woonfunctie"]
    assert sorted(found["panden"]) == [f"{BAG}/pand/9990100000000001", f"{BAG}/pand/9990100000000002"]
    assert sorted(found["bouwjaren"]) == [1931, 1980]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", ["9990200000000001", "9990200000000002", "9990200000000003"]),
        ("&huisletter=A", ["9990200000000002"]),
        ("&huisletter=b&huisnummertoevoeging=BIS", ["9990200000000003"]),
        ("&huisletter=c", []),
        ("&huisnummertoevoeging=bis", ["9990200000000003"]),
    ],
)
def test_a_letter_and_an_addition_narrow_the_addresses_down(client, more, found):
    items = get(client, f"/adressen?postcode=9000AA&huisnummer=1{more}")["items"]
    assert sorted(item["identificatie"] for item in items) == found


def test_a_withdrawn_address_is_no_address(client):
    items = get(client, "/adressen?postcode=9000AA&huisnummer=1")["items"]
    assert "9990200000000004" not in {item["identificatie"] for item in items}


def test_an_address_that_says_its_own_town_lies_there(client):
    [item] = get(client, "/adressen?postcode=9000AA&huisnummer=1&huisletter=B")["items"]
    assert item["woonplaats"] == "Helmwier"
    assert "gemeente" not in item


def test_a_side_address_is_told_from_a_main_one(client):
    [item] = get(client, "/adressen?postcode=9000AA&huisnummer=3")["items"]
    assert (item["soortAdres"], item["adresseerbaarObject"][-16:]) == ("nevenadres", "9990010000000001")


def test_a_verblijfsobject_is_one_object_with_lists(client):
    found = get(client, "/verblijfsobjecten/9990010000000001")
    assert found["oppervlakte"] == 80
    assert len(found["panden"]) == len(found["gebruiksdoelen"]) == 2
    assert found["nevenadressen"] == [f"{BAG}/nummeraanduiding/9990200000000005"]
    assert found["inOnderzoek"] == ["http://bag.basisregistraties.overheid.nl/def/bag#oppervlakte"]
    assert found["geometrie"] == "POINT (5 52)"
    assert found["beginGeldigheid"] == "2010-06-01"


def test_a_pand_has_its_verblijfsobjecten_and_an_end_in_the_future(client):
    found = get(client, "/panden/9990100000000001")
    assert [iri[-1] for iri in found["verblijfsobjecten"]] == ["1", "2", "3"]
    assert (found["bouwjaar"], found["eindGeldigheid"]) == (1931, "2099-01-01")


def test_the_verblijfsobjecten_of_a_pand_have_addresses_and_a_smallest_size(client):
    items = get(client, "/panden/9990100000000001/verblijfsobjecten?minimum=80")["items"]
    assert [(item["oppervlakte"], item["straat"], item["postcode"]) for item in items] == [
        (80, "Kade", "9000AA"),
        (120, "Kade", "9000AA"),
    ]
    assert len(items[0]["gebruiksdoelen"]) == 2


def test_pages_follow_one_another_until_all_is_seen(client):
    address, seen = "/panden/9990100000000001/verblijfsobjecten?aantal=1", []
    while address:
        answer = client.get(f"/api/v1{address}")
        found = answer.json()
        seen += [item["identificatie"][-1] for item in found["items"]]
        following = found["_links"].get("next", {}).get("href", "")
        assert (f'<{following}>; rel="next"' in answer.headers["link"]) == bool(following)
        address = following.removeprefix(f"{BASE}/api/v1")
    assert seen == ["1", "2", "3"]


@pytest.mark.parametrize("format", ["csv", "srj"])
def test_a_page_is_the_same_in_every_format(client, format):
    address = "/api/v1/openbare-ruimten/9990300000000001/adressen?aantal=2"
    answer = client.get(f"{address}&f={format}")
    for item in client.get(address).json()["items"]:
        assert item["identificatie"] in answer.text
    assert "9990200000000003" not in answer.text
    assert 'rel="next"' in answer.headers["link"]


def test_everything_in_a_street_has_what_lies_there(client):
    items = get(client, "/openbare-ruimten/9990300000000001/adressen")["items"]
    assert [item["identificatie"][-1] for item in items] == ["1", "2", "3", "4", "5"]
    assert len(items[0]["panden"]) == 2
    assert items[3]["adresseerbareObjecten"] == []


@pytest.mark.parametrize(
    ("more", "towns"),
    [
        ("", ["Helmwier", "Wadermeer"]),
        ("&woonplaats=Helmwier", ["Helmwier"]),
        ("&woonplaats=Helmwier&woonplaats=Wadermeer", ["Helmwier", "Wadermeer"]),
    ],
)
def test_streets_of_a_name_are_found_in_each_town_that_is_asked(client, more, towns):
    assert [item["woonplaats"] for item in get(client, f"/openbare-ruimten?naam=Kade{more}")["items"]] == towns


def test_the_history_of_a_pand_holds_what_was_corrected(client):
    items = get(client, "/panden/9990100000000001/geschiedenis")["items"]
    assert [(item["voorkomenidentificatie"], item["bouwjaar"]) for item in items] == [(1, 1913), (2, 1931), (3, 1931)]
    assert items[0]["tijdstipInactief"] == "2012-03-01T10:00:00"


@pytest.mark.parametrize(
    ("held", "known", "voorkomen", "end"),
    [
        ("2011-01-01", "2011-01-01T00:00:00", 1, None),
        ("2011-01-01", "2012-03-01T09:59:59", 1, None),
        ("2011-01-01", "2012-03-01T10:00:00", 2, None),
        ("2011-01-01", "2014-12-15T08:00:00", 2, "2015-01-01"),
        ("2014-12-31", None, 2, "2015-01-01"),
        # Before 2014-12-15 nobody knew that it would end: what was known then still held in 2016.
        ("2016-01-01", "2014-01-01T00:00:00", 2, None),
        ("2015-01-01", "2014-12-15T08:00:00", 3, None),
        ("2015-01-01", None, 3, "2099-01-01"),
        ("2098-12-31", None, 3, "2099-01-01"),
    ],
)
def test_a_pand_as_it_was_known_at_one_moment_and_held_on_another(client, held, known, voorkomen, end):
    found = get(client, f"/panden/9990100000000001/toestand?peildatum={held}" + (f"&bekendOp={known}" if known else ""))
    assert (found["voorkomenidentificatie"], found.get("eindGeldigheid")) == (voorkomen, end)


@pytest.mark.parametrize(
    "more", ["peildatum=2010-05-31", "peildatum=2011-01-01&bekendOp=2010-06-03T08:59:59", "peildatum=2099-01-01"]
)
def test_a_pand_that_was_not_there_or_not_known_is_not_found(client, more):
    assert "register bag, edition 2025-12-08-abcdef01" in detail(
        client, f"/panden/9990100000000001/toestand?{more}", 404
    )


@pytest.mark.parametrize(
    "address",
    [
        "/panden/9990100000000009",
        "/panden/9990100000000009/verblijfsobjecten",
        "/panden/9990100000000009/geschiedenis",
        "/openbare-ruimten/9990300000000009/adressen",
    ],
)
def test_an_unknown_identifier_names_the_register_and_its_edition(client, address):
    assert "register bag, edition 2025-12-08-abcdef01" in detail(client, address, 404)


def test_nothing_to_tell_of_a_known_thing_is_an_empty_list(client):
    assert get(client, "/panden/9990100000000002/verblijfsobjecten?minimum=1000")["items"] == []


def test_a_register_that_is_not_loaded_is_said_not_to_be(store):
    client = TestClient(api_of(store, RELEASE.model_copy(update={"editions": {}})), base_url=BASE)
    assert "bag, which is not loaded" in detail(client, "/panden/9990100000000009", 404)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/adressen", "postcode is required, such as postcode=9000AA; parameter huisnummer is required"),
        ("/adressen?postcode=9000AA&huisnumer=1", "did you mean huisnummer?"),
        ("/adressen?postcode=9000aa&huisnummer=1", "postcode: '9000aa' does not fit"),
        ("/adressen?postcode=9000AA&huisnummer=0", "huisnummer: 0 is less than 1"),
        ("/adressen?postcode=9000AA&huisnummer=1&huisnummer=2", "huisnummer is given 2 times"),
        ("/adressen?postcode=9000AA&huisnummer=1&f=csv&f=json", "f is given 2 times"),
        ("/adressen?postcode=%ff&huisnummer=1", "not percent-encoded UTF-8"),
        ("/adressen?postcode", "cannot be read"),
        ("/panden/0", "identificatie: '0' does not fit"),
        ("/panden/9990100000000001?identificatie=9990100000000002", "no parameter identificatie"),
        ("/panden/9990100000000001/toestand?peildatum=2011-02-30", "peildatum: '2011-02-30' is not a date"),
        ("/panden/9990100000000001/toestand?peildatum=2011-02-01&bekendOp=2011-02-01T00:00:00Z", "bekendOp: "),
        ("/panden/9990100000000001/verblijfsobjecten?aantal=1001", "aantal: 1001 is more than 1000"),
        ("/openbare-ruimten?naam=a%00b", "naam: has a character that cannot be printed"),
        ("/openbare-ruimten?naam=" + "a" * 40_000, "naam: is 40000 characters long"),
    ],
)
def test_a_wrong_parameter_is_named(client, address, said):
    assert said in detail(client, address, 400)


@pytest.mark.parametrize(
    "address", ["/panden/9990100000000001/", "/panden", "/", "/bestaat-niet", "/adressen/?postcode=9000AA&huisnummer=1"]
)
def test_an_address_that_is_none_is_not_found(client, address):
    assert "there is no endpoint" in detail(client, address, 404).lower()


def test_a_format_that_is_not_offered_is_refused(client):
    assert "json, csv, srj" in detail(client, "/panden/9990100000000001?f=xlsx", 406)
    answer = client.get("/api/v1/panden/9990100000000001", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("application/sparql-results+json", "application/sparql-results+json"),
    ],
)
def test_the_format_follows_the_accept_header(client, accept, media_type):
    answer = client.get("/api/v1/panden/9990100000000001", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert "accept" in answer.headers["vary"].lower()


def test_csv_has_a_line_an_item(client):
    lines = client.get("/api/v1/verblijfsobjecten/9990010000000001?f=csv").text.splitlines()
    assert lines[0].startswith("verblijfsobject,identificatie,status")
    assert len(lines) == 2


def test_an_etag_spares_the_engine_the_question(client, store):
    address = "/api/v1/panden/9990100000000001"
    first = client.get(address)
    asked = len(store.questions)
    again = client.get(address, headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert len(store.questions) == asked


def test_an_etag_belongs_to_release_question_and_format(store, client):
    other = TestClient(api_of(store, RELEASE.model_copy(update={"id": "20260102-000000-000"})), base_url=BASE)
    address = "/api/v1/panden/9990100000000001"
    answers = [client.get(address), client.get(f"{address}?f=csv"), client.get(address[:-1] + "2"), other.get(address)]
    assert len({answer.headers["etag"] for answer in answers}) == 4


def test_head_says_the_same_without_a_body(client):
    address = "/api/v1/panden/9990100000000001"
    head, whole = client.head(address), client.get(address)
    assert (head.status_code, head.content, dict(head.headers)) == (200, b"", dict(whole.headers))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_an_endpoint_is_only_read(client, method):
    answer = client.request(method, "/api/v1/panden/9990100000000001")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_origin_may_read(client):
    answer = client.options("/api/v1/adressen")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert client.get("/api/v1/openapi.json").headers["access-control-allow-origin"] == "*"


def test_what_the_store_says_is_passed_on():
    failing = MemoryStore(fails=Busy("every worker is busy", retry_after=3))
    answer = TestClient(api_of(failing), base_url=BASE).get("/api/v1/panden/9990100000000001")
    assert (answer.status_code, answer.headers["retry-after"], answer.headers["api-version"]) == (503, "3", "1.0.0")


def conversation(api, *requests):
    """The answers to requests, (address, headers), one after another in one event loop."""

    async def talk():
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url=BASE) as client:
            return [await client.get(f"/api/v1{address}", headers=headers) for address, headers in requests]

    return asyncio.run(talk())


def with_budget(seconds):
    """A reception that knows one client, who has so many seconds of query time a minute."""
    budgets = Budgets(Buckets(), anyone=Budget(seconds), known=Budget(0))
    queries = Queries(lambda ended: budgets.charge(ended.query.within.client, ended.held))
    return Reception(
        queries, lambda _: "192.0.2.1", budgets.admit, budgets.standing, budgets.charge, unfit=lambda _: None
    )


def test_an_endpoint_spends_the_budget_of_its_client_and_says_how_it_stands(store):
    api = Api(desk_of(store, with_budget(0.01)), NAMES, QUERIES, lambda: RELEASE)
    addresses = [f"/panden/999010000000000{n}" for n in (1, 2, 1)]
    answers = conversation(api, *((address, {}) for address in addresses))
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) >= 50
    assert answers[2].json()["type"].endswith("budget-spent")
    assert all(answer.headers["ratelimit"].startswith('"query-time";r=') for answer in answers)


def test_what_cannot_be_asked_costs_nothing_and_says_how_the_budget_stands(store):
    api = Api(desk_of(store, with_budget(0.01)), NAMES, QUERIES, lambda: RELEASE)
    wrong = [("/panden/nothing", {})] * 5
    answers = conversation(api, *wrong, ("/panden/9990100000000001", {}))
    assert [answer.status_code for answer in answers] == [400] * 5 + [200]
    assert answers[0].headers["ratelimit-remaining"] == "0"  # whole seconds
    assert answers[0].headers["ratelimit-policy"].startswith('"query-time";q=0;w=120')


@pytest.fixture
def cache(tmp_path):
    kept = ResultCache(tmp_path / "results", 2_000_000)
    yield kept
    asyncio.run(kept.close())


def test_a_question_that_was_asked_before_costs_no_worker_and_no_budget(store, cache):
    api = Api(desk_of(store, with_budget(0.01), cache), NAMES, QUERIES, lambda: RELEASE)
    address = "/panden/9990100000000001"
    asked = len(store.questions)
    first, *others = conversation(api, *[(address, {})] * 5, (f"{address}?f=csv", {}))
    assert {answer.status_code for answer in others} == {200}
    assert others[0].content == first.content
    assert others[-1].text.startswith("pand,")
    assert len(store.questions) == asked + 1


def test_that_something_is_not_there_is_remembered_too(store, cache):
    api = Api(desk_of(store, None, cache), NAMES, QUERIES, lambda: RELEASE)
    asked = len(store.questions)
    answers = conversation(api, *[("/panden/9990100000009999/verblijfsobjecten", {})] * 3)
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len(store.questions) == asked + 2  # the question itself, and whether there is such a thing


def test_another_release_is_asked_again(store, cache):
    address = ("/panden/9990100000000001", {})
    api = Api(desk_of(store, None, cache), NAMES, QUERIES, lambda: RELEASE)
    later = replace(store, release="20260102-000000-000", questions=[])
    conversation(api, address)
    conversation(Api(desk_of(later, None, cache), NAMES, QUERIES, lambda: RELEASE), address)
    assert len(later.questions) == 1


def test_a_star_is_owed_an_answer_until_there_was_one(store):
    api = Api(desk_of(store), NAMES, QUERIES, lambda: RELEASE)
    any_tag = {"if-none-match": "*"}
    there, missing = "/panden/9990100000000001", "/panden/9990100000009999"
    answers = conversation(api, (there, any_tag), (there, any_tag), (missing, any_tag), (missing, any_tag))
    assert [answer.status_code for answer in answers] == [200, 304, 404, 404]


def test_a_date_that_is_the_release_s_own_is_as_good_as_a_tag(store):
    api = Api(desk_of(store), NAMES, QUERIES, lambda: RELEASE)
    address = "/panden/9990100000000001"
    (first,) = conversation(api, (address, {}))
    assert first.headers["last-modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    (again,) = conversation(api, (address, {"if-modified-since": first.headers["last-modified"]}))
    assert again.status_code == 304


def test_another_endpoint_s_answers_are_asked_every_time(store, cache):
    elsewhere = read_settings({"store": "https://store.example.nl/sparql"}, {})
    api = Api(Desk(store, elsewhere, unattended(), cache), NAMES, QUERIES, lambda: RELEASE)
    asked = len(store.questions)
    answers = conversation(api, *[("/panden/9990100000000001", {})] * 2)
    assert "etag" not in answers[0].headers
    assert len(store.questions) == asked + 2


def test_an_answer_that_was_cut_is_no_answer():
    failing = MemoryStore(fails=Truncated("cut", limit="rows"))
    client = TestClient(api_of(failing), base_url=BASE)
    assert "more than 5000 rows" in detail(client, "/openbare-ruimten?naam=Kade", 400)


def test_the_page_that_documents_is_left_to_others(store):
    async def page(_, __, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"docs"})

    api = Api(desk_of(store), NAMES, QUERIES, lambda: RELEASE, otherwise=page)
    assert TestClient(api, base_url=BASE).get("/api/v1/docs").content == b"docs"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["/adressen", "/openbare-ruimten", "/panden/9990100000000001/toestand", "/panden/9990100000000001/verblijfsobjecten"]),
    st.dictionaries(st.sampled_from(["postcode", "huisnummer", "huisletter", "naam", "woonplaats", "peildatum", "bekendOp", "na", "aantal", "minimum", "f", "x"]), st.text(max_size=40) | st.sampled_from(["9000AA", "1", "2011-01-01", "'", '"} SERVICE <http://a> {}', "<script>"]), max_size=5),
)  # fmt: skip
def test_no_value_breaks_an_endpoint(client, path, values):
    answer = client.get(f"/api/v1{path}", params=values)
    assert answer.status_code in {200, 400, 404, 406}
    assert answer.headers["api-version"] == "1.0.0"


# The OpenAPI document.


@pytest.fixture(scope="module")
def openapi(client):
    return client.get("/api/v1/openapi.json").json()


def test_the_document_lists_every_query_once(openapi):
    assert openapi["openapi"].startswith("3.1")
    assert set(openapi["paths"]) == {query.path for query in QUERIES}
    operations = [path["get"]["operationId"] for path in openapi["paths"].values()]
    assert len(set(operations)) == len(operations)
    assert openapi["info"]["contact"]
    assert openapi["info"]["version"] == "1.0.0"


def test_a_parameter_is_described_as_it_is_checked(openapi):
    by_name = {parameter["name"]: parameter for parameter in openapi["paths"]["/adressen"]["get"]["parameters"]}
    assert by_name["postcode"]["required"] is True
    assert by_name["postcode"]["schema"] == {
        "type": "string",
        "maxLength": 500,
        "pattern": "^(?:[1-9][0-9]{3}[A-Z]{2})$",
    }
    assert by_name["huisnummer"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 99999}
    assert by_name["huisnummer"]["example"] == 28
    town = next(p for p in openapi["paths"]["/openbare-ruimten"]["get"]["parameters"] if p["name"] == "woonplaats")
    assert (town["schema"]["type"], town["example"]) == ("array", ["Wadermeer"])


def test_every_parameter_in_a_path_is_declared(openapi):
    for path, operations in openapi["paths"].items():
        in_path = [p["name"] for p in operations["get"]["parameters"] if p["in"] == "path"]
        assert in_path == [part[1:-1] for part in path.split("/") if part.startswith("{")]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_problems_are_declared(openapi, query):
    responses = openapi["paths"][query.path]["get"]["responses"]
    for status in ("400", "404", "406", "503", "504"):
        assert "application/problem+json" in responses[status]["content"]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/adressen", "/adressen?postcode=9000AA&huisnummer=1"),
        ("/panden/{identificatie}", "/panden/9990100000000001"),
        ("/panden/{identificatie}/geschiedenis", "/panden/9990100000000001/geschiedenis"),
        ("/panden/{identificatie}/toestand", "/panden/9990100000000001/toestand?peildatum=2011-01-01"),
        ("/panden/{identificatie}/verblijfsobjecten", "/panden/9990100000000001/verblijfsobjecten"),
        ("/verblijfsobjecten/{identificatie}", "/verblijfsobjecten/9990010000000001"),
        ("/openbare-ruimten", "/openbare-ruimten?naam=Kade"),
        ("/openbare-ruimten/{identificatie}/adressen", "/openbare-ruimten/9990300000000001/adressen"),
    ],
)
def test_an_answer_fits_its_declared_schema(client, openapi, path, address):
    found = get(client, address)
    schema = openapi["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    item_schema = schema["properties"]["items"]["items"] if "items" in schema["properties"] else schema
    items = found["items"] if "items" in schema["properties"] else [found]
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list}
    assert items
    for item in items:
        assert set(item_schema["required"]) <= set(item) <= set(item_schema["properties"])
        for name, value in item.items():
            assert isinstance(value, kinds[item_schema["properties"][name]["type"]])


def test_the_document_is_json_that_a_person_can_read(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.text)["info"]["title"]
    assert client.get("/api/v1/openapi.json", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
