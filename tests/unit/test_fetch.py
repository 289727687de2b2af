"""Fetching from real servers on this machine, which do what servers do."""

from __future__ import annotations

import errno
import gzip
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from misbehaving import CHANGED, Reply, file, serving
from stelsel.errors import DeliveryError, DiskFull, Locked
from stelsel.loading import fetch_asking
from stelsel.loading.fetch import fetch, origin
from stelsel.loading.fetch_asking import Limits

CONTENT = bytes(range(256)) * 2_000
HERE = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.fixture
def server():
    with serving() as one:
        yield one


def limits(**given):
    waited: list[float] = []
    return Limits(**{"networks": HERE, "silence": 5.0, "attempts": 3, "sleep": waited.append, **given})


def quiet(*_):
    pass


def get(server, path, folder, **given):
    return fetch(server.at(path), folder, limits=limits(**given), progress=quiet)


def test_a_file_comes_whole_under_its_own_name_with_its_origin_beside_it(server, tmp_path):
    server["/x/levering.zip"] = file(CONTENT)
    moves = []
    path = fetch(server.at("/x/levering.zip?v=1"), tmp_path, limits=limits(), progress=lambda *move: moves.append(move))
    assert path.name == "levering.zip"
    assert path.read_bytes() == CONTENT
    kept = origin(path)
    assert (kept.address, kept.bytes, kept.etag) == (server.at("/x/levering.zip?v=1"), len(CONTENT), '"v1"')
    assert moves[-1] == ("Fetching levering.zip", len(CONTENT), len(CONTENT))


def test_a_file_that_has_not_changed_is_not_sent_again(server, tmp_path):
    server["/a.csv"] = file(CONTENT)
    first = get(server, "/a.csv", tmp_path)
    assert get(server, "/a.csv", tmp_path) == first
    assert server.asked[1].headers["if-none-match"] == '"v1"'
    assert first.read_bytes() == CONTENT


def test_a_file_that_has_changed_takes_the_place_of_the_old_one(server, tmp_path):
    server["/a.csv"] = file(CONTENT)
    get(server, "/a.csv", tmp_path)
    server["/a.csv"] = file(b"new" * 999, etag='"v2"')
    path = get(server, "/a.csv", tmp_path)
    assert path.read_bytes() == b"new" * 999
    assert origin(path).etag == '"v2"'


def test_last_modified_serves_where_there_is_no_etag(server, tmp_path):
    def behave(asked, _):
        if asked.headers.get("if-modified-since") == CHANGED:
            return Reply(304)
        return Reply(200, {"Last-Modified": CHANGED}, CONTENT)

    server["/a"] = behave
    get(server, "/a", tmp_path)
    assert get(server, "/a", tmp_path).read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_a_kept_file_that_was_damaged_is_fetched_again(server, tmp_path):
    server["/a.csv"] = file(CONTENT)
    path = get(server, "/a.csv", tmp_path)
    path.write_bytes(b"x" * len(CONTENT))
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT
    assert "if-none-match" not in server.asked[1].headers


def test_a_transfer_that_breaks_off_goes_on_where_it_was(server, tmp_path):
    server["/a.csv"] = file(CONTENT, cut=200_000)
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT
    assert [asked.headers.get("range") for asked in server.asked] == [None, "bytes=200000-", "bytes=400000-"]
    assert server.asked[1].headers["if-range"] == '"v1"'


def test_a_transfer_that_breaks_off_goes_on_in_a_later_run(server, tmp_path):
    server["/a.csv"] = file(CONTENT, cut=200_000)
    with pytest.raises(KeyboardInterrupt):
        get(server, "/a.csv", tmp_path, sleep=interrupted)
    server["/a.csv"] = file(CONTENT)
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT
    assert server.asked[-1].headers["range"] == "bytes=200000-"


def interrupted(_):
    raise KeyboardInterrupt


def stop(_):
    raise AssertionError("it should not have tried again")


def test_a_transfer_whose_source_changed_meanwhile_starts_anew(server, tmp_path):
    other = b"other" * 80_000
    server["/a.csv"] = lambda asked, before: (
        file(CONTENT, cut=200_000)(asked, 0) if before == 0 else file(other, etag='"v2"')(asked, 0)
    )
    assert get(server, "/a.csv", tmp_path).read_bytes() == other


