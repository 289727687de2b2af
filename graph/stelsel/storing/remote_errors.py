"""Why a remote store did not answer: its status and its words, as one of our errors."""

from __future__ import annotations

import re
from typing import Final

import httpx2

from stelsel.errors import Busy, NotAcceptable, QuerySyntaxError, StelselError, Unreachable
from stelsel.storing import Limits
from stelsel.storing.failures import too_late
from stelsel.storing.formats import Format, formats

_PLACE: Final = re.compile(r"error at (\d+):(\d+): |\bline:? (\d+)(?:, col(?:umn)?:? (\d+))?", re.IGNORECASE)
_TAGS: Final = re.compile(r"<[^>]*>")
_ECHO: Final = "SPARQL query:"  # Virtuoso repeats the query after its message
_LONGEST: Final = 500  # characters of a message

# SQL states in which Virtuoso says that it ran out of time: with status 200 and a part of the answer, or with 500.
_OUT_OF_TIME: Final = frozenset({"S1TAT", "S1T00"})
_AWAY: Final = "the remote store points elsewhere, which is not followed"
_SHUT: Final = "the remote store does not let this service in"
_MEANING: Final = {401: _SHUT, 403: _SHUT, **dict.fromkeys((301, 302, 303, 307, 308), _AWAY)}


def refusal(response: httpx2.Response, said: str, format: Format, within: Limits) -> StelselError:
    """The error for an answer that is none: a status other than 200, with what stands in its body."""
    status, message = response.status_code, words(said)
    if status == 400:
        line, column = place(message)
        return QuerySyntaxError(message, line=line, column=column)
    if status == 406:
        offered = tuple(entry.media_type for kind in format.kinds for entry in formats(kind) if entry != format)
        return NotAcceptable(f"the remote store does not write {format.media_type}", offered=offered)
    if status in (408, 504) or out_of_time(response) or "S1T00" in message:
        return too_late(within)
    if status in (429, 503):
        return Busy(f"the remote store is busy: {message}", retry_after=_seconds(response.headers.get("retry-after")))
    return Unreachable(f"{_MEANING.get(status, 'the remote store failed')} (status {status}): {message}")


def out_of_time(response: httpx2.Response) -> bool:
    """Whether Virtuoso says that this is what it had found when its time was over."""
    return response.headers.get("x-sql-state", "") in _OUT_OF_TIME


def words(said: str) -> str:
    """A message on one line, without markup and without the query that it repeats.

    >>> words("<h1>SP030:  syntax error</h1> SPARQL query: SELECT")
    'SP030: syntax error'
    """
    return " ".join(_TAGS.sub(" ", said.partition(_ECHO)[0]).split())[:_LONGEST]


def place(message: str) -> tuple[int | None, int | None]:
    """The line and the column that a message names.

    >>> place("error at 1:10: expected CONSTRUCT"), place("SPARQL compiler, line 3: syntax error")
    ((1, 10), (3, None))
    """
    found = _PLACE.search(message)
    if found is None:
        return None, None
    line, column = found[1] or found[3], found[2] or found[4]
    return int(line), int(column) if column else None


def _seconds(retry_after: str | None) -> int:
    return max(1, int(retry_after)) if retry_after and retry_after.isascii() and retry_after.isdigit() else 5
