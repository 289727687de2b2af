"""The `json` reader, and what readers of JSON share: the objects of an array, streamed, and their keys as columns.

Options: `each` (where the array is: keys with a `/` between them; without it the file is the array), `missing` (texts
that say that there is no value).
"""

from __future__ import annotations

import codecs
import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import IO, Any

import ijson
from pydantic import ValidationError

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.readers.archives import MAX_STREAM, Member
from stelsel.loading.readers.reading import Facts, Record
from stelsel.loading.register import Document, Register
from stelsel.loading.rows import Row
from stelsel.loading.tables import Fact

LONGEST = 30  # digits before the point or after it that a number may have and still be written out
_END = object()


class Options(Fact):
    """What the reader must know of a kind of file."""

    each: str = ""
    missing: tuple[str, ...] = ()


class JsonReader:
    """Reads the objects of an array as records of the document's table."""

    def __init__(self, register: Register, document: Document) -> None:
        """Raises ContentError for options that the reader does not know, and for a table that is not there."""
        try:
            options = Options.model_validate(document.options)
        except ValidationError as error:
            raise wrong_options(register, "json", error) from error
        self._table = document.table
        self._prefix = ".".join([*options.each.split("/"), "item"]) if options.each else "item"
        self._keys = Keys(register, document.table, options.missing)

    def facts(self, _member: Member) -> Facts:
        """JSON says nothing of itself."""
        return Facts()

    def records(self, member: Member) -> Iterator[Record]:
        """A record an object. Raises DeliveryError, with the number of the record, for what is no JSON."""
        for number, item in objects(member, self._prefix):
            place = f"record {number}"
            yield Record(self._table, self._keys.row(item, f"{member.where}, {place}"), place)


class Keys:
    """The keys of objects against the columns of a table: what loader.yml does not name is an error."""

    def __init__(self, register: Register, table: str, missing: tuple[str, ...] = ()) -> None:
        """Raises ContentError where the register has no such table."""
        if table not in register.tables:
            file = str(register.folder / "loader.yml")
            raise ContentError(f"a document of JSON names its table; {table!r} is none", file=file)
        spec = register.tables[table]
        self._what = f"table {table} of {register.name}"
        self._columns = {
            path: (name, column.many)
            for name, column in spec.columns.items()
            for path in (column.path or name, *column.also)
        }
        self._missing = set(missing)
        self._ignore = spec.ignore
        self._ignored: dict[str, bool] = {}
        steps = [path.split("/") for path in (*self._columns, *spec.ignore)]
        self._inner = {"/".join(parts[:depth]) for parts in steps for depth in range(1, len(parts))}

    def row(self, item: dict[str, Any], where: str) -> Row:
        """The columns that an object fills. Raises DeliveryError for a key that loader.yml does not name."""
        row: Row = {}
        self._fill(item, "", row, where)
        return row

    def _fill(self, item: dict[str, Any], before: str, row: Row, where: str) -> None:
        for key, value in item.items():
            path = before + key
            column = self._columns.get(path)
            if column is None:
                if path in self._inner and isinstance(value, dict):
                    self._fill(value, f"{path}/", row, where)
                elif not self._left_out(path):
                    raise DeliveryError(
                        f"{self._what} does not know the key {path[:80]!r}; list it in loader.yml as a column or under ignore",
                        where=where,
                    )
                continue
            name, many = column
            values = value if many and isinstance(value, list) else [value]
            texts = [text for text in (self._text(part, path, where) for part in values) if text is not None]
            if not texts:
                continue
            if many:
                row[name] = texts
            elif row.setdefault(name, texts[0]) != texts[0]:
                raise DeliveryError(f"says {name} twice, in two spellings, and not the same", where=where)

    def _text(self, value: Any, path: str, where: str) -> str | None:
        if isinstance(value, (dict, list)):
            raise DeliveryError(f"{path} is a {type(value).__name__} where loader.yml has a value", where=where)
        text = to_text(value)
        return None if text in self._missing else text

    def _left_out(self, path: str) -> bool:
        known = self._ignored.get(path)
        if known is None:
            known = self._ignored[path] = any(fnmatch.fnmatchcase(path, pattern) for pattern in self._ignore)
        return known


