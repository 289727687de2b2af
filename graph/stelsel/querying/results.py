"""What a curated query gives back: columns with types, and rows made into items with those types."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from stelsel.errors import StoreError
from stelsel.querying.parameters import SILENCE, Text, Type
from stelsel.terms import XSD

Binding = Mapping[str, Any]
"""A row of SPARQL results in JSON: variable -> {"type", "value", "datatype", "xml:lang"}."""
Item = dict[str, Any]

_STRINGS: Final = frozenset({"", f"{XSD}string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"})


@dataclass(frozen=True)
class Column:
    """One variable of the answer. `many` ones may have several values for an item, and `optional` ones none.

    `property` is the IRI that says what the values mean; empty where the header gives none.
    """

    name: str
    type: Type
    description: Text = SILENCE
    property: str = ""
    many: bool = False
    optional: bool = False


def _number(text: str) -> int | float:
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else float(value)


# Type -> datatypes that fit it, and how the text becomes JSON.
_READ: Final[dict[str, tuple[frozenset[str], Callable[[str], Any]]]] = {
    "string": (_STRINGS, str),
    "integer": (frozenset({f"{XSD}integer"}), int),
    "decimal": (frozenset({f"{XSD}decimal", f"{XSD}integer", f"{XSD}double", f"{XSD}float"}), _number),
    "boolean": (frozenset({f"{XSD}boolean"}), {"true": True, "false": False, "1": True, "0": False}.__getitem__),
    "date": (frozenset({f"{XSD}date"}), str),
    "dateTime": (frozenset({f"{XSD}dateTime"}), str),
    "year": (frozenset({f"{XSD}gYear"}), int),
    "iri": (frozenset(), str),
}


def items(columns: Sequence[Column], bindings: Iterable[Binding]) -> list[Item]:
    """Rows as items, in the order of the rows: rows that differ in `many` columns only are one item, with lists.

    A column without a value is left out; a `many` column is an empty list then. Raises StoreError for a value of
    another type than declared, and for a missing one that is not optional: no one is given what was not promised.
    """
    single = [column for column in columns if not column.many]
    many = [column for column in columns if column.many]
    found: dict[tuple[Any, ...], Item] = {}
    for binding in bindings:
        plain = {column.name: value for column in single if (value := _value(column, binding)) is not None}
        item = found.setdefault(tuple(plain.items()), plain)
        for column in many:
            values = item.setdefault(column.name, [])
            value = _value(column, binding)
            if value is not None and value not in values:
                values.append(value)
    order = [column.name for column in columns]
    return [{name: item[name] for name in order if name in item} for item in found.values()]


def table(columns: Sequence[Column], found: Iterable[Item]) -> bytes:
    """Items as CSV (RFC 4180), one line an item; the values of a `many` column stand in one cell, with | between them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    for item in found:
        writer.writerow([_cell(item.get(column.name)) for column in columns])
    return out.getvalue().encode()


def _value(column: Column, binding: Binding) -> Any:
    term = binding.get(column.name)
    if term is None:
        if column.optional or column.many:
            return None
        raise StoreError(f"column {column.name} has no value, and the header does not call it optional")
    datatypes, read = _READ[column.type]
    fits = term["type"] == "uri" if column.type == "iri" else _datatype(term) in datatypes
    try:
        if fits:
            return read(term["value"])
    except (ValueError, KeyError, ArithmeticError):
        pass  # told below, with the value
    raise StoreError(f"column {column.name} is declared {column.type} and holds {str(term)[:200]}")


def _datatype(term: Mapping[str, Any]) -> str | None:
    return str(term.get("datatype", "")) if term["type"] in {"literal", "typed-literal"} else None


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(map(_cell, value))
    return "" if value is None else str(value)
