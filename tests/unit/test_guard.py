"""The guard errs on neither side: what it lets through opens no connection, and what only looks like SERVICE may run."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import pyoxigraph
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stelsel.errors import QueryRefused, QuerySyntaxError
from stelsel.querying.guard import judge, judge_update
from stelsel.querying.references import resolve

EVIL = "http://198.51.100.7/sparql"
GOOD = "https://data.example.nl/sparql"
LISTED = frozenset({GOOD})
PREFIXES = f"PREFIX ex: <{EVIL}> PREFIX goed: <https://data.example.nl/> "

many = settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "select"),
        ("ask{}", "ask"),
        ("# a comment\nBASE <http://a/> PREFIX : <b> PREFIX select: <c> CONSTRUCT WHERE {}", "construct"),
        ('VERSION "1.2" DESCRIBE <a>', "describe"),
        ("SELECT?service{?service ?p ?o}", "select"),
    ],
)
def test_the_form_of_a_query_is_found_after_its_prologue(text, form):
    assert judge(text) == form


@pytest.mark.parametrize("word", ["INSERT", "delete", "WITH", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "LOAD"])
def test_an_update_that_is_sent_as_a_query_is_refused(word):
    with pytest.raises(QueryRefused, match=word.upper()):
        judge(f"PREFIX ex: <a> {word} ")


@pytest.mark.parametrize(
    "clause",
    [
        f"SERVICE <{EVIL}> {{}}",
        f"service<{EVIL}>{{}}",
        f"SERVICE SILENT <{EVIL}> {{}}",
        f"SERVICE # <{GOOD}>\n <{EVIL}> {{}}",
        "SERVICE ex: {}",
        "SERVICE SILENT ex: {}",
        f"{{ SELECT * {{ OPTIONAL {{ SERVICE <{EVIL}> {{}} }} }} }}",
        f"FILTER EXISTS {{ GRAPH ?g {{ SERVICE <{EVIL}> {{}} }} }}",
        f"SERVICE <{GOOD}> {{ SERVICE <{EVIL}> {{}} }}",
        f"FILTER(?o<'>')SERVICE <{EVIL}>{{}} FILTER('a'='')",
        f"SERVICE <{EVIL.replace('h', chr(92) + 'u0068', 1)}> {{}}",
        f"\\u0053ERVICE <{EVIL}> {{}}",
        f"\\U00000053ERVICE <{EVIL}> {{}}",
        f"?s ?p '\\u0027 . SERVICE <{EVIL}> {{}} #'",
    ],
)
def test_a_refused_query_names_the_endpoint(clause):
    with pytest.raises(QueryRefused, match=r"198\.51\.100\.7"):
        judge(f"{PREFIXES}SELECT * {{ {clause} }}", allowed_services=LISTED)


def test_a_variable_endpoint_is_refused():
    with pytest.raises(QueryRefused, match=r"\?where"):
        judge(f"SELECT * {{ VALUES ?where {{ <{GOOD}> }} SERVICE ?where {{}} }}", allowed_services=LISTED)


@pytest.mark.parametrize(
    "clause",
    [
        "SERVICEex:a { }",
        "SERVICE SILENTex:a { }",
        "trueSERVICEex:a { }",
        f"SERVICESILENT<{EVIL}> {{}}",
        f"?s ?p ex:a.b.SERVICE<{EVIL}> {{}}",
        f"?s ?p '\\u0027#' SERVICESILENT<{EVIL}> {{}}",
        f"?s ?p trueSERVICE<{EVIL}> {{}}",
        "SERVICE onbekend:a {}",
        "SERVICE 'a' {}",
        "SERVICE",
        "SERVICE <a b> {}",
    ],
)
def test_what_engines_may_read_in_two_ways_is_no_query(clause):
    with pytest.raises(QuerySyntaxError) as caught:
        judge(f"{PREFIXES}SELECT * {{ {clause} }}", allowed_services=LISTED)
    assert caught.value.line == 1


def test_a_declaration_glued_to_its_keyword_is_no_prologue():
    with pytest.raises(QuerySyntaxError, match="PREFIX"):
        judge(f"PREFIX a:<{GOOD}> PREFIXa:<{EVIL}> SELECT * {{ SERVICE a: {{}} }}", allowed_services=LISTED)


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT * {{ SERVICE <{GOOD}> {{}} }}",
        f"SELECT * {{ SERVICE SILENT <{GOOD}> {{ {{ SELECT * {{ SERVICE <{GOOD}> {{}} }} }} }} }}",
        f"{PREFIXES} SELECT * {{ SERVICE goed:sparql {{}} }}",
        f"{PREFIXES} SELECT * {{ SERVICE goed:spar\\u0071l {{}} }}",
        "BASE <https://data.example.nl/a/> PREFIX x: <../> SELECT * { SERVICE x:sparql {} SERVICE <../sparql> {} }",
        "PREFIX service: <https://data.example.nl/> SELECT * { SERVICE service:sparql { ?s ?p ?o } }",
    ],
)
def test_an_endpoint_on_the_list_may_be_asked(query):
    assert judge(query, allowed_services=LISTED) == "select"


@pytest.mark.parametrize(
    "address", [f"{GOOD}/", GOOD.upper(), f"{GOOD}?a", f"{GOOD}#", "https://data.example.nl/a/../sparql"]
)
def test_an_endpoint_must_be_exactly_as_listed(address):
    with pytest.raises(QueryRefused):
        judge(f"SELECT * {{ SERVICE <{address}> {{}} }}", allowed_services=LISTED)


@pytest.mark.parametrize(
    "query",
    [
        "PREFIX service: <http://a/> SELECT * FROM service:g { GRAPH service:g { ?s service:p service:o } }",
        "PREFIX service: <http://a/> DESCRIBE service:x { ?s ?p ?o }",
        "PREFIX load: <http://a/> SELECT * { load:load load:a.service _:SERVICE . }",
        "SELECT * { ?s ?p '''\nSERVICE <http://a/> { }''' } # SERVICE <http://a/> {}",
        'SELECT * { ?s ?p "\\" SERVICE <http://a/> {}" , "x"@service }',
        "SELECT * { ?s <http://a/#SERVICE> <http://a/SERVICE> FILTER(?s<?o&&?o>?service) }",
    ],
)
def test_what_only_looks_like_a_service_may_run(query):
    assert judge(query) in {"select", "describe"}
    pyoxigraph.Store().query(query)


@pytest.mark.parametrize(
    "update",
    [
        "",
        "INSERT DATA { <a> <b> 'LOAD <c>' } ; # LOAD <c>\n DELETE WHERE { ?load ?p ?o };",
        "PREFIX load: <http://a/> CLEAR GRAPH load:g ; PREFIX load: <http://b/> COPY load:a TO load:b",
        f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{GOOD}> {{ ?s ?p ?o }} }}",
    ],
)
def test_an_update_within_this_service_may_run(update):
    judge_update(update, allowed_services=LISTED)


@pytest.mark.parametrize(
    "update",
    [
        f"LOAD <{EVIL}>",
        f"load silent <{EVIL}> INTO GRAPH <a>",
        f"{PREFIXES}CLEAR ALL; LOAD ex:",
        f"CLEAR ALL; PREFIX b: <{EVIL}> LOAD SILENT b:",
        f"\\u004COAD <{EVIL}>",
        f"INSERT {{}} WHERE {{ SERVICE <{EVIL}> {{}} }}",
        f"CLEAR ALL; PREFIX goed: <{EVIL}> INSERT {{}} WHERE {{ SERVICE goed: {{}} }}",
    ],
)
def test_an_update_that_reaches_outside_is_refused_by_name(update):
    with pytest.raises(QueryRefused, match=r"198\.51\.100\.7"):
        judge_update(update, allowed_services=LISTED)


@pytest.mark.parametrize("update", [f"{PREFIXES}LOADex:a", f"LOADSILENT<{EVIL}>", "CLEAR ALL; 1", "CLEAR ALL LOAD <a>"])
def test_a_glued_load_is_no_update(update):
    with pytest.raises((QuerySyntaxError, QueryRefused)):
        judge_update(update)


def test_a_query_that_is_sent_as_an_update_is_refused():
    with pytest.raises(QueryRefused, match="SELECT"):
        judge_update("CLEAR ALL; SELECT * {}")


references = st.lists(st.sampled_from(["/", "..", ".", "a", "b", "?", "#", "//x.nl", "q=1", ";"]), max_size=6).map(
    "".join
)


@settings(max_examples=300)
@given(
    st.sampled_from(["http://a/b/c/d;p?q", "http://a", "http://a/", "http://a/b?x#y", "http://a/b/../c"]), references
)
def test_relative_endpoints_resolve_as_in_the_engine(base, reference):
    if reference.startswith("///") or "////" in reference:
        return  # an address without a host is on no list
    turtle = f"<{reference}> <http://p> 1 ."
    with suppress(SyntaxError):
        quad = next(pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE, base_iri=base))
        assert resolve(base, reference) == quad.subject.value


@pytest.mark.parametrize(
    "unit", ["ex:a.", "ex:" + "a." * 99_990, "SERVICE ", "()", "'SERVICE' ", "<a", "a.", "SERVICE\\u0041", "#SERVICE\n"]
)
def test_judging_takes_time_linear_in_the_text(unit):
    text = f"SELECT * {{ {unit * (200_000 // len(unit))} 'service' }}"
    start = time.process_time()
    with suppress(QuerySyntaxError, QueryRefused):
        judge(text)
    assert time.process_time() - start < 1.5


def test_a_query_without_a_service_is_judged_without_being_read():
    text = f"SELECT * {{ {'?s ?p ?o . ' * 90_000} }}"
    start = time.process_time()
    judge(text)
    assert time.process_time() - start < 0.1


# From here on: the real engine, and a listener that sees every connection.


@dataclass(repr=False)  # what was asked is long, and says nothing about the example that failed
class Outside:
    address: str
    asked: list[bytes]


@pytest.fixture(scope="module")
def outside():
    """A SPARQL endpoint on this machine that remembers what it was asked."""
    server = socket.create_server(("127.0.0.1", 0))
    asked = []
    body = b'{"head":{"vars":[]},"results":{"bindings":[{}]}}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"

    def listen():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(65536))
                with suppress(OSError):
                    connection.sendall(head % len(body) + body)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield Outside(f"http://127.0.0.1:{server.getsockname()[1]}/", asked)
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


@pytest.fixture(scope="module")
def store():
    store = pyoxigraph.Store()
    for graph in (pyoxigraph.DefaultGraph(), pyoxigraph.NamedNode("http://g")):
        store.add(
            pyoxigraph.Quad(
                pyoxigraph.NamedNode("http://s"), pyoxigraph.NamedNode("http://p"), pyoxigraph.Literal(1), graph
            )
        )
    return store


def run(store, query):
    """Runs a query as far as it goes; true where it is one by the engine's own grammar."""
    try:
        answer = store.query(query, base_iri="http://base.example/")
        if not isinstance(answer, pyoxigraph.QueryBoolean):
            list(itertools.islice(answer, 5))
    except SyntaxError:
        return False
    except (RuntimeError, OSError, ValueError):
        return True
    return True


