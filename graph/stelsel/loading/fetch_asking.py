"""Asks an address for what it holds: on the internet only, redirects followed and judged again, never decompressed.

A name is resolved once a request. Its addresses are judged, and the connection goes to one that was judged, so that a
name that means another machine a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from time import sleep

import httpx2

from stelsel.errors import DeliveryError
from stelsel.settings import Network, Settings
from stelsel.storing.outgoing import allowed

REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_AGENT = "Stelsel (loads registers)"
_ONE = httpx2.Limits(max_connections=1, max_keepalive_connections=0)


@dataclass(frozen=True)
class Limits:
    """What fetching may take, and where it may go."""

    bytes: int = 50_000_000_000
    """Of one file, or of all pages of one table."""
    networks: tuple[Network, ...] = ()
    """Private networks that are allowed all the same."""
    silence: float = 60.0
    """Seconds in which nothing comes, after which a connection counts as broken."""
    attempts: int = 6
    """Tries without any gain before it is given up; one that brought bytes that can be kept starts the count anew."""
    patience: float = 600.0
    """Most seconds that a source may ask to wait (Retry-After)."""
    sleep: Callable[[float], None] = field(default=sleep, repr=False)
    """How to wait between tries."""


def limits(settings: Settings) -> Limits:
    """What an operator allows."""
    return Limits(bytes=settings.fetch_bytes, networks=settings.fetch_networks)


class TryAgain(Exception):
    """Something that may be over in a moment; `after` is how many seconds the source says that takes."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


def is_address(text: str) -> bool:
    """Whether a text is an address on the web, and not a path.

    >>> is_address("https://data.example.nl/x.zip"), is_address("https.zip")
    (True, False)
    """
    return text.lower().startswith(("http://", "https://"))


@contextmanager
def ask(address: str, headers: Mapping[str, str], limits: Limits, attempt: int = 0) -> Iterator[httpx2.Response]:
    """The answer to a GET, its body still to be read; redirects are followed. `attempt` picks one of a name's addresses.

    Raises DeliveryError for an address that is none or not allowed, and TryAgain where nobody answers.
    """
    target = _judged(address, address)
    for _ in range(REDIRECTS + 1):
        with _asked(target, headers, limits, attempt) as response:
            if response.status_code not in _REDIRECTS:
                yield response
                return
            target = _following(target, response.headers.get("location", ""), address)
    raise DeliveryError(f"sends on more than {REDIRECTS} times", where=address)


def _following(target: httpx2.URL, location: str, address: str) -> httpx2.URL:
    try:
        following = _judged(str(target.join(location)), address)
    except httpx2.InvalidURL as error:
        raise DeliveryError(f"sends on to {location[:200]!r}, which is no address", where=address) from error
    if target.scheme == "https" and following.scheme == "http":
        raise DeliveryError(f"sends on from https to {following}, which anyone on the way can change", where=address)
    return following


def _judged(text: str, address: str) -> httpx2.URL:
    try:
        target = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise DeliveryError(f"is no address: {error}", where=address) from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise DeliveryError(f"{text[:200]} is no http(s) address", where=address)
    if target.userinfo:
        raise DeliveryError("has a user name or password in it, which would end up in the catalogue", where=address)
    return target.copy_with(fragment=None)


@contextmanager
def _asked(target: httpx2.URL, headers: Mapping[str, str], limits: Limits, attempt: int) -> Iterator[httpx2.Response]:
    found = _resolved(target, limits)
    # A client a request: a connection that was opened for one name is never used for another at the same address.
    with httpx2.Client(
        verify=_tls(), trust_env=False, follow_redirects=False, timeout=limits.silence, limits=_ONE
    ) as client:
        request = client.build_request(
            "GET",
            target.copy_with(host=str(found[attempt % len(found)])),
            headers={"User-Agent": _AGENT, **headers, "Accept-Encoding": "identity", "Host": target.netloc.decode()},
            extensions={"sni_hostname": target.host},  # the certificate is the name's, not the address's
        )
        try:
            response = client.send(request, stream=True)
        except httpx2.TransportError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(error):
                raise DeliveryError(f"cannot prove who it is: {error}", where=str(target)) from error
            raise TryAgain(f"cannot be reached: {str(error) or type(error).__name__}") from error
        try:
            yield response
        finally:
            response.close()


def _resolved(target: httpx2.URL, limits: Limits) -> list[IPv4Address | IPv6Address]:
    """The addresses of a name, IPv4 first. Raises DeliveryError where one of them is not allowed."""
    port = target.port or (443 if target.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(target.host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise DeliveryError(f"has a name that cannot be: {error}", where=str(target)) from error
    except OSError as error:
        raise TryAgain(f"the name {target.host} cannot be resolved: {error}") from error
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(allowed(one, limits.networks) for one in addresses):
        raise DeliveryError(
            f"{target.host} is in a private network; STELSEL_FETCH_NETWORKS says which of those may be asked",
            where=str(target),
        )
    return sorted(addresses, key=lambda one: one.version)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
