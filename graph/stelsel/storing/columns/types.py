"""Which type a column gets: that of all of its values, or text.

| every value of the column is                          | type                                              |
|-------------------------------------------------------|---------------------------------------------------|
| xsd:integer, and fits in 64 bits                       | int64                                             |
| xsd:integer or xsd:decimal                             | decimal128(38, scale), scale the longest fraction |
| xsd:double; xsd:float                                  | double; float                                     |
| xsd:boolean                                            | bool                                              |
| xsd:date without a time zone                           | date32                                            |
| xsd:dateTime, all without a time zone                  | timestamp[us]                                     |
| xsd:dateTime, all with one                             | timestamp[us, UTC]: the same instants             |
| anything else, mixed, ill-typed, too large or too fine | string: what STR() gives, as in CSV               |

A column without values is a string column too. A field says in its metadata, under `rdf.kinds`, of which kinds
the values are: `iri`, `blank`, `triple`, datatypes, and languages such as `@nl`, with a space between them.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from stelsel.storing.columns.cells import XSD, Cells

KINDS: Final = "rdf.kinds"

_INTEGER, _DECIMAL, _DATETIME = XSD + "integer", XSD + "decimal", XSD + "dateTime"
_PRECISION: Final = 38  # digits of a decimal128
_MOST_KINDS: Final = 100  # that a field names: an answer may have a datatype a row
_ZONE: Final = r"(Z|[+-][0-9]{2}:[0-9]{2})$"
_NUMBER: Final = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
# What the type of a datatype reads as the same value; Arrow alone would also read `0x10`, or a date as a moment.
_LEXICAL: Final = {
    _INTEGER: r"^[+-]?[0-9]+$",
    _DECIMAL: rf"^{_NUMBER}$",
    XSD + "double": rf"^({_NUMBER}([eE][+-]?[0-9]+)?|[+-]?INF|NaN)$",
    XSD + "float": rf"^({_NUMBER}([eE][+-]?[0-9]+)?|[+-]?INF|NaN)$",
    XSD + "boolean": r"^(true|false|1|0)$",
    XSD + "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    _DATETIME: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?$",
}
_FIXED: Final = {
    XSD + "double": pa.float64(),
    XSD + "float": pa.float32(),
    XSD + "boolean": pa.bool_(),
    XSD + "date": pa.date32(),
}
_ZONED, _LOCAL = pa.timestamp("us", "UTC"), pa.timestamp("us")


class Column:
    """One column of an answer. It is shown every piece with `see`; then it has a type, and casts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._kinds: dict[str, None] = {}
        self._sound = True  # every value so far can be read as its datatype
        self._small = True  # every integer so far fits in 64 bits
        self._whole = self._scale = 0  # most digits before the point, and after it
        self._zoned: set[bool] = set()

    def see(self, cells: Cells) -> None:
        """Take note of a piece."""
        self._kinds.update(dict.fromkeys(sorted(cells.kinds)))
        if not cells.kinds or not self._sound:
            return
        if self._kinds.keys() <= {_INTEGER, _DECIMAL}:
            self._measure(cells.text)
        elif len(self._kinds) == 1 and next(iter(self._kinds)) in _LEXICAL:
            kind = next(iter(self._kinds))
            self._sound = _all(cells.text, _LEXICAL[kind]) and self._readable(cells.text, kind)
        else:
            self._sound = False

    @property
    def field(self) -> pa.Field:
        """Name, type, and the kinds of its values."""
        kinds = list(self._kinds)[:_MOST_KINDS]
        return pa.field(self.name, self._type(), metadata={KINDS: " ".join(kinds)})

    def cast(self, text: pa.Array) -> pa.Array:
        """A piece in the type of the whole column."""
        return pc.cast(text, self._type())

    def _type(self) -> pa.DataType:
        if not self._kinds or not self._sound:
            return pa.utf8()
        if self._kinds.keys() == {_INTEGER} and self._small:
            return pa.int64()
        if self._kinds.keys() <= {_INTEGER, _DECIMAL}:
            return pa.decimal128(_PRECISION, self._scale) if self._whole + self._scale <= _PRECISION else pa.utf8()
        if _DATETIME in self._kinds:
            return _ZONED if self._zoned == {True} else _LOCAL
        return _FIXED[next(iter(self._kinds))]

    def _measure(self, text: pa.Array) -> None:
        """How many digits numbers have on either side of the point."""
        if not _all(text, _LEXICAL[_DECIMAL]):
            self._sound = False
            return
        self._small = self._small and _castable(text, pa.int64())
        length = pc.binary_length(text)
        point = pc.find_substring(text, ".")
        pointed = pc.greater_equal(point, 0)
        fraction = pc.if_else(pointed, pc.subtract(pc.subtract(length, point), 1), 0)
        signed = pc.cast(pc.or_(pc.starts_with(text, "-"), pc.starts_with(text, "+")), pa.int32())
        whole = pc.subtract(pc.if_else(pointed, point, length), signed)
        self._scale = max(self._scale, pc.max(fraction).as_py())
        self._whole = max(self._whole, pc.max(whole).as_py())

    def _readable(self, text: pa.Array, kind: str) -> bool:
        if kind != _DATETIME:
            return _castable(text, _FIXED[kind])
        self._zoned |= set(pc.unique(pc.match_substring_regex(text, _ZONE)).to_pylist()) - {None}
        return len(self._zoned) == 1 and _castable(text, _ZONED if self._zoned == {True} else _LOCAL)


def _all(text: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(text, pattern)).as_py())


def _castable(text: pa.Array, wanted: pa.DataType) -> bool:
    try:
        pc.cast(text, wanted)
    except pa.ArrowInvalid:
        return False
    return True
