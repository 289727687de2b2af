"""A mutation delivery applied to the rows of the edition before it.

A change fits when the record is what the delivery says it was. One that has been applied before changes nothing, one
for another area is passed over and counted, one that does not fit is reported with its key and left out.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from stelsel.loading.mapping import Problem, key_of
from stelsel.loading.parts import RowsPart
from stelsel.loading.readers.xml import Change
from stelsel.loading.register import Register, Table
from stelsel.loading.rows import Row, read_lines, to_lines

STRETCH = 10_000  # rows a part: what an official file holds at most


@dataclass
class Tally:
    """What became of the changes of a delivery."""

    applied: int = 0
    already: int = 0
    elsewhere: int = 0
    """About a record of another area than the edition's."""
    problems: list[Problem] = field(default_factory=list)
    by_table: Counter[str] = field(default_factory=Counter)


class Changes:
    """The changes of a delivery, on disk by table and key, in the order in which they were delivered."""

    def __init__(self, register: Register, file: Path) -> None:
        self._register = register
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE change (tab TEXT, key TEXT, at TEXT, was BLOB, becomes BLOB); BEGIN"
        )

    def add(self, changes: Iterable[Change], where: str) -> int:
        """Takes the changes of one document in; how many."""
        number = 0
        for change in changes:
            record = change.becomes
            key = key_of(self._register.tables[record.table], record.row)
            if change.was and key_of(self._register.tables[change.was.table], change.was.row) != key:
                key = key_of(self._register.tables[change.was.table], change.was.row)
            was = None if change.was is None else to_lines([change.was.row])
            values = (record.table, key, f"{where}, line {record.line}", was, to_lines([record.row]))
            self._database.execute("INSERT INTO change VALUES (?, ?, ?, ?, ?)", values)
            number += 1
        return number

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()

    def tables(self) -> set[str]:
        """The tables that something changes in."""
        self._database.execute("CREATE INDEX IF NOT EXISTS by_key ON change (tab, key)")
        return {table for (table,) in self._database.execute("SELECT DISTINCT tab FROM change")}

    def keys(self, table: str) -> set[str]:
        """Keys of the records of a table that something changes."""
        return {key for (key,) in self._database.execute("SELECT DISTINCT key FROM change WHERE tab = ?", (table,))}

    def of(self, table: str, key: str) -> list[tuple[str, bytes | None, bytes]]:
        """(where, was, becomes) of one record, in order."""
        query = "SELECT at, was, becomes FROM change WHERE tab = ? AND key = ? ORDER BY rowid"
        return list(self._database.execute(query, (table, key)))


def merged(
    register: Register, previous: Path, changes: Changes, replaced: set[str], areas: tuple[str, ...], tally: Tally
) -> Iterator[RowsPart]:
    """The rows of the edition in `previous` with the changes applied, in parts; `tally` is filled on the way.

    Tables in `replaced` are left out: the delivery brings them whole. `areas` are the edition's; none is the country.
    """
    touched = changes.tables()
    objects = {key.split(" ", 1)[0] for name in touched for key in changes.keys(name)}
    known: set[str] = set()
    for name, table in register.tables.items():
        if name in replaced:
            continue
        file = previous / "rows" / f"{name}.jsonl.zst"
        lines = read_lines(file) if file.is_file() else iter(())
        if name in touched:
            lines = _applied(name, table, lines, changes, _Scope(areas, objects, known), tally)
        yield from _parts(name, lines)


@dataclass(frozen=True)
class _Scope:
    """What an edition is about: areas, and the objects in them that the delivery speaks of."""

    areas: tuple[str, ...]
    objects: set[str]
    known: set[str]
    """Of these objects, those that the edition has: found on the way, through all tables."""

    def has(self, table: Table, identification: str) -> bool | None:
        """Whether a record that is new to the edition belongs to it; None where that cannot be told.

        An object belongs where its identification was given out: its first four digits.
        """
        if not self.areas or identification in self.known:
            return True
        fit = re.fullmatch(table.area, identification) if table.area else None
        return None if fit is None else fit[1] in self.areas


def _applied(
    name: str, table: Table, lines: Iterator[bytes], changes: Changes, scope: _Scope, tally: Tally
) -> Iterator[bytes]:
    waiting = changes.keys(name)
    for line in lines:
        row: Row = orjson.loads(line)
        key = key_of(table, row)
        identification = key.split(" ", 1)[0]
        if identification in scope.objects:
            scope.known.add(identification)
        if key in waiting:
            waiting.discard(key)
            yield _chain(name, key, line, changes.of(name, key), tally) or line
        else:
            yield line
    for key in sorted(waiting):
        steps = changes.of(name, key)
        belongs = scope.has(table, key.split(" ", 1)[0])
        if belongs is None:
            message = "whether this record belongs to the edition's area cannot be told; load the next full extract"
            tally.problems.append(Problem(name, key, "mutatie", message, steps[0][0], refused=False))
        elif not belongs:
            tally.elsewhere += len(steps)
        elif added := _chain(name, key, None, steps, tally):
            yield added


def _chain(
    name: str, key: str, state: bytes | None, steps: list[tuple[str, bytes | None, bytes]], tally: Tally
) -> bytes | None:
    """The record after its changes. Steps up to the last that gives what is already there have been applied before."""
    done = max((i + 1 for i, (_, _, becomes) in enumerate(steps) if becomes == state), default=0)
    tally.already += done
    for where, was, becomes in steps[done:]:
        if was == state:
            state = becomes
            tally.applied += 1
            tally.by_table[name] += 1
        else:
            found = "is there already, and differs" if was is None else "is not what the delivery says it was"
            if state is None:
                found = "is not in the edition"
            message = f"the record {found}; this change was left out"
            tally.problems.append(Problem(name, key, "mutatie", message, where, refused=False))
    return state


def _parts(name: str, lines: Iterator[bytes]) -> Iterator[RowsPart]:
    stretch: list[bytes] = []
    number = 0
    for line in lines:
        stretch.append(line)
        if len(stretch) == STRETCH:
            number += 1
            yield _part(name, number, stretch)
            stretch = []
    if stretch:
        yield _part(name, number + 1, stretch)


def _part(name: str, number: int, stretch: list[bytes]) -> RowsPart:
    content = b"".join(stretch)
    return RowsPart(f"rows of {name}, stretch {number}", name, content, len(content))
