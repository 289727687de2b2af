"""Tokens of stewards and operators: kept as hashes in `DATA/tokens`, made and revoked by `stelsel token`.

A token is 256 random bits, so a plain SHA-256 of it can be neither guessed nor turned back, and looking it up by its
hash says nothing about others. The file is only for the user that runs the service; it is replaced in one move.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from stelsel.errors import Damaged, NotFound

Scope = Literal["steward", "operator"]
SCOPES: Final[tuple[Scope, ...]] = ("steward", "operator")
MARK: Final = "stelsel_"
"""What a token begins with, so that a leaked one is recognised for what it is."""

_BYTES: Final = 32


class Token(BaseModel):
    """What is kept of a token. `id` is no secret: it names the token in lists, logs and editions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    hash: str
    scopes: tuple[Scope, ...]
    made: datetime
    expires: datetime

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return now >= self.expires


_TOKENS: Final = TypeAdapter(tuple[Token, ...])


def create(data: Path, scopes: Sequence[Scope], *, days: int) -> tuple[str, Token]:
    """Makes a token that is good for `days` days. Its secret is given here once and kept nowhere."""
    secret = MARK + secrets.token_urlsafe(_BYTES)
    now = datetime.now(UTC)
    token = Token(
        id=secrets.token_hex(4),
        hash=digest(secret),
        scopes=tuple(dict.fromkeys(scopes)),
        made=now,
        expires=now + timedelta(days=days),
    )
    with _alone(data):
        _write(data, [*tokens(data), token])
    return secret, token


def revoke(data: Path, id: str) -> Token:
    """Ends a token now; servers hear of it with the next request. Raises NotFound."""
    with _alone(data):
        kept = tokens(data)
        found = [token for token in kept if token.id == id]
        if not found:
            raise NotFound(f"there is no token {id}; `stelsel token list` shows them")
        _write(data, [token for token in kept if token.id != id])
    return found[0]


def tokens(data: Path) -> list[Token]:
    """All tokens, those that have expired too, oldest first. Raises Damaged."""
    try:
        return list(_TOKENS.validate_json(tokens_path(data).read_bytes()))
    except FileNotFoundError:
        return []
    except ValidationError as error:
        raise Damaged(f"{tokens_path(data)} is not a list of tokens; make new ones and remove it") from error


def tokens_path(data: Path) -> Path:
    """The file that tokens are kept in."""
    return data / "tokens"


def digest(secret: str) -> str:
    """The hash that is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One at a time. Not the lock of the data directory: a load may hold that for hours."""
    data.mkdir(parents=True, exist_ok=True)
    with tokens_path(data).with_name("tokens.lock").open("a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(data: Path, kept: Sequence[Token]) -> None:
    path = tokens_path(data)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    # Made with its mode: there is no moment at which others can open it.
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_TOKENS.dump_json(tuple(kept), indent=1) + b"\n")
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
