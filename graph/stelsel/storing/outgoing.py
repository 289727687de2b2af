"""Requests that this service sends to others: to the internet only, verified, bounded, and never redirected.

A name is resolved once. Its addresses are judged, and the connection goes to the address that was judged: a name that
means another machine a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeVar

import httpx2

from stelsel.errors import SettingError, Unreachable
from stelsel.settings import Network

T = TypeVar("T")

# Each of these carries an IPv4 address inside, which a gateway would unpack: NAT64, 6to4, Teredo.
_WRAPPED: Final = tuple(IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
_NO_KEEPING: Final = httpx2.Limits(max_connections=1, max_keepalive_connections=0)
_AGENT: Final = "Stelsel (SPARQL federation)"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outgoing:
    """How requests leave. `networks` are the private ones that are allowed all the same."""

    networks: tuple[Network, ...] = ()
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    @asynccontextmanager
    async def post(
        self, url: str, content: bytes, headers: Mapping[str, str], deadline: float
    ) -> AsyncIterator[httpx2.Response]:
        """The answer to a POST, its body still to be read. `deadline` is a time of the event loop.

        Raises Unreachable where the address is not allowed or nobody answers, TimeoutError at the deadline.
        """
        target = endpoint(url)
        async with asyncio.timeout_at(deadline):
            address = await self.resolve(target.host, target.port or (443 if target.scheme == "https" else 80))
        # A client a request: a connection that was opened for one name is never used for another at the same address.
        async with httpx2.AsyncClient(
            verify=self.tls, trust_env=False, follow_redirects=False, timeout=None, limits=_NO_KEEPING
        ) as client:
            request = client.build_request(
                "POST",
                target.copy_with(host=str(address)),
                content=content,
                headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers, "Host": _authority(target)},
                extensions={"sni_hostname": target.host},  # the certificate is the name's, not the address's
            )
            try:
                async with asyncio.timeout_at(deadline):
                    response = await client.send(request, stream=True)
            except httpx2.TransportError as error:
                raise Unreachable(f"{url} cannot be reached: {str(error) or type(error).__name__}") from error
            try:
                yield response
            finally:
                await response.aclose()

    async def resolve(self, host: str, port: int) -> IPv4Address | IPv6Address:
        """The address of a host. Raises Unreachable where it has none, or one that is not allowed among them."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"the name {host} cannot be resolved: {error}") from error
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        for address in addresses:
            if not allowed(address, self.networks):
                # Which address it is, is for the operator; whoever asks is not told about private networks.
                _log.warning("%s is at %s, and STELSEL_FEDERATION_NETWORKS does not allow that", host, address)
                raise Unreachable(f"{host} is at no address on the internet")
        return addresses[0]


def allowed(address: IPv4Address | IPv6Address, networks: Collection[Network] = ()) -> bool:
    """Whether an address is on the internet, or in one of these networks.

    >>> [allowed(ip_address(text)) for text in ("1.1.1.1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1")]
    [True, False, False, False]
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return allowed(address.ipv4_mapped, networks)
    if any(address.version == network.version and address in network for network in networks):
        return True
    if isinstance(address, IPv6Address) and any(address in network for network in _WRAPPED):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def endpoint(url: str) -> httpx2.URL:
    """The address of an endpoint, read. Raises SettingError where it is no plain http(s) address."""
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError) as error:
        raise SettingError(f"{url!r} is no address of an endpoint: {error}") from error
    if target.scheme not in ("http", "https") or not target.host or target.userinfo or target.fragment:
        raise SettingError(f"{url!r} is no address of an endpoint, such as https://data.example.nl/sparql")
    return target


async def body(response: httpx2.Response, deadline: float) -> AsyncGenerator[bytes]:
    """The bytes of an answer as they come, up to its end. `deadline` is a time of the event loop.

    Raises Unreachable where the transfer breaks off, and where its end could not be told from a break (no length and no
    chunks, so that it ends when the connection does); TimeoutError at the deadline.
    """
    framed = "content-length" in response.headers or "chunked" in response.headers.get("transfer-encoding", "")
    if not framed:
        raise Unreachable("the answer has no length, so its end cannot be told from a broken connection")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Unreachable("the answer is compressed, which was not asked for")
    async with aclosing(response.aiter_raw()) as chunks:
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    chunk = await anext(chunks, None)
            except httpx2.TransportError as error:
                raise Unreachable(f"the answer broke off halfway: {str(error) or type(error).__name__}") from error
            if chunk is None:
                return
            if chunk:
                yield chunk


def _authority(target: httpx2.URL) -> str:
    return target.netloc.decode("ascii")
