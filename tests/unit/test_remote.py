"""A remote store that misbehaves: no part of an answer is ever taken for the whole."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from urllib.parse import parse_qsl

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

from remotestores import said, scripted
from stelsel.errors import Busy, DeadlinePassed, NotAcceptable, QuerySyntaxError, StoreError, Truncated
from stelsel.storing import Limits, Question
from stelsel.storing.formats import FORMATS
from stelsel.storing.remote import RemoteStore
from stelsel.storing.remote_cutting import cut
from stelsel.storing.remote_endings import Ending
from stelsel.storing.remote_endpoint import Endpoint
from stelsel.storing.remote_engines import VIRTUOSO
from stelsel.storing.remote_formats import replaced
from stelsel.storing.remote_gate import Gate
from stelsel.storing.remote_retyping import retyped

WHOLE = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"1"}}]}}'
TYPE = "application/sparql-results+json"
CHUNKED = f"HTTP/1.1 200 OK\r\nContent-Type: {TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


def ask(
    *answers, text="SELECT * { ?s ?p ?x }", format="json", seconds=2.0, question=None, engine=None, size=4, **limits
):
    """What a store says that gives these answers, one after the other: the answer, and what it was asked last."""

    async def run():
        async with scripted(*answers) as (address, asked):
            endpoint = Endpoint(address, user="me", password="secret")
            if engine is not None:
                endpoint.engine = engine
            store = RemoteStore("r1", endpoint, Gate(size), graphs=("http://e/g",))
            chunks = store.answer(question or Question(text), FORMATS[format], Limits(seconds, 1_000_000, **limits))
            try:
                async with aclosing(chunks):
                    said = b"".join([chunk async for chunk in chunks])
            finally:
                await endpoint.close()
            return said, asked

    return asyncio.run(run())


def fields(asked):
    return parse_qsl(asked.partition(b"\r\n\r\n")[2].decode())


def test_a_whole_answer_is_passed_on_byte_for_byte():
    assert ask(said(WHOLE))[0] == WHOLE


@pytest.mark.parametrize("at", range(1, len(WHOLE), 7))
def test_a_transfer_that_is_cut_halfway_is_never_taken_for_complete(at):
    """By a proxy in between, with a length, in chunks, and without either."""
    part = WHOLE[:at]
    for answer in (
        said(WHOLE)[: -len(WHOLE) + at],
        CHUNKED + b"%x\r\n%s\r\n" % (at, part),
        CHUNKED + b"%x\r\n%s" % (len(WHOLE), part),
        f"HTTP/1.1 200 OK\r\nContent-Type: {TYPE}\r\n\r\n".encode() + part,
    ):
        with pytest.raises(StoreError, match=r"broke off|no length"):
            ask(answer)


def test_an_error_inside_an_answer_with_status_200_is_found():
    """As Oxigraph's server does it: a part, the words of the error, and a transfer that ends as if all were well."""
    cancelled = b"The SPARQL operation has been cancelled"
    rows = b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"literal","value":"}"}}'
    for name, part in (
        ("json", rows),
        ("xml", b"<sparql><head/><results><result></result>"),
        ("csv", b"n\r\n1\r\n"),
        ("tsv", b"?n\n1\n"),
        ("ntriples", b"<http://e/s> <http://e/p> <http://e/o> .\n"),
    ):
        with pytest.raises(StoreError, match="in the middle"):
            ask(said(part + cancelled, type=FORMATS[name].media_type), format=name)


@pytest.mark.parametrize(
    ("format", "content"),
    [
        ("csv", b""), ("csv", b"a,b\r\n"), ("csv", b"true"), ("tsv", b"?a\n"), ("ntriples", b""), ("ntriples", b"# Empty NT\n"),
        ("ntriples", b'_:a <http://e/p> "x" .'), ("turtle", b"@prefix a: <http://e/> .\na:b a:c a:d .\n"), ("trig", b"<http://e/g> { }\n"),
        ("rdfxml", b"<rdf:RDF xmlns:rdf='x'>\n</rdf:RDF>\n"), ("rdfxml", b"<rdf:RDF xmlns:rdf='x'/>"), ("jsonld", b"[]\n"),
        ("xml", b"<sparql></sparql>\n"), ("json", b'{"head":{},"boolean":true}'),
    ],
)  # fmt: skip
def test_an_answer_that_ends_as_it_should_is_complete(format, content):
    assert ask(said(content, type=FORMATS[format].media_type), format=format)[0] == content


