"""The `statline` reader: a table as StatLine exports it, "CSV met statistische symbolen": a region a line, wide.

Options: `stems` (the file in the register's folder that `stelsel.loading.readers.stems` describes), `table` (which table
it is: the file does not say), `period` and `region` (their headings), `ignore` (headings left out on purpose). The other
headings are its columns there, to the letter; the unit stands at their end, in parentheses. Records are those of the
`odata` reader: `tabel`, `tabelonderwerp` and `waarneming`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from pydantic import ValidationError

from stelsel.errors import DeliveryError
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.csv import CsvLines
from stelsel.loading.readers.csv import Options as CsvOptions
from stelsel.loading.readers.cube import Cube
from stelsel.loading.readers.json import wrong_options
from stelsel.loading.readers.reading import Facts, Record
from stelsel.loading.readers.stems import TableColumns, read_stems
from stelsel.loading.register import Document, Register
from stelsel.loading.tables import Fact

_UNIT = re.compile(r"\((?P<unit>[^()]*)\)\Z")
_PERIOD = re.compile(r"(?P<year>[0-9]{4})\*{0,2}")  # * and ** mark figures that are provisional
_CSV = CsvOptions(delimiter=";")


class Options(Fact):
    """What the reader must know of a kind of file."""

    stems: str
    table: str
    period: str
    region: str
    ignore: tuple[str, ...] = ()


class _Heading(NamedTuple):
    """Where everything stands in a line."""

    period: int
    region: int
    measures: list[tuple[int, str, str]]
    """Position, heading and measure."""
    width: int


class StatLineReader:
    """Reads the export of one table."""

    def __init__(self, register: Register, document: Document) -> None:
        """Raises ContentError for options that the reader does not know, and for a stem table that is not one."""
        try:
            self._options = Options.model_validate(document.options)
        except ValidationError as error:
            raise wrong_options(register, "statline", error) from error
        self._stems = read_stems(register.folder / self._options.stems)
        self._cube = Cube(self._stems)

    def facts(self, member: Member) -> Facts:
        """The first of January of the first line's year. Raises DeliveryError."""
        with member.open() as stream:
            lines = CsvLines(stream, member.where, _CSV)
            heading = self._heading(lines)
            for cells in islice(lines, 1):
                return Facts(dates=(f"{_year(cells[heading.period], lines.place)}-01-01",))
        raise DeliveryError("has no lines under its heading", where=member.where)

    def records(self, member: Member) -> Iterator[Record]:
        """What the table is, then a record for each figure. Raises DeliveryError with the line of what is not as it should."""
        with member.open() as stream:
            lines = CsvLines(stream, member.where, _CSV)
            heading = self._heading(lines)
            columns = self._columns(lines)
            yield self._cube.listed(columns)
            for _, text, _ in heading.measures:
                found = _UNIT.search(text)
                about = {"Unit": found["unit"] if found else "", "Title": text}
                yield from self._cube.described(columns, text, about, where=lines.place, place="line 1")
            for cells in lines:
                if len(cells) != heading.width:
                    raise DeliveryError(
                        f"has {len(cells)} cells where the heading has {heading.width}; a quote or a ';' is missing or too "
                        "many",
                        where=lines.place,
                    )
                year, region = _year(cells[heading.period], lines.place), cells[heading.region].strip()
                for position, _, measure in heading.measures:
                    row = self._cube.observed(columns, region, measure, cells[position])
                    yield Record("waarneming", {**row, "jaar": year}, f"line {lines.first}")

    def _columns(self, lines: CsvLines) -> TableColumns:
        return self._stems.table(self._options.table, lines.place)

    def _heading(self, lines: CsvLines) -> _Heading:
        """The first line. Raises DeliveryError where the period or the region is missing, and for an unknown heading."""
        headings = [text.strip() for text in next(iter(lines), [])]
        for wanted in (self._options.period, self._options.region):
            if wanted not in headings:
                raise DeliveryError(f"has no heading {wanted!r}: this is no such export of StatLine", where=lines.place)
        apart = {self._options.period, self._options.region, *self._options.ignore}
        measured = [text for text in headings if text not in apart]
        found = [(headings.index(text), text, measure) for text, measure in self._columns(lines).measures(measured)]
        period, region = headings.index(self._options.period), headings.index(self._options.region)
        return _Heading(period, region, found, len(headings))


def _year(text: str, where: str) -> str:
    found = _PERIOD.fullmatch(text.strip())
    if found is None:
        raise DeliveryError(f"has the period {text[:40]!r}, which is no year", where=where)
    return found["year"]
