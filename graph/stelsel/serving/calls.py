"""What a request to a curated endpoint asks: the query, its values, the format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import Scope

from stelsel.errors import NotAcceptable, ParameterError
from stelsel.names import Names
from stelsel.querying.curated import CuratedQuery, check_names
from stelsel.serving.negotiation import best
from stelsel.serving.openapi import media_types

FORMAT: Final = "f"
_FIELDS: Final = 200


@dataclass(frozen=True)
class Call:
    """A request that has been read. `path` is its address without parameters, `pairs` are these."""

    query: CuratedQuery
    values: Mapping[str, Sequence[str]]
    format: str
    media_type: str
    path: str
    pairs: Sequence[tuple[str, str]]

    @property
    def address(self) -> str:
        """The address that was asked."""
        return self._with(self.pairs)

    def after(self, value: str) -> str:
        """The address of the page that begins after this value."""
        name = self.query.declared.paging.after if self.query.declared.paging else ""
        return self._with([*(pair for pair in self.pairs if pair[0] != name), (name, value)])

    def _with(self, pairs: Sequence[tuple[str, str]]) -> str:
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path


def read(scope: Scope, query: CuratedQuery, in_path: Mapping[str, str], names: Names) -> Call:
    """Reads a request whose path gave the values `in_path`. Raises ParameterError and NotAcceptable."""
    pairs = _pairs(scope["query_string"])
    known = [parameter.name for parameter in query.parameters if parameter.name not in in_path]
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    check_names(given, [*known, FORMAT])
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept").decode("latin-1")
    name, media_type = _format(query, given.pop(FORMAT, []), accept)
    values = {**{name: [value] for name, value in in_path.items()}, **given}
    return Call(query, values, name, media_type, names.base + quote(scope["path"]), pairs)


def _format(query: CuratedQuery, wanted: Sequence[str], accept: str) -> tuple[str, str]:
    offered = media_types(query)
    if len(wanted) > 1:
        raise ParameterError(f"parameter {FORMAT} is given {len(wanted)} times, and takes one value", name=FORMAT)
    if not wanted:
        media_type = best(accept, tuple(offered.values()))
        return next(name for name, each in offered.items() if each == media_type), media_type
    if wanted[0] not in offered:
        message = f"{FORMAT}={wanted[0][:80]} is not offered here; {', '.join(offered)} are"
        raise NotAcceptable(message, offered=tuple(offered))
    return wanted[0], offered[wanted[0]]


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(encoded),
            errors="strict",
            max_num_fields=_FIELDS,
        )
    except UnicodeDecodeError:
        raise ParameterError("the parameters are not percent-encoded UTF-8", name="") from None
    except ValueError as error:
        raise ParameterError(f"the parameters cannot be read: {error}"[:300], name="") from None