gaps = st.sampled_from(["", " ", "\n", "\t", "# SERVICE <x> {\n", "#'\r", '#"""\n'])
silents = st.sampled_from(["", "SILENT", "silent", " SILENT "])
services = st.sampled_from(["SERVICE", "service", "SerVice", "\\u0053ERVICE", "SERVICE\\u0020"])
endpoints = st.sampled_from(
    ["<EVIL>", "<EVILa>", "ex:", "ex:a", "<b>", "?e", "$e", "EVIL", "<http://127.0.0.\\u0031:PORT/>", "l:a"]
)
calls = st.builds(
    lambda *parts: "".join(parts),
    services,
    gaps,
    silents,
    gaps,
    endpoints,
    gaps,
    st.sampled_from(["{}", "{?s ?p ?o}", "{?a ?b ?c.}"]),
)
lookalikes = st.sampled_from([
    "?s ?p ?o . ", "?s ?p ?service . ", "?s ?p 'SERVICE <EVIL> {}' . ", '?s ?p "\\" SERVICE <EVIL> {}" . ', "?s ?p '''\n'SERVICE <EVIL> {}''' . ",
    "?s <EVIL#SERVICE> ?o . ", "?s l:SERVICE l:a\\#b . ", "?s l:a\\'b 'x' . ", "?s service:a service:b . ", "[] ?p 'a'@service . ",
    "?s ?p 1.# SERVICE <EVIL> {}\n", "?s ?p (1 <'> <#>) . ", "FILTER(?o<'>') ", "FILTER(1<?o&&?o>'#') ", "FILTER(?o<=<'>) ", "FILTER(COALESCE(<'>)='a') ",
    "FILTER(<<(?s ?p <'>)>><'>') ", "?s (<'>|^<#>)* ?o . ", "VALUES (?a ?b) {(<'> <#>)} ", "FILTER(EXISTS{}<'#>') ", "GRAPH service:g {} ",
    "FILTER(?o IN(<'>, '>')) ", "?s ?p [ ?q <'> ; ?r '#' ] . ", "?s ?p '\\u0027' . ", "FILTER EXISTS { ?s ?p (?o <'>) } ",
])  # fmt: skip
wrappers = st.sampled_from([
    "{§}", "OPTIONAL{§}", "{§}UNION{?s ?p ?o}", "{?s ?p ?o}UNION{§}", "MINUS{§}", "FILTER EXISTS{§}", "FILTER NOT EXISTS{§}", "GRAPH ?g{§}",
    "{SELECT * {§}}", "{SELECT ?o {§} GROUP BY ?o HAVING(1<'>')}", "{SELECT ?o {§} ORDER BY (1<'>') <http://www.w3.org/2001/XMLSchema#string>(?o)}", "LATERAL{§}",
    "FILTER(EXISTS{§}&&1<'>')", "?s ?p ?o. §", "FILTER(?o<'>')§ FILTER('a'='b')", "?s ?p 'a\\'b'.§", "?s ?p ?o#'\n.§", "?s ?p 1.§", "?s ?p true{§}",
    "FILTER(COALESCE(<'>)='a'||EXISTS{§})", "SERVICE SILENT <EVIL>{§}",
])  # fmt: skip
glue = st.sampled_from([
    "'", '"', "'''", "<", ">", "<'>", "#", "\n", "(", ")", "{", "}", ".", "\\", "\\u0027", "SERVICE", "SILENT", "EVIL", "<EVIL>", "{}", "true", "1", "a",
    "ex:", "l:", "FILTER(", "?o", "@en", "<<", ">>", "<<(", ")>>", "SERVICEex:a{}", "SERVICESILENT<EVIL>{}", "SERVICE SILENTex:a{}", "\x85", "%", "[", "]",
    "VALUES ?v {", "SELECT *", "ORDER BY", "l:f(", "_:b", "^^", "=", "&&", ",", ";", "|", "?", "{|", "|}", "l:a.b.", "_:a.b.",
])  # fmt: skip


