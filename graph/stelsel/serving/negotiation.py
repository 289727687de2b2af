"""Which of the offered formats fits what a client accepts (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from stelsel.errors import NotAcceptable
from stelsel.storing.formats import Format, Kind, formats, missing

_LONGEST: Final = 4000  # characters of an Accept header that are read; nobody needs more
_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE: Final = re.compile(rf"\s*+({_NAME})/({_NAME})\s*+((?:;[^;]*+)*+)", re.ASCII)
_WEIGHT: Final = re.compile(r";\s*+q\s*+=\s*+(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*+(?=;|\Z)", re.ASCII | re.IGNORECASE)
# SPARQLWrapper and others send all of these beside an Accept header. Only `format` is taken at its word.
_PARAMETERS: Final = ("format", "output", "results")


@lru_cache(maxsize=512)
def best(accept: str, offered: tuple[str, ...]) -> str:
    """The media type that an Accept header likes best; of equals the first. No header, or one in no known form, is `*/*`.

    Raises NotAcceptable, which lists what is offered.

    >>> best("text/turtle;q=0.8, application/*", ("text/turtle", "application/ld+json"))
    'application/ld+json'
    """
    ranges = _ranges(accept)
    if not ranges:
        return offered[0]
    weights = [_weight(media_type, ranges) for media_type in offered]
    top = max(weights)
    if top == 0:
        raise NotAcceptable(f"this is offered as {', '.join(offered)}", offered=offered)
    return offered[weights.index(top)]


def choose(kind: Kind, accept: str, parameters: Iterable[tuple[str, str]] = ()) -> tuple[Format, str]:
    """The format of an answer of this kind, and the media type that it is sent as.

    `format`, `output` and `results` among the parameters name a format, a media type or a file extension, and go before
    the Accept header. Raises NotAcceptable when `format` names something else, and when nothing fits the header.
    """
    offered = formats(kind)
    for wanted in _PARAMETERS:
        for name, value in parameters:
            if name != wanted or not value:
                continue
            found = _named(value.strip().lower(), offered)
            if found is not None:
                return found, found.media_type
            if name == "format":
                names = tuple(entry.name for entry in offered)
                lacking = _named(value.strip().lower(), missing(kind))
                message = f"format={value[:80]} is not offered here; {', '.join(names)} are{_lacks(lacking)}"
                raise NotAcceptable(message, offered=names)
    return _by_header(kind, accept)


@lru_cache(maxsize=512)
def _by_header(kind: Kind, accept: str) -> tuple[Format, str]:
    """A client that likes a format best by one of its other names gets it under that name."""
    by_type = {media_type: entry for entry in formats(kind) for media_type in entry.media_types}
    try:
        found = best(accept, tuple(by_type))
    except NotAcceptable:
        own = tuple(entry.media_type for entry in formats(kind))
        lacking = next((entry for entry in missing(kind) if _weight(entry.media_type, _ranges(accept))), None)
        raise NotAcceptable(f"this is offered as {', '.join(own)}{_lacks(lacking)}", offered=own) from None
    return by_type[found], found


def _lacks(entry: Format | None) -> str:
    """What to tell of a format that would be there, had its extra been installed."""
    return f"; for {entry.name} the operator of this service installs stelsel[{entry.extra}]" if entry else ""


def _named(value: str, offered: tuple[Format, ...]) -> Format | None:
    for entry in offered:
        if value in (entry.name, entry.extension, *entry.nicknames, *entry.media_types):
            return entry
    return None


def _ranges(accept: str) -> list[tuple[str, str, float]]:
    found = []
    for part in accept[:_LONGEST].split(","):
        if match := _RANGE.fullmatch(part):
            weight = _WEIGHT.search(match[3])
            found.append((match[1].lower(), match[2].lower(), float(weight[1]) if weight else 1.0))
    return found


def _weight(media_type: str, ranges: list[tuple[str, str, float]]) -> float:
    """What the most specific range that fits says; of equally specific ones the kindest."""
    kind, subtype = media_type.split("/")
    fits = {(kind, subtype): 3, (kind, "*"): 2, ("*", "*"): 1}
    return max(((fits[a, b], weight) for a, b, weight in ranges if (a, b) in fits), default=(0, 0.0))[1]
