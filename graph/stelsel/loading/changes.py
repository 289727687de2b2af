"""The changes of a mutation delivery and the records they are about, on disk: memory does not grow with the delivery."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stelsel.loading.mapping import key_of
from stelsel.loading.readers.reading import Record
from stelsel.loading.readers.xml import Change
from stelsel.loading.register import Register
from stelsel.loading.rows import to_lines

_SCHEMA = """
  PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
  CREATE TABLE change (grp INTEGER, tab TEXT, key TEXT, place TEXT, was BLOB, becomes BLOB);
  CREATE TABLE state (tab TEXT, key TEXT, line BLOB, PRIMARY KEY (tab, key)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Step:
    """One change: what a record was and becomes, as lines of rows."""

    number: int
    table: str
    key: str
    place: str
    was: bytes | None
    becomes: bytes | None


class Changes:
    """The changes of a delivery and the state of the records they are about, on disk."""

    def __init__(self, register: Register, file: Path) -> None:
        self._register = register
        self._groups = 0
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.executescript(_SCHEMA + "BEGIN;")

    def add(self, groups: Iterable[list[Change]], where: str) -> None:
        """Takes the changes of one document in, a group at a time."""
        for group in groups:
            self._groups += 1
            for change in group:
                record = change.was or change.becomes
                assert record is not None  # a change has one of them: the reader sees to that
                key = key_of(self._register.tables[record.table], record.row)
                lines = (_line(change.was), _line(change.becomes))
                place = f"{where}, {record.place}"
                self._insert(
                    "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?)", self._groups, record.table, key, place, *lines
                )

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

    def groups(self) -> Iterator[list[Step]]:
        """The changes as they were delivered, a group at a time."""
        query = "SELECT rowid, tab, key, place, was, becomes FROM change WHERE grp = ? ORDER BY rowid"
        for number in range(1, self._groups + 1):
            yield [Step(*row) for row in self._database.execute(query, (number,))]

    def done(self, table: str, key: str) -> int:
        """Number of the last change that gives what the record already is: up to there they have been applied before."""
        query = "SELECT MAX(c.rowid) FROM change c LEFT JOIN state s USING (tab, key) WHERE tab = ? AND key = ? AND c.becomes IS s.line"
        (number,) = self._database.execute(query, (table, key)).fetchone()
        return number or 0

    def state(self, table: str, key: str) -> bytes | None:
        """What a record is, as far as the changes have been applied; None where there is none."""
        found = self._database.execute("SELECT line FROM state WHERE tab = ? AND key = ?", (table, key)).fetchone()
        return found[0] if found else None

    def put(self, table: str, key: str, line: bytes | None) -> None:
        """Says what a record is."""
        self._insert("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", table, key, line)

    def _insert(self, statement: str, *values: object) -> None:
        try:
            self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def _line(record: Record | None) -> bytes | None:
    return None if record is None else to_lines([record.row])
