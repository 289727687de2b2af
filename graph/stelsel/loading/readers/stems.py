"""Which measure a column of a statistical table is, whatever its name in that year: the register's stem table.

Statistics Netherlands gives the columns of a table names with a number that changes each year (`AantalInwoners_5`), and
in OData 4 codes (`T001036`). A file of the register says which measure each is, table by table:

    tables:   {84799NED: {year: 2020, title: …, ignore: [columns left out on purpose]},
               85984NED: {year: 2024, title: …, stems: true}}
    regions:  WijkenEnBuurten                  the column, and the dimension, of regions
    attributes: {IndelingswijzigingWijkenEnBuurten: indelingswijziging}   columns that say something of the region
    ignore:   [Gemeentenaam, SoortRegio]       columns of every table that are left out
    units:    {kWh: http://qudt.org/vocab/unit/KiloW-HR}
    missing:  {".": def/OnbekendOfGeheim}      what stands in the place of a value, and the reason that it means
    measures: {AantalInwoners: {label: {nl: …, en: …}, theme: …, columns: {84799NED: AantalInwoners_5}}}

A column is listed with its number, table by table. Of a table with `stems: true` it is found by its stem alone: the
measure's name, or what the measure lists under `stems`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

import yaml
from pydantic import Field, ValidationError, model_validator

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.register import Text
from stelsel.loading.tables import Fact

_NUMBERED = re.compile(r"_[0-9]+\Z")


class StatTable(Fact):
    """A published table."""

    year: int
    title: str
    ignore: tuple[str, ...] = ()
    stems: bool = False
    """Its columns are found by their stem, where a measure does not list the table under columns."""


class Measure(Fact):
    """What is measured."""

    label: Text
    theme: str
    text: bool = False
    """Its values are text, such as a postcode, and no numbers."""
    stems: tuple[str, ...] | None = None
    """What columns of it are called, without their number; by default the measure's own name."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Table -> the column or code that it has there."""


class Stems(Fact):
    """The stem table of a register."""

    name: str
    tables: dict[str, StatTable]
    regions: str
    attributes: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    units: dict[str, str]
    missing: dict[str, str]
    """What stands in the place of a value (`null` is JSON's, the empty text a blank) -> IRI of the reason that it means."""
    measures: dict[str, Measure]

    @model_validator(mode="after")
    def _every_table_and_reason(self) -> Self:
        for name, measure in self.measures.items():
            for table in measure.columns.keys() - self.tables.keys():
                raise ValueError(f"measure {name} has a column in {table}, which is not under tables")
        if not {"null", ""} <= self.missing.keys():
            raise ValueError('missing says what null and "" mean')
        return self

    def table(self, identifier: str, where: str) -> TableColumns:
        """The columns of a table. Raises DeliveryError, that says what to add, for one that is not listed."""
        if identifier not in self.tables:
            known = ", ".join(f"{name} ({table.year})" for name, table in self.tables.items())
            raise DeliveryError(
                f"is of table {identifier}, which is not in {self.name} (that has {known}); add it there under tables, "
                "with its year and title, and its columns under columns of the measures",
                where=where,
            )
        return TableColumns(self, identifier, where)

    def unit(self, text: str, where: str) -> str:
        """The IRI of a unit, by the text that a table has for it. Raises DeliveryError for one that is not listed."""
        if text not in self.units:
            raise DeliveryError(
                f"has the unit {text!r}, which is not in {self.name}; add it there under units", where=where
            )
        return self.units[text]


class TableColumns:
    """The columns of one table."""

    def __init__(self, stems: Stems, identifier: str, where: str) -> None:
        self.identifier, self._stems, self._where = identifier, stems, where
        self.year = str(stems.tables[identifier].year)
        self.title = stems.tables[identifier].title
        self._columns: dict[str, str] = {}
        for name, measure in stems.measures.items():
            if identifier in measure.columns:
                self._columns[measure.columns[identifier]] = name
            elif stems.tables[identifier].stems:
                self._columns.update(dict.fromkeys((name,) if measure.stems is None else measure.stems, name))
        self._ignored = {*stems.ignore, *stems.tables[identifier].ignore}

    def measure(self, column: str) -> str | None:
        """The measure that a column is; None for one that is left out on purpose.

        Raises DeliveryError that says what to add for a column that nobody listed.
        """
        stem = _NUMBERED.sub("", column)
        found = self._columns.get(column) or self._columns.get(stem)
        if found is None and not {column, stem} & self._ignored:
            raise DeliveryError(
                f"column {column} of table {self.identifier} ({self.year}) is no measure that {self._stems.name} knows; "
                f"add `{self.identifier}: {column}` there under columns of the measure that it is, or list it under "
                f"ignore of the table",
                where=self._where,
            )
        return found

    def measures(self, columns: list[str]) -> list[tuple[str, str]]:
        """Column and measure of those that are measures. Raises DeliveryError where two columns are the same measure."""
        found: dict[str, str] = {}
        for column in columns:
            measure = self.measure(column)
            if measure is None:
                continue
            if measure in found:
                raise DeliveryError(
                    f"columns {found[measure]} and {column} of table {self.identifier} are both {measure} by their stem; "
                    f"list them in {self._stems.name} with their number",
                    where=self._where,
                )
            found[measure] = column
        return [(column, measure) for measure, column in found.items()]

    def attribute(self, column: str) -> str | None:
        """What a column says of the region itself; None for any other."""
        return self._stems.attributes.get(_NUMBERED.sub("", column))


def read_stems(file: Path) -> Stems:
    """The stem table in a file. Raises ContentError where it is not one."""
    try:
        facts = yaml.safe_load(file.read_text("utf-8"))
        return Stems.model_validate({**facts, "name": file.name})
    except FileNotFoundError:
        raise ContentError("is not there, and the documents in loader.yml name it", file=str(file)) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ContentError(f"is not YAML: {error.problem}", file=str(file), line=line) from error
    except (ValidationError, TypeError) as error:
        raise ContentError(f"is no stem table: {error}", file=str(file)) from error
