from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from stelsel.errors import NoRelease
from stelsel.home import open_home
from stelsel.serving import pages, problems
from village import BASE, NAMES, RELEASE, village, village_queries

BROWSER = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def queries(tmp_path_factory):
    return village_queries(tmp_path_factory.mktemp("queries"))


def client_of(store, queries, release_info=lambda: RELEASE):
    rendered = pages.Pages(NAMES, open_home())
    app = FastAPI(title="Vragen", openapi_url=None)
    problems.install(app)
    app.include_router(pages.router(store, NAMES, rendered, release_info, queries))

    @app.get("/api/v1/panden/{identificatie}", tags=["BAG"], summary="Een <pand>")
    def pand(identificatie: str):
        return identificatie

    whole = Starlette(routes=[Mount("/sparql", pages.editor(rendered, queries)), Mount("/", app)])
    return TestClient(pages.ProblemPages(whole, rendered), base_url=BASE, headers=BROWSER)


@pytest.fixture(scope="module")
def store():
    return village()


@pytest.fixture(scope="module")
def client(store, queries):
    return client_of(store, queries)


def test_the_home_page_says_what_is_in_the_graph_and_how_fresh_it_is(client):
    page = client.get("/").text
    assert "The whole graph holds 8,500 statements from 1 register." in page
    assert "8 December 2025" in page
    assert re.search(r"<b>1,200</b> <a[^>]+>number designation</a>", page)
    assert "8,450 statements" in page


def test_the_home_page_offers_every_curated_query_to_try_and_to_edit(client):
    page = client.get("/").text
    assert "Address by postcode and house number" in page
    assert 'href="/api/v1/adressen?postcode=1399ZA&amp;huisnummer=7"' in page
    assert 'href="/api/v1/straten/Nieuw%2Fstraat"' in page
    assert page.count('href="/sparql#query=') == 2


def test_a_query_without_english_is_told_in_dutch(client):
    assert "Alleen Nederlands" in client.get("/").text


def test_an_address_is_found_as_a_person_writes_it(client):
    page = client.get("/zoek", params={"postcode": " 1399 za ", "huisnummer": "7"}).text
    assert "Found for 1399ZA 7" in page
    assert "7, 1399ZA</a>" in page
    assert "1 result" in page
    assert 'value="1399ZA"' in page
    assert 'href="/api/v1/adressen?postcode=1399ZA&amp;huisnummer=7"' in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"postcode": "1399ZA"}, "Give a postcode and a house number."),
        ({"postcode": "1399ZA", "huisnummer": "zeven"}, "This is not how an address looks."),
        ({"postcode": "1399ZA", "huisnummer": "0"}, "This is not how an address looks."),
        ({"postcode": "'; DROP", "huisnummer": "7"}, "This is not how an address looks."),
        ({"postcode": "9999XX", "huisnummer": "7"}, "Nothing was found for 9999XX 7."),
    ],
)
def test_a_search_that_finds_nothing_says_why(client, fields, message):
    answer = client.get("/zoek", params=fields)
    assert answer.status_code == 200
    assert message in answer.text


def test_what_was_typed_is_text_when_it_comes_back(client):
    page = client.get("/zoek", params={"postcode": '"><script>alert(1)</script>', "huisnummer": "7"}).text
    assert "<SCRIPT>" not in page.upper()
    assert 'value="&#34;&gt;&lt;SCRIPT&gt;' in page


def test_a_home_without_such_a_query_has_no_search(store):
    client = client_of(store, ())
    assert 'name="postcode"' not in client.get("/").text
    assert "not possible here" in client.get("/zoek?postcode=1399ZA&huisnummer=7").text


def test_the_editor_has_the_examples_with_their_values_in_place(client):
    page = client.get("/sparql/").text
    assert page.count("<option ") == 5
    assert "bag:postcode  &#34;1399ZA&#34;" in page
    assert '<script src="/static/sparql.js?v=' in page
    assert page.count("<script") == page.count('<script src="/static/') == 4


def test_the_documentation_tells_the_openapi_document(client):
    page = client.get("/api/v1/docs").text
    assert "<h1>Vragen</h1>" in page
    assert "Een &lt;pand&gt;" in page
    assert "/api/v1/panden/{identificatie}" in page


def test_files_of_the_pages_are_served_and_nothing_beside_them(client):
    assert client.get("/static/site.css").headers["content-type"].startswith("text/css")
    assert client.get("/static/../pages.py").status_code == 404
    assert client.get("/static/..%2Fpages.py").status_code == 404


def test_without_a_release_the_page_says_so_with_503(store, queries):
    def none():
        raise NoRelease("nothing has been released yet; run `stelsel release`")

    answer = client_of(store, queries, none).get("/")
    assert answer.status_code == 503
    assert "Nothing has been released yet; run `stelsel release`" in answer.text
