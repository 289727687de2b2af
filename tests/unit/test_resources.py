from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyoxigraph
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stelsel.errors import DeadlinePassed
from stelsel.home import open_home
from stelsel.querying.binding import bind
from stelsel.querying.lexer import tokens
from stelsel.serving import problems, resources
from stelsel.serving.answers import query
from stelsel.serving.rendering import Pages, ProblemPages
from village import BAG, BASE, HOSTILE, HUB, NAMES, PAND, RELEASE, SCRIPT, STRAAT, village

HTML = {"Accept": "text/html", "Accept-Language": "en"}
RDF = {
    "text/turtle": pyoxigraph.RdfFormat.TURTLE,
    "application/ld+json": pyoxigraph.RdfFormat.JSON_LD,
    "application/n-triples": pyoxigraph.RdfFormat.N_TRIPLES,
    "application/rdf+xml": pyoxigraph.RdfFormat.RDF_XML,
}
SUFFIXES = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}
VOORKOMEN = f"{BASE}/id/voorkomen/pand-0999100000000001-2"
SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
PAGES = Pages(NAMES, open_home())


def client_of(store):
    app = FastAPI()
    problems.install(app)
    app.include_router(resources.router(store, NAMES, PAGES, lambda: RELEASE))
    return TestClient(ProblemPages(app, PAGES), base_url=BASE, follow_redirects=False)


@pytest.fixture(scope="module")
def store():
    return village()


@pytest.fixture(scope="module")
def client(store) -> Iterator[TestClient]:
    with client_of(store) as client:
        yield client


def describe(client, iri, accept="text/turtle"):
    return client.get("/resource", params={"iri": iri}, headers={"Accept": accept, "Accept-Language": "en"})


def triples(response):
    media_type = response.headers["content-type"].split(";")[0]
    return {str(triple) for triple in (quad.triple for quad in pyoxigraph.parse(response.content, RDF[media_type]))}


class Links(HTMLParser):
    """The addresses that a page leads to or loads, and the tags that it has."""

    def __init__(self, page):
        super().__init__()
        self.addresses, self.tags, self.handlers = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action", "xlink:href"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]


# From the thing to its document


