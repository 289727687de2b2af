from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from fakes import MemoryStore
from stelsel.errors import Busy, DeadlinePassed, MemoryExceeded, NotFound, QuerySyntaxError, Stopped, Truncated
from stelsel.serving.running import Queries, Watched
from stelsel.storing import Limits, Question
from stelsel.storing.formats import FORMATS
from tinyreleases import MEMORY, RUNAWAYS, answer, ask, chain, fill

ENDLESS = RUNAWAYS["count of a cross join"]
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
POINT = "SELECT ?o { <http://e/5> <http://e/label> ?o }"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("running") / "store", chain(3000))


def watched(path, conversation, **options):
    """Run `conversation(store, queries, ended)` about a store that is watched."""
    ended = []

    async def through(store):
        queries = Queries(ended.append)
        return await conversation(Watched(store, queries), queries, ended)

    return ask(path, through, **options)


async def soon(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what it waits for happens in another process
            await asyncio.sleep(0.01)


def test_what_runs_is_in_the_list_and_what_ended_is_not(path):
    async def conversation(store, queries, ended):
        task = asyncio.create_task(answer(store, ENDLESS, seconds=1, client="192.0.2.1"))
        await soon(lambda: queries.running() and queries.running()[0].taken)
        (query,) = queries.running()
        assert (query.question.text, query.within.client, query.release) == (ENDLESS, "192.0.2.1", "r1")
        with pytest.raises(DeadlinePassed):
            await task
        assert queries.running() == []
        assert [one.outcome for one in ended] == ["deadline"]
        assert ended[0].held == pytest.approx(1, abs=0.3)

    watched(path, conversation)


def test_a_query_that_waits_for_its_turn_is_in_the_list_too_and_holds_nothing(path):
    async def conversation(store, queries, ended):
        first = asyncio.create_task(answer(store, ENDLESS, seconds=1))
        await soon(lambda: queries.running() and queries.running()[0].taken)
        second = asyncio.create_task(answer(store, POINT, seconds=1))
        await soon(lambda: len(queries.running()) == 2)
        assert queries.running()[1].taken is None
        await asyncio.gather(first, second, return_exceptions=True)
        waited = next(one for one in ended if one.query.question.text == POINT)
        assert waited.outcome == "busy"
        assert (waited.held, waited.seconds > 0.4) == (0, True)

    watched(path, conversation, workers=2)


def test_an_operator_stops_a_query_and_its_client_hears_so(path):
    async def conversation(store, queries, ended):
        task = asyncio.create_task(answer(store, ENDLESS, seconds=30))
        await soon(lambda: queries.running() and queries.running()[0].taken)
        await queries.stop(queries.running()[0].id)
        with pytest.raises(Stopped, match="operator"):
            await task
        assert not task.cancelling()
        assert [one.outcome for one in ended] == ["stopped"]
        assert b"label 5" in await answer(store, POINT)

    watched(path, conversation)


def test_a_query_is_stopped_while_it_waits_for_its_turn(path):
    async def conversation(store, queries, ended):
        first = asyncio.create_task(answer(store, ENDLESS, seconds=30))
        await soon(lambda: queries.running() and queries.running()[0].taken)
        second = asyncio.create_task(answer(store, POINT, seconds=30))
        await soon(lambda: len(queries.running()) == 2)
        for query in reversed(queries.running()):
            await queries.stop(query.id)
        assert [type(e) for e in await asyncio.gather(first, second, return_exceptions=True)] == [Stopped, Stopped]
        assert sorted(one.held > 0 for one in ended) == [False, True]
        assert b"label 5" in await answer(store, POINT)

    watched(path, conversation, workers=2)


def test_a_query_is_stopped_while_its_client_takes_its_time(path):
    """The worker is let go at once; the client hears of it when it comes for the next chunk."""

    async def conversation(store, queries, ended):
        within = Limits(30, MEMORY)
        async with aclosing(store.answer(Question(STREAM), FORMATS["json"], within)) as chunks:
            await anext(chunks)
            await queries.stop(queries.running()[0].id)
            assert b"label 5" in await answer(store, POINT)  # there is one worker for free queries
            with pytest.raises(Stopped):
                await anext(chunks)
        assert [one.outcome for one in ended] == ["complete", "stopped"]

    watched(path, conversation, workers=2)


def test_a_query_that_has_ended_cannot_be_stopped(path):
    async def conversation(store, queries, ended):
        await answer(store, POINT)
        with pytest.raises(NotFound, match="may just have ended"):
            await queries.stop(ended[0].query.id)

    watched(path, conversation)


def test_a_client_that_leaves_is_gone_and_not_stopped(path):
    async def conversation(store, queries, ended):
        task = asyncio.create_task(answer(store, ENDLESS, seconds=30))
        await soon(lambda: queries.running() and queries.running()[0].taken)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [one.outcome for one in ended] == ["gone"]
        assert queries.running() == []

    watched(path, conversation)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (QuerySyntaxError("no"), "syntax"),
        (DeadlinePassed("late", seconds=1), "deadline"),
        (MemoryExceeded("large"), "memory"),
        (Busy("busy", retry_after=1), "busy"),
        (Truncated("cut", limit="rows"), "truncated"),
    ],
)
def test_every_end_has_its_word(error, outcome):
    ended = []
    store = Watched(MemoryStore(fails=error), Queries(ended.append))
    with pytest.raises(type(error)):
        asyncio.run(answer(store, POINT))
    assert [one.outcome for one in ended] == [outcome]


def test_a_store_that_knows_no_turns_is_held_all_the_time():
    ended = []
    asyncio.run(answer(Watched(MemoryStore(), Queries(ended.append)), POINT))
    assert ended[0].outcome == "complete"
    assert ended[0].held == ended[0].seconds > 0
