"""Which request this is, in everything that is said about it: W3C Trace Context, level 1.

A client, or a proxy before us, may send a `traceparent`; the id of the trace is then theirs. One that is not as the
standard says counts for nothing, and a new trace begins.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from random import Random
from typing import Final, NamedTuple

from starlette.types import Scope

# Section 3.2.2: lower case hexadecimal; a later version may have more after a dash. Version ff is forbidden.
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?"
)
_SAMPLED: Final = 0x01


class Trace(NamedTuple):
    """The trace that a request belongs to, and our own part of it: 32 and 16 hexadecimal digits."""

    id: str
    span: str
    sampled: bool = False

    @property
    def traceparent(self) -> str:
        """What we send: to the client, and to a service that we ask something ourselves."""
        return f"00-{self.id}-{self.span}-{'01' if self.sampled else '00'}"

    @property
    def instance(self) -> str:
        """The `instance` of a problem document: what a person mentions when they ask us about it."""
        return f"urn:trace:{self.id}"


_random: Final = Random()  # noqa: S311 - an id that tells requests apart, no secret
_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin(scope: Scope) -> Trace:
    """The trace of a request, for everything that is done in its task from here on."""
    given = [value for name, value in scope["headers"] if name == b"traceparent"]
    found = _TRACEPARENT.fullmatch(given[0]) if len(given) == 1 else None
    if found is None or (found[1] == b"00" and found[4] is not None):
        digits = f"{_random.getrandbits(192) | 1 << 64 | 1:048x}"  # neither id may be zero
        trace = Trace(digits[:32], digits[32:])
    else:
        span = f"{_random.getrandbits(64) | 1:016x}"
        trace = Trace(found[2].decode(), span, bool(int(found[3], 16) & _SAMPLED))
    _current.set(trace)
    return trace


def current() -> Trace | None:
    """The trace of the request that is being answered; None outside one."""
    return _current.get()