def test_an_identifier_leads_to_its_document_in_every_format(client):
    answer = client.get("/id/voorkomen/pand-0999100000000001-2", headers={"Accept": "text/turtle"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/doc/voorkomen/pand-0999100000000001-2"
    assert "Accept" in answer.headers["vary"]


def test_an_identifier_keeps_its_encoding_and_the_chosen_language(client):
    answer = client.get("/id/soort/Caf%C3%A9%2Fbar?taal=en")
    assert answer.headers["location"] == "/doc/soort/Caf%C3%A9%2Fbar?taal=en"


@pytest.mark.parametrize("path", ["/id//evil.example", "/id/%2F%2Fevil.example", "/id/https://evil.example"])
def test_an_identifier_never_leads_to_another_host(client, path):
    location = client.get(path).headers["location"]
    assert location.startswith("/doc/")
    assert not urlsplit(location).netloc


@pytest.mark.parametrize(
    ("path", "location"), [("/id/a%0DSet-Cookie:%20x=1", "/doc/a%0DSet-Cookie:%20x=1"), ("/id/a%0Ab", None)]
)
def test_a_line_break_in_an_identifier_never_reaches_a_header(client, path, location):
    answer = client.get(path)
    assert answer.headers.get("location") == location
    assert "set-cookie" not in answer.headers


def test_a_document_describes_the_thing_and_not_itself(client):
    answer = client.get("/doc/voorkomen/pand-0999100000000001-2", headers={"Accept": "text/turtle"})
    assert f"<{VOORKOMEN}> <http://purl.org/dc/terms/isVersionOf> <{PAND}>" in triples(answer)
    assert (
        f"<{BASE}/doc/voorkomen/pand-0999100000000001-2> <http://xmlns.com/foaf/0.1/primaryTopic> <{VOORKOMEN}>"
        in triples(answer)
    )


def test_an_iri_that_turtle_writes_unencoded_is_found_by_its_encoded_address(client):
    answer = client.get("/doc/soort/Caf%C3%A9", headers=HTML)
    assert answer.status_code == 200
    assert "Café" in answer.text


# Representations


@pytest.mark.parametrize("media_type", RDF)
def test_every_rdf_format_says_the_same(client, media_type):
    answer = describe(client, PAND, media_type)
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert triples(answer) == triples(describe(client, PAND, "application/n-triples"))


@pytest.mark.parametrize(("suffix", "media_type"), SUFFIXES.items())
def test_a_suffix_goes_before_the_accept_header(client, suffix, media_type):
    for path, params in (("/doc/voorkomen/pand-0999100000000001-2", {}), ("/resource", {"iri": PAND})):
        answer = client.get(f"{path}.{suffix}", params=params, headers=HTML)
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == media_type


def test_a_browser_gets_a_page_and_so_does_who_asks_for_nothing(client):
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
    for accept in (browser, "*/*", ""):
        assert describe(client, PAND, accept).headers["content-type"] == "text/html; charset=utf-8"


def test_a_format_that_is_not_there_is_refused_with_what_is(client):
    answer = describe(client, PAND, "image/png")
    assert answer.status_code == 406
    assert {"text/html", *RDF} <= set(answer.json()["offered"])
    assert client.get("/resource.png", params={"iri": PAND}).status_code == 404


@given(
    accept=st.one_of(
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.sampled_from(sorted(RDF))
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_accept_header_gives_an_offered_format_or_406(client, accept):
    answer = describe(client, VOORKOMEN, accept)
    offered = answer.headers["content-type"].split(";")[0] in {"text/html", *RDF}
    assert (answer.status_code, offered) in {(200, True), (406, False)}


def test_a_description_leads_to_its_other_representations(client):
    link = describe(client, PAND).headers["link"]
    assert f'<{PAND}>; rel="describes"' in link
    assert re.search(r'</resource\.jsonld\?iri=[^>]+>; rel="alternate"; type="application/ld\+json"', link)
    assert describe(client, PAND).headers["content-location"].startswith("/resource.ttl?iri=")


# Content


def test_a_description_holds_its_parts_and_what_points_at_it(client):
    found = triples(describe(client, PAND))
    shape = f"{BASE}/id/geometrie/pand-0999100000000001"
    assert any(line.startswith(f"<{shape}> <http://www.opengis.net/ont/geosparql#asWKT>") for line in found)
    assert (
        f"<{BAG}/verblijfsobject/0999010000000001> <http://bag.basisregistraties.overheid.nl/def/bag#maaktDeelUitVan> <{PAND}>"
        in found
    )


def test_a_thing_with_a_name_of_its_own_is_no_part(client):
    # Only the verblijfsobject points at this address, but an address is a thing, with a page of its own.
    found = triples(describe(client, f"{BAG}/verblijfsobject/0999010000000001"))
    assert not any(line.startswith(f"<{BAG}/nummeraanduiding/") for line in found)


def test_the_page_says_which_register_and_edition_a_fact_comes_from(client):
    page = describe(client, PAND, "text/html").text
    assert "Key Register Addresses and Buildings" in page
    assert "edition of 8 December 2025" in page
    assert NAMES.graph("bag") in page


def test_the_page_names_properties_and_values_in_the_language_of_the_reader(client):
    english = describe(client, PAND, "text/html").text
    dutch = client.get("/resource", params={"iri": PAND, "taal": "nl"}, headers=HTML).text
    assert "original year of construction" in english
    assert "Building in use" in english
    assert "1 June 2010" in english
    assert "oorspronkelijk bouwjaar" in dutch
    assert "Pand in gebruik" in dutch
    assert "1 juni 2010" in dutch
    assert '<html lang="nl">' in dutch


def test_a_geometry_is_drawn_with_its_middle_and_its_holes(client):
    page = describe(client, PAND, "text/html").text
    area = re.search(r'class="area" d="([^"]+)"', page)[1]
    assert area.count("Z") == 2
    assert "52.307100 north, 5.041150 east" in page


def test_the_other_spelling_of_an_iri_is_found_and_said(client):
    asked = PAND.replace("http://", "https://")
    page = describe(client, asked, "text/html").text
    assert f"You asked for {asked}. The graph knows it as {PAND}" in page
    assert any(
        f"Asked for was {asked}; the graph knows it as {PAND}." in line for line in triples(describe(client, asked))
    )


def test_incoming_links_are_counted_and_a_cut_is_said(client):
    page = describe(client, HUB, "text/html").text
    assert "1,200 statements point here. This list is made from 1,000 of them." in page
    assert "and more: show them in the SPARQL editor" in page
    found = triples(describe(client, HUB))
    assert sum(f"<{HUB}>" in line and "bag#status" in line for line in found) == 1_000
    assert any("1,000 of the 1,200 links that point here are included" in line for line in found)


def test_a_street_lists_its_addresses_by_their_labels(client):
    page = describe(client, STRAAT, "text/html").text
    listed = [int(number) for number in re.findall(r">(\d+), 1399ZA</a>", page)]
    assert len(listed) == 25
    assert listed == sorted(listed)


def test_a_property_that_is_only_used_has_a_page_with_examples(client):
    page = describe(client, "http://bag.basisregistraties.overheid.nl/def/bag#huisnummer", "text/html")
    assert page.status_code == 200
    assert "Used as a property" in page.text


def test_a_graph_has_a_page_with_its_size(client):
    assert "This is a graph of 8,450 statements." in describe(client, NAMES.graph("bag"), "text/html").text


# What is not there


def test_an_iri_of_which_nothing_is_known_is_not_found_and_the_release_is_named(client):
    answer = describe(client, "http://example.org/niets")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert RELEASE.id in answer.json()["detail"]
    assert "<http://example.org/niets>" in answer.json()["detail"]


def test_a_browser_gets_the_problem_as_a_page_with_the_same_status(client):
    answer = client.get("/doc/soort/niets", headers={"Accept": "text/html", "Accept-Language": "nl"})
    assert answer.status_code == 404
    assert "Niet gevonden" in answer.text
    assert RELEASE.id in answer.text


@pytest.mark.parametrize(
    "iri", ["", "geen iri", "relatief/pad", "http://x.nl/ spatie", "http://x.nl/<script>", "http://x.nl/" + "a" * 4_000]
)
def test_what_is_no_absolute_iri_is_refused_by_name(client, iri):
    answer = describe(client, iri)
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "iri"


def test_two_iris_or_none_are_refused(client):
    assert client.get("/resource", headers={"Accept": "text/turtle"}).status_code == 400
    assert (
        client.get("/resource?iri=http://a.nl/&iri=http://b.nl/", headers={"Accept": "text/turtle"}).status_code == 400
    )


def test_a_store_that_runs_out_of_time_is_told_as_such():
    store = village()
    store.fails = DeadlinePassed("the query was stopped after 10 s", seconds=10)
    with client_of(store) as client:
        assert describe(client, PAND).status_code == 504
        page = describe(client, PAND, "text/html")
    assert page.status_code == 504
    assert "The question took too long" in page.text


# Hostile content


def test_hostile_labels_and_values_are_text_on_the_page(client):
    page = describe(client, HOSTILE, "text/html").text
    links = Links(page)
    assert SCRIPT not in page
    assert "&lt;script&gt;alert(" in page
    assert "script" not in links.tags
    assert "img" not in links.tags
    assert not links.handlers
    assert "\u202e" not in page
    assert "\x07" not in page


def test_only_web_addresses_and_urns_become_links(client):
    links = Links(describe(client, HOSTILE, "text/html").text)
    asked = [parse_qs(urlsplit(address).query).get("iri", [""])[0] for address in links.addresses]
    assert "urn:isbn:1" in asked
    assert "http://example.org/o'hara&x=1" in asked
    assert not [address for address in links.addresses + asked if address.lower().startswith(("javascript:", "data:"))]


def test_an_iri_with_quotes_stays_within_its_attribute(client):
    answer = describe(client, "http://example.org/schema'onclick='alert(1)", "text/html")
    assert answer.status_code == 200
    assert not Links(answer.text).handlers
    assert "script" not in Links(answer.text).tags


def test_a_very_long_value_is_folded(client):
    assert re.search(r"<details><summary>.{0,300}lang lang", describe(client, HOSTILE, "text/html").text)


@given(tail=st.text(max_size=30))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_iri_changes_what_is_asked_or_breaks_the_page(client, store, tail):
    store.questions.clear()
    answer = describe(client, "http://example.org/" + tail, "text/html")
    assert answer.status_code in {200, 400, 404}
    assert not Links(answer.text).handlers
    shape = _shape(bind(query("known"), {"spellings": ""}))
    assert all(_shape(question) == shape for question in store.questions[:1])


def _shape(question):
    return [token.text for token in tokens(question) if token.kind not in {"iri", "comment"}]


def test_nothing_is_loaded_from_elsewhere_and_no_script_runs_in_a_description(client):
    answer = describe(client, PAND, "text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    loaded = re.findall(r'<(?:link rel="stylesheet"|script|img)[^>]*(?:href|src)="([^"]+)"', answer.text)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)


# Snapshots: `ACCEPT=1 pytest tests/unit/test_resources.py` writes them anew; review the difference.


@pytest.mark.parametrize(
    ("name", "path", "language"),
    [
        ("pand.nl", f"/resource?iri={PAND}", "nl"),
        ("pand.en", f"/resource?iri={PAND}", "en"),
        ("niets.nl", "/doc/soort/niets", "nl"),
    ],
)
def test_a_page_is_as_it_was(client, name, path, language):
    page = client.get(path, headers={"Accept": "text/html", "Accept-Language": language}).text
    # What changes by itself: the age of an edition, and the hash of a file.
    page = re.sub(r", \d+ (maand|maanden|jaar|months?|years?) o(ud|ld)", ", … o\\2", page)
    page = re.sub(r"\?v=[0-9a-f]{16}", "?v=…", page)
    file = SNAPSHOTS / f"{name}.html"
    if "ACCEPT" in os.environ:
        file.write_text(page, "utf-8")
    assert file.read_text("utf-8") == page
