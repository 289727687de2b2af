from __future__ import annotations

import asyncio
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.serving.connections import Connections, Together, raise_file_limit


def nobody(_):
    return False


def test_there_are_at_most_so_many_and_half_of_them_from_one_address():
    counted = Connections(4, exempt=nobody)
    assert [counted.enter("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert [counted.enter(f"192.0.2.{n}") for n in (2, 3, 4)] == [True, True, False]
    counted.leave("192.0.2.1")
    assert counted.enter("192.0.2.1")


def test_a_proxy_may_have_them_all():
    counted = Connections(4, exempt=lambda address: address == "10.0.0.1")
    assert [counted.enter("10.0.0.1") for _ in range(5)] == [True] * 4 + [False]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=60))
def test_what_has_left_is_forgotten(steps):
    counted, inside = Connections(6, exempt=nobody), []
    for comes, address in steps:
        if comes and counted.enter(address):
            inside.append(address)
        elif not comes and address in inside:
            counted.leave(address)
            inside.remove(address)
        assert counted._all == len(inside) <= 6
        assert dict(counted._by_address) == {name: inside.count(name) for name in inside}


def test_the_process_may_open_what_its_connections_need(monkeypatch, caplog):
    asked = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    raise_file_limit(500)
    raise_file_limit(10_000)
    raise_file_limit(20)
    assert asked == [(700, 1000), (1000, 1000)]
    assert "10000 connections need 10200 open files, and 1000 are allowed" in caplog.text


class Recorded(asyncio.Transport):
    """A transport that keeps what is written to it, piece by piece."""

    def __init__(self):
        super().__init__({"peername": ("192.0.2.1", 5)})
        self.sent = []

    def write(self, data):
        self.sent.append(data)

    def close(self):
        self.sent.append("closed")


def test_what_is_written_in_one_go_leaves_in_one_and_before_the_end():
    async def run():
        recorded = Recorded()
        together = Together(recorded, asyncio.get_running_loop())
        together.write(b"header ")
        together.write(b"body")
        assert recorded.sent == []
        await asyncio.sleep(0)
        together.write(b"x" * 100_000)
        together.write(b"last")
        together.close()
        await asyncio.sleep(0)
        assert recorded.sent == [b"header body", b"x" * 100_000, b"last", "closed"]
        assert together.get_extra_info("peername") == ("192.0.2.1", 5)

    asyncio.run(run())


@pytest.mark.parametrize("most", [10, 2000])
def test_a_place_that_was_refused_leaves_nothing_behind(most):
    counted = Connections(most, exempt=nobody)
    for number in range(most * 2):
        counted.enter(f"10.0.{number // 250}.{number % 250}")
    assert len(counted._by_address) == most
