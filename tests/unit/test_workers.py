from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from stelsel.errors import Busy, DeadlinePassed, MemoryExceeded, QuerySyntaxError, StoreError
from stelsel.storing import Limits, Question
from stelsel.storing.formats import FORMATS
from tinyreleases import MEMORY, RUNAWAYS, answer, ask, chain, children, cpu, eventually, fill, workers_of

POINT = "SELECT * { <http://e/5> ?p ?o }"
ENDLESS = RUNAWAYS["count of a cross join"]
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
# A hash table or a sort of everything: more than any worker may have.
GREEDY = {
    "distinct": "SELECT (COUNT(DISTINCT *) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "sort": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?a",
    "graph": "CONSTRUCT { ?a ?b ?f } { ?a ?b ?c . ?d ?e ?f }",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("workers") / "oxigraph", chain(20_000))


def network_of(process):
    return Path(f"/proc/{process}/ns/net").readlink()


def me():
    return workers_of(os.getpid())


@pytest.mark.parametrize("name", RUNAWAYS)
def test_a_runaway_ends_at_its_deadline_and_frees_its_processor(store, name):
    async def conversation(store):
        await answer(store, POINT)
        began = time.monotonic()
        with pytest.raises(DeadlinePassed):
            await answer(store, RUNAWAYS[name], seconds=0.5, memory=4_000_000_000)
        took = time.monotonic() - began
        assert await answer(store, POINT)
        before = cpu(me())
        await asyncio.sleep(0.3)
        return took, cpu(me()) - before

    took, used = ask(store, conversation)
    assert took < 0.75
    assert used < 0.1


@pytest.mark.parametrize("name", GREEDY)
def test_a_query_that_fills_its_memory_ends_and_the_pool_lives(store, name):
    written = ["ntriples"] if name == "graph" else []

    async def conversation(store):
        with pytest.raises(MemoryExceeded):
            await answer(store, GREEDY[name], *written, seconds=30, memory=100_000_000)
        return await answer(store, POINT, memory=100_000_000)

    assert b"label 5" in ask(store, conversation)


def test_a_reader_that_is_slow_meets_the_deadline_too(store):
    async def conversation(store):
        async def read_slowly():
            async for _ in store.answer(Question(STREAM), FORMATS["json"], Limits(0.5, MEMORY)):
                await asyncio.sleep(0.2)

        began = time.monotonic()
        with pytest.raises(DeadlinePassed):
            await read_slowly()
        return time.monotonic() - began

    assert ask(store, conversation) < 0.5 + 0.2 + 0.25


def test_a_slow_reader_holds_a_worker_back_instead_of_filling_memory(store):
    async def conversation(store):
        async with aclosing(store.answer(Question(STREAM), FORMATS["json"], Limits(10, MEMORY))) as chunks:
            await anext(chunks)
            await asyncio.sleep(0.5)
            before = cpu(me())
            await asyncio.sleep(0.5)
            return cpu(me()) - before

    assert ask(store, conversation) < 0.1


def test_closing_an_answer_ends_its_query_at_once(store):
    async def conversation(store):
        chunks = store.answer(Question(STREAM), FORMATS["json"], Limits(30, MEMORY))
        await anext(chunks)
        await chunks.aclose()
        before = cpu(me())
        await asyncio.sleep(0.3)
        return cpu(me()) - before, await answer(store, POINT)

    used, body = ask(store, conversation)
    assert used < 0.1
    assert b"label 5" in body


def test_cancelling_who_waits_for_the_first_chunk_ends_the_query(store):
    async def conversation(store):
        task = asyncio.create_task(answer(store, ENDLESS, seconds=30))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        before = cpu(me())
        await asyncio.sleep(0.3)
        return cpu(me()) - before

    assert ask(store, conversation) < 0.1