@pytest.mark.parametrize("etag", ['W/"weak"', ""])
def test_what_cannot_be_told_to_be_the_same_is_not_gone_on_with(server, tmp_path, etag):
    server["/a.csv"] = lambda asked, before: file(CONTENT, etag=etag, cut=None if before else 99_000)(asked, 0)
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT
    assert "range" not in server.asked[1].headers


def test_a_last_modified_a_day_before_goes_on_too(server, tmp_path):
    def behave(asked, before):
        if before == 0:
            return Reply(200, {"Last-Modified": CHANGED}, CONTENT, cut=100_000)
        assert asked.headers["if-range"] == CHANGED
        said = {"Content-Range": f"bytes 100000-{len(CONTENT) - 1}/{len(CONTENT)}"}
        return Reply(206, said, CONTENT[100_000:])

    server["/a.csv"] = behave
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT


def test_a_rest_that_is_another_rest_is_asked_for_whole(server, tmp_path):
    def behave(asked, before):
        if before == 1:
            return Reply(206, {"ETag": '"v1"', "Content-Range": "bytes 5-9/10"}, b"wrong")
        return file(CONTENT, cut=None if before else 100_000)(asked, 0)

    server["/a.csv"] = behave
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT


def test_a_rest_that_is_not_there_is_asked_for_whole(server, tmp_path):
    server["/a.csv"] = lambda asked, before: (
        Reply(416, {"Content-Range": "bytes */9"})
        if before == 1
        else file(CONTENT, cut=None if before else 9_999)(asked, 0)
    )
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT


def test_a_transfer_that_was_whole_but_not_kept_is_not_asked_for_again(server, tmp_path):
    server["/a.csv"] = file(CONTENT, cut=100_000)
    with pytest.raises(KeyboardInterrupt):
        get(server, "/a.csv", tmp_path, sleep=interrupted)
    next(tmp_path.glob("*/partial")).write_bytes(CONTENT)
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_source_that_is_busy_is_asked_again_when_it_says(server, tmp_path):
    waited = []
    server["/a.csv"] = lambda asked, before: (
        Reply(503, {"Retry-After": "7"}) if before < 2 else file(CONTENT)(asked, before)
    )
    assert get(server, "/a.csv", tmp_path, sleep=waited.append).read_bytes() == CONTENT
    assert waited == [7.0, 7.0]


def test_retry_after_may_be_a_moment(server, tmp_path):
    waited = []
    server["/a.csv"] = lambda asked, before: (
        file(CONTENT)(asked, 0) if before else Reply(429, {"Retry-After": "Tue, 24 Nov 1999 12:00:00 GMT"})
    )
    get(server, "/a.csv", tmp_path, sleep=waited.append)
    assert waited == [0.0]


def test_a_source_that_wants_to_be_left_alone_for_long_is(server, tmp_path):
    server["/a.csv"] = Reply(503, {"Retry-After": "86400"})
    with pytest.raises(DeliveryError, match="come back in 86,400 seconds"):
        get(server, "/a.csv", tmp_path)


def test_tries_wait_longer_each_time_and_end(server, tmp_path):
    waited = []
    server["/a.csv"] = Reply(502)
    with pytest.raises(DeliveryError, match=r"answers 502 .*tried 6 times, and gave up"):
        get(server, "/a.csv", tmp_path, attempts=6, sleep=waited.append)
    assert len(waited) == 5
    assert all(wait <= 2**n for n, wait in enumerate(waited))


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "is not there"), (410, "any more"), (401, "who asks"), (403, "not for everyone"), (400, "answers 400")],
)
def test_an_answer_that_will_stay_is_not_asked_for_again(server, tmp_path, status, said):
    server["/a.csv"] = Reply(status)
    with pytest.raises(DeliveryError, match=said):
        get(server, "/a.csv", tmp_path, sleep=stop)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html; charset=utf-8", b"<!DOCTYPE html><html><head><title>Log\n in</title>"),
        ("application/zip", b"\xef\xbb\xbf  <!-- x --><HTML><title>Log in</title>" + b" " * 9_000),
        ("application/octet-stream", b"<!doctype HTML><title>Log in</title>"),
    ],
)
def test_a_web_page_that_says_200_is_refused_with_its_title(server, tmp_path, kind, body):
    server["/a.zip"] = Reply(200, {"Content-Type": kind}, body)
    with pytest.raises(DeliveryError, match=r"a\.zip: answers with a web page \(Log in\) where data was due"):
        get(server, "/a.zip", tmp_path, sleep=stop)
    assert not list(tmp_path.glob("*/delivery"))


