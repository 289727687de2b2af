"""The headings of a delivered table against the columns of loader.yml: whatever their case, and in every version."""

from __future__ import annotations

import fnmatch

from stelsel.errors import DeliveryError
from stelsel.loading.register import Register


class Headings:
    """Which column each heading is. One that is neither a column nor ignored is an error, and so is a missing column."""

    def __init__(self, register: Register, table: str) -> None:
        spec = register.tables[table]
        self._register, self._table = register.name, table
        self._columns = {
            heading.casefold(): (name, column.many)
            for name, column in spec.columns.items()
            for heading in (column.path or name, *column.also)
        }
        self._required = {name for name, column in spec.columns.items() if column.required}
        self._ignored = [heading.casefold() for heading in spec.ignore]

    def columns(self, headings: list[str], where: str) -> list[tuple[str, bool] | None]:
        """For each heading: its column and whether that may have many values, or None where it is left out on purpose.

        Raises DeliveryError that names the headings that are unknown, stand twice, or are missing.
        """
        found: list[tuple[str, bool] | None] = []
        unknown, twice = [], []
        for heading in headings:
            key = heading.strip().casefold()
            column = self._columns.get(key)
            if column is None and not any(fnmatch.fnmatchcase(key, pattern) for pattern in self._ignored):
                unknown.append(heading)
            elif column and not column[1] and column in found:
                twice.append(heading)
            found.append(column)
        if unknown:
            raise DeliveryError(
                f"has headings that table {self._table} of {self._register} does not know: "
                f"{', '.join(repr(h[:80]) for h in unknown)}; list them in loader.yml as columns or under ignore",
                where=where,
            )
        if twice:
            raise DeliveryError(f"has a heading twice, or in two versions: {', '.join(map(repr, twice))}", where=where)
        missing = self._required - {column[0] for column in found if column}
        if missing:
            raise DeliveryError(f"has no heading for {', '.join(sorted(missing))}", where=where)
        return found