def test_a_worker_that_is_killed_halfway_breaks_its_answer_and_no_other(store):
    async def conversation(store):
        chunks = store.answer(Question(STREAM), FORMATS["json"], Limits(30, MEMORY))
        await anext(chunks)
        for worker in me():
            os.kill(worker, signal.SIGKILL)
        with pytest.raises(StoreError, match="signal 9"):
            [chunk async for chunk in chunks]
        return await answer(store, POINT)

    assert b"label 5" in ask(store, conversation)


def test_a_worker_that_dies_idle_is_replaced_before_anyone_needs_it(store):
    async def conversation(store):
        before = me()
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        await asyncio.sleep(0.5)
        assert len(set(me()) - set(before)) == len(before)
        began = time.monotonic()
        await answer(store, POINT)
        return time.monotonic() - began

    assert ask(store, conversation) < 0.2


def test_the_forker_can_be_killed_too(store):
    async def conversation(store):
        await answer(store, POINT)
        for forker in children(os.getpid()):
            os.kill(forker, signal.SIGKILL)
        await asyncio.sleep(1)
        return await answer(store, POINT)

    assert b"label 5" in ask(store, conversation)


def test_a_mistake_in_a_query_costs_no_worker(store):
    async def conversation(store):
        before = me()
        with pytest.raises(QuerySyntaxError):
            await answer(store, "SELECT")
        return before == me()

    assert ask(store, conversation)


def test_long_free_queries_leave_room_for_curated_ones(store):
    async def conversation(store):
        tasks = [asyncio.create_task(answer(store, ENDLESS, seconds=3, client=str(i))) for i in range(6)]
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await answer(store, POINT, lane="curated")
        took = time.monotonic() - began
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return took

    assert ask(store, conversation) < 0.2


def test_who_waits_half_its_time_in_vain_hears_when_to_come_back(store):
    async def conversation(store):
        running = asyncio.create_task(answer(store, ENDLESS, seconds=10))
        await asyncio.sleep(0.1)
        with pytest.raises(Busy) as caught:
            await answer(store, POINT, seconds=1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return caught.value.retry_after

    assert ask(store, conversation) >= 1


def test_the_time_that_a_query_waits_counts(store):
    async def conversation(store):
        running = asyncio.create_task(answer(store, ENDLESS, seconds=0.6))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        with pytest.raises(DeadlinePassed):
            await answer(store, ENDLESS, seconds=1.2)
        await asyncio.gather(running, return_exceptions=True)
        return time.monotonic() - began

    assert ask(store, conversation) < 1.45


def test_two_hundred_at_once_all_get_their_answer(store):
    async def conversation(store):
        return await asyncio.gather(*(answer(store, POINT, seconds=20) for _ in range(200)))

    bodies = ask(store, conversation)
    assert len(bodies) == 200
    assert all(body == bodies[0] for body in bodies)


def test_draining_finishes_what_runs_and_takes_nothing_more(store):
    async def conversation(store):
        chunks = store.answer(Question("SELECT * { ?s ?p ?o }"), FORMATS["json"], Limits(20, MEMORY))
        first = await anext(chunks)
        draining = asyncio.create_task(store.drain())
        await asyncio.sleep(0.1)
        with pytest.raises(Busy):
            await answer(store, POINT)
        body = b"".join([first, *[chunk async for chunk in chunks]])
        await draining
        return body.endswith(b"]}}"), me()

    assert ask(store, conversation) == (True, [])


def test_nothing_is_left_when_a_pool_has_closed(store):
    async def conversation(store):
        task = asyncio.create_task(answer(store, ENDLESS, seconds=30))
        await asyncio.sleep(0.1)
        await store.close()
        await asyncio.gather(task, return_exceptions=True)

    ask(store, conversation)
    assert eventually(lambda: children(os.getpid()) == [])


def test_workers_have_no_network_where_the_system_lets_them_give_it_up(store):
    async def conversation(store):
        return store.network, {network_of(worker) for worker in me()}

    network, spaces = ask(store, conversation)
    assert network == ("open" if network_of("self") in spaces else "none")
    if os.geteuid() == 0:
        assert network == "none"
