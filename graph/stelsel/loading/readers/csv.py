"""The `csv` reader: records of a table of text with a heading, streamed.

Options: `delimiter` (default `,`), `encoding` (default `utf-8`, with or without a BOM), `preamble` (facts before the
heading: name in the first cell -> what it tells, now only `date`), `date` (how those dates are written, as strptime has
it), `missing` (texts that say that there is no value).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Literal

from pydantic import Field, ValidationError

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.headings import Headings
from stelsel.loading.readers.reading import Facts, Record
from stelsel.loading.register import Document, Register
from stelsel.loading.rows import Row
from stelsel.loading.tables import Fact

PREAMBLE = 20  # lines before the heading, at most
MAX_FIELD = 1 << 20  # characters of a cell: a longer one is a quote that was never closed


class Options(Fact):
    """What the reader must know of a kind of file."""

    delimiter: str = ","
    encoding: str = "utf-8"
    preamble: dict[str, Literal["date", ""]] = Field(default_factory=dict)
    date: str = "%Y-%m-%d"
    missing: tuple[str, ...] = ()


class CsvReader:
    """Reads CSV as RFC 4180 has it, strictly: a stray quote and a line with too many or too few cells are errors."""

    def __init__(self, register: Register, document: Document) -> None:
        """Raises ContentError for options that the reader does not know, and for a table that is not there."""
        file = str(register.folder / "loader.yml")
        try:
            self._options = Options.model_validate(document.options)
        except ValidationError as error:
            raise ContentError(f"options of csv: {error.errors()[0]['msg']}", file=file) from error
        if document.table not in register.tables:
            raise ContentError(f"a document of csv names its table; {document.table!r} is none", file=file)
        self._table = document.table
        self._headings = Headings(register, document.table)

    def facts(self, member: Member) -> Facts:
        """The dates that the lines before the heading tell."""
        with self._lines(member) as lines:
            told, _ = self._start(lines)
        return Facts(dates=tuple(told))

    def records(self, member: Member) -> Iterator[Record]:
        """A record a line. Raises DeliveryError with the line of what is no CSV, and for a heading that nobody knows."""
        with self._lines(member) as lines:
            _, heading = self._start(lines)
            columns = self._headings.columns(heading, lines.place)
            for cells in lines:
                if len(cells) != len(columns):
                    raise DeliveryError(
                        f"has {len(cells)} cells where the heading has {len(columns)}; a quote or a "
                        f"{self._options.delimiter!r} is missing or too many",
                        where=lines.place,
                    )
                yield Record(self._table, self._row(columns, cells), f"line {lines.first}")

    def _row(self, columns: list[tuple[str, bool] | None], cells: list[str]) -> Row:
        row: Row = {}
        for column, cell in zip(columns, cells, strict=True):
            text = cell.strip()
            if column is None or not text or text in self._options.missing:
                continue
            name, many = column
            if many:
                row.setdefault(name, []).append(text)  # type: ignore[union-attr]  # a list where many
            else:
                row[name] = text
        return row

    def _start(self, lines: CsvLines) -> tuple[list[str], list[str]]:
        """Dates of the preamble, and the heading: the first line that is none of the preamble's."""
        told: list[str] = []
        for _, cells in zip(range(PREAMBLE), lines, strict=False):
            tells = self._options.preamble.get(cells[0].strip())
            if tells is None:
                return told, cells
            if tells == "date":
                told.append(self._day(cells[1] if len(cells) > 1 else "", lines.place))
        raise DeliveryError(f"has no heading in its first {PREAMBLE} lines", where=lines.place)

    def _day(self, text: str, where: str) -> str:
        try:
            return dt.datetime.strptime(text.strip(), self._options.date).date().isoformat()  # noqa: DTZ007  # a date
        except ValueError:
            raise DeliveryError(f"{text[:40]!r} is no date of the form {self._options.date}", where=where) from None

    @contextmanager
    def _lines(self, member: Member) -> Iterator[CsvLines]:
        with member.open() as stream:
            yield CsvLines(stream, member.where, self._options)


class CsvLines:
    """The records of a CSV file that are not blank, each with the line on which it begins."""

    def __init__(self, stream: IO[bytes], where: str, options: Options) -> None:
        csv.field_size_limit(MAX_FIELD)
        self._encoding = "utf-8-sig" if options.encoding.lower() == "utf-8" else options.encoding
        text = io.TextIOWrapper(stream, encoding=self._encoding, newline="")
        self._reader = csv.reader(text, delimiter=options.delimiter, strict=True)
        self._where, self.first = where, 1

    @property
    def place(self) -> str:
        """Where reading is."""
        return f"{self._where}, line {self.first}"

    def __iter__(self) -> Iterator[list[str]]:
        while True:
            self.first = self._reader.line_num + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                raise DeliveryError(f"is no CSV: {error}", where=self.place) from error
            except UnicodeDecodeError as error:
                message = f"is not {self._encoding} ({error.reason}); say under options in loader.yml what it is"
                raise DeliveryError(message, where=f"{self._where}, soon after line {self.first}") from error
            if cells is None:
                return
            if cells:
                yield cells
