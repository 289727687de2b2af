from __future__ import annotations

import asyncio
import time

import pytest

from stelsel.errors import DeadlinePassed, QueryRefused, QuerySyntaxError, StoreError
from stelsel.serving.judging import Judge, heavy

ALLOWED = "http://example.org/sparql"
LONG = " # " + "x" * 3000 + "\n"
SLOW = "SELECT * { " + "{} " * 3_000_000 + "} # service"  # seconds of reading, on any machine


def judged(*texts, seconds=10.0, meanwhile=None):
    """The forms of texts, or the errors, by one judge."""

    async def run():
        judge = Judge(allowed_services=frozenset([ALLOWED]), base="http://localhost:8000/")
        try:
            tasks = [asyncio.create_task(judge.form(text, seconds)) for text in texts]
            if meanwhile is not None:
                await meanwhile(judge)
            return await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await judge.close()

    return asyncio.run(run())


def test_a_text_is_judged_in_another_process_as_it_is_in_this_one():
    texts = [
        f"ASK {{ SERVICE <{ALLOWED}> {{ ?s ?p ?o }} }}",
        "SELECT * { SERVICE <http://elsewhere.org/> { ?s ?p ?o } }",
        "SELECT * { \\u0053ERVICE <http://elsewhere.org/> { ?s ?p ?o } }",
        "INSERT DATA { <http://e/service> <http://e/b> 1 }",
        "nothing about a service",
        "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } # service",
    ]
    here = judged(*texts)
    there = judged(*(text + LONG for text in texts))
    assert [heavy(text) for text in texts] == [False] * 6
    assert [heavy(text + LONG) for text in texts] == [True] * 6
    assert [str(found) for found in here] == [str(found) for found in there]
    assert [type(found) for found in there] == [str, QueryRefused, QueryRefused, QueryRefused, QuerySyntaxError, str]


def test_what_takes_too_long_to_read_is_stopped_and_the_next_is_read():
    async def run():
        judge = Judge(allowed_services=frozenset(), base="http://localhost:8000/")
        try:
            assert await judge.form("ASK {} # service" + LONG, 10) == "ask"  # its process has started
            began = time.monotonic()
            slow = asyncio.create_task(judge.form(SLOW, 0.5))
            await asyncio.sleep(0.1)
            behind = asyncio.create_task(judge.form("ASK {} # service" + LONG, 10))
            with pytest.raises(DeadlinePassed):
                await slow
            assert time.monotonic() - began < 0.75
            assert await behind == "ask"
        finally:
            await judge.close()

    asyncio.run(run())


def test_this_process_goes_on_meanwhile():
    async def measure(_):
        await asyncio.sleep(0.2)
        worst = 0.0
        for _ in range(30):
            began = time.monotonic()
            await asyncio.sleep(0.005)
            worst = max(worst, time.monotonic() - began)
        assert worst < 0.1

    judged(SLOW, seconds=0.5, meanwhile=measure)


def test_a_judge_that_is_killed_is_replaced():
    async def run():
        judge = Judge(allowed_services=frozenset(), base="http://localhost:8000/")
        try:
            assert await judge.form("ASK {} # service" + LONG, 10) == "ask"
            judge._process.kill()
            with pytest.raises(StoreError):
                await judge.form("ASK {} # service" + LONG, 10)
            assert await judge.form("ASK {} # service" + LONG, 10) == "ask"
        finally:
            await judge.close()

    asyncio.run(run())


def test_half_a_character_is_no_query():
    (found,) = judged("ASK {} # service \ud800" + LONG)
    assert isinstance(found, QuerySyntaxError)
