"""The `odata` reader: statistical tables as the OData 3 and 4 services of Statistics Netherlands give them, saved as JSON.

A file is a page of one entity of one table, and its context (`odata.metadata`, `@odata.context`) says of which. Options:
`stems` (the file in the register's folder that `stelsel.loading.readers.stems` describes). Its records are of these
tables, which loader.yml must have, with these columns:

    tabel           tabel jaar titel                                    once a table
    tabelonderwerp  tabel onderwerp jaar kolom titel eenheid eenheidTekst decimalen labelNl labelEn thema
    regio           jaar code naam                                      a region that the table knows
    indeling        jaar code, and the attributes of the stem table     what a wide row says of its region
    waarneming      tabel jaar code onderwerp, and waarde, tekst or reden

`reden` is the IRI of the reason why there is no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ijson
from pydantic import ValidationError

from stelsel.errors import DeliveryError
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.cube import Cube
from stelsel.loading.readers.json import no_json, objects, opened, to_text, wrong_options
from stelsel.loading.readers.reading import Facts, Record
from stelsel.loading.readers.stems import TableColumns, read_stems
from stelsel.loading.register import Document, Register
from stelsel.loading.rows import Row
from stelsel.loading.tables import Fact

_CONTEXT = re.compile(r"/(?P<table>[0-9A-Za-z]+)/\$metadata#(Cbs\.OData\.WebAPI\.)?(?P<entity>[A-Za-z0-9]+)")
_CONTEXTS = {"odata.metadata", "@odata.context", "odata.context"}
_MEASURED = {"Id", "Measure", "ValueAttribute", "Value", "StringValue"}


class Options(Fact):
    """What the reader must know."""

    stems: str


class _Page(NamedTuple):
    """What a file is a page of."""

    member: Member
    entity: str
    columns: TableColumns

    def place(self, number: int) -> str:
        return f"{self.member.where}, record {number}"

    def at(self, number: int) -> dict[str, str]:
        return {"where": self.place(number), "place": f"record {number}"}


class ODataReader:
    """Reads the saved pages of tables, of any year that the stem table lists."""

    def __init__(self, register: Register, document: Document) -> None:
        """Raises ContentError for options that the reader does not know, and for a stem table that is not one."""
        try:
            options = Options.model_validate(document.options)
        except ValidationError as error:
            raise wrong_options(register, "odata", error) from error
        self._stems = read_stems(register.folder / options.stems)
        self._cube = Cube(self._stems)
        region = self._stems.regions
        self._entities: dict[str, Callable[[_Page], Iterator[Record]]] = {
            "TypedDataSet": self._wide,
            "UntypedDataSet": self._wide,
            "DataProperties": self._properties,
            region: self._regions,
            "Observations": self._long,
            "MeasureCodes": self._codes,
            f"{region}Codes": self._regions,
            "Dimensions": self._dimensions,
        }

    def facts(self, member: Member) -> Facts:
        """The first of January of the table's year: regions are those of that day. Raises DeliveryError."""
        return Facts(dates=(f"{self._page(member).columns.year}-01-01",))

    def records(self, member: Member) -> Iterator[Record]:
        """The records of a page, in order. Raises DeliveryError for a table, column, unit or status that is not listed."""
        page = self._page(member)
        yield from self._entities[page.entity](page)

    def _page(self, member: Member) -> _Page:
        found = _CONTEXT.search(_context(member))
        if found is None:
            raise DeliveryError(
                "is no page of OData: it does not say, before its values, in odata.metadata or @odata.context, of which table "
                "it is",
                where=member.where,
            )
        if found["entity"] not in self._entities:
            known = ", ".join(self._entities)
            raise DeliveryError(f"has entity {found['entity']}, and the reader knows {known}", where=member.where)
        return _Page(member, found["entity"], self._stems.table(found["table"], member.where))

    def _wide(self, page: _Page) -> Iterator[Record]:
        """OData 3: a row is a region, a column a measure."""
        columns = page.columns
        plans: dict[tuple[str, ...], tuple[dict[str, str], list[tuple[str, str]]]] = {}
        for number, item in objects(page.member, "value.item"):
            place = f"record {number}"
            region = self._region(item, page, number)
            keys = tuple(item)
            if keys not in plans:
                attributes = {key: name for key in keys if (name := columns.attribute(key))}
                measured = [key for key in keys if key != self._stems.regions and key not in attributes]
                plans[keys] = attributes, columns.measures(measured)
            attributes, measures = plans[keys]
            about: Row = {"jaar": columns.year, "code": region}
            for key, name in attributes.items():
                text, _ = self._cube.read(item[key], textual=True)
                if text is not None:
                    about[name] = text
            if len(about) > 2:
                yield Record("indeling", about, place)
            for key, measure in measures:
                yield Record("waarneming", self._cube.observed(columns, region, measure, item[key]), place)

    def _long(self, page: _Page) -> Iterator[Record]:
        """OData 4: a row is a value. It has a status beside it (ValueAttribute), which says why there is none."""
        expected = _MEASURED | {self._stems.regions}
        for number, item in objects(page.member, "value.item"):
            if item.keys() - expected:
                unknown = ", ".join(sorted(item.keys() - expected))
                raise DeliveryError(
                    f"has keys that are not those of an observation: {unknown}", where=page.place(number)
                )
            measure = page.columns.measure(to_text(item.get("Measure")) or "")
            if measure is None:
                continue
            value = item.get("StringValue" if self._stems.measures[measure].text else "Value")
            status = to_text(item.get("ValueAttribute")) or "None"
            if status != "None":
                if status not in self._stems.missing:
                    raise DeliveryError(
                        f"has the ValueAttribute {status!r}, which is not in {self._stems.name}; add it under missing",
                        where=page.place(number),
                    )
                value = status
            region = self._region(item, page, number)
            yield Record("waarneming", self._cube.observed(page.columns, region, measure, value), f"record {number}")

    def _properties(self, page: _Page) -> Iterator[Record]:
        """OData 3: what the columns of the table are."""
        yield self._cube.listed(page.columns)
        for number, item in objects(page.member, "value.item"):
            self._judge_year(page, item.get("MapYear"), number)
            key = to_text(item.get("Key"))
            if item.get("Type") == "Topic" and key and not page.columns.attribute(key):
                yield from self._cube.described(page.columns, key, item, **page.at(number))

    def _codes(self, page: _Page) -> Iterator[Record]:
        """OData 4: what the measures of the table are."""
        yield self._cube.listed(page.columns)
        for number, item in objects(page.member, "value.item"):
            key = to_text(item.get("Identifier")) or ""
            yield from self._cube.described(page.columns, key, item, **page.at(number))

    def _regions(self, page: _Page) -> Iterator[Record]:
        """The regions of a table: in OData 3 by their Key, in 4 by their Identifier."""
        for number, item in objects(page.member, "value.item"):
            code = to_text(item.get("Key") or item.get("Identifier"))
            if code is None:
                raise DeliveryError("is a region without a Key or Identifier", where=page.place(number))
            row: Row = {"jaar": page.columns.year, "code": code}
            name = to_text(item.get("Title"))
            if name is not None:
                row["naam"] = name
            yield Record("regio", row, f"record {number}")

    def _dimensions(self, page: _Page) -> Iterator[Record]:
        """OData 4: says of which year the regions are. It has no records."""
        for number, item in objects(page.member, "value.item"):
            self._judge_year(page, item.get("MapYear"), number)
        yield from ()

    def _judge_year(self, page: _Page, year: Any, number: int) -> None:
        told = to_text(year)
        if told is not None and told != page.columns.year:
            raise DeliveryError(
                f"has the regions of {told}, where {self._stems.name} has table {page.columns.identifier} "
                f"for {page.columns.year}",
                where=page.place(number),
            )

    def _region(self, item: dict[str, Any], page: _Page, number: int) -> str:
        code = to_text(item.get(self._stems.regions))
        if code is None:
            raise DeliveryError(f"has no {self._stems.regions}", where=page.place(number))
        return code


def _context(member: Member) -> str:
    """What the file says that it is: the context, which stands before the values. Empty where either is not there."""
    told = ""
    with opened(member) as stream:
        try:
            for prefix, event, value in ijson.parse(stream):
                if event == "string" and prefix in _CONTEXTS:
                    told = str(value)
                if prefix == "value":
                    return told
        except ijson.JSONError as error:
            raise no_json(member, error, 1) from error
    return ""
