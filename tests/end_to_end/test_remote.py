"""A release pushed to real engines, Virtuoso 7 and Oxigraph's server, answers as it does at home."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import aclosing
from dataclasses import replace
from email.utils import format_datetime
from functools import cache
from pathlib import Path

import httpx2
import orjson
import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

from remotestores import oxigraph, virtuoso
from stelsel.errors import (
    DeadlinePassed,
    NoRelease,
    NotAcceptable,
    QueryRefused,
    QuerySyntaxError,
    StoreError,
    Truncated,
)
from stelsel.home import Home
from stelsel.serving.current import CurrentStore
from stelsel.settings import read_settings
from stelsel.storing import Limits, Question
from stelsel.storing.embedded import EmbeddedStore
from stelsel.storing.formats import FORMATS
from stelsel.storing.pushing import Push, Target, push
from stelsel.storing.releases import current, current_path
from stelsel.storing.remote_endpoint import Endpoint
from stelsel.storing.remote_writing import GraphStore
from tinyeditions import BASE, GRAPH, make, make_home, released
from tinyreleases import RUNAWAYS, served

pytestmark = pytest.mark.slow  # engines are started, Virtuoso four times

WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
XSD = "http://www.w3.org/2001/XMLSchema#"
PANDEN = 3_000
ONTOLOGY = (
    "PREFIX def: <def/> PREFIX owl: <http://www.w3.org/2002/07/owl#> "
    "def:Pand a owl:Class ; owl:equivalentClass [ a owl:Restriction ; owl:onProperty def:p ] ."
)


def panden():
    for number in range(PANDEN):
        pand = f"<{BASE}/id/pand/{number:04}>"
        yield f'{pand} <{BASE}/def/jaar> "{1900 + number % 120}"^^<{XSD}gYear>'
        yield f'{pand} <{BASE}/def/naam> "Huis \\"{number}\\" à é"@nl'
        yield f'{pand} <{BASE}/def/oppervlakte> "{number}"^^<{XSD}integer>'
        yield f"{pand} <{BASE}/def/naast> <{BASE}/id/pand/{(number + 1) % PANDEN:04}>"
        yield f'{pand} <{BASE}/def/plek> "POINT({number} 52)"^^<{WKT}>'


QUESTIONS = {
    "a lookup": f"SELECT ?p ?o WHERE {{ <{BASE}/id/pand/0007> ?p ?o }}",
    "a join over two graphs": f"SELECT ?a ?m WHERE {{ ?a <{BASE}/def/naast> <{BASE}/id/pand/0009> . ?a <{BASE}/def/meting> ?m }}",
    "a count of everything": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
    "a count by graph": "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "one graph": f"SELECT (COUNT(*) AS ?n) FROM <{GRAPH}/metingen> WHERE {{ ?s ?p ?o }}",
    "relative IRIs": "SELECT ?naam WHERE { <id/pand/0012> <def/naam> ?naam }",
    "geometries and years": f"SELECT ?w ?y WHERE {{ ?s <{BASE}/def/plek> ?w ; <{BASE}/def/jaar> ?y }} ORDER BY ?s LIMIT 20",
    "nothing": "SELECT * WHERE { <http://nobody/> ?p ?o }",
    "every row": f"SELECT ?s ?o WHERE {{ ?s <{BASE}/def/naast> ?o }}",
}
YES_OR_NO = {"ASK { <id/pand/0001> ?p ?o }": True, "ASK { <http://nobody/> ?p ?o }": False}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("remote")
    home = make_home(folder / "home", pand=ONTOLOGY)
    metingen = [f'<{BASE}/id/meting/{n}> <{BASE}/def/p> "m{n}"' for n in range(50)]
    metingen += [f"<{BASE}/id/meetpunt/{n}> <{BASE}/def/naast> <{BASE}/id/pand/0009>" for n in range(3)]
    metingen += [f'<{BASE}/id/meetpunt/{n}> <{BASE}/def/meting> "{n}.5"^^<{XSD}decimal>' for n in range(3)]
    editions = [make(folder, "bag", {"bag": list(panden())}), make(folder, "metingen", {"metingen": metingen})]
    released(folder, Home(home), *editions)
    return folder


ENGINES = {
    "oxigraph": oxigraph,
    "oxigraph, union": lambda f: oxigraph(f, "--union-default-graph"),
    "virtuoso": virtuoso,
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request, tmp_path_factory, data):
    """An engine to which the release has been pushed: its name and its address."""
    with ENGINES[request.param](tmp_path_factory.mktemp("engine")) as (address, _):
        asyncio.run(push(settings(data), Target(address)))
        yield request.param, address


def settings(data, **more):
    access = {"store_user": "dba", "store_password": "dba"}
    return read_settings({"data": data, "base": BASE, **access, **more}, environ={})


def talk(data, address, conversation, **more):
    """Run `conversation(store)` with the store that a server would open on this address."""

    async def run():
        store = CurrentStore(settings(data, store=address, **more))
        await store.open()
        try:
            return await conversation(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def answer(store, text, format="json", *, seconds=20.0, **limits):
    question = Question(text, base_iri=f"{BASE}/")
    async with aclosing(store.answer(question, FORMATS[format], Limits(seconds, 1_000_000_000, **limits))) as chunks:
        return b"".join([chunk async for chunk in chunks])


@cache
def at_home(data, text, format="json"):
    async def run():
        path = current_path(data, "open") / "oxigraph"
        store = await EmbeddedStore.open(path, release="r", workers=2)
        try:
            return await answer(store, text, format)
        finally:
            await store.close()

    return asyncio.run(run())


def rows(content):
    """The rows of a SELECT in JSON, in an order of their own: what XSD says is the same is the same here."""
    return sorted(
        sorted(
            (name, t["value"], t.get("datatype", "").removesuffix("#string"), t.get("xml:lang", ""))
            for name, t in row.items()
        )
        for row in orjson.loads(content)["results"]["bindings"]
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_has_the_answer_that_it_has_at_home(engine, data, question):
    text = QUESTIONS[question]
    if "FROM" in text and engine[0] == "oxigraph, union":
        # Its FROM would be overruled in silence.
        with pytest.raises(QueryRefused, match="union-default-graph"):
            talk(data, engine[1], lambda store: answer(store, text))
        return
    assert rows(talk(data, engine[1], lambda store: answer(store, text))) == rows(at_home(data, text))


@pytest.mark.parametrize("format", ["json", "xml", "csv"])
@pytest.mark.parametrize("text", YES_OR_NO)
def test_yes_and_no_are_written_as_the_standard_has_them(engine, data, text, format):
    said = talk(data, engine[1], lambda store: answer(store, text, format))
    assert (b"true" in said, b"false" in said) == (YES_OR_NO[text], not YES_OR_NO[text])
    assert b"__ASK" not in said


@pytest.mark.parametrize("format", ["turtle", "ntriples", "nquads", "trig"])
def test_a_graph_is_the_graph_that_it_is_at_home(engine, data, format):
    text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o . ?s <{BASE}/def/oppervlakte> ?m FILTER(?m < 20) }}"
    there = triples(talk(data, engine[1], lambda store: answer(store, text, format)), format)
    assert len(there) == 100
    assert there == triples(at_home(data, text, "ntriples"), "ntriples")


def triples(content, format):
    return {str(quad.triple) for quad in parse(content, format=RdfFormat.from_media_type(FORMATS[format].media_type))}


@pytest.mark.parametrize("engine", ["virtuoso"], indirect=True)
def test_a_format_that_loses_something_is_refused(engine, data):
    for text, name in (
        ("ASK { ?s ?p ?o }", "tsv"),
        ("DESCRIBE <id/pand/0001>", "jsonld"),
        ("DESCRIBE <id/pand/0001>", "rdfxml"),
    ):
        with pytest.raises(NotAcceptable, match="Virtuoso loses something"):
            talk(data, engine[1], lambda store, t=text, f=name: answer(store, t, f))


def test_the_release_is_the_one_that_was_pushed(engine, data):
    async def look(store):
        return store.info(), store.made

    found, made = talk(data, engine[1], look)
    home = current(data, "open")
    assert (found.id, found.graphs, found.quads) == (home.id, home.graphs, home.quads)
    assert (found.editions, found.dates) == (home.editions, home.dates)
    assert made == format_datetime(home.made, usegmt=True)


def test_a_query_that_does_not_parse_is_told_by_line(engine, data):
    with pytest.raises(QuerySyntaxError) as caught:
        talk(data, engine[1], lambda store: answer(store, "SELECT *\nWHERE { ?s ?p }"))
    assert caught.value.line == 2
    assert "SELECT" not in str(caught.value)


def test_rows_beyond_a_limit_are_cut_off_well_formed(engine, data):
    text = f"SELECT ?s ?o WHERE {{ ?s <{BASE}/def/naast> ?o }}"
    for name in ("json", "xml", "csv"):
        said = bytearray()
        with pytest.raises(Truncated) as caught:
            talk(data, engine[1], lambda store, f=name, s=said: collect(store, text, s, f, rows=10))
        assert caught.value.limit == "rows"
        assert count_rows(bytes(said), name) == 10


def test_statements_beyond_a_limit_are_cut_off_well_formed(engine, data):
    said = bytearray()
    with pytest.raises(Truncated):
        talk(
            data,
            engine[1],
            lambda store: collect(store, "CONSTRUCT WHERE { ?s ?p ?o }", said, "turtle", bytes=2_000),
        )
    assert 2_000 < len(said) < 4_000
    assert len(triples(bytes(said), "turtle")) > 5


async def collect(store, text, said, format, **limits):
    """As `answer`; what came before an error is in `said`."""
    question = Question(text, base_iri=f"{BASE}/")
    async with aclosing(store.answer(question, FORMATS[format], Limits(20, 1_000_000_000, **limits))) as chunks:
        async for chunk in chunks:
            said += chunk


def count_rows(content, format):
    if format == "csv":
        return len(list(csv.reader(io.StringIO(content.decode())))) - 1
    written = {"json": QueryResultsFormat.JSON, "xml": QueryResultsFormat.XML}[format]
    return len(list(parse_query_results(content, format=written)))


def test_a_runaway_ends_at_its_deadline(engine, data):
    async def run(store):
        began = time.monotonic()
        with pytest.raises(DeadlinePassed):
            await answer(store, RUNAWAYS["sort of a cross join"], seconds=1.5)
        return time.monotonic() - began

    assert talk(data, engine[1], run) < 1.5 + 0.25


def test_a_client_that_leaves_gives_its_turn_to_the_next(engine, data):
    async def run(store):
        for _ in range(6):
            chunks = store.answer(
                Question("SELECT * { ?a ?b ?c . ?d ?e ?f }"), FORMATS["csv"], Limits(3, 1_000_000_000)
            )
            first = asyncio.ensure_future(anext(chunks))
            await asyncio.wait([first], timeout=0.1)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await chunks.aclose()
        assert store.workload.busy == 0
        return await answer(store, QUESTIONS["a lookup"])

    assert rows(talk(data, engine[1], run, query_workers=2))


def test_the_service_stands_in_front_of_it(engine, data, tmp_path):
    """The whole server, without a data directory of its own."""
    access = {"store_user": "dba", "store_password": "dba"}
    with served(tmp_path, store=engine[1], base=BASE, **access) as (address, _):
        asked = httpx2.get(f"{address}/sparql", params={"query": QUESTIONS["a count of everything"]})
        ready = httpx2.get(f"{address}/health/ready")
        wrong = httpx2.get(f"{address}/sparql", params={"query": "SELECT {"})
    home = current(data, "open")
    assert rows(asked.content) == rows(at_home(data, QUESTIONS["a count of everything"]))
    assert asked.headers["stelsel-release"] == home.id
    assert ready.json()["release"] == home.id
    assert wrong.status_code == 400


def test_a_server_that_is_killed_halfway_gives_an_error_and_no_answer(data, tmp_path):
    with oxigraph(tmp_path) as (address, process):
        asyncio.run(push(settings(data), Target(address)))

        async def run(store):
            text = "SELECT * { GRAPH ?g { ?a ?b ?c } GRAPH ?h { ?d ?e ?f } }"
            chunks = store.answer(Question(text), FORMATS["csv"], Limits(20, 1_000_000_000))
            async with aclosing(chunks):
                await anext(chunks)
                process.send_signal(signal.SIGKILL)
                with pytest.raises(StoreError, match="broke off"):
                    async for _ in chunks:
                        pass
            with pytest.raises(StoreError, match="cannot be reached"):
                await answer(store, QUESTIONS["a lookup"])
            return store.ready

        assert talk(data, address, run) is False


def test_a_virtuoso_that_cuts_answers_is_found_out(data, tmp_path):
    with virtuoso(tmp_path, "ResultSetMaxRows = 100") as (address, _):
        asyncio.run(push(settings(data), Target(address)))
        said = bytearray()
        with pytest.raises(Truncated):
            talk(data, address, lambda store: collect(store, QUESTIONS["every row"], said, "json"))
        assert count_rows(bytes(said), "json") == 100
        with pytest.raises(StoreError, match="remove ResultSetMaxRows"):
            talk(data, address, lambda store: answer(store, "DESCRIBE <id/pand/0001>", "turtle"))


def test_a_virtuoso_that_is_done_with_time_gives_no_answer(data, tmp_path):
    """Told a time, it gives what it had found by then, with status 200."""
    with virtuoso(tmp_path, "") as (address, _):
        asyncio.run(push(settings(data), Target(address)))
        text = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{GRAPH}/bag> {{ ?a ?b ?c . ?d ?e ?f FILTER(STR(?c) < STR(?f)) }} }}"
        form = {"query": text, "timeout": "1000"}
        assert httpx2.post(address, data=form, timeout=30).headers["x-sql-state"] == "S1TAT"

        async def run(store):
            endpoint = store._remote._endpoint
            endpoint.engine = replace(endpoint.engine, timeout=lambda _: "1000")
            with pytest.raises(DeadlinePassed):
                await answer(store, text)

        talk(data, address, run)


class Breaking(GraphStore):
    """The real thing, until it is to write the graph that is named last; `written` are the graphs that it wrote."""

    until = ""

    async def replace(self, graph, content):
        if self.until and graph.endswith(self.until):
            raise StoreError("the line is cut")
        self.written = [*getattr(self, "written", []), graph]
        await super().replace(graph, content)


def push_until(data, address, until=""):
    """Push by a line that is cut at a graph; the graphs that were written."""

    async def run():
        path, endpoint = current_path(data, "open"), Endpoint(address)
        async with Breaking(address.replace("/query", "/store"), user="", password="") as writer:
            writer.until = until
            try:
                await Push(data, path, current(data, "open"), endpoint, writer).run()
            except StoreError:
                assert until
            finally:
                await endpoint.close()
            return writer.written

    return asyncio.run(run())


def test_a_push_that_was_broken_off_goes_on_where_it_was(data, tmp_path):
    with oxigraph(tmp_path) as (address, _):
        first = push_until(data, address, until="/ontologie/pand")
        with pytest.raises(NoRelease, match="not whole"):
            talk(data, address, lambda store: store.refresh())
        second = push_until(data, address)
        catalogue = f"{GRAPH}/catalogus"
        assert first == [catalogue, f"{GRAPH}/bag", f"{GRAPH}/metingen"]
        assert second == [catalogue, f"{GRAPH}/ontologie/pand", catalogue]
        graphs = talk(data, address, lambda store: answer(store, QUESTIONS["a count by graph"]))
    assert {row[0][1]: int(row[1][1]) for row in rows(graphs)} == current(data, "open").graphs
    assert not list((data / "pushes").iterdir())


def test_a_push_leaves_nothing_of_the_release_before(data, tmp_path):
    with oxigraph(tmp_path) as (address, _):
        push_until(data, address)
        other, home = tmp_path / "other", make_home(tmp_path / "home")
        release = released(other, Home(home), make(other, "bag", {"bag": list(panden())[:100]}))
        push_until(other, address, until="/bag")
        push_until(other, address)
        graphs = talk(other, address, lambda store: answer(store, QUESTIONS["a count by graph"]))
    assert {row[0][1]: int(row[1][1]) for row in rows(graphs)} == release.graphs


NTRIPLES = {"Content-Type": "application/n-triples"}


def test_the_command_pushes_and_says_what_it_did(data, tmp_path):
    command = [Path(sys.executable).parent / "stelsel", "push"]
    environ = {**os.environ, "STELSEL_DATA": str(data), "STELSEL_BASE": BASE}
    with oxigraph(tmp_path) as (address, _):
        done = subprocess.run([*command, address], env=environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(rf"release \S+ \(open\) is in {re.escape(address)}: [\d,]+ quads in \d graphs", done.stdout)
    gone = subprocess.run([*command, address], env=environ, capture_output=True, text=True, check=False)
    assert gone.returncode == 1
    assert "cannot be reached" in gone.stderr


def test_a_store_without_graph_store_is_pushed_to_by_updates(data, tmp_path):
    with oxigraph(tmp_path) as (address, _):
        asyncio.run(push(settings(data), Target(address, update=address.replace("/query", "/update"))))
        graphs = talk(data, address, lambda store: answer(store, QUESTIONS["a count by graph"]))
    assert {row[0][1]: int(row[1][1]) for row in rows(graphs)} == current(data, "open").graphs


def test_a_store_that_is_not_ours_is_answered_from_all_the_same(tmp_path):
    with oxigraph(tmp_path) as (address, _):
        quad = "<http://e/s> <http://e/p> <http://e/o> ."
        httpx2.post(address.replace("/query", "/store?default"), content=quad, headers=NTRIPLES).raise_for_status()

        async def look(store):
            return store.release, await answer(store, "SELECT * { ?s ?p ?o }")

        release, said = talk(tmp_path, address, look)
        assert re.fullmatch(r"foreign-\d{8}-\d{4}", release)
        assert len(rows(said)) == 1


def test_a_stream_takes_no_memory_with_it(data, tmp_path):
    with oxigraph(tmp_path) as (address, _):
        asyncio.run(push(settings(data), Target(address)))

        async def run(store):
            text = "SELECT * { GRAPH ?g { ?a ?b ?c } GRAPH ?h { ?d ?e ?f } } LIMIT 300000"
            before, size = rss(), 0
            async with aclosing(store.answer(Question(text), FORMATS["csv"], Limits(60, 1_000_000_000))) as chunks:
                async for chunk in chunks:
                    size += len(chunk)
            return size, rss() - before

        size, grown = talk(data, address, run)
        assert size > 50_000_000
        assert grown < 20_000_000


def rss():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
