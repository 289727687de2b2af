from __future__ import annotations

import asyncio
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stelsel.errors import Busy, DeadlinePassed
from stelsel.serving.pacing import SHORT, Pace, Places, key, pace_for
from stelsel.serving.running import Queries, Watched
from tinyreleases import RUNAWAYS, answer, ask, chain, fill

ENDLESS = RUNAWAYS["count of a cross join"]
OTHER = RUNAWAYS["path without an end"]
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
POINT = "SELECT ?o { <http://e/5> <http://e/label> ?o }"
# A little longer than what is short, and then it is done.
MIDDLE = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } # 4,000,000"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("pacing") / "store", chain(1000))


def at_pace(path, conversation, pace, *, workers=4):
    """Run `conversation(store, ended)` about a store that is asked at a pace."""
    ended = []

    async def through(store):
        return await conversation(Watched(store, Queries(ended.append, pace)), ended)

    ask(path, through, workers=workers)
    assert (pace.long._left, pace.slow._left) == (1, 2), "every place was given back"
    assert not pace.long._waiting
    assert not pace.slow._waiting


def test_a_long_query_goes_on_when_there_is_a_place_for_it(path):
    async def conversation(store, ended):
        assert b'"4000000"' in await answer(store, MIDDLE, seconds=30)
        assert [(one.outcome, one.query.spent == pytest.approx(one.seconds, abs=0.05)) for one in ended] == [
            ("complete", True)
        ]

    at_pace(path, conversation, Pace(1, slow=2))


def test_short_queries_are_answered_at_once_while_more_long_ones_come_than_there_are_workers(path):
    async def conversation(store, ended):
        long = [asyncio.create_task(answer(store, f"{ENDLESS} # x{'x' * n}", seconds=3)) for n in range(6)]
        await asyncio.sleep(1)  # each of them has been found to be long by now
        times = []
        for _ in range(50):
            began = time.monotonic()
            assert b"label 5" in await answer(store, POINT, seconds=3)
            times.append(time.monotonic() - began)
        assert sorted(times)[45] < SHORT
        assert {type(error) for error in await asyncio.gather(*long, return_exceptions=True)} == {DeadlinePassed, Busy}
        assert all(one.seconds < 3.25 for one in ended)

    at_pace(path, conversation, Pace(1, slow=2))


def test_a_short_query_has_a_worker_while_it_is_not_known_yet_which_of_the_others_are_long(path):
    async def conversation(store, _):
        await answer(store, POINT)
        unknown = [asyncio.create_task(answer(store, f"{ENDLESS} # x{'x' * n}", seconds=1)) for n in range(6)]
        await asyncio.sleep(SHORT / 10)
        began = time.monotonic()
        assert b"label 5" in await answer(store, POINT)
        assert time.monotonic() - began < SHORT / 2
        await asyncio.gather(*unknown, return_exceptions=True)

    at_pace(path, conversation, Pace(1, slow=2))


def test_what_was_put_back_is_answered_whole_when_its_turn_comes(path):
    async def conversation(store, ended):
        first = asyncio.create_task(answer(store, ENDLESS, seconds=1))
        await asyncio.sleep(0.3)
        assert b'"4000000"' in await answer(store, MIDDLE, seconds=30)
        assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], DeadlinePassed)
        assert [one.outcome for one in ended] == ["deadline", "complete"]

    at_pace(path, conversation, Pace(1, slow=2))


def test_a_stream_that_was_put_back_has_sent_nothing_before(path):
    async def conversation(store, _):
        first = asyncio.create_task(answer(store, ENDLESS, seconds=1))
        await asyncio.sleep(0.3)
        rows = await answer(store, f"{STREAM} LIMIT 100000", "tsv", seconds=30)
        assert rows.count(b"\n") == 100_001
        await asyncio.gather(first, return_exceptions=True)

    at_pace(path, conversation, Pace(1, slow=2))


