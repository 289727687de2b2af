from __future__ import annotations

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import Response, StreamingResponse

from stelsel.errors import NotFound, QuerySyntaxError
from stelsel.home import open_home
from stelsel.names import Names
from stelsel.serving import problems
from stelsel.serving.assets import answer, read_assets
from stelsel.serving.linking import read_links
from stelsel.serving.rendering import Pages, ProblemPages, prefers_page
from village import BASE, NAMES, SCRIPT

PAGES = Pages(NAMES, open_home())
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "nl"}


def app(pages=PAGES):
    api = FastAPI()
    problems.install(api)

    @api.api_route("/wrong", methods=["GET", "HEAD"])
    def wrong():
        raise QuerySyntaxError(f"expected a variable, not {SCRIPT} \u202e", line=3, column=7)

    @api.get("/busy")
    def busy():
        return Response(b'{"status": 503, "detail": "x"}', 503, {"retry-after": "2"}, "application/problem+json")

    @api.get("/parts")
    def parts():
        return StreamingResponse(
            iter([b'{"status": 400, ', b'"detail": "in parts"}']), 400, media_type="application/problem+json"
        )

    @api.get("/odd")
    def odd():
        return Response(b'{"status": 418, "detail": "tea"}', 418, media_type="application/problem+json")

    @api.get("/fine")
    def fine():
        return {"status": 404}

    @api.get("/page")
    def page(request: Request):
        return pages.render(request, "problem.html", heading="x", code=1, detail="", help="", extras=[])

    return TestClient(ProblemPages(api, pages), base_url=BASE, raise_server_exceptions=False)


# Problems as pages


def test_a_browser_reads_a_problem_in_its_own_language_with_the_same_status():
    answer = app().get("/wrong", headers=BROWSER)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "De vraag klopt niet" in answer.text
    assert "<dt>line</dt><dd><bdi>3</bdi></dd>" in answer.text


def test_a_program_gets_the_problem_document():
    for accept in (
        "*/*",
        "application/json",
        "text/turtle",
        "application/sparql-results+json, application/problem+json;q=0.1",
    ):
        answer = app().get("/wrong", headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["line"] == 3


def test_a_detail_is_text_and_says_that_it_is_english():
    page = app().get("/wrong", headers=BROWSER).text
    assert SCRIPT not in page
    assert '<p class="note detail" lang="en" role="alert">Expected a variable, not &lt;script&gt;' in page
    assert "\u202e" not in page


def test_a_problem_keeps_the_headers_that_say_what_to_do():
    answer = app().get("/busy", headers=BROWSER)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.headers.get_list("content-type") == ["text/html; charset=utf-8"]


def test_a_problem_that_comes_in_parts_becomes_one_page():
    assert "in parts" in app().get("/parts", headers=BROWSER).text


def test_a_head_request_keeps_its_status():
    answer = app().head("/wrong", headers=BROWSER)
    assert answer.status_code == 400


def test_a_status_without_words_of_its_own_still_has_a_page():
    answer = app().get("/odd", headers=BROWSER)
    assert answer.status_code == 418
    assert "Er ging iets mis" in answer.text


def test_what_is_no_problem_passes_as_it_is():
    assert app().get("/fine", headers=BROWSER).json() == {"status": 404}


@pytest.mark.parametrize(
    ("accept", "page"), [("text/html", True), ("*/*", False), ("", False), ("text/*", True), ("image/png", False)]
)
def test_only_who_likes_pages_better_gets_a_page(accept, page):
    assert prefers_page(accept) is page


# Language and addresses


def test_the_language_switch_keeps_the_address_and_its_parameters():
    page = app().get("/page?iri=http%3A%2F%2Fx.nl%2F%3Fa%3D1%26b&taal=en", headers=BROWSER).text
    assert '<html lang="en">' in page
    assert 'href="/page?iri=http%3A%2F%2Fx.nl%2F%3Fa%3D1%26b&amp;taal=nl"' in page


def test_a_chosen_language_stays_on_links_and_a_preferred_one_does_not():
    assert 'href="/sparql?taal=en"' in app().get("/page?taal=en", headers=BROWSER).text
    assert 'href="/sparql"' in app().get("/page", headers=BROWSER).text


def test_an_unknown_language_falls_back_on_the_browser():
    assert '<html lang="nl">' in app().get("/page?taal=../x", headers=BROWSER).text


def test_a_page_with_many_or_odd_parameters_is_still_a_page():
    assert app().get("/page?" + "&".join(f"p{n}=%FF" for n in range(500)), headers=BROWSER).status_code == 200


def test_a_base_with_a_path_stands_in_front_of_every_link():
    pages = Pages(Names("https://data.example.nl/graaf"), open_home())
    page = app(pages).get("/page", headers=BROWSER).text
    assert 'href="/graaf/sparql"' in page
    assert 'href="/graaf/static/site.css?v=' in page
    assert 'href="/graaf/page?taal=en"' in page


def test_a_page_may_only_load_what_is_ours_and_may_not_be_framed():
    policy = app().get("/page", headers=BROWSER).headers["content-security-policy"]
    assert set(policy.split("; ")) >= {
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    }


# Links


def test_prefixes_and_titles_come_from_the_home():
    links = read_links(NAMES, open_home())
    assert links.short("http://bag.basisregistraties.overheid.nl/def/bag#Pand") == "bag:Pand"
    assert links.short("http://bag.basisregistraties.overheid.nl/def/bag#a b") == ""
    assert links.register(NAMES.graph("bag", "historie")) == ("bag", "historie")
    assert "Adressen en Gebouwen" in links.titles["bag"]["nl"]


@pytest.mark.parametrize(
    "iri",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:x",
        "geen",
    ],
)
def test_an_iri_that_could_run_or_read_something_is_never_a_link(iri):
    links = read_links(NAMES, open_home())
    assert links.page(iri) is None
    assert links.outside(iri) is None


def test_a_minted_iri_leads_to_itself_and_any_other_to_its_page():
    links = read_links(NAMES, open_home())
    assert links.page(f"{BASE}/id/voorkomen/x-1") == ("/id/voorkomen/x-1", {})
    assert links.page(f"{BASE}/id/a?b") == ("/resource", {"iri": f"{BASE}/id/a?b"})
    assert links.page("https://example.org/x#y") == ("/resource", {"iri": "https://example.org/x#y"})
    assert links.outside(f"{BASE}/id/voorkomen/x-1") is None
    assert links.outside("https://example.org/x") == "https://example.org/x"


# Assets


def test_an_asset_is_kept_by_browsers_because_its_address_names_its_content():
    found = answer(read_assets(), "site.css")
    assert found.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in found.headers["cache-control"]


@pytest.mark.parametrize(
    "name", ["", "../rendering.py", "..%2frendering.py", "/etc/passwd", "site.css\x00", "SITE.CSS"]
)
def test_only_the_assets_are_served(name):
    with pytest.raises(NotFound):
        answer(read_assets(), name)
