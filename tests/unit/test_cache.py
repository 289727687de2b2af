"""The result cache alone, and in front of a store: hits, bounds, releases, and processes that are killed."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import urlencode

import httpx2
import pytest

from stelsel.serving.cache import Kept, ResultCache, open_cache
from stelsel.serving.conditional import content_hash
from stelsel.serving.current import CurrentStore
from stelsel.serving.problems import Boundary
from stelsel.serving.scratch import scratch
from stelsel.serving.sparql import Sparql
from stelsel.settings import read_settings
from tinyreleases import chain, point, release

SIZE = 4_000_000
POINT = "SELECT ?o { <http://e/5> <http://e/label> ?o }"


def answer(body):
    return Kept(content_hash(body), body)


async def written(cache):
    """Wait until nothing waits to be written any more."""
    while cache._waiting:  # noqa: ASYNC110 # nobody else needs to hear of it
        await asyncio.sleep(0.01)


def run(folder, conversation, *, size=SIZE, said=None):
    async def whole():
        cache = ResultCache(folder, size, count=(Said() if said is None else said).hear)
        try:
            return await conversation(cache)
        finally:
            await cache.close()

    return asyncio.run(whole())


class Said(Counter):
    """How often a cache said what."""

    def hear(self, word):
        self[word] += 1


@pytest.fixture
def said():
    return Said()


def test_what_was_put_is_there_at_once_and_afterwards_and_for_others(tmp_path, said):
    async def put(cache):
        cache.put("r1", b"k", answer(b"rows"))
        at_once = cache.get("r1", b"k")
        await written(cache)
        assert cache.get("r1", b"k") == at_once == answer(b"rows")
        assert cache.get("r2", b"k") is cache.get("r1", b"l") is None

    async def get(cache):
        return cache.get("r1", b"k")

    run(tmp_path, put, said=said)
    assert run(tmp_path, get) == answer(b"rows")
    assert said == {"stored": 1, "hit": 2, "miss": 2}


def test_the_file_has_a_bound_and_the_newest_answers_are_in_it(tmp_path, said):
    bodies = random.Random(5)

    async def fill(cache):
        for n in range(1500):
            cache.put("r1", b"%d" % n, answer(bodies.randbytes(bodies.choice([10, 1000, 20_000]))))
            if n % 20 == 0:
                await written(cache)
        await written(cache)
        return sum(cache.get("r1", b"%d" % n) is not None for n in range(1400, 1500)), cache.get("r1", b"0")

    newest, oldest = run(tmp_path, fill, said=said)
    assert newest == 100
    assert oldest is None
    assert (tmp_path / "data.mdb").stat().st_size <= SIZE
    assert said["passed"] == 0


def test_answers_of_a_release_that_has_gone_make_place_first(tmp_path):
    async def fill(cache):
        for n in range(100):
            cache.put("old", b"%d" % n, answer(b"o" * 20_000))
            await written(cache)
        for n in range(100):
            cache.put("new", b"%d" % n, answer(b"n" * 20_000))
            await written(cache)
        return [sum(cache.get(name, b"%d" % n) is not None for n in range(100)) for name in ("old", "new")]

    old, new = run(tmp_path, fill)
    assert new == 100
    assert old < 100


def test_an_answer_that_takes_too_great_a_share_is_not_kept(tmp_path, said):
    async def put(cache):
        cache.put("r1", b"k", answer(b"x" * (cache.longest + 1)))
        return cache.get("r1", b"k")

    assert run(tmp_path, put, said=said) is None
    assert said["passed"] == 1


def test_a_process_that_is_killed_while_it_writes_leaves_whole_answers_and_a_cache_that_works(tmp_path):
    program = """
import asyncio, os, sys
from pathlib import Path
from stelsel.serving.cache import Kept, ResultCache
from stelsel.serving.conditional import content_hash

async def main():
    cache = ResultCache(Path(sys.argv[1]), 4_000_000)
    n = int(sys.argv[2])
    while True:
        body = os.urandom(3000) * 5
        cache.put("r1", b"%d" % (n % 500), Kept(content_hash(body), body))
        cache.get("r1", b"%d" % (n % 100))
        n += 1
        await asyncio.sleep(0)