class _Pieces:
    """A stream as ijson reads it; from `careful` on a byte at a time."""

    def __init__(self, stream: IO[bytes], careful: int = MAX_STREAM) -> None:
        self._stream, self._careful, self._given = stream, careful, 0
        self.last = 0
        """Where the last piece begins."""

    def read(self, size: int) -> bytes:
        left = self._careful - self._given
        piece = self._stream.read(min(size, left if left > 0 else 1))
        if piece:
            self.last, self._given = self._given, self._given + len(piece)
        return piece


def objects(member: Member, prefix: str, *, floats: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects at an ijson prefix with their number, one in memory at a time. Numbers are int and Decimal, or floats.

    Raises DeliveryError, with the number of the record, where the file is no JSON, stops halfway, or has something else.
    """
    number = 0
    with opened(member) as stream:
        pieces = _Pieces(stream)
        found = ijson.items(pieces, prefix, use_float=floats)
        while True:
            number += 1
            try:
                item = next(found, _END)
            except ijson.JSONError as error:
                raise no_json(member, error, _broken(member, prefix, pieces.last)) from error
            if item is _END:
                return
            if not isinstance(item, dict):
                raise DeliveryError("is no JSON object", where=f"{member.where}, record {number}")
            yield number, item


def _broken(member: Member, prefix: str, careful: int) -> int:
    """The number of the record at which a file stops being JSON.

    ijson gives nothing of the piece that is wrong, so that piece is read again, byte by byte.
    """
    number = 1
    with opened(member) as stream:
        try:
            for _ in ijson.items(_Pieces(stream, careful), prefix):
                number += 1
        except ijson.JSONError:
            return number
    return number


@contextmanager
def opened(member: Member) -> Iterator[IO[bytes]]:
    """The file behind its byte order mark, which Windows writes and JSON does not have (RFC 8259, 8.1)."""
    with member.open() as stream:
        if stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
            yield stream
            return
    with member.open() as stream:
        yield stream


def no_json(member: Member, error: Exception, number: int) -> DeliveryError:
    """What to say of a file that is not JSON; a page of HTML, which a failing server sends, is called that."""
    with member.open() as stream:
        start = stream.read(200).lstrip().lower()
    if start.startswith(b"<"):
        return DeliveryError("is a page of HTML or XML, not JSON; fetch it again", where=member.where)
    said = str(error).strip().split("\n", 1)[0]
    return DeliveryError(f"is not JSON, or stops halfway ({said})", where=f"{member.where}, record {number}")


def to_text(value: Any) -> str | None:
    """A JSON value as text, without padding; None for null and for what is blank.

    >>> to_text("GM0457    "), to_text(Decimal("17407585.0")), to_text(True), to_text(" ")
    ('GM0457', '17407585', 'true', None)
    """
    if isinstance(value, str):
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return plain(Decimal(repr(value)))
    return plain(value) if isinstance(value, Decimal) else str(value)


def plain(number: Decimal) -> str:
    """A number without an exponent and without zeros at its end. One that would grow beyond reason stays as it is.

    >>> plain(Decimal("-9.9997E4")), plain(Decimal("0.80")), plain(Decimal("1E999"))
    ('-99997', '0.8', '1E+999')
    """
    if not number.is_finite() or abs(number.adjusted()) > LONGEST:
        return str(number)
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def wrong_options(register: Register, reader: str, error: ValidationError) -> ContentError:
    """What to say of options in loader.yml that a reader does not know."""
    first = error.errors()[0]
    place = " > ".join(map(str, first["loc"]))
    return ContentError(f"options of {reader}: {place}: {first['msg']}", file=str(register.folder / "loader.yml"))
