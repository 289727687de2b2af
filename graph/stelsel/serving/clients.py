"""Who a client is: the key that budgets and turns go by.

A token says it best; else it is the address. Behind proxies the address is what the nearest of them saw: what a client
writes in the header itself stands further to the left and is never reached.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Literal

from starlette.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

TOKEN: Final = "token:"  # noqa: S105 - what the keys of tokens begin with; no address does

_HOPS: Final = 20  # proxies that may stand in a row; a longer list is somebody's joke
_LONGEST: Final = 2000  # characters of the header's end that are looked at
_HOME: Final = 64  # bits of an IPv6 address that one subscriber has at least to themselves
_FOR: Final = re.compile(r"(?:^|;)[ \t]*for=([^;]*)", re.IGNORECASE)
_PORT: Final = re.compile(r"(\d+\.\d+\.\d+\.\d+)(?::(?:\d{1,5}|_[\w.-]+))?", re.ASCII)
_BRACKETS: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::(?:\d{1,5}|_[\w.-]+))?", re.ASCII)

_log = logging.getLogger(__name__)


class Clients:
    """Knows which proxies to believe, and which header they write: the other one is the client's own and is not read."""

    def __init__(
        self, trusted: tuple[Network, ...] = (), header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    ) -> None:
        self._trusted = trusted
        self._told = False
        self._header = header.encode()
        self._elements = _forwarded if header == "forwarded" else _listed

    def key(self, scope: Scope, *, token: str = "") -> str:
        """The key of whoever sent a request: `token:<id>`, an IPv4 address, or an IPv6 network of 64 bits.

        Empty where there is no address (a Unix socket): all of those are one client.
        """
        if token:
            return TOKEN + token
        peer = scope.get("client")
        if not peer:
            return ""
        if not self._trusted:
            if not self._told and any(name == self._header for name, _ in scope["headers"]):
                self._warn(peer[0])
            return _key_of(peer[0])
        address = self.address(scope)
        return "" if address is None else _key(address)

    def address(self, scope: Scope) -> Address | None:
        """The address a request came from: the last one, from the right, that is no proxy of ours.

        Where a proxy says something that is no address (`unknown`, a name), it is the proxy's own.
        """
        peer = scope.get("client")
        found = parse(peer[0]) if peer else None
        if found is None or not self._trusts(found):
            return found
        written = b",".join(value for name, value in scope["headers"] if name == self._header)
        for hop, element in enumerate(self._elements(written.decode("latin-1")[-_LONGEST:])):
            said = parse(element)
            if said is None or hop == _HOPS:
                break
            found = said
            if not self._trusts(found):
                break
        return found

    def is_proxy(self, peer: str) -> bool:
        """Whether many clients may stand behind an address."""
        address = parse(peer)
        return address is not None and self._trusts(address)

    def _warn(self, peer: str) -> None:
        self._told = True
        _log.warning(
            "%s sends %s; if it is a proxy of yours, name it in STELSEL_TRUSTED_PROXIES: until then all its clients share "
            "one budget",
            *(peer, self._header.decode()),
        )

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def parse(text: str) -> Address | None:
    """An address, with its port or without, or None. An IPv4 address in IPv6 clothes is an IPv4 address.

    >>> parse("[2001:db8::1]:4711"), parse("::ffff:192.0.2.1"), parse("unknown")
    (IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'), None)
    """
    text = text.strip(" \t")
    if found := _PORT.fullmatch(text) or _BRACKETS.fullmatch(text):
        text = found[1]
    try:
        address = ip_address(text.partition("%")[0])  # an interface's name is not the client's
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _listed(header: str) -> Iterator[str]:
    """The elements of X-Forwarded-For, from the right."""
    return reversed(header.split(","))


def _forwarded(header: str) -> Iterator[str]:
    """What Forwarded (RFC 7239, section 4) says after `for=`, from the right; nothing more once it is not plain.

    It is split from the right, so that a quote that the client left open does not swallow what our proxy wrote.
    """
    end, quoted = len(header), False
    for at in range(len(header) - 1, -2, -1):
        if at >= 0 and header[at] == '"':
            quoted = not quoted
        elif at < 0 or (header[at] == "," and not quoted):
            found = _FOR.findall(header[at + 1 : end])
            if len(found) != 1 or "\\" in found[0]:
                return
            yield found[0].strip(" \t").strip('"')
            end = at


def _key(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, _HOME), strict=False))


@lru_cache(maxsize=4096)
def _key_of(peer: str) -> str:
    address = parse(peer)
    return "" if address is None else _key(address)