@given(st.binary(max_size=9000), st.integers(1, 5000))
def test_an_ending_is_the_same_however_the_bytes_come(content, size):
    once, often = Ending("text/csv"), Ending("text/csv")
    once.see(content)
    for at in range(0, len(content), size):
        often.see(content[at : at + size])
    assert once.proper == often.proper


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("400 Bad Request", QuerySyntaxError), ("401 Unauthorized", StoreError), ("403 Forbidden", StoreError),
        ("301 Moved", StoreError), ("406 Not Acceptable", NotAcceptable), ("408 Request Timeout", DeadlinePassed),
        ("429 Too Many Requests", Busy), ("500 Oops", StoreError), ("503 Unavailable", Busy), ("504 Timeout", DeadlinePassed),
    ],
)  # fmt: skip
def test_a_status_that_is_no_answer_is_an_error_of_ours(status, error):
    with pytest.raises(error):
        ask(said(b"<h1>reason</h1>", type="text/html", status=status))


def test_a_syntax_error_has_its_place_in_the_query_as_it_was_written():
    text = "SELECT * { <a> ?p }"
    with pytest.raises(QuerySyntaxError) as caught:
        ask(
            said(b"error at 1:38: expected one of", type="text/plain", status="400 Bad Request"),
            question=Question(text, base_iri="http://e.nl/a/"),
        )
    assert (caught.value.line, caught.value.column) == (1, 16)


def test_a_page_instead_of_an_answer_is_no_answer():
    with pytest.raises(StoreError, match="gave text/html"):
        ask(said(b"<html>Log in</html>", type="text/html"))


def test_what_virtuoso_had_found_when_its_time_was_over_is_no_answer():
    with pytest.raises(DeadlinePassed):
        ask(said(WHOLE, headers="X-SQL-State: S1TAT\r\n"), engine=VIRTUOSO)


def test_rows_that_virtuoso_left_out_are_told():
    with pytest.raises(Truncated):
        ask(said(WHOLE, headers="X-SPARQL-MaxRows: 10000\r\n"), engine=VIRTUOSO)


def test_the_deadline_is_ours_and_is_passed_on_where_the_engine_knows_it():
    with pytest.raises(DeadlinePassed):
        ask([b"HTTP/1.1 200 OK\r\n", 5], seconds=0.2)
    with pytest.raises(DeadlinePassed):
        ask([CHUNKED + b"1\r\n{\r\n", 5], seconds=0.2)
    form = fields(ask(said(WHOLE), seconds=2.0, engine=VIRTUOSO)[1][0])
    assert ("timeout", "2000") in form
    assert ("maxrows", "2000000000") in form


def test_the_graphs_of_the_protocol_go_along_and_else_those_of_the_release():
    def graphs(question):
        form = fields(ask(said(WHOLE), question=question)[1][0])
        return [pair for pair in form if pair[0] != "query"]

    text = "SELECT * { ?s ?p ?x }"
    assert graphs(Question(text, default_graphs=("http://e/1", "http://e/2"))) == [
        ("default-graph-uri", "http://e/1"),
        ("default-graph-uri", "http://e/2"),
    ]
    assert graphs(Question(text, named_graphs=("http://e/1",))) == [("named-graph-uri", "http://e/1")]
    assert graphs(Question(text)) == [("default-graph-uri", "http://e/g"), ("named-graph-uri", "http://e/g")]
    assert graphs(Question("SELECT * FROM <http://e/1> { ?s ?p ?x }")) == []


def test_a_connection_that_was_kept_and_is_gone_is_opened_again():
    """The server closes without a word; the question is put once more, and answered."""
    answer, asked = ask(b"", said(WHOLE))
    assert answer == WHOLE
    assert len(asked) == 2
    with pytest.raises(StoreError, match="cannot be reached"):
        ask(b"", b"", said(WHOLE))


