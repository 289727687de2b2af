from __future__ import annotations

import asyncio

import pytest

from stelsel.storing.turns import Full, Turns


def run(scenario):
    async def start():
        return scenario()

    return asyncio.run(start())


@pytest.mark.parametrize("size", range(2, 9))
def test_neither_lane_takes_the_last_worker_of_the_other(size):
    for greedy, other in (("free", "curated"), ("curated", "free")):
        turns = Turns(size, places=10)
        while turns.enter(greedy):
            pass
        assert turns.enter(other)


def test_no_more_run_than_there_are_workers():
    turns = Turns(4, places=10)
    started = [turns.enter(lane) for lane in ("curated", "free") for _ in range(9)]
    assert sum(started) == turns.running == 4


def test_clients_take_turns_however_much_one_of_them_asks():
    def scenario():
        turns = Turns(2, places=10)
        assert turns.enter("free")
        waiting = {turns.queue("free", client): client for client in ("a", "a", "a", "b", "c")}
        order = []
        for _ in range(5):
            turns.leave("free")
            order.append(waiting[turns.next()])
        return order

    assert run(scenario) == ["a", "b", "c", "a", "a"]


def test_who_comes_later_does_not_pass_who_waits():
    def scenario():
        turns = Turns(2, places=10)
        turns.enter("free")
        turns.queue("free", "a")
        turns.leave("free")
        return turns.enter("free")

    assert run(scenario) is False


def test_a_client_that_left_is_passed_over():
    def scenario():
        turns = Turns(2, places=10)
        turns.enter("free")
        gone, there = turns.queue("free", "a"), turns.queue("free", "b")
        gone.cancel()
        turns.leave("free")
        return turns.next() is there, turns.waiting, turns.running

    assert run(scenario) == (True, 0, 1)


def test_the_queue_has_an_end_and_one_client_cannot_fill_it():
    def scenario():
        turns = Turns(2, places=4)
        turns.enter("free")
        turns.queue("free", "a")
        turns.queue("free", "a")
        with pytest.raises(Full):
            turns.queue("free", "a")
        turns.queue("free", "b")
        turns.queue("free", "c")
        with pytest.raises(Full):
            turns.queue("free", "d")
        return turns.queue("curated", "d").done()

    assert run(scenario) is False
