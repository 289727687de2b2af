"""Who shows a token, and what it lets them do (RFC 6750). Whoever shows none may read what is open, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path
from typing import Final, NoReturn

from starlette.types import Scope

from stelsel.serving.problems import HttpProblem
from stelsel.storing.tokens import MARK, Token, digest, tokens, tokens_path

REALM: Final = 'Bearer realm="stelsel"'

_LONGEST: Final = 8192  # characters of a token; an identity provider's are about a thousand


@dataclass(frozen=True)
class Holder:
    """Whoever showed a token that is good. `id` is no secret."""

    id: str
    scopes: frozenset[str]


class Access:
    """Reads the tokens of a data directory, again when they have changed. `issued` judges tokens of an identity provider."""

    def __init__(self, data: Path, issued: Callable[[str], Holder | None] | None = None) -> None:
        self._data, self._issued = data, issued
        self._seen: tuple[int, int, int] | None = None
        self._tokens: list[Token] = []

    def identify(self, scope: Scope) -> Holder | None:
        """Whoever sent a request, or None: a token that is not good is as good as none, for whoever only reads."""
        secret = _bearer(scope)
        return self._holder(secret) if secret else None

    def require(self, scope: Scope, needed: str) -> Holder:
        """The holder of a token that has a scope. Raises HttpProblem: 401 without a good token, 403 without the scope."""
        secret = _bearer(scope)
        if not secret:
            _refuse(f"send a token that has the scope {needed}, as `Authorization: Bearer ...`", 401, REALM)
        holder = self._holder(secret)
        if holder is None:
            _refuse("this token is not known, or is no longer good", 401, f'{REALM}, error="invalid_token"')
        if needed not in holder.scopes:
            _refuse(
                f"your token does not have the scope {needed}",
                403,
                f'{REALM}, error="insufficient_scope", scope="{needed}"',
            )
        return holder

    def _holder(self, secret: str) -> Holder | None:
        if not secret.startswith(MARK):
            return self._issued(secret) if self._issued else None
        self._look()
        hashed, found = digest(secret), None
        for token in self._tokens:
            # All are compared, in constant time: what is not found takes as long as what is.
            if compare_digest(token.hash, hashed):
                found = token
        if found is None or found.expired(datetime.now(UTC)):
            return None
        return Holder(found.id, frozenset(found.scopes))

    def _look(self) -> None:
        """Reads the file when it is another one than it was: a token that is revoked is so with the next request."""
        try:
            status = tokens_path(self._data).stat()
        except FileNotFoundError:
            self._seen, self._tokens = None, []
            return
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            self._tokens = tokens(self._data)
            self._seen = seen


def _bearer(scope: Scope) -> str:
    """The token of a request; empty where there is none."""
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        return ""
    scheme, _, secret = given[0].decode("latin-1").strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and len(secret) <= _LONGEST else ""


def _refuse(message: str, status: int, challenge: str) -> NoReturn:
    raise HttpProblem(message, status=status, headers={"www-authenticate": challenge})
