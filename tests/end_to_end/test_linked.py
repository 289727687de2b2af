"""All registers of the invented municipality in one graph, through the command line and HTTP: what only links can answer."""

import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from stelsel.home import open_home
from stelsel.linking.declarations import linksets
from stelsel.sampling import REGISTERS
from tinyreleases import served

STELSEL = str(Path(sys.executable).parent / "stelsel")
ADDRESSES = 300
PREFIXES = """
PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>
PREFIX def: <def/>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX void: <http://rdfs.org/ns/void#>
"""


def stelsel(*arguments):
    done = subprocess.run([STELSEL, *arguments], capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("linked")
    stelsel("sample", str(folder / "out"), "--addresses", str(ADDRESSES))
    for register in REGISTERS:
        stelsel("load", register, str(folder / "out" / register), "--data", str(folder / "data"))
    stelsel("release", "--data", str(folder / "data"))
    return folder


@pytest.fixture(scope="module")
def client(sample):
    with served(sample / "data") as (address, _), httpx2.Client(base_url=address, timeout=30) as client:
        yield client


def ask(client, query):
    """The rows of a query, as dictionaries of text."""
    headers = {"Accept": "application/sparql-results+json"}
    answer = client.post("/sparql", data={"query": PREFIXES + query}, headers=headers)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in rows]


def listed(client, path):
    """What an endpoint that gives a list gives."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_every_linkset_that_is_declared_is_in_the_graph_and_says_how_well_it_links(client):
    found = {row["naam"]: row for row in listed(client, "/api/v1/linksets")}
    assert found.keys() == set(linksets(open_home()))
    assert [name for name, row in found.items() if not row["koppelingen"]] == []
    # Every address of the sample lies in one buurt.
    buurt = found["adresseerbaar-object-buurt"]
    assert (buurt["objectenVan"], buurt["gekoppeldVan"], buurt["meerduidig"]) == (ADDRESSES, ADDRESSES, 0)


def test_a_linkset_says_which_editions_it_was_made_of(client):
    rows = ask(
        client,
        """SELECT ?linkset (COUNT(DISTINCT ?used) AS ?editions) {
             ?linkset a void:Linkset . ?editie dct:hasPart ?linkset ; prov:wasGeneratedBy/prov:used ?used .
             ?used a def:Editie } GROUP BY ?linkset""",
    )
    assert len(rows) == len(linksets(open_home()))
    assert {int(row["editions"]) for row in rows} <= {1, 2}


def test_a_dwelling_is_followed_through_five_registers_in_one_query(client):
    rows = ask(
        client,
        """SELECT ?vbo ?naam ?gas ?klasse ?perceel ?gemeente WHERE {
             ?vbo a bag:Verblijfsobject ; def:ligtInBuurt ?buurt ; def:actueelEnergielabel ?label ; def:ligtOp ?perceel .
             ?buurt skos:notation ?code ; <http://www.w3.org/2000/01/rdf-schema#label> ?naam .
             ?label def:energieklasse ?klasse .
             ?vbo def:ligtInGemeente ?regio .
             ?waarneming def:regio ?buurt ; def:onderwerp ?onderwerp ; def:waarde ?gas .
             FILTER(STRENDS(STR(?onderwerp), "/GemiddeldAardgasverbruik"))
             ?regio dct:isVersionOf/def:overheidsorganisatie ?gemeente }""",
    )
    assert len({row["vbo"] for row in rows}) > ADDRESSES // 3
    assert {row["gemeente"] for row in rows} == {"https://identifier.overheid.nl/tooi/id/gemeente/gm9990"}


def test_what_has_no_link_is_listed(client, sample):
    traps = json.loads((sample / "out/sample.json").read_text())["traps"]
    orphans = listed(client, "/api/v1/linksets/beperking-perceel/wezen")
    assert len(orphans) >= traps["brk-pb"]["perceel that is no more"]["count"]


def test_a_gemeente_that_is_no_more_has_a_successor(client):
    steps = listed(client, "/api/v1/organisaties/gm9992/opvolgers")
    assert steps[-1]["opvolger"] == "https://identifier.overheid.nl/tooi/id/gemeente/gm9990"


def test_records_that_the_registers_refuse_are_counted_and_the_rest_is_there(sample):
    status = json.loads(stelsel("status", "--json", "--data", str(sample / "data")))
    refused = {name: editions[-1]["refused"] for name, editions in status["registers"].items() if editions}
    assert {name: number for name, number in refused.items() if number and name in REGISTERS}.keys() == {"ep-online"}


def test_the_same_editions_give_the_same_linksets_without_computing_them_again(sample):
    said = stelsel("release", "--data", str(sample / "data"))
    assert f"{len(linksets(open_home()))} of them were computed before" in said