@st.composite
def nestings(draw, leaves):
    body = "".join(draw(st.lists(leaves, min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 4))):
        before = draw(st.sampled_from(["", "", "?s ?p ?o . "]))
        body = before + draw(wrappers.filter(lambda text: leaves is not lookalikes or "SERVICE" not in text)).replace(
            "§", body
        )
    return body


@st.composite
def broken(draw):
    """A nesting with pieces of SPARQL put in, or cut out, anywhere."""
    text = draw(nestings(st.one_of(calls, lookalikes)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(glue) + text[at + draw(st.sampled_from([0, 0, 1, 2])) :]
    return text


def query(body, outside):
    prologue = "PREFIX ex:<EVIL>PREFIX l:<http://l/>PREFIX service:<http://l/>PREFIX SERVICEex:<http://l/>PREFIX SILENTex:<http://l/>"
    text = f"{prologue}SELECT*{{{body}}}"
    return text.replace("EVIL", outside.address).replace("PORT", outside.address.split(":")[-1].rstrip("/"))


def test_the_listener_sees_the_engine_come_by(store, outside):
    before = len(outside.asked)
    run(store, query("SERVICE <EVIL>{}", outside))
    assert len(outside.asked) == before + 1


@many
@given(nestings(st.one_of(calls, lookalikes)))
def test_what_is_let_through_opens_no_connection(store, outside, body):
    text = query(body, outside)
    before = len(outside.asked)
    with suppress(QueryRefused, QuerySyntaxError):
        judge(text)
        run(store, text)
    assert len(outside.asked) == before


@many
@given(broken())
def test_what_is_let_through_opens_no_connection_however_it_is_broken(store, outside, body):
    text = query(body, outside)
    before = len(outside.asked)
    with suppress(QueryRefused, QuerySyntaxError):
        judge(text)
        run(store, text)
    assert len(outside.asked) == before


@many
@given(nestings(st.one_of(calls, lookalikes)))
def test_only_what_is_listed_is_asked(store, outside, body):
    text = query(body, outside)
    before = len(outside.asked)
    with suppress(QueryRefused, QuerySyntaxError):
        judge(text, allowed_services=frozenset({f"{outside.address}a"}))
        run(store, text)
    assert all(request.startswith(b"POST /a ") for request in outside.asked[before:])


@many
@given(nestings(lookalikes))
def test_no_look_alike_is_refused(store, outside, body):
    text = query(body, outside)
    assert judge(text) == "select"
    assert run(store, text), "the generator makes valid queries"