def test_xml_is_no_web_page(server, tmp_path):
    server["/a.xml"] = Reply(200, {"Content-Type": "text/xml"}, b"<?xml version='1.0'?><htmlx/>")
    assert get(server, "/a.xml", tmp_path).name == "a.xml"


def test_a_file_that_is_too_large_is_refused_before_it_comes(server, tmp_path):
    server["/a.csv"] = Reply(200, body=CONTENT)
    with pytest.raises(DeliveryError, match="holds 512,000 bytes, more than the 100,000 of STELSEL_FETCH_BYTES"):
        get(server, "/a.csv", tmp_path, bytes=100_000)


def endless(out):
    for _ in range(10_000):
        out.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")


def test_a_body_without_end_ends_at_the_limit(server, tmp_path):
    server["/a.csv"] = Reply(200, {"Transfer-Encoding": "chunked"}, endless, length=False)
    with pytest.raises(DeliveryError, match="goes on beyond the 1,000,000"):
        get(server, "/a.csv", tmp_path, bytes=1_000_000)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 1_100_000


def test_a_body_that_says_it_is_longer_than_it_is_is_never_taken_for_whole(server, tmp_path):
    server["/a.csv"] = Reply(200, body=b"x,y\n1,2\n", length=9_000)
    with pytest.raises(DeliveryError, match="broke off after 8 bytes"):
        get(server, "/a.csv", tmp_path)


def test_chunks_without_the_last_one_are_never_taken_for_whole(server, tmp_path):
    server["/a.csv"] = Reply(200, {"Transfer-Encoding": "chunked"}, b"3\r\na,b\r\n", length=False)
    with pytest.raises(DeliveryError, match="broke off after 3 bytes"):
        get(server, "/a.csv", tmp_path)


def test_a_body_whose_end_cannot_be_told_is_refused(server, tmp_path):
    server["/a.csv"] = Reply(200, body=b"a,b\n", length=False)
    with pytest.raises(DeliveryError, match="gives no length"):
        get(server, "/a.csv", tmp_path)


def test_an_empty_body_is_no_delivery(server, tmp_path):
    server["/a.csv"] = Reply(200)
    with pytest.raises(DeliveryError, match="answers with nothing"):
        get(server, "/a.csv", tmp_path)


def test_a_gzip_bomb_is_not_unpacked(server, tmp_path):
    bomb = gzip.compress(b"0" * 50_000_000)
    server["/a.csv"] = Reply(200, {"Content-Encoding": "gzip"}, bomb)
    with pytest.raises(DeliveryError, match="answers compressed"):
        get(server, "/a.csv", tmp_path)
    assert server.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("header", "value"),
    [("Repr-Digest", "sha-256=:AAAA:"), ("Digest", "SHA-512=AAAA"), ("Content-Digest", "sha-256=:not base64:")],
)
def test_a_file_that_is_not_what_its_checksum_says_is_refused(server, tmp_path, header, value):
    server["/a.csv"] = Reply(200, {header: value}, CONTENT)
    with pytest.raises(DeliveryError, match=r"not what its own checksum \(sha-"):
        get(server, "/a.csv", tmp_path)


def test_a_checksum_of_another_kind_is_left_alone(server, tmp_path):
    server["/a.csv"] = Reply(200, {"Digest": "md5=AAAA"}, CONTENT)
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT


def trickle(out):
    for _ in range(60):
        out.write(b"1\r\nx\r\n")
        out.flush()
        time.sleep(0.05)


