"""SERVICE through the proxy, with real workers and a real endpoint: what gets out, what comes back, and what never does."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import aclosing

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as search
from hypothesis import strategies as st

from remotestores import said, scripted
from stelsel.errors import DeadlinePassed, QueryRefused, QuerySyntaxError, SettingError, StoreError
from stelsel.querying.guard import judge
from stelsel.serving.current import CurrentStore
from stelsel.serving.federation import Federation
from stelsel.serving.redirecting import redirected
from stelsel.settings import read_settings
from stelsel.storing import Limits, Question
from stelsel.storing.formats import FORMATS
from tinyreleases import chain, release

ROW = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"elsewhere"}}]}}'


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("federation")
    release(data, "r1", chain(10))
    return data


def talk(data, conversation, *answers, networks="127.0.0.0/8", **more):
    """Run `conversation(store, address, asked)` about a store that may ask an endpoint that gives these answers."""

    async def run():
        async with scripted(*answers) as (address, asked):
            given = {"data": data, "query_workers": 2, "federation": address, "federation_networks": networks, **more}
            store = CurrentStore(read_settings(given, environ={}))
            await store.open()
            try:
                return await conversation(store, address, asked)
            finally:
                await store.close()

    return asyncio.run(run())


async def answer(store, text, seconds=5.0):
    limits = Limits(seconds, 500_000_000)
    async with aclosing(store.answer(Question(text, base_iri="http://e/"), FORMATS["json"], limits)) as chunks:
        content = b"".join([chunk async for chunk in chunks])
    return [{name: term["value"] for name, term in row.items()} for row in orjson.loads(content)["results"]["bindings"]]


def asking(address, more=""):
    return f"SELECT * {{ <http://e/5> <http://e/label> ?o {more} SERVICE <{address}> {{ ?x ?p ?y }} }}"


def test_an_endpoint_on_the_list_is_asked_and_its_rows_are_joined(data):
    async def run(store, address, asked):
        found = await answer(store, asking(address))
        return found, asked

    found, asked = talk(data, run, said(ROW))
    assert found == [{"o": "label 5", "x": "elsewhere"}]
    head, _, query = asked[0].partition(b"\r\n\r\n")
    assert b"POST /sparql HTTP/1.1" in head
    assert b"Host: 127.0.0.1:" in head
    assert query.endswith(b"SELECT * WHERE { ?x ?p ?y . }")


def test_a_worker_reaches_nothing_but_the_proxy(data):
    """The query says our own address of another server: the guard would refuse it, and the kernel does too."""

    async def run(store, _, __):
        if store._served.store.network != "none":
            pytest.skip("this system does not let workers give up their network")
        with socket.create_server(("127.0.0.1", 0)) as other:
            other.setblocking(False)
            inner = store._served.store
            with pytest.raises(StoreError):
                await answer(inner, asking(f"http://127.0.0.1:{other.getsockname()[1]}/"))
            with pytest.raises(BlockingIOError):
                other.accept()
            door = store._federation._port
            with pytest.raises(StoreError, match="404"):
                await answer(inner, asking(f"http://127.0.0.1:{door}/guessed"))

    talk(data, run, said(ROW))


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (said(b"no", status="500 Oops"), "its status is 500"),
        (said(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n"), "its status is 302"),
        (said(b"<html>", type="text/html"), "gives text/html"),
        (said(ROW[:-20]), "ends in the middle"),
        (said(ROW + b" " * 99)[:-99], "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n\r\n" + ROW, "no length"),
        (b"", "cannot be reached"),
    ],
)
def test_what_is_no_whole_answer_fails_the_query_and_says_whose_it_is(data, reply, reason):
    async def run(store, address, _):
        with pytest.raises(StoreError, match=reason) as caught:
            await answer(store, asking(address))
        assert f"SERVICE <{address}> did not answer" in str(caught.value)

    talk(data, run, reply)


def test_silent_is_silent_about_it(data):
    async def run(store, address, _):
        return await answer(store, asking(address).replace("SERVICE", "SERVICE SILENT"))

    assert talk(data, run, said(b"no", status="500 Oops")) == [{"o": "label 5"}]


def test_an_endpoint_that_hangs_ends_with_the_query(data):
    async def run(store, address, asked):
        began = time.monotonic()
        with pytest.raises(DeadlinePassed):
            await answer(store, asking(address), seconds=1.0)
        return time.monotonic() - began, len(asked), store._federation._places

    seconds, asked, places = talk(data, run, [b"HTTP/1.1 200 OK\r\n", 10])
    assert seconds < 1.25
    assert asked == 1
    assert places == {}


def test_more_bytes_than_a_query_may_get_are_not_passed_on(data):
    row = b'{"x":{"type":"literal","value":"' + b"x" * 1000 + b'"}}'
    large = b'{"head":{"vars":["x"]},"results":{"bindings":[' + b",".join([row] * 20) + b"]}}"

    async def run(store, address, _):
        with pytest.raises(StoreError, match="10000 bytes"):
            await answer(store, asking(address))

    talk(data, run, said(large), federation_bytes=10_000)


def test_an_endpoint_in_a_private_network_is_not_asked(data):
    async def run(store, address, asked):
        with pytest.raises(StoreError, match="no address on the internet"):
            await answer(store, asking(address))
        return asked

    assert talk(data, run, said(ROW), networks="") == []


def test_an_endpoint_off_the_list_is_refused_whoever_asks(data):
    async def run(store, address, asked):
        for other in (f"{address}/", address.replace("127.0.0.1", "localhost"), "http://e/"):
            with pytest.raises(QueryRefused, match="not on the list"):
                await answer(store, asking(other))
        return asked

    assert talk(data, run, said(ROW)) == []


def test_federation_goes_on_when_the_process_that_starts_workers_has_ended(data):
    async def run(store, address, _):
        store._nursery._process.kill()
        for _ in range(100):
            await asyncio.sleep(0.1)
            if store.ready and store._nursery.network:
                break
        return await answer(store, asking(address))

    assert talk(data, run, said(ROW))[0]["x"] == "elsewhere"


def test_a_query_that_only_speaks_of_it_is_a_query_like_any_other(data):
    async def run(store, _, asked):
        store._federation._port = 0  # as where the system gives workers no way to this server
        with pytest.raises(StoreError, match="no way to this server"):
            await answer(store, asking(next(iter(store._federation._endpoints))))
        return await answer(store, "SELECT ?o { <http://e/5> <http://e/label> ?o FILTER(?o != 'SERVICE <x>') }"), asked

    assert talk(data, run, said(ROW)) == ([{"o": "label 5"}], [])


def test_addresses_are_looked_at_before_the_service_starts():
    for address in ("ftp://e/sparql", "http://me:secret@e/sparql", "sparql"):
        with pytest.raises(SettingError, match="no address of an endpoint"):
            Federation(read_settings({"federation": address}, environ={}))
    with pytest.raises(SettingError, match="exclude each other"):
        Federation(read_settings({"federation": "http://e/sparql", "store": "http://e/sparql"}, environ={}))


GIVEN = "http://127.0.0.1:1/opaque"


def test_a_text_that_cannot_be_followed_is_refused_and_not_guessed_at():
    for text in (
        "SELECT * { SERVICE ?x { ?s ?p ?o } }",
        "SELECT * { SERVICE ex:e { ?s ?p ?o } }",
        "SELECT * { SERVICE",
    ):
        with pytest.raises(QuerySyntaxError):
            redirected(text, "http://e/", lambda _: GIVEN)


_ENDPOINTS = st.sampled_from(["<http://ok/>", "ok:", "<HTTP://ok/>", "<http://o\\u006B/>", "<//ok/>", "</>"])
_PLAIN = st.sampled_from(
    ["?s ?p 'SERVICE <http://bad/> {}' .", "# SERVICE <http://bad/>\n", "?s <http://e/SERVICE> ?o .", "FILTER(?s < 3)"]
)
_KEYWORDS = st.sampled_from(
    ["SERVICE", "service", "SERVICE SILENT", "\\u0053ERVICE", "SERVICE # SILENT\n", "SERVICE\tsilent"]
)


def _groups(inner):
    call = st.tuples(_KEYWORDS, _ENDPOINTS, inner).map(lambda t: f"{t[0]} {t[1]} {{ {t[2]} }}")
    nested = st.tuples(st.sampled_from(["OPTIONAL", "MINUS", "", "{ SELECT * WHERE"]), inner).map(
        lambda t: f"{t[0]} {{ {t[1]} }}" + (" }" if t[0].startswith("{") else "")
    )
    return st.lists(st.one_of(_PLAIN, call, nested), max_size=4).map(" ".join)


@search(max_examples=300, deadline=None)
@given(st.recursive(_PLAIN, _groups, max_leaves=12))
def test_what_goes_to_a_worker_asks_nobody_but_the_proxy(group):
    """Whatever the nesting: if it is let through, every SERVICE in it is ours, by every reading of its text."""
    text = f"PREFIX ok: <http://ok/> SELECT * WHERE {{ {group} }}"
    try:
        new, given_ones = redirected(text, "http://ok/", lambda _: GIVEN)
        judge(new, allowed_services=given_ones, base="http://ok/")
    except (QuerySyntaxError, QueryRefused):
        return
    assert given_ones <= {GIVEN}
    outside = [word for word in new.split() if word.startswith("<http://bad")]
    assert all(f"SERVICE {word}" in text for word in outside)  # only in strings and comments, as they stood
    judge(new, allowed_services=frozenset({GIVEN}), base="http://nowhere/")
