from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.serving.ranges import send_kept

TAG = b'"r1.csv.key.hash"'


def ask(body, *, method="GET", **headers):
    """Status, headers and body of what is sent for a request with these headers."""
    sent = []

    async def send(message):
        sent.append(message)

    given_ = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "headers": given_}
    asyncio.run(send_kept(send, scope, body, [(b"etag", TAG)]))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@given(st.binary(min_size=1, max_size=40), st.integers(0, 50), st.integers(0, 50))
def test_a_part_is_what_a_slice_is(body, first, length):
    last = first + length
    status, headers, part = ask(body, range=b"bytes=%d-%d" % (first, last))
    assert (status, part) == ((206, body[first : last + 1]) if first < len(body) else (416, b""))
    place = b"bytes %d-%d/%d" % (first, min(last, len(body) - 1), len(body)) if part else b"bytes */%d" % len(body)
    assert (headers[b"content-range"], int(headers[b"content-length"])) == (place, len(part))


@given(st.binary(min_size=1, max_size=40), st.integers(1, 50))
def test_the_end_and_all_from_a_place_on_can_be_asked_for(body, length):
    assert ask(body, range=b"bytes=-%d" % length)[2] == body[-length:]
    assert ask(body, range=b"Bytes = %d-" % (len(body) - 1))[2] == body[-1:]


@pytest.mark.parametrize(
    "asked",
    [b"", b"bytes=", b"bytes=-", b"bytes=3-2", b"bytes=0-1,3-4", b"lines=1-2", b"bytes=a-b", b"bytes=0-" + b"9" * 5000],
)
def test_what_is_no_range_gives_the_whole(asked):
    assert ask(b"0123456789", range=asked)[::2] == (200, b"0123456789")


def test_nothing_at_the_end_of_a_body_cannot_be_given():
    assert ask(b"0123456789", range=b"bytes=-0")[0] == 416


def test_a_part_of_another_answer_is_not_given():
    assert ask(b"0123456789", range=b"bytes=0-1", if_range=b'"old"')[::2] == (200, b"0123456789")
    assert ask(b"0123456789", range=b"bytes=0-1", if_range=TAG)[::2] == (206, b"01")


def test_a_head_tells_how_long_the_whole_is():
    status, headers, body = ask(b"0123456789", method="HEAD", range=b"bytes=0-1")
    assert (status, headers[b"content-length"], body) == (200, b"10", b"")
