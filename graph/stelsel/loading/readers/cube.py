"""The records of a statistical table, whatever format it comes in: what it is, its measures, and its observations.

`reden` of an observation says why there is no value: what stood in its place is never taken for a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from stelsel.loading.readers.json import plain, to_text
from stelsel.loading.readers.reading import Record
from stelsel.loading.readers.stems import Stems, TableColumns
from stelsel.loading.rows import Row


class Cube:
    """Makes records with the stem table of a register."""

    def __init__(self, stems: Stems) -> None:
        self._stems = stems

    def listed(self, columns: TableColumns) -> Record:
        """The record of the table itself."""
        return Record("tabel", {"tabel": columns.identifier, "jaar": columns.year, "titel": columns.title}, "")

    def described(
        self, columns: TableColumns, key: str, about: Mapping[str, Any], *, where: str, place: str
    ) -> Iterator[Record]:
        """The record of a column, if it is a measure, from what its table says of it: Title, Unit and Decimals.

        Raises DeliveryError for a column or a unit that is not listed.
        """
        name = columns.measure(key)
        if name is None:
            return
        measure, unit = self._stems.measures[name], to_text(about.get("Unit")) or ""
        row: Row = {
            "tabel": columns.identifier,
            "onderwerp": name,
            "jaar": columns.year,
            "kolom": key,
            "titel": to_text(about.get("Title")) or name,
            "eenheid": self._stems.unit(unit, where),
            "eenheidTekst": unit,
            "labelNl": measure.label["nl"],
            "labelEn": measure.label["en"],
            "thema": measure.theme,
        }
        decimals = to_text(about.get("Decimals"))
        if decimals is not None:
            row["decimalen"] = decimals
        yield Record("tabelonderwerp", row, place)

    def observed(self, columns: TableColumns, region: str, measure: str, value: Any) -> Row:
        """The row of an observation; `value` is as it was delivered, a number, text or None."""
        row: Row = {"tabel": columns.identifier, "jaar": columns.year, "code": region, "onderwerp": measure}
        textual = self._stems.measures[measure].text
        text, reason = self.read(value, textual=textual)
        if text is None:
            row["reden"] = reason
        else:
            row["tekst" if textual else "waarde"] = text
        return row

    def read(self, value: Any, *, textual: bool) -> tuple[str | None, str]:
        """The text of a value; or None and the IRI of the reason why there is none."""
        missing = self._stems.missing
        if value is None:
            return None, missing["null"]
        text = value.strip() if isinstance(value, str) else to_text(value) or ""
        if isinstance(value, str) and not textual and text not in missing:
            text = _number(text)
        return (None, missing[text]) if text in missing else (text, "")


def _number(text: str) -> str:
    """A number as it is written everywhere, so that `-99997.0` is known for what it is; other text as it is."""
    try:
        return plain(Decimal(text))
    except InvalidOperation:
        return text