def test_credentials_are_shown_only_where_they_are_asked_for():
    basic = said(b"", status="401 Unauthorized", headers='WWW-Authenticate: Basic realm="x"\r\n')
    digest = said(
        b"", status="401 Unauthorized", headers='WWW-Authenticate: Digest realm="x", nonce="n", qop="auth"\r\n'
    )
    assert b"authorization" not in ask(said(WHOLE))[1][0].lower()
    assert b"authorization: basic bwu6c2vjcmv0" in ask(basic, said(WHOLE))[1][1].lower()
    assert b'authorization: digest username="me"' in ask(digest, digest, said(WHOLE))[1][2].lower()


def test_text_that_is_not_unicode_is_refused_here():
    with pytest.raises(QuerySyntaxError, match="Unicode"):
        ask(said(WHOLE), text="SELECT * { ?s ?p '\ud800' }")


def test_one_client_does_not_take_all_the_turns():
    async def run():
        async with scripted([5]) as (address, _):
            endpoint = Endpoint(address)
            store = RemoteStore("r1", endpoint, Gate(2))

            async def one(**limits):
                async with aclosing(store.answer(Question("ASK {}"), FORMATS["json"], Limits(**limits))) as chunks:
                    await anext(chunks, None)

            slow = asyncio.create_task(one(seconds=0.9, memory=1))
            await asyncio.sleep(0.05)
            with pytest.raises(Busy):
                await one(seconds=0.2, memory=1)  # the other turn is for curated queries
            with pytest.raises(DeadlinePassed):
                await one(seconds=0.2, memory=1, lane="curated")
            with pytest.raises(DeadlinePassed):
                await slow
            assert (store.workload.busy, store.workload.waiting) == (0, 0)
            await endpoint.close()

    asyncio.run(run())


def pieces(content, size):
    async def give():
        for at in range(0, len(content), size):
            yield content[at : at + size]

    return give()


def gathered(chunks):
    """The bytes, and which limit ended them."""

    async def run():
        found = b""
        try:
            async for chunk in chunks:
                found += chunk
        except Truncated as error:
            return found, error.limit
        return found, ""

    return asyncio.run(run())


@given(st.binary(max_size=60), st.integers(1, 9))
def test_bytes_are_replaced_wherever_the_pieces_are_cut(content, size):
    text = content.replace(b"\x01", b"abcab").replace(b"\x02", b"ab")
    assert gathered(replaced(pieces(text, size), b"abcab", b"X"))[0] == text.replace(b"abcab", b"X")


FOREIGN = (
    b'{ "head": { "link": [], "vars": ["s"] },\n  "results": { "distinct": false, "bindings": [\n'
    + b" ,\n".join(b'    { "s": { "type": "literal", "value": "[{ %d" }}' % number for number in range(9))
    + b" ] } }"
)


@given(st.integers(0, 12), st.integers(1, 40))
def test_rows_of_another_engine_are_cut_where_one_begins(rows, size):
    limits = Limits(1, 1, rows=rows)
    found, limit = gathered(cut(pieces(FOREIGN, size), FORMATS["json"], TYPE, limits))
    assert len(orjson.loads(found)["results"]["bindings"]) == min(rows, 9)
    assert (limit == "rows") == (rows < 9)


@given(st.integers(0, 6), st.integers(1, 9), st.sampled_from([b"\n", b"\r\n"]))
def test_lines_of_another_engine_are_cut_where_one_begins(rows, size, end):
    content = end.join([b'"s"', b'"a\nb"', b'"c ""d"', b"5", b""])
    found, limit = gathered(cut(pieces(content, size), FORMATS["csv"], "text/csv", Limits(1, 1, rows=rows)))
    assert content.startswith(found)
    assert found.endswith(end)
    assert (limit == "rows") == (rows < 3)


@given(st.integers(0, 6), st.integers(1, 30))
def test_statements_are_cut_between_lines(rows, size):
    content = b"# comment\n" + b"".join(b'<http://e/%d> <http://e/p> "\\n" .\n' % number for number in range(4))
    found, limit = gathered(
        cut(pieces(content, size), FORMATS["turtle"], "application/n-triples", Limits(1, 1, rows=rows))
    )
    assert found.count(b"<http://e/p>") == min(rows, 4)
    assert (limit == "rows") == (rows < 4)


