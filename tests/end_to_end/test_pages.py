"""The pages in a real browser: what a reader sees at both widths, in both languages, in light and in dark."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import quote

import pytest
import uvicorn
from fastapi import FastAPI

from browser import CHROMIUM, Browser
from fakes import MemoryStore
from stelsel.home import open_home
from stelsel.serving import pages, problems, resources
from stelsel.serving.app import Service
from stelsel.serving.sparql import Sparql
from stelsel.settings import Settings
from stelsel.storing.description import count, describe
from village import HOSTILE, HUB, NAMES, PAND, RELEASE, village, village_queries

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")

NOTHING = "http://example.org/niets"


def resource(iri):
    return f"/resource?iri={quote(iri, safe='')}"


ADDRESSES = {
    "home": ("/", 200),
    "pand": (resource(PAND), 200),
    "hub": (resource(HUB), 200),
    "hostile": (resource(HOSTILE), 200),
    "graph": (resource(NAMES.graph("bag")), 200),
    "nothing": (resource(NOTHING), 404),
    "sparql": ("/sparql", 200),
    "search": ("/zoek?postcode=1399ZA&huisnummer=7", 200),
    "docs": ("/api/v1/docs", 200),
}


class SlowStore(MemoryStore):
    """Waits where a query says so, and breaks off where it says that."""

    made = "Fri, 02 Jan 2026 03:04:05 GMT"

    async def answer(self, question, format, within):
        if "# wacht" in question.text:
            await asyncio.sleep(30)
        async for chunk in super().answer(question, format, within):
            if "# breek" in question.text:
                yield chunk[: len(chunk) // 3]
                yield chunk[len(chunk) // 3 : len(chunk) // 2]
                raise ConnectionError("broken on purpose")
            yield chunk


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    found = village()
    graphs = {graph: count(found.quads, graph) for graph in (NAMES.graph("bag"), NAMES.graph("bag", "historie"))}
    found.quads.extend(describe(NAMES, found.release, datetime(2026, 1, 2, tzinfo=UTC), {"bag": "e"}, graphs))
    store = SlowStore(release=found.release, quads=found.quads)
    home = open_home()
    queries = village_queries(tmp_path_factory.mktemp("queries"))
    rendered = pages.Pages(NAMES, home)
    api = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(api)
    api.include_router(pages.router(store, NAMES, rendered, lambda: RELEASE, queries))
    api.include_router(resources.router(store, NAMES, rendered, lambda: RELEASE))
    sparql = Sparql(store, Settings(), page=pages.editor(rendered, queries))
    app = Service({"/sparql": problems.Boundary(sparql)}, pages.ProblemPages(api, rendered))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    server.force_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", ADDRESSES)
def test_every_page_fits_its_window_and_has_no_complaint(site, browser, name, width, language):
    path, status = ADDRESSES[name]
    browser.look(width=width, language=language)
    browser.go(site + path)
    assert browser.run("document.documentElement.lang") == language
    assert browser.run("document.title").endswith(" - Stelsel")
    assert browser.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert [complaint for complaint in browser.complaints if f"status of {status}" not in complaint] == []


# Every text with its colour and the colour behind it, as WCAG 2 measures them (1.4.3: 4.5, or 3 for large text).
CONTRASTS = """
(() => {
  const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement, style = getComputedStyle(e);
    if (!node.data.trim() || e.closest("noscript, script, svg, [hidden], option") || !e.getClientRects().length) continue;
    const [a, b] = [light(parse(style.color)), light(behind(e))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${e.tagName} ${node.data.trim().slice(0, 40)}`);
  }
  return poor;
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["home", "pand", "nothing", "sparql", "docs"])
def test_every_text_stands_out_from_what_is_behind_it(site, browser, name, scheme):
    browser.look(width=1440, scheme=scheme)
    browser.go(site + ADDRESSES[name][0])
    dark = browser.run("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark is (scheme == "dark")
    assert browser.run(CONTRASTS) == []


@pytest.mark.parametrize("name", ADDRESSES)
def test_every_page_is_built_for_those_who_hear_it(site, browser, name):
    browser.look(width=1440)
    browser.go(site + ADDRESSES[name][0])
    assert browser.run("document.querySelectorAll('h1').length") == 1
    levels = browser.run("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.run(
        "[...document.querySelectorAll('[id]')].length === new Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size"
    )
    assert browser.run(
        "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')].every((e) => e.labels.length === 1)"
    )
    assert browser.run("[...document.querySelectorAll('a,button')].every((e) => e.textContent.trim())")
    assert browser.run(
        "[...document.querySelectorAll('[aria-labelledby],[aria-describedby]')].every((e) => document.getElementById(e.getAttribute('aria-labelledby') ?? e.getAttribute('aria-describedby')))"
    )


def test_the_keyboard_reaches_everything_and_shows_where_it_is(site, browser):
    browser.look(width=1440)
    browser.go(site + ADDRESSES["pand"][0])
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.className") == "skip"
    browser.press("Enter", 13)
    browser.wait("document.activeElement.id === 'inhoud'")
    reached = set()
    for _ in range(12):
        browser.press("Tab", 9)
        reached.add(browser.run("document.activeElement.textContent"))
        assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert browser.run("document.querySelector('main').contains(document.activeElement)")
    assert len(reached) > 5


def test_a_hostile_label_runs_nothing(site, browser):
    browser.look(width=1440)
    browser.go(site + ADDRESSES["hostile"][0])
    assert browser.run("document.querySelector('h1').textContent") == "<script>alert('x')</script>"
    assert browser.run("document.querySelectorAll('main script, main img, [onclick], [onerror]').length") == 0
    assert browser.run("[...document.links].every((a) => /^https?:$/.test(a.protocol))")


def test_an_address_is_found_from_the_home_page(site, browser):
    browser.look(width=360)
    browser.go(site)
    browser.run("document.getElementById('postcode').value = '1399 ZA'")
    browser.run("document.getElementById('huisnummer').value = '7'")
    browser.run("document.getElementById('huisnummer').focus()")
    browser.press("Enter", 13)
    browser.wait("location.pathname === '/zoek' && document.querySelector('main table')")
    assert browser.run("document.querySelector('main td').textContent") == "7, 1399ZA"
    browser.run("document.querySelector('main td a').click()")
    browser.wait("location.pathname === '/resource' && document.querySelector('h1')")
    assert browser.run("document.querySelector('h1').textContent") == "7, 1399ZA"


# The editor


def ask(site, browser, query, language="nl"):
    browser.look(width=1440, language=language)
    browser.go("about:blank")  # the hash alone would not load the page anew
    browser.go(f"{site}/sparql#query={quote(query, safe='')}")
    assert browser.run("document.getElementById('query').value") == query
    browser.run("document.getElementById('query').focus()")
    browser.press("Enter", 13, modifiers=2)


def settled(browser):
    browser.wait("document.getElementById('stop').hidden && !document.getElementById('uitkomst').hidden")


def test_the_editor_shows_rows_as_a_table_that_leads_to_the_things(site, browser):
    ask(
        site,
        browser,
        "SELECT ?s ?naam { ?s <http://bag.basisregistraties.overheid.nl/def/bag#naam> ?naam } ORDER BY ?naam",
    )
    settled(browser)
    cells = browser.run("[...document.querySelectorAll('#tabel td')].map((c) => c.textContent)")
    assert cells[1::2] == ["Nieuwstraat", "Zandoever"]
    assert "2 rijen" in browser.run("document.getElementById('stand').textContent")
    link = browser.run("document.querySelector('#tabel a').href")
    assert link.startswith(f"{site}/resource?iri=http%3A%2F%2Fbag.basisregistraties.overheid.nl")
    assert "format=csv" in browser.run("[...document.querySelectorAll('#ophalen a')].map((a) => a.href).join(' ')")
    assert browser.complaints == []


def test_the_editor_shows_hostile_values_as_text(site, browser):
    ask(site, browser, f"SELECT ?p ?o {{ <{HOSTILE}> ?p ?o }}")
    settled(browser)
    assert browser.run("document.querySelectorAll('#tabel script, #tabel img').length") == 0
    links = browser.run("[...document.querySelectorAll('#tabel a')].map((a) => a.textContent)")
    assert "javascript:alert(1)" not in links
    assert "http://example.org/o'hara&x=1" in links


def test_the_editor_shows_a_thousand_rows_and_says_how_many_there_are(site, browser):
    ask(site, browser, f"SELECT ?s {{ ?s ?p <{HUB}> }}")
    settled(browser)
    assert browser.run("document.querySelectorAll('#tabel tbody tr').length") == 1_000
    assert "1.000 van 1.200 rijen" in browser.run("document.getElementById('stand').textContent")


def test_the_editor_says_where_a_query_is_wrong_and_goes_there(site, browser):
    ask(site, browser, "SELECT * {\n  ?s ?p }", language="en")
    settled(browser)
    told = browser.run("document.getElementById('fout').textContent")
    assert "(400" in told
    assert "Line 2, column 10." in told
    assert browser.run("document.getElementById('query').selectionStart") == len("SELECT * {\n  ?s ?p }")
    assert browser.run("document.activeElement.id") == "query"
    assert browser.run("document.getElementById('tabel').hidden")


def test_the_editor_tells_an_empty_answer_and_answers_yes_and_shows_a_graph(site, browser):
    ask(site, browser, "SELECT * { <http://example.org/niets> ?p ?o }")
    settled(browser)
    assert "Geen rijen" in browser.run("document.getElementById('stand').textContent")
    ask(site, browser, "ASK { ?s ?p ?o }")
    settled(browser)
    assert browser.run("document.getElementById('stand').textContent") == "Ja"
    ask(site, browser, f"CONSTRUCT {{ <{PAND}> ?p ?o }} {{ <{PAND}> ?p ?o }}")
    settled(browser)
    assert "0999100000000001" in browser.run("document.querySelector('#tabel pre').textContent")


def test_a_running_query_can_be_stopped(site, browser):
    ask(site, browser, "SELECT * { ?s ?p ?o } # wacht")
    browser.wait("!document.getElementById('stop').hidden")
    browser.run("document.getElementById('stop').click()")
    settled(browser)
    assert "Gestopt" in browser.run("document.getElementById('stand').textContent")


def test_an_answer_that_breaks_off_is_not_shown_as_a_result(site, browser):
    ask(site, browser, "SELECT * { ?s ?p ?o } # breek")
    settled(browser)
    assert "verbroken" in browser.run("document.getElementById('fout').textContent")
    assert browser.run("document.getElementById('tabel').hidden")


def value(browser):
    return browser.run("document.getElementById('query').value")


def type_in(browser, text):
    browser.run("document.getElementById('query').focus()")
    for character in text:
        browser.run(f"document.execCommand('insertText', false, {json.dumps(character)})")


def tabs(browser):
    return browser.run("[...document.querySelectorAll('#bladen [role=tab]')].map((t) => t.textContent)")


def opened(site, browser, width=1440, language="nl"):
    browser.look(width=width, language=language)
    browser.go(f"{site}/sparql")
    browser.run("sessionStorage.clear()")
    browser.go("about:blank")
    browser.go(f"{site}/sparql")


def test_an_example_opens_in_a_tab_beside_what_was_written(site, browser):
    opened(site, browser)
    browser.run("document.getElementById('query').select()")
    type_in(browser, "ASK {}")
    browser.run(
        "const s = document.getElementById('voorbeeld'); s.selectedIndex = 2; s.dispatchEvent(new Event('change'))"
    )
    assert "SELECT" in value(browser)
    assert tabs(browser) == ["Vraag 1", "Adressen in een straat"]
    browser.run("document.getElementById('blad-0').click()")
    assert value(browser) == "ASK {}"
    browser.go("about:blank")
    browser.go(f"{site}/sparql")  # the queries are still there
    assert tabs(browser) == ["Vraag 1", "Adressen in een straat"]
    assert browser.complaints == []


def test_tabs_are_moved_through_and_closed_by_keyboard(site, browser):
    opened(site, browser)
    browser.run("document.getElementById('nieuw').click()")
    type_in(browser, "ASK { 2 }")
    browser.run("document.getElementById('blad-1').focus()")
    browser.press("ArrowLeft", 37)
    assert browser.run("document.activeElement.id") == "blad-0"
    browser.press("End", 35)
    assert value(browser) == "ASK { 2 }"
    browser.press("Delete", 46)
    assert tabs(browser) == ["Vraag 1"]
    assert browser.run("document.getElementById('sluit').hidden")


def test_a_known_prefix_is_declared_when_it_is_typed_and_no_other(site, browser):
    opened(site, browser)
    browser.run("document.getElementById('nieuw').click()")
    type_in(browser, "SELECT * { ?s bag:")
    assert value(browser).startswith(
        "PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#>\nSELECT * { ?s bag:"
    )
    assert browser.run("document.getElementById('query').selectionStart") == len(value(browser))
    type_in(browser, "naam ?o . ?s unknown:x 'skos:', <rdfs:> . ?s bag:")
    assert value(browser).count("PREFIX") == 1
    assert browser.complaints == []


def test_classes_and_properties_of_the_graph_are_suggested(site, browser):
    opened(site, browser)
    browser.run("document.getElementById('nieuw').click()")
    type_in(browser, "ASK { ?s hoofda")
    browser.press(" ", 32, modifiers=2)
    browser.wait("!document.getElementById('voorstellen').hidden")
    assert browser.run("document.getElementById('query').getAttribute('aria-activedescendant')") == "voorstel-0"
    assert browser.run("document.querySelector('#voorstellen [aria-selected=true]').textContent") == "bag:hoofdadres"
    browser.press("Enter", 13)
    assert value(browser).endswith("\nASK { ?s bag:hoofdadres")
    assert "PREFIX bag:" in value(browser)
    assert browser.run("document.getElementById('voorstellen').hidden")


def test_tab_leaves_the_editor_and_escape_closes_the_suggestions(site, browser):
    opened(site, browser)
    browser.run("document.getElementById('query').focus()")
    browser.press(" ", 32, modifiers=2)
    browser.wait("document.getElementById('melding').textContent")
    browser.press("Escape", 27)
    assert browser.run("document.getElementById('voorstellen').hidden")
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.id") != "query"
