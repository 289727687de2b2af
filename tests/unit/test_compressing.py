from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from stelsel.serving.compressing import Compressing, coding

TEXT = b"<http://e/1> <http://e/p> <http://e/2> .\n" * 2000
DECODE = {
    "": bytes,
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


def app(*pieces, media_type="application/n-triples", status=200, breaks=False, headers=()):
    """Answers with these pieces: one of them whole, with its length; more as a stream."""

    async def answer(_scope, _receive, send):
        given = [(b"content-type", media_type.encode()), (b"vary", b"Accept"), *headers]
        if len(pieces) == 1:
            given.append((b"content-length", b"%d" % len(pieces[0])))
        await send({"type": "http.response.start", "status": status, "headers": given})
        for number, piece in enumerate(pieces, 1):
            last = number == len(pieces)
            if not (last and breaks):
                await send({"type": "http.response.body", "body": piece, "more_body": not last})

    return answer


def ask(application, accepted="gzip", method="GET"):
    """Headers, and the pieces of the body as they left."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "headers": [(b"accept-encoding", accepted.encode())]}
    asyncio.run(Compressing(application)(scope, None, send))
    return dict(sent[0]["headers"]), sent[1:]


def body(messages):
    return b"".join(message["body"] for message in messages)


@pytest.mark.parametrize("accepted", ["gzip", "zstd"])
@pytest.mark.parametrize("pieces", [[TEXT], [TEXT, b"", TEXT, b"end"], [b"a", b"b"]])
def test_what_was_compressed_is_what_was_said(accepted, pieces):
    headers, messages = ask(app(*pieces), accepted)
    assert headers[b"content-encoding"].decode() == accepted
    assert headers[b"vary"] == b"Accept, Accept-Encoding"
    assert DECODE[accepted](body(messages)) == b"".join(pieces)


@given(st.lists(st.binary(max_size=3000), min_size=2, max_size=6), st.sampled_from(["gzip", "zstd", ""]))
def test_a_stream_comes_back_whole_whatever_its_pieces(pieces, accepted):
    _, messages = ask(app(*pieces), accepted)
    assert DECODE[accepted](body(messages)) == b"".join(pieces)


@pytest.mark.parametrize(
    ("accepted", "decoder"),
    [("gzip", lambda: zlib.decompressobj(wbits=31)), ("zstd", lambda: zstandard.ZstdDecompressor().decompressobj())],
)
def test_a_piece_of_a_stream_can_be_read_before_the_next_one_is_there(accepted, decoder):
    _, messages = ask(app(TEXT, b"second", b"third", b""), accepted)
    reader = decoder()
    assert [reader.decompress(message["body"]) for message in messages[:3]] == [TEXT, b"second", b"third"]


@pytest.mark.parametrize("accepted", ["gzip", "zstd"])
def test_a_stream_that_breaks_off_has_no_end(accepted):
    _, messages = ask(app(TEXT, TEXT, b"lost", breaks=True), accepted)
    assert all(message["more_body"] for message in messages)
    reader = zlib.decompressobj(wbits=31) if accepted == "gzip" else zstandard.ZstdDecompressor().decompressobj()
    assert reader.decompress(body(messages)) == TEXT * 2
    assert not reader.eof


def test_a_whole_body_has_the_length_that_it_has_on_its_way():
    headers, messages = ask(app(TEXT))
    assert int(headers[b"content-length"]) == len(body(messages)) < len(TEXT) / 10


def test_a_strong_tag_becomes_a_weak_one():
    assert ask(app(TEXT, headers=[(b"etag", b'"a"')]))[0][b"etag"] == b'W/"a"'
    assert ask(app(TEXT, headers=[(b"etag", b'"a"')]), "identity")[0][b"etag"] == b'"a"'


@pytest.mark.parametrize(
    "application",
    [
        app(b"short"),
        app(TEXT, media_type="application/vnd.apache.parquet"),
        app(TEXT, media_type="image/png"),
        app(TEXT, headers=[(b"content-encoding", b"gzip")]),
        app(b"", status=304),
    ],
)
def test_what_would_not_gain_by_it_goes_as_it_is(application):
    assert ask(application)[0].get(b"content-encoding", b"gzip") == b"gzip"
    assert body(ask(application)[1]) in (b"short", TEXT, b"")


def test_a_head_is_not_compressed():
    assert b"content-encoding" not in ask(app(TEXT), method="HEAD")[0]


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", ""),
        ("br", ""),
        ("gzip;q=0", ""),
        ("gzip;q=0.5, zstd;q=0.4", "gzip"),
        ("GZIP", "gzip"),
        ("*", "zstd"),
        ("*;q=0", ""),
        ("gzip;q=x", ""),
        ("," * 5000, ""),
    ],
)
def test_a_coding_is_one_that_is_accepted(accepted, chosen):
    assert coding(accepted) == chosen
