from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.serving.clients import Clients, parse

INSIDE = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
addresses = st.ip_addresses().filter(lambda a: getattr(a, "ipv4_mapped", None) is None)
outside = addresses.filter(lambda a: not any(a in network for network in INSIDE))
inside = st.integers(0, 2**24 - 1).map(lambda n: ip_address(0x0A000000 + n))
# What may stand in a header: what the server's parser lets through.
written = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
hostile = written | st.lists(st.sampled_from(['"', ",", ";", "for=", "1.2.3.4", "\\", "[", "]", ":", " "])).map("".join)


def scope(peer, *headers):
    return {
        "type": "http",
        "client": (str(peer), 1234) if peer else None,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }


def node(address):
    """An address as RFC 7239 writes it."""
    return f'"[{address}]:4711"' if address.version == 6 else f"{address}:4711"


def key_of(address):
    return Clients().key(scope(address))


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_client_is_its_address_and_of_ipv6_the_network_of_a_subscriber(peer, key):
    assert key_of(peer) == key


def test_a_token_says_better_who_it_is():
    assert Clients().key(scope("192.0.2.7"), token="4f2a") == "token:4f2a"


def test_no_address_has_the_key_of_a_token():
    assert Clients().key(scope("token:4f2a")) == ""


@given(addresses, hostile)
def test_without_trusted_proxies_no_header_counts(peer, header):
    believing = Clients()
    headers = [("x-forwarded-for", header), ("forwarded", header)]
    assert believing.key(scope(peer, *headers)) == key_of(peer)


@given(outside, hostile)
def test_who_is_no_proxy_cannot_say_who_it_is(peer, header):
    for name in ("x-forwarded-for", "forwarded"):
        assert Clients(INSIDE, name).key(scope(peer, (name, header))) == key_of(peer)


@given(hostile, outside, st.lists(inside, max_size=3), st.booleans())
def test_what_a_client_forges_is_never_reached_in_x_forwarded_for(forged, client, hops, apart):
    """The proxy appends the address it saw, on the same line or on one of its own; each next one does too."""
    seen = ", ".join(str(a) for a in (client, *hops))
    headers = (
        [("x-forwarded-for", forged), ("x-forwarded-for", seen)]
        if apart
        else [("x-forwarded-for", f"{forged}, {seen}")]
    )
    assert Clients(INSIDE).key(scope("10.0.0.1", *headers)) == key_of(client)


@given(hostile, outside, st.lists(inside, max_size=3), st.booleans())
def test_what_a_client_forges_is_never_reached_in_forwarded(forged, client, hops, apart):
    seen = ", ".join(f"for={node(a)};proto=https" for a in (client, *hops))
    headers = [("forwarded", forged), ("forwarded", seen)] if apart else [("forwarded", f"{forged}, {seen}")]
    assert Clients(INSIDE, "forwarded").key(scope("10.0.0.1", *headers)) == key_of(client)


@given(hostile, st.lists(inside, min_size=1, max_size=3))
def test_the_answer_is_always_an_address_that_is_there_or_the_proxys_own(header, hops):
    believing = Clients(INSIDE)
    found = believing.address(scope(hops[0], ("x-forwarded-for", header)))
    said = [parse(part) for part in header.split(",")]
    assert found == hops[0] or found in said


@pytest.mark.parametrize(
    ("name", "header", "address"),
    [
        ("x-forwarded-for", "198.51.100.9", "198.51.100.9"),
        ("x-forwarded-for", "198.51.100.9:51000", "198.51.100.9"),
        ("x-forwarded-for", "2001:db8::9", "2001:db8::9"),
        ("x-forwarded-for", "203.0.113.1, 198.51.100.9, 10.1.1.1", "198.51.100.9"),
        ("x-forwarded-for", "203.0.113.1, unknown, 10.1.1.1", "10.1.1.1"),
        ("x-forwarded-for", "10.9.9.9, 10.1.1.1", "10.9.9.9"),
        ("x-forwarded-for", "", "10.0.0.1"),
        ("x-forwarded-for", "198.51.100.9,", "10.0.0.1"),
        ("forwarded", "for=198.51.100.9", "198.51.100.9"),
        ("forwarded", 'proto=https;For="[2001:db8::9]:47011";by=10.0.0.1', "2001:db8::9"),
        ("forwarded", "for=203.0.113.1, for=_hidden", "10.0.0.1"),
        ("forwarded", "for=203.0.113.1, for=198.51.100.9;for=10.0.0.1", "10.0.0.1"),
        ("forwarded", 'for="a\\"b,for=203.0.113.1"', "10.0.0.1"),
        ("forwarded", 'for=", for=198.51.100.9', "198.51.100.9"),
        ("forwarded", "by=10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_proxy_says_who_its_client_is(name, header, address):
    assert Clients(INSIDE, name).address(scope("10.0.0.1", (name, header))) == ip_address(address)


def test_only_the_header_that_the_proxies_write_is_read():
    headers = [("forwarded", "for=203.0.113.1"), ("x-forwarded-for", "198.51.100.9")]
    assert Clients(INSIDE, "x-forwarded-for").key(scope("10.0.0.1", *headers)) == "198.51.100.9"
    assert Clients(INSIDE, "forwarded").key(scope("10.0.0.1", *headers)) == "203.0.113.1"


def test_a_row_of_proxies_without_an_end_is_not_followed():
    header = ", ".join(f"10.0.{n}.1" for n in range(100))
    assert Clients(INSIDE).key(scope("10.0.0.1", ("x-forwarded-for", header))) == "10.0.80.1"


def test_a_proxy_that_was_not_named_is_told_once(caplog):
    knowing = Clients()
    for _ in range(3):
        knowing.key(scope("127.0.0.1", ("x-forwarded-for", "198.51.100.9")))
    (record,) = caplog.records
    assert "STELSEL_TRUSTED_PROXIES" in record.getMessage()


@given(written)
def test_what_is_no_address_is_none(text):
    found = parse(text)
    assert found is None or str(found)
