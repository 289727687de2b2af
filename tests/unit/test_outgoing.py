"""Which addresses are asked, and which never are."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotestores import said, scripted
from stelsel.errors import SettingError, StoreError
from stelsel.storing.outgoing import Outgoing, allowed, body, endpoint

LOCAL = (ipaddress.ip_network("127.0.0.0/8"),)
PRIVATE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "192.0.2.1",
    "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_that_is_not_on_the_internet_is_not_allowed(text):
    assert not allowed(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "145.45.0.1", "2a02:2200::1", "::ffff:1.1.1.1"])
def test_an_address_on_the_internet_is_allowed(text):
    assert allowed(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_another_is_judged_by_what_is_inside(address):
    assert allowed(ipaddress.IPv6Address(f"::ffff:{address}")) == allowed(address)
    assert not allowed(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address)))


def test_a_network_that_the_operator_allows_is_allowed_and_no_other():
    networks = (ipaddress.ip_network("10.1.0.0/16"),)
    found = [
        allowed(ipaddress.ip_address(text), networks) for text in ("10.1.2.3", "::ffff:10.1.2.3", "10.2.0.1", "::1")
    ]
    assert found == [True, True, False, False]


@pytest.mark.parametrize(
    "url", ["ftp://e.nl/", "//e.nl/", "http:///x", "http://a:b@e.nl/", "http://e.nl/#x", "e", "http://[::1"]
)
def test_what_is_no_endpoint_is_refused(url):
    with pytest.raises(SettingError, match="no address of an endpoint"):
        endpoint(url)


def post(url, outgoing, seconds=5.0):
    async def run():
        deadline = asyncio.get_running_loop().time() + seconds
        async with outgoing.post(url, b"query", {"Accept": "text/csv"}, deadline) as response:
            return response.status_code, b"".join([chunk async for chunk in body(response, deadline)])

    return run()


def test_a_name_that_means_a_private_address_is_not_asked():
    async def run():
        async with scripted(said(b"secret")) as (address, asked):
            for name in ("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001"):
                with pytest.raises(StoreError, match=r"no address on the internet|cannot be resolved"):
                    await post(address.replace("127.0.0.1", name), Outgoing())
            return asked

    assert asyncio.run(run()) == []


def test_a_name_with_one_private_address_among_its_addresses_is_not_asked(monkeypatch):
    async def run():
        loop = asyncio.get_running_loop()

        async def found(_host, port, **_):
            return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("1.1.1.1", "10.0.0.1")]

        monkeypatch.setattr(loop, "getaddrinfo", found)
        with pytest.raises(StoreError, match="no address on the internet"):
            await Outgoing().resolve("e.nl", 443)

    asyncio.run(run())


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch):
    """A name that means another machine the second time it is asked (DNS rebinding) is asked once."""

    async def run():
        loop = asyncio.get_running_loop()
        async with scripted(said(b"answer")) as (address, asked):
            port = int(address.split(":")[2].split("/")[0])
            names = []

            async def found(host, port, **_):
                names.append(host)
                return [(socket.AF_INET, 1, 6, "", ("127.0.0.1" if len(names) == 1 else "10.0.0.1", port))]

            monkeypatch.setattr(loop, "getaddrinfo", found)
            reply = await post(f"http://data.example.nl:{port}/sparql", Outgoing(LOCAL))
            return reply, names, asked[0]

    reply, names, asked = asyncio.run(run())
    assert reply == (200, b"answer")
    assert names[0] == "data.example.nl"
    assert "data.example.nl" not in names[1:]
    assert b"Host: data.example.nl:" in asked


def test_a_redirect_is_not_followed():
    async def run():
        async with scripted(said(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n")) as (address, _):
            return await post(address, Outgoing(LOCAL))

    assert asyncio.run(run())[0] == 302


def test_an_endpoint_without_a_certificate_that_holds_is_not_asked(tmp_path):
    """TLS is verified, by name: a certificate that nobody vouches for is none, and so is one of another name."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=e"),
            *(
                "-addext",
                "subjectAltName=DNS:localhost",
                "-keyout",
                tmp_path / "key.pem",
                "-out",
                tmp_path / "cert.pem",
            ),
        ],
        check=True,
        capture_output=True,
    )
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said(b"answer"))
        writer.close()

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(StoreError, match="certificate verify failed"):
                await post(f"https://localhost:{port}/", Outgoing(LOCAL))
            with pytest.raises(StoreError, match="certificate verify failed"):
                await post(f"https://127.0.0.1:{port}/", Outgoing(LOCAL, trusting))
            return await post(f"https://localhost:{port}/", Outgoing(LOCAL, trusting))

    assert asyncio.run(run()) == (200, b"answer")


def test_nobody_there_is_an_error_and_silence_ends_at_the_deadline():
    async def run():
        with pytest.raises(StoreError, match="cannot be reached"):
            await post("http://127.0.0.1:9/", Outgoing(LOCAL))
        async with scripted([5]) as (address, _):
            with pytest.raises(TimeoutError):
                await post(address, Outgoing(LOCAL), seconds=0.2)
        async with scripted([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", 5]) as (address, _):
            with pytest.raises(TimeoutError):
                await post(address, Outgoing(LOCAL), seconds=0.2)

    asyncio.run(run())