def test_a_source_that_trickles_is_given_up(server, tmp_path):
    server["/a.csv"] = Reply(200, {"Transfer-Encoding": "chunked"}, trickle, length=False)
    with pytest.raises(DeliveryError, match="less than 1,000 bytes a second"):
        get(server, "/a.csv", tmp_path, silence=0.3, attempts=1)


def test_a_source_that_falls_silent_is_given_up(server, tmp_path):
    server["/a.csv"] = Reply(200, {"Transfer-Encoding": "chunked"}, lambda _: time.sleep(1), length=False)
    with pytest.raises(DeliveryError, match="broke off after 0 bytes"):
        get(server, "/a.csv", tmp_path, silence=0.2, attempts=1)


def test_nobody_there_is_said_plainly(tmp_path):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with pytest.raises(DeliveryError, match=r"cannot be reached.*tried 3 times"):
        fetch(f"http://127.0.0.1:{port}/a", tmp_path, limits=limits(), progress=quiet)


def test_a_name_that_is_none_is_said_plainly(tmp_path):
    with pytest.raises(DeliveryError, match="cannot be resolved"):
        fetch("http://nergens.invalid/a", tmp_path, limits=limits(), progress=quiet)


def test_redirects_are_followed_and_the_name_is_that_of_the_last(server, tmp_path):
    server["/latest"] = Reply(302, {"Location": "/x/BAGNLDL-08062024.zip"})
    server["/x/BAGNLDL-08062024.zip"] = file(CONTENT)
    assert get(server, "/latest", tmp_path).name == "BAGNLDL-08062024.zip"


def test_redirects_without_end_are_not_followed(server, tmp_path):
    server["/a"] = lambda _, before: Reply(301, {"Location": f"/a?{before}"})
    with pytest.raises(DeliveryError, match="sends on more than 5 times"):
        get(server, "/a", tmp_path)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "there", ["ftp://data.example.nl/a", "file:///etc/passwd", "http://:0/x", "http://u:p@127.0.0.1/"]
)
def test_a_redirect_to_what_may_not_be_asked_is_refused(server, tmp_path, there):
    server["/a"] = Reply(302, {"Location": there})
    with pytest.raises(DeliveryError):
        get(server, "/a", tmp_path, sleep=stop)


def test_a_redirect_into_a_private_network_is_refused(server, tmp_path):
    server["/a"] = Reply(302, {"Location": "http://169.254.169.254/latest/meta-data"})
    with pytest.raises(DeliveryError, match="private network; STELSEL_FETCH_NETWORKS"):
        get(server, "/a", tmp_path)


@pytest.mark.parametrize("address", ["http://127.0.0.1/a", "http://localhost/a", "http://[::1]/", "http://10.0.0.8/x"])
def test_a_private_address_is_refused_unless_it_is_allowed(tmp_path, address):
    with pytest.raises(DeliveryError, match="private network"):
        fetch(address, tmp_path, limits=limits(networks=()), progress=quiet)


def test_an_address_with_a_password_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="user name or password"):
        fetch("https://a:b@data.example.nl/x", tmp_path, limits=limits(), progress=quiet)


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/download", {"Content-Disposition": 'attachment; filename="../../v2_csv.csv"'}, "v2_csv.csv"),
        ("/download", {"Content-Disposition": "attachment; filename*=UTF-8''na%C3%AFef.zip"}, "naïef.zip"),
        ("/download", {"Content-Type": "text/turtle;charset=utf-8"}, "download.ttl"),
        ("/a%20b.json", {}, "a_b.json"),
        ("/", {}, "delivery"),
    ],
)
def test_a_file_is_called_what_its_source_calls_it(server, tmp_path, path, headers, name):
    server[path] = Reply(200, headers, b"x,y\n")
    found = get(server, path, tmp_path)
    assert found.name == name
    assert found.parent.parent.parent == tmp_path


def test_two_processes_do_not_fetch_one_address_at_once(server, tmp_path):
    going, done = threading.Event(), threading.Event()

    def slow(out):
        going.set()
        done.wait(5)
        out.write(b"1\r\nx\r\n0\r\n\r\n")

    server["/a"] = Reply(200, {"Transfer-Encoding": "chunked"}, slow, length=False)
    first = threading.Thread(target=get, args=(server, "/a", tmp_path))
    first.start()
    going.wait(5)
    with pytest.raises(Locked, match="another process is fetching"):
        get(server, "/a", tmp_path)
    done.set()
    first.join()