asyncio.run(main())
"""

    async def check(cache):
        # What is there is whole, and this process can write.
        found = [kept for n in range(500) if (kept := cache.get("r1", b"%d" % n))]
        assert all(content_hash(kept.body) == kept.hash for kept in found)
        cache.put("r1", b"mine", answer(b"rows"))
        await asyncio.wait_for(written(cache), 5)
        return len(found)

    found = 0
    for attempt in range(6):
        writers = [subprocess.Popen([sys.executable, "-c", program, tmp_path, str(n * 250)]) for n in range(2)]
        time.sleep(0.8 + attempt * 0.03)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            writer.wait()
        found = run(tmp_path, check)
    assert found > 0


def test_there_is_none_where_it_is_off_or_cannot_be(tmp_path, caplog):
    def count(_):
        pass

    assert open_cache(read_settings({"cache_bytes": 0}, {}), tmp_path, count) is None
    assert open_cache(read_settings({"store": "http://e/sparql"}, {}), tmp_path, count) is None
    assert open_cache(read_settings({}, {}), None, count) is None
    (tmp_path / "results").write_text("in the way")
    assert open_cache(read_settings({}, {}), tmp_path, count) is None
    assert "there is no result cache" in caplog.text


def test_a_scratch_folder_is_one_s_own_and_what_the_killed_left_is_cleared(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "stelsel-left"
    left.mkdir()
    (left / "in-use.lock").touch()
    with scratch() as mine, scratch() as other:
        assert not left.exists()
        assert mine.is_dir()
        assert other.is_dir()
        assert mine.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def endpoint(tmp_path, said):
    """An endpoint with a cache; `send` asks it, and `said` what its cache said."""
    data = tmp_path / "data"
    release(data, "r1", chain(3000))
    with asyncio.Runner() as runner:
        settings = read_settings({"data": data, "query_workers": 2, "query_seconds": 5})
        store = CurrentStore(settings)
        runner.run(store.open())
        cache = ResultCache(tmp_path / "cache", SIZE, count=said.hear)
        app = Boundary(Sparql(store, settings, cache=cache))

        def send(query, method="GET", headers=None, **options):
            path = "/sparql?" + urlencode({"query": query}) if method != "POST" else "/sparql"

            async def one():
                transport = httpx2.ASGITransport(app=app)
                async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
                    return await client.request(method, path, headers=headers, **options)

            return runner.run(one())

        send.store, send.data = store, data
        yield send
        runner.run(cache.close())
        runner.run(store.close())


@pytest.fixture
def counted(endpoint, monkeypatch):
    """The number of questions that reached the store, as a list that grows."""
    asked = []
    answer_ = endpoint.store.answer

    def answer(question, format, within):
        asked.append(question.text)
        return answer_(question, format, within)

    monkeypatch.setattr(endpoint.store, "answer", answer)
    return asked


def test_a_repeated_query_is_answered_without_the_store_and_to_the_byte(endpoint, counted):
    first, again = endpoint(POINT), endpoint(POINT)
    other_gaps = endpoint(POINT.replace(" ", " # again\n "))
    posted = endpoint(POINT, "POST", content=POINT, headers={"content-type": "application/sparql-query"})
    head = endpoint(POINT, "HEAD")
    assert counted == [POINT]
    assert first.content == again.content == other_gaps.content == posted.content
    assert {**first.headers} == {**again.headers} == {**other_gaps.headers} == {**head.headers}
    assert head.content == b""
    assert "etag" not in posted.headers


def test_formats_are_kept_apart_and_names_of_a_format_are_not(endpoint, counted):
    endpoint(POINT)
    csv = endpoint(POINT, headers={"accept": "text/csv"})
    named = endpoint(POINT, headers={"accept": "application/json"})
    assert len(counted) == 2
    assert csv.content.startswith(b"o\r\n")
    assert named.headers["content-type"] == "application/json"
    assert endpoint(POINT, headers={"accept": "image/png"}).status_code == 406


def test_a_long_answer_is_kept_when_it_has_been_sent(endpoint, counted):
    # Longer than a frame, so it is streamed; within the share of the cache.
    query = "SELECT ?s { ?s <http://e/next> ?o } LIMIT 700"
    first, again = endpoint(query), endpoint(query)
    assert len(counted) == 1
    assert first.content == again.content
    too_long = "SELECT * { ?s ?p ?o }"
    assert endpoint(too_long).content == endpoint(too_long).content
    assert len(counted) == 3


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT (RAND() AS ?n) {}", 200),
        ("SELECT * { ?s ?p }", 400),
        ("ASK { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", 403),
    ],
)
def test_what_fails_or_differs_each_time_is_not_kept(endpoint, said, query, status):
    assert [endpoint(query).status_code for _ in range(3)] == [status] * 3
    assert said["stored"] == said["hit"] == 0


def test_an_answer_that_was_cut_is_not_kept_and_has_no_tag(tmp_path, said):
    data = tmp_path / "data"
    release(data, "r1", chain(100))
    with asyncio.Runner() as runner:
        settings = read_settings({"data": data, "query_workers": 2, "query_rows": 10})
        store = CurrentStore(settings)
        runner.run(store.open())
        cache = ResultCache(tmp_path / "cache", SIZE, count=said.hear)

        async def one():
            transport = httpx2.ASGITransport(app=Sparql(store, settings, cache=cache))
            async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
                return await client.get("/sparql", params={"query": "SELECT * { ?s ?p ?o }"})

        found = [runner.run(one()) for _ in range(2)]
        runner.run(cache.close())
        runner.run(store.close())
    assert [answer.headers["stelsel-truncated"] for answer in found] == ["rows", "rows"]
    assert "etag" not in found[1].headers
    assert said["stored"] == 0


def test_the_next_release_answers_for_itself(endpoint):
    before = endpoint(POINT)
    known = {"if-none-match": before.headers["etag"]}
    assert endpoint(POINT, headers=known).status_code == 304
    release(endpoint.data, "r2", chain(10).replace("label 5", "label five"))
    deadline = time.monotonic() + 5
    while (after := endpoint(POINT, headers=known)).status_code == 304 and time.monotonic() < deadline:
        time.sleep(0.05)
        endpoint("ASK {}")
    assert b"label five" in after.content
    assert after.headers["stelsel-release"] == "r2"
    point(endpoint.data, "r1")


def test_who_has_it_by_date_hears_so_only_about_what_was_answered(endpoint):
    since = {"if-modified-since": "Fri, 02 Jan 2026 03:04:05 GMT"}
    assert endpoint("SELECT * { ?s ?p }", headers=since).status_code == 400
    assert endpoint(POINT, headers=since).status_code == 200
    assert endpoint(POINT, headers=since).status_code == 304
