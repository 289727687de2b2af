"""A graph in parts, and writers that meet refusals."""

from __future__ import annotations

import asyncio

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from remotestores import said, scripted
from stelsel.errors import StoreError
from stelsel.storing.pushing_parts import parts
from stelsel.storing.remote_writing import GraphStore, Updates

GRAPH = "http://e/g"


def store(lines):
    found = Store()
    for quad in parse("\n".join(lines), format=RdfFormat.N_TRIPLES):
        found.add(Quad(quad.subject, quad.predicate, quad.object, NamedNode(GRAPH)))
    return found


def test_a_graph_comes_in_parts_that_together_are_the_graph():
    lines = [f'<http://e/{n}> <http://e/p> "_:x {n} \\n" .' for n in range(500)]
    found = list(parts(store(lines), GRAPH, 1_000))
    assert len(found) > 10
    assert sum(part.triples for part in found) == 500
    assert sorted(b"".join(part.content for part in found).decode().splitlines()) == sorted(lines)


def test_statements_with_blank_nodes_come_together():
    """Their labels mean something within one document only."""
    lines = [f"<http://e/{n}> <http://e/p> <http://e/o> ." for n in range(200)]
    blank = [f"_:b{n} <http://e/p> _:b{n + 1} ." for n in range(100)]
    found = list(parts(store(lines + blank), GRAPH, 1_000))
    assert [part.triples for part in found if b"_:" in part.content] == [100]
    assert sum(part.triples for part in found) == 300


def test_an_empty_graph_has_no_parts():
    assert list(parts(Store(), GRAPH, 1_000)) == []


def test_whoever_stops_halfway_leaves_no_thread_behind():
    lines = [f"<http://e/{n}> <http://e/p> <http://e/o> ." for n in range(20_000)]
    flow = parts(store(lines), GRAPH, 1_000)
    assert next(flow).triples > 0
    flow.close()  # joins the thread that writes


def write(kind, conversation, *answers, user=""):
    async def run():
        async with scripted(*answers) as (address, asked), kind(address, user=user, password="secret") as writer:
            await conversation(writer)
            return asked

    return asyncio.run(run())


def test_the_graph_store_protocol_names_the_graph_and_sends_a_length():
    async def run(writer):
        await writer.replace(GRAPH, b"<a:b> <a:c> <a:d> .\n")
        await writer.add(GRAPH, b"<a:b> <a:c> <a:e> .\n")
        await writer.remove(GRAPH)

    asked = write(GraphStore, run, said(b"", status="201 Created"), said(b""), said(b"", status="404 Not Found"))
    assert [each.split(b" HTTP")[0] for each in asked] == [
        b"PUT /sparql?graph=http%3A%2F%2Fe%2Fg",
        b"POST /sparql?graph=http%3A%2F%2Fe%2Fg",
        b"DELETE /sparql?graph=http%3A%2F%2Fe%2Fg",
    ]
    assert b"content-length: 20" in asked[0].lower()
    assert b"content-type: application/n-triples" in asked[0].lower()


def test_an_update_holds_triples_as_they_are():
    asked = write(Updates, lambda writer: writer.replace(GRAPH, b'<a:b> <a:c> "}" .\n'), said(b""))
    assert asked[0].endswith(b"DROP SILENT GRAPH <http://e/g>")
    assert asked[1].endswith(b'INSERT DATA { GRAPH <http://e/g> {\n<a:b> <a:c> "}" .\n} }')


def test_what_may_pass_is_tried_again_and_what_does_not_is_told():
    busy = said(b"", status="503 Unavailable")
    assert len(write(GraphStore, lambda writer: writer.remove(GRAPH), busy, said(b""))) == 2
    with pytest.raises(StoreError, match=r"did not remove <http://e/g> \(status 500\): no room"):
        write(GraphStore, lambda writer: writer.remove(GRAPH), said(b"no room", type="text/plain", status="500 Oops"))


def test_a_store_that_shuts_its_door_says_which_settings_open_it():
    shut = said(b"", status="401 Unauthorized", headers='WWW-Authenticate: Basic realm="x"\r\n')
    with pytest.raises(StoreError, match="STELSEL_STORE_PASSWORD"):
        write(GraphStore, lambda writer: writer.remove(GRAPH), shut, user="me")


def test_nothing_is_sent_before_it_is_known_who_may_send_it():
    """A server that wants credentials hangs up while a large body is still coming."""
    shut = said(b"", status="401 Unauthorized", headers='WWW-Authenticate: Basic realm="x"\r\n')
    asked = write(GraphStore, lambda writer: writer.replace(GRAPH, b"x" * 3_000_000), shut, said(b""), user="me")
    assert [each.split(b" ")[0] for each in asked] == [b"GET", b"PUT"]
    assert b"authorization: basic" in asked[1].lower()