def test_a_disk_without_room_is_said_before_anything_comes(server, tmp_path):
    server["/a"] = Reply(200, length=10**15)
    with pytest.raises(DiskFull, match=r"has room for .*1,000,000,000,000,000 are to come"):
        get(server, "/a", tmp_path, bytes=10**16)


def test_a_disk_that_fills_up_keeps_what_came(server, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    server["/a.csv"] = file(CONTENT)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskFull, match=r"the disk is full; what came of .* is kept"):
        get(server, "/a.csv", tmp_path)
    monkeypatch.undo()
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT


def test_a_name_stays_in_the_request_though_its_address_is_what_is_asked(server, tmp_path):
    server["/a.csv"] = file(CONTENT)
    address = server.at("/a.csv").replace("127.0.0.1", "localhost")
    assert fetch(address, tmp_path, limits=limits(), progress=quiet).read_bytes() == CONTENT
    assert server.asked[0].headers["host"].startswith("localhost:")


def test_a_source_that_cannot_prove_who_it_is_is_not_asked_twice(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    with serving(context) as server, pytest.raises(DeliveryError, match="cannot prove who it is"):
        fetch(server.at("/a").replace("http:", "https:"), tmp_path, limits=limits(sleep=stop), progress=quiet)
    assert server.asked == []


@pytest.mark.parametrize("name", ["localhost", "elders.example.nl"])
def test_a_certificate_is_held_against_the_name_and_not_the_address(tmp_path, monkeypatch, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, x509.DNSName(name)))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    fetch_asking._tls.cache_clear()
    with serving(context) as server:
        server["/a.csv"] = file(CONTENT)
        address = server.at("/a.csv").replace("http://127.0.0.1", "https://localhost")
        if name == "localhost":
            assert fetch(address, tmp_path, limits=limits(), progress=quiet).read_bytes() == CONTENT
        else:
            with pytest.raises(DeliveryError, match="cannot prove who it is"):
                fetch(address, tmp_path, limits=limits(sleep=stop), progress=quiet)
    fetch_asking._tls.cache_clear()


def certificate(folder, subject=x509.IPAddress(ip_address("127.0.0.1"))):  # noqa: B008  # it never changes
    """A certificate that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(9))
        .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(secret + made.public_bytes(Encoding.PEM))
    return folder / "server.pem"


def test_an_origin_that_cannot_be_read_is_none(server, tmp_path):
    server["/a.csv"] = file(CONTENT)
    path = get(server, "/a.csv", tmp_path)
    beside = path.parent.parent / "origin.json"
    assert json.loads(beside.read_bytes())["sha256"]
    beside.write_text("{")
    assert origin(path) is None
    assert get(server, "/a.csv", tmp_path).read_bytes() == CONTENT


def test_a_file_from_elsewhere_has_no_origin(tmp_path):
    (tmp_path / "x.csv").write_text("a")
    assert origin(tmp_path / "x.csv") is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["cut", "busy", "other rest", "nothing", "empty"]), max_size=12), st.integers(1, 400_000)
)
def test_whatever_goes_wrong_on_the_way_what_is_kept_is_the_file(tmp_path_factory, mishaps, cut):
    def behave(asked, before):
        mishap = mishaps[before] if before < len(mishaps) else ""
        replies = {
            "busy": Reply(503),
            "other rest": Reply(206, {"Content-Range": "bytes 7-9/10"}, b"xyz"),
            "nothing": Reply(200, {"ETag": '"v1"'}, CONTENT, cut=0),
            "empty": Reply(200, {"ETag": '"v1"'}),
        }
        return replies.get(mishap) or file(CONTENT, cut=cut if mishap else None)(asked, before)

    with serving() as one:
        one["/a.csv"] = behave
        assert get(one, "/a.csv", tmp_path_factory.mktemp("x"), attempts=13).read_bytes() == CONTENT
