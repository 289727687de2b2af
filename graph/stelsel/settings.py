"""What an operator can set: by flag, or by `STELSEL_*` in the environment. Nothing else reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from stelsel.errors import SettingError

PREFIX = "STELSEL_"

Network = IPv4Network | IPv6Network


class Settings(BaseModel):
    """Every setting, with the help line that the command line and the README show."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(Path("data"), description="Folder that holds editions and releases")
    home: Path | None = Field(None, description="Folder with your own ontologies/, loaders/ and queries/")
    base: str = Field("http://localhost:8000", description="Address under which this service mints IRIs")
    store: str = Field("", description="SPARQL endpoint to answer from, in place of the embedded store")
    store_user: str = Field("", description="User name for that endpoint, where it asks for one")
    store_password: SecretStr = Field(SecretStr(""), description="Password for that endpoint")
    federation: tuple[str, ...] = Field(
        (), description="SPARQL endpoints that SERVICE may ask, each exactly as queries write it"
    )
    federation_networks: tuple[Network, ...] = Field(
        (), description="Private networks in which those endpoints may be; without it they are on the internet"
    )
    federation_bytes: int = Field(
        50_000_000, ge=10_000, description="Bytes that one query may get from those endpoints"
    )
    audience: Literal["open", "gesloten"] = Field("open", description="Which release to serve: open, or gesloten too")
    default_graph: Literal["union", "own"] = Field(
        "union", description="Default graph of a query: the union of all graphs, or the unnamed graph only"
    )
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    workers: int = Field(1, ge=1, le=64, description="Server processes on one port")
    query_workers: int = Field(
        4,
        ge=2,
        le=128,
        description="Query processes a server keeps; one is kept for curated queries, one for short ones",
    )
    query_seconds: float = Field(20.0, gt=0, le=3600, description="Deadline of a query, in seconds")
    query_memory: int = Field(2_000_000_000, ge=100_000_000, description="Memory that a query may take, in bytes")
    query_rows: int | None = Field(None, ge=1, description="Rows that an answer may have; none is no limit")
    query_bytes: int | None = Field(None, ge=10_000, description="Bytes that an answer may have; none is no limit")
    query_length: int = Field(1_000_000, ge=1_000, description="Longest query text, in bytes")
    budget_seconds: float = Field(
        60.0, ge=0, description="Seconds of query time that an address gets a minute; 0 is no limit"
    )
    budget_seconds_token: float = Field(
        600.0, ge=0, description="Seconds of query time that a token gets a minute; 0 is no limit"
    )
    trusted_proxies: tuple[Network, ...] = Field(
        (), description="Networks of proxies that are believed about the client's address, such as 10.0.0.0/8,::1/128"
    )
    proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        "x-forwarded-for", description="Header in which those proxies write it; the other one is not read"
    )
    connections: int = Field(2000, ge=10, description="Connections that are open at once; one address has at most half")
    metrics: Literal["operator", "loopback", "anyone"] = Field(
        "operator", description="Who may read /metrics: a token with the scope operator, this machine too, or anyone"
    )
    log_queries: Literal["no", "hash", "text"] = Field(
        "no", description="What the log holds of a query: nothing, a hash that tells equal ones, or its text"
    )
    writable: Literal["beheer", "all"] = Field(
        "beheer",
        description="Graphs that a steward may change: those of beheer, or all (for tests: no edition keeps it)",
    )
    write_seconds: float = Field(60.0, gt=0, le=3600, description="Deadline of a steward's change, in seconds")
    write_length: int = Field(
        100_000_000, ge=1_000, description="Longest document that a graph is written with, in bytes"
    )
    oidc_issuer: str = Field("", description="OpenID Connect issuer whose bearer tokens (JWT) are taken; https only")
    oidc_audience: str = Field("", description="Audience that those tokens must be for; obliged with an issuer")
    oidc_claim: str = Field("scope", description="Claim that says what a token may do, such as scope or roles")
    oidc_scopes: tuple[str, ...] = Field(
        ("steward=steward", "operator=operator"),
        description="Values of that claim and the scope that each gives, such as stelsel-beheer=steward",
    )
    cache_bytes: int = Field(
        256_000_000, ge=0, description="Size of the result cache, in bytes; 0 is none, and else a million is the least"
    )
    cache_seconds: int = Field(
        10, ge=0, le=86_400, description="Seconds that others may keep an answer before they ask whether it still holds"
    )
    fetch_bytes: int = Field(
        50_000_000_000, ge=1_000, description="Largest delivery that is fetched from an address, in bytes"
    )
    fetch_networks: tuple[Network, ...] = Field(
        (), description="Private networks that deliveries may be fetched from; without it only the internet"
    )
    processes: int = Field(0, ge=0, le=256, description="Processes that map a delivery; 0 takes one a core")

    @field_validator(
        "trusted_proxies", "oidc_scopes", "federation", "federation_networks", "fetch_networks", mode="before"
    )
    @classmethod
    def _listed(cls, value: object) -> object:
        """A list in one variable: `10.0.0.0/8,::1/128`."""
        return [part for part in re.split(r"[,\s]+", value) if part] if isinstance(value, str) else value

    @field_validator("cache_bytes")
    @classmethod
    def _worth_it(cls, value: int) -> int:
        """A file of less has no place for what it needs itself."""
        if 0 < value < 1_000_000:
            raise ValueError("must be 0, for no result cache, or at least 1000000")
        return value

    @field_validator("base")
    @classmethod
    def _plain_http(cls, value: str) -> str:
        """A base without path tail, so that `{base}/id/...` is one IRI and not two."""
        if not value.startswith(("http://", "https://")) or any(c in value for c in ' <>"{}|\\^`?#'):
            raise ValueError("must be an http(s) address without query or fragment, such as https://data.example.nl")
        return value.rstrip("/")


def read_settings(flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from flags (those that are None do not count), else from the environment, else the defaults.

    Raises SettingError for a value that does not fit and for an unknown `STELSEL_*` variable.
    """
    environ = os.environ if environ is None else environ
    known = {name[len(PREFIX) :].lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
    unknown = sorted(known.keys() - Settings.model_fields.keys())
    if unknown:
        names = ", ".join(PREFIX + name.upper() for name in unknown)
        raise SettingError(f"{names} is not a setting; the settings are listed in graph/README.md")
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        return Settings.model_validate({**known, **given})
    except ValidationError as error:
        lines = (f"{PREFIX}{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise SettingError("; ".join(lines)) from error
