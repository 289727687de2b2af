"""Bearer tokens of an identity provider (JWT, RFC 9068), where the operator names an OpenID Connect issuer.

The issuer's keys are fetched beside the requests, never for one: a token is judged with the keys that are there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

import jwt

from stelsel.errors import SettingError, StoreError
from stelsel.serving.access import Holder
from stelsel.settings import Settings
from stelsel.storing.tokens import SCOPES

# Signatures that only the issuer can make. `none` and HMAC, of which anyone has the key, are not among them.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_REQUIRED: Final = ("exp", "iss", "aud", "sub")
_LEEWAY: Final = 30.0  # seconds that clocks may differ
_PERIOD: Final = 900.0  # seconds between fetches of the keys
_SOONEST: Final = 10.0  # seconds between fetches, whatever is asked: a token can name any key
_PATIENCE: Final = 5.0  # seconds that the issuer gets for an answer
_LONGEST: Final = 1_000_000  # bytes of an answer

_log = logging.getLogger(__name__)


class Issuer:
    """Judges the tokens of one issuer. `follow` fetches its keys; until it has, no token is good."""

    def __init__(self, issuer: str, audience: str, *, claim: str, scopes: Mapping[str, str]) -> None:
        self._issuer, self._audience, self._claim, self._scopes = issuer, audience, claim, scopes
        self._keys: dict[str, jwt.PyJWK] = {}
        self._wanted = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    def identify(self, secret: str) -> Holder | None:
        """The holder of a token that is good now; one without a scope of ours has none."""
        try:
            key = self._keys.get(str(jwt.get_unverified_header(secret).get("kid", "")))
            if key is None:
                self._wanted.set()  # the issuer may have a new one
                return None
            claims = jwt.decode(
                secret,
                key,
                algorithms=_ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY,
                options={"require": list(_REQUIRED)},
            )
        except jwt.PyJWTError as error:
            _log.info("a token of %s is not good: %s", self._issuer, error)
            return None
        # What is in a name goes into logs and editions.
        name = quote(str(claims["sub"]), safe="@.-_~")[:100]
        return Holder(f"oidc:{name}", frozenset(self._allowed(claims.get(self._claim))))

    async def open(self) -> None:
        """Fetch the keys, and go on doing so. A failure is logged, and tried again."""
        await self._fetch()
        self._following = asyncio.get_running_loop().create_task(self._follow())

    async def close(self) -> None:
        """Stop fetching."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    def _allowed(self, said: object) -> set[str]:
        values = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        return {self._scopes[value] for value in values if isinstance(value, str) and value in self._scopes}

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_SOONEST)
            with suppress(TimeoutError):
                async with asyncio.timeout(_PERIOD - _SOONEST):
                    await self._wanted.wait()
            self._wanted.clear()
            await self._fetch()

    async def _fetch(self) -> None:
        try:
            self._keys = await asyncio.to_thread(_keys, self._issuer)
        except (StoreError, OSError, HTTPException, ValueError, jwt.PyJWTError) as error:
            _log.warning("the keys of %s cannot be fetched: %s", self._issuer, error)


def open_issuer(settings: Settings) -> Issuer | None:
    """The issuer that the settings name, if they name one. Raises SettingError."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_issuer.startswith("https://"):
        raise SettingError("STELSEL_OIDC_ISSUER must be an https address")
    if not settings.oidc_audience:
        raise SettingError("STELSEL_OIDC_AUDIENCE must say for whom tokens are: any token of the issuer would do else")
    scopes = {}
    for entry in settings.oidc_scopes:
        value, _, scope = entry.rpartition("=")
        if not value or scope not in SCOPES:
            raise SettingError(
                f"STELSEL_OIDC_SCOPES: {entry} is not VALUE=SCOPE, with a scope out of {', '.join(SCOPES)}"
            )
        scopes[value] = scope
    return Issuer(settings.oidc_issuer, settings.oidc_audience, claim=settings.oidc_claim, scopes=scopes)


def _keys(issuer: str) -> dict[str, jwt.PyJWK]:
    """The issuer's keys by their ids (OpenID Connect Discovery 1.0, section 4)."""
    found = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise StoreError(f"its configuration is of another issuer, {str(found.get('issuer'))[:200]}")
    keys = jwt.PyJWKSet.from_dict(_get(str(found.get("jwks_uri"))))
    return {key.key_id: key for key in keys.keys if key.key_id}


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


# Not through a proxy that the environment names, and nowhere but where we were told to go.
HANDLERS: Final = (ProxyHandler({}), _NoRedirects())
_OPENER = build_opener(*HANDLERS)


def _get(address: str) -> dict[str, Any]:
    """A JSON object from an https address."""
    if urlsplit(address).scheme != "https":
        raise StoreError(f"{address[:200]} is not an https address")
    until = time.monotonic() + _PATIENCE
    parts, size = [], 0
    with _OPENER.open(address, timeout=_PATIENCE) as answer:
        while part := answer.read1(65_536):
            parts.append(part)
            size += len(part)
            if size > _LONGEST or time.monotonic() > until:
                raise StoreError(f"{address[:200]} answers with too much, or too slowly")
    found = json.loads(b"".join(parts))
    if not isinstance(found, dict):
        raise StoreError(f"{address[:200]} does not answer with a JSON object")
    return found