def test_what_cannot_be_cut_is_given_up_at_its_limit():
    with pytest.raises(StoreError, match="cannot be cut"):
        gathered(
            cut(pieces(b"x" * 1_200_000, 5000), FORMATS["rdfxml"], "application/rdf+xml", Limits(1, 1, bytes=10_000))
        )


@pytest.mark.parametrize("engine", [VIRTUOSO])
def test_an_answer_that_needs_no_mending_is_what_it_was(engine):
    table = b'{ "head": { "link": [], "vars": ["n"] }, "results": { "bindings": [ ] } }'
    assert ask(said(table), engine=engine)[0] == table
    assert list(parse_query_results(table, format=QueryResultsFormat.JSON)) == []


_INT = "http://www.w3.org/2001/XMLSchema#integer"
_BYTE = "http://www.w3.org/2001/XMLSchema#byte"
SIZES = (
    f'<http://e/a> <http://e/size> "5"^^<{_INT}> .\n'
    f'<http://e/b>\t<http://e/size>\t"-3"^^<{_INT}>\t.\n'
    f'<http://e/c> <http://e/size> "500"^^<{_INT}> .\n'
    f'<http://e/d> <http://e/other> "5"^^<{_INT}> .\n'
    f'<http://e/e> <http://e/label> "<http://e/size> \\"5\\"^^<{_INT}> ."@nl .\n'
).encode()
TYPED = Question("CONSTRUCT WHERE { ?s ?p ?o }", datatypes=(("http://e/size", _BYTE),))
PARSED = {
    "turtle": RdfFormat.TURTLE, "ntriples": RdfFormat.N_TRIPLES, "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG, "rdfxml": RdfFormat.RDF_XML, "jsonld": RdfFormat.JSON_LD,
}  # fmt: skip


def types(content, format):
    """The datatype of each subject's value."""
    return {quad.subject.value[-1]: quad.object.datatype.value for quad in parse(content, PARSED[format])}


@pytest.mark.parametrize("engine", [VIRTUOSO, None])
@pytest.mark.parametrize("format", PARSED)
def test_integers_get_the_datatype_of_a_profile_in_every_format_as_the_embedded_store_gives_it(format, engine):
    content, asked = ask(said(SIZES, type="application/n-triples"), question=TYPED, format=format, engine=engine)
    assert b"accept: application/n-triples\r\n" in asked[-1].lower()
    found = types(content, format)
    assert {name: found[name] for name in "abcd"} == {"a": _BYTE, "b": _BYTE, "c": _INT, "d": _INT}
    assert found["e"].endswith("langString")


@pytest.mark.parametrize("format", PARSED)
def test_a_profile_s_answer_is_cut_at_a_limit_and_says_so(format):
    said_before = bytearray()

    async def run():
        async with scripted(said(SIZES, type="application/n-triples")) as (address, _):
            endpoint = Endpoint(address)
            store = RemoteStore("r1", endpoint, Gate(2))
            try:
                async with aclosing(store.answer(TYPED, FORMATS[format], Limits(2.0, 1_000_000, rows=2))) as chunks:
                    async for chunk in chunks:
                        said_before.extend(chunk)
            finally:
                await endpoint.close()

    with pytest.raises(Truncated):
        asyncio.run(run())
    assert types(bytes(said_before), format) == {"a": _BYTE, "b": _BYTE}


@pytest.mark.parametrize("format", ["turtle", "rdfxml"])
def test_a_profile_s_answer_that_breaks_off_is_no_answer(format):
    with pytest.raises(StoreError):
        ask(said(SIZES, type="application/n-triples")[:-60], question=TYPED, format=format)


def test_an_engine_that_writes_something_else_is_told_from_one_that_does_as_it_is_asked():
    with pytest.raises(StoreError, match="was asked for application/n-triples"):
        ask(said(b"<a> <b> <c> .\n", type="text/turtle"), question=TYPED, format="turtle")


@given(st.integers(1, 40))
def test_a_line_is_read_whole_however_the_bytes_come(size):
    async def run():
        async def chunks():
            for at in range(0, len(SIZES), size):
                yield SIZES[at : at + size]

        return b"".join([part async for part in retyped(chunks(), FORMATS["ntriples"], TYPED.datatypes)])

    assert types(asyncio.run(run()), "ntriples")["a"] == _BYTE