def test_the_deadline_holds_for_what_was_put_back(path):
    async def conversation(store, ended):
        first = asyncio.create_task(answer(store, ENDLESS, seconds=0.7))
        await asyncio.sleep(0.3)
        with pytest.raises(DeadlinePassed, match="waited for its turn") as late:
            await answer(store, OTHER, seconds=1.5)
        assert late.value.seconds == 1.5
        assert ended[-1].seconds < 1.75
        await asyncio.gather(first, return_exceptions=True)

    at_pace(path, conversation, Pace(1, slow=2))


def test_curated_queries_are_not_put_back(path):
    async def conversation(store, ended):
        first = asyncio.create_task(answer(store, ENDLESS, seconds=2))
        await asyncio.sleep(0.3)
        with pytest.raises(DeadlinePassed, match="was stopped after 1 s"):
            await answer(store, OTHER, seconds=1, lane="curated")
        assert ended[0].held == pytest.approx(1, abs=0.2)
        await asyncio.gather(first, return_exceptions=True)

    at_pace(path, conversation, Pace(1, slow=2))


def test_what_is_known_of_a_text_holds_for_other_numbers_too():
    pace = Pace(1, slow=2)
    assert pace.length(key("ASK { ?s ?p 1 }")) == "unknown"
    pace.remember(key("ASK { ?s ?p 1 }"), "long")
    assert pace.length(key("ASK { ?s ?p 22 }")) == "long"
    assert pace.length(key("ASK { ?s ?q 1 }")) == "unknown"
    pace.remember(key("ASK { ?s ?p 333 }"), "short")
    assert pace.length(key("ASK { ?s ?p 1 }")) == "short"


def test_a_flood_of_texts_takes_no_memory():
    pace = Pace(1, slow=2)
    for number in range(50_000):
        pace.remember(key("ASK { ?" + "x" * (number % 300) + "y" * (number // 300) + " ?p ?o }"), "long")
    assert len(pace._known) <= 20_000


@pytest.mark.parametrize(
    ("workers", "servers", "cores", "most"), [(4, 1, 2, 1), (4, 1, 64, 1), (16, 1, 4, 3), (16, 2, 8, 3), (64, 1, 8, 7)]
)
def test_a_processor_and_a_worker_are_left_for_short_queries(monkeypatch, workers, servers, cores, most):
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert pace_for(workers, servers).long._left == most


def test_one_worker_for_free_queries_cannot_be_divided():
    assert pace_for(2, 1) is None


def test_clients_take_turns():
    async def run():
        places, order = Places(1), []
        assert places.take()

        async def one(client):
            await places.wait(client, 5)
            order.append(client)
            places.leave()

        async with asyncio.TaskGroup() as group:
            for client in "aaaab":
                group.create_task(one(client))
            await asyncio.sleep(0)
            places.leave()
        assert order == ["a", "b", "a", "a", "a"]

    asyncio.run(run())


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1, 5])), max_size=20),
    st.integers(),
)
def test_no_place_is_lost_or_given_twice(most, comers, seed):
    """Whoever comes, waits, is cancelled or gives up, in whatever order."""
    chance = random.Random(seed)

    async def run():
        places, inside = Places(most), 0

        async def one(client, patience):
            nonlocal inside
            await places.wait(client, patience / 1000)
            inside += 1
            assert inside <= most
            await asyncio.sleep(chance.random() / 500)
            inside -= 1
            places.leave()

        tasks = [asyncio.create_task(one(*comer)) for comer in comers]
        for task in tasks:
            await asyncio.sleep(chance.random() / 1000)
            if chance.random() < 0.3:
                chance.choice(tasks).cancel()
            del task
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            assert error is None or isinstance(error, Busy | asyncio.CancelledError)
        # One that was cancelled inside has not left: that is its caller's business.
        assert places._left + inside == most
        assert not places._waiting

    asyncio.run(run())
