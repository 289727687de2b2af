from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
import time

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from fakes import MemoryStore
from stelsel.errors import NotFound
from stelsel.serving import logs, tracing
from stelsel.serving.problems import Boundary, problem
from stelsel.serving.running import Queries
from stelsel.storing import Limits, Question
from stelsel.storing.formats import FORMATS

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
QUERY = "SELECT ?bsn { ?s ?p ?bsn }"


@pytest.fixture
def lines(monkeypatch):
    """Everything that is logged from here on, as objects; the settings of the process are put back afterwards."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure()
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def scope(path="/sparql", **headers):
    given_ = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "method": "GET", "path": path, "headers": given_, "client": ("192.0.2.1", 1)}


async def fine(_, __, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b"abc", "more_body": True})
    await send({"type": "http.response.body", "body": b"de"})


def request(app, scope_):
    sent = []

    async def send(message):
        sent.append(message)

    async def run():
        around = logs.Requests(app, client=lambda s: s["client"][0], count=lambda *_: None)
        await around(scope_, None, send)

    asyncio.run(run())
    return sent


def traceparent(sent):
    return dict(sent[0]["headers"])[b"traceparent"].decode()


def test_a_request_is_one_line(lines):
    request(fine, scope())
    (line,) = lines()
    assert line["event"] == "request"
    assert (line["method"], line["path"], line["status"], line["bytes"]) == ("GET", "/sparql", 200, 5)
    assert (line["client"], line["level"], line["broken"]) == ("192.0.2.1", "info", False)
    assert line["ms"] >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])


def test_an_answer_that_breaks_off_is_logged_as_broken(lines):
    async def breaks(_, __, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})

    request(breaks, scope())
    assert lines()[0]["broken"] is True


@given(st.text(max_size=80), st.text(max_size=30))
def test_what_a_client_sends_stays_on_its_line_and_is_plain_text(path, value):
    written = logs._line({"path": path, "more": value})
    assert re.fullmatch(r"[\x20-\x7e]*", written)
    assert json.loads(written) == {"path": path, "more": value}


def test_messages_of_libraries_are_lines_too_with_the_trace(lines):
    async def warns(given_scope, receive, send):
        logging.getLogger("some.library").warning("it said %s", "a\nb\x1b[31m\u202e")
        await fine(given_scope, receive, send)

    request(warns, scope(traceparent=PARENT))
    warning, line = lines()
    assert (warning["logger"], warning["level"]) == ("some.library", "warning")
    assert warning["event"] == "it said a\nb\x1b[31m\u202e"
    assert warning["trace"] == line["trace"] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_an_error_that_nobody_foresaw_has_its_trace_and_its_traceback(lines):
    async def fails(*_):
        raise ZeroDivisionError

    sent = request(Boundary(fails), scope(traceparent=PARENT))
    error = next(line for line in lines() if line["level"] == "error")
    assert "ZeroDivisionError" in error["exception"]
    assert json.loads(sent[1]["body"])["instance"] == "urn:trace:4bf92f3577b34da6a3ce929d0e0e4736"
    assert error["trace"] == "4bf92f3577b34da6a3ce929d0e0e4736"


def asking(text):
    """An application that asks a store in memory, and lets the log know."""

    async def app(given_scope, receive, send):
        queries = Queries(lambda ended: logs.query_of_request(ended, text=text))
        within = Limits(5, 10**9, client="token:4f2a")
        async for _ in queries.answer(MemoryStore(), Question(QUERY), FORMATS["json"], within):
            pass
        await fine(given_scope, receive, send)

    return app


def test_a_query_is_told_about_and_its_text_is_not(lines):
    request(asking("no"), scope())
    (line,) = lines()
    assert (line["outcome"], line["lane"], line["release"]) == ("complete", "free", "2026-01-01T00.00.00-test")
    assert line["client"] == "token:4f2a"
    assert "bsn" not in json.dumps(line)


def test_an_operator_may_have_equal_queries_told_apart_or_their_text(lines):
    request(asking("hash"), scope())
    request(asking("hash"), scope())
    request(asking("text"), scope())
    first, second, third = lines()
    assert first["query"] == second["query"] != QUERY
    assert third["query"] == QUERY


def test_without_a_log_requests_are_answered_all_the_same():
    assert [message["type"] for message in request(fine, scope())] == [
        "http.response.start",
        "http.response.body",
        "http.response.body",
    ]


def test_a_trace_goes_on_where_there_is_one():
    answered = traceparent(request(fine, scope(traceparent=PARENT)))
    version, trace, span, flags = answered.split("-")
    assert (version, trace, flags) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    assert span != "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "given_",
    [
        "",
        "nonsense",
        PARENT.upper(),
        PARENT + "-more",
        PARENT[:-1],
        "ff" + PARENT[2:],
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        PARENT + "\n",
        f"{PARENT}, {PARENT}",
    ],
)
def test_a_trace_that_is_not_as_it_should_be_begins_anew(given_):
    answered = traceparent(request(fine, scope(traceparent=given_)))
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", answered)
    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in answered


def test_a_later_version_may_have_more():
    assert "4bf92f3577b34da6a3ce929d0e0e4736" in traceparent(
        request(fine, scope(traceparent="cc" + PARENT[2:] + "-what"))
    )


@given(st.binary(max_size=80))
def test_no_header_breaks_a_request(header):
    trace = tracing.begin({"headers": [(b"traceparent", header)]})
    assert re.fullmatch(r"[0-9a-f]{32}", trace.id)
    assert trace.id != "0" * 32


def test_a_problem_outside_a_request_has_no_trace():
    tracing._current.set(None)
    assert "instance" not in json.loads(problem(NotFound("gone")).body)


def test_logging_a_request_takes_microseconds(lines):
    """Measured: 12 us with the line, 4 us without it; the bound leaves room for a busy machine."""

    async def nothing(_):
        pass

    async def run():
        around = logs.Requests(fine, client=lambda s: s["client"][0], count=lambda *_: None)
        began = time.perf_counter()
        for _ in range(1000):
            await around(scope(), None, nothing)
        return (time.perf_counter() - began) / 1000

    assert asyncio.run(run()) < 300e-6
    assert len(lines()) == 1000
