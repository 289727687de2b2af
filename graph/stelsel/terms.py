"""A value from outside becomes an RDF term, or is refused: the one door for columns and for parameters.

Terms are given in their N-Triples form, which is what goes into a query's text. Nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from pyoxigraph import NamedNode

from stelsel.wetten import resolve

XSD = "http://www.w3.org/2001/XMLSchema#"
WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_UNSAFE = re.compile(r'[\\"\x00-\x1f\x7f]')
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,12})?|\.[0-9]{1,12})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_YEAR = re.compile(r"[0-9]{4}")
_BOOLEANS = {"true": "true", "false": "false", "1": "true", "0": "false", "J": "true", "N": "false"}


def quote(text: str) -> str:
    r"""A plain literal in N-Triples form. Lone surrogates are refused with ValueError.

    >>> quote('say "hi"')
    '"say \\"hi\\""'
    """
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(lambda m: _ESCAPES.get(m[0]) or f"\\u{ord(m[0]):04X}", text)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not valid Unicode text") from None
    return f'"{text}"'


def iri(text: str) -> str:
    """An IRI in N-Triples form; ValueError if it is not absolute or has a character that an IRI cannot have."""
    # The engine's own parser judges (RFC 3987), in 0.3 µs: what it takes here it takes in a query.
    try:
        return str(NamedNode(text))
    except (ValueError, UnicodeEncodeError) as error:
        raise ValueError(f"{text[:200]!r} is not an absolute IRI: {error}") from None


def _typed(datatype: str, pattern: re.Pattern[str], check: Callable[[str], object], what: str) -> Callable[[str], str]:
    suffix = f'"^^<{XSD}{datatype}>'

    def term(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{text[:80]!r} is not {what}")
        try:
            check(text)
        except (ValueError, InvalidOperation):
            raise ValueError(f"{text[:80]!r} is not {what}") from None
        return f'"{text}{suffix}'

    return term


def _boolean(text: str) -> str:
    if text not in _BOOLEANS:
        raise ValueError(f"{text[:80]!r} is not true or false")
    return f'"{_BOOLEANS[text]}"^^<{XSD}boolean>'


def _law(text: str) -> str:
    return iri(resolve(text).iri)


def _wkt(text: str) -> str:
    return f"{quote(text)}^^<{WKT}>"


# Kind of value -> how its text becomes a term. The names are those of loader.yml and of a curated query's header.
KINDS: dict[str, Callable[[str], str]] = {
    "string": quote,
    "iri": iri,
    "law": _law,
    "integer": _typed("integer", _INTEGER, int, "a whole number"),
    "decimal": _typed("decimal", _DECIMAL, Decimal, "a number"),
    "date": _typed("date", _DATE, date.fromisoformat, "a date such as 2024-02-29"),
    "dateTime": _typed("dateTime", _DATETIME, datetime.fromisoformat, "a moment such as 2024-02-29T12:00:00"),
    "year": _typed("gYear", _YEAR, int, "a year such as 1975"),
    "boolean": _boolean,
    "wkt": _wkt,
}


@dataclass(frozen=True)
class IriTemplate:
    """An IRI with one hole, such as `http://.../pand/{}`, and the pattern of what fills it.

    Both spellings of the address are recognised, with and without the `s` of https; the template's is given back.
    """

    template: str
    pattern: re.Pattern[str]

    def __post_init__(self) -> None:
        if self.template.count("{}") != 1:
            raise ValueError(f"{self.template!r} must have one {{}}")

    def term(self, text: str) -> str:
        """The IRI in N-Triples form, from the bare key or from the IRI itself; ValueError where the key does not fit."""
        head, tail = self.template.split("{}")
        key = text
        for spelling in (head, _other_scheme(head)):
            if text.startswith(spelling) and text.endswith(tail):
                key = text[len(spelling) : len(text) - len(tail)]
        if not self.pattern.fullmatch(key):
            raise ValueError(f"{text[:80]!r} does not fit {self.pattern.pattern}")
        return iri(f"{head}{key}{tail}")


def _other_scheme(address: str) -> str:
    if address.startswith("https://"):
        return "http://" + address[len("https://") :]
    if address.startswith("http://"):
        return "https://" + address[len("http://") :]
    return address
