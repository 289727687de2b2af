"""The unit of work: a part of a delivery becomes packed quads and rows, in a process of its own.

A part is one XML document (10,000 objects at most in the official formats), a stretch of records of another file, or a
stretch of rows of an edition. What a part becomes depends on that part alone, so any number of processes gives the same
edition, byte for byte.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np

from stelsel.home import open_home
from stelsel.loading.delivery import File
from stelsel.loading.hooks import read_hook
from stelsel.loading.mapping import BATCH, Mapper, Problem, key_of
from stelsel.loading.readers.reading import Record
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.register import Register, read_register
from stelsel.loading.rows import Packer, from_lines, key_hash, to_lines
from stelsel.names import Names


@dataclass(frozen=True)
class DocumentPart:
    """One XML document with records."""

    where: str
    content: bytes
    packed: int


@dataclass(frozen=True)
class RowsPart:
    """Rows of one table, as `rows.to_lines` wrote them."""

    where: str
    table: str
    content: bytes
    packed: int


@dataclass(frozen=True)
class RecordsPart:
    """Records of one table, as its reader gave them: rows as `rows.to_lines` wrote them, and the place of each."""

    where: str
    table: str
    places: tuple[str, ...]
    content: bytes
    packed: int


Part = DocumentPart | RowsPart | RecordsPart


@dataclass
class Count:
    """Records of a table: read, mapped, refused, and mapped with something reported."""

    read: int = 0
    mapped: int = 0
    refused: int = 0
    reported: int = 0


@dataclass
class Result:
    """What a part became."""

    where: str
    packed: int
    quads: dict[str, bytes] = field(default_factory=dict)
    """Part of the register's graphs -> a zstd frame of N-Quads."""
    amounts: dict[str, int] = field(default_factory=dict)
    """Part of the register's graphs -> how many quads."""
    subjects: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[str, bytes] = field(default_factory=dict)
    """Table -> a zstd frame of rows."""
    counts: dict[str, Count] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    keys: bytes = b""
    """Hashes of the records' keys, 8 bytes each."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Time in `parse`, `map` and `write`."""


def parts_of(file: File) -> Iterator[Part]:
    """A document of XML as it is; the records of any other file in stretches, each of one table."""
    member = file.member
    if file.reader is None:
        yield DocumentPart(member.where, member.content, member.packed)
        return
    waiting: dict[str, list[Record]] = {}
    told = 0

    def stretch(records: list[Record]) -> RecordsPart:
        nonlocal told
        # In a zip, what has been taken is counted unpacked; progress counts packed bytes.
        now = member.packed * min(member.taken, member.size) // member.size
        packed, told = now - told, now
        places = tuple(record.place for record in records)
        return RecordsPart(member.where, records[0].table, places, to_lines([r.row for r in records]), packed)

    for record in file.reader.records(member):
        records = waiting.setdefault(record.table, [])
        records.append(record)
        if len(records) == BATCH:
            yield stretch(waiting.pop(record.table))
    yield from map(stretch, waiting.values())


class Worker:
    """What a process keeps between parts."""

    def __init__(self, home: Path, register: str, base: str, on: date) -> None:
        self.register: Register = read_register(open_home(home), register)
        self._reader = XmlReader(self.register)
        self._mapper = Mapper(self.register, Names(base))
        self._rows = read_hook(self.register)
        self._on = on

    def work(self, part: Part) -> Result:
        """Reads, checks, maps and packs a part. Raises DeliveryError for a document that cannot be read."""
        result = Result(part.where, part.packed)
        quads: dict[str, Packer] = defaultdict(Packer)
        rows: dict[str, Packer] = defaultdict(Packer)
        seconds: dict[str, float] = defaultdict(float)
        keys: list[int] = []
        clock = time.perf_counter()

        def lap(name: str) -> None:
            nonlocal clock
            now = time.perf_counter()
            seconds[name] += now - clock
            clock = now

        for table, records in _batches(self._records(part, result)):
            lap("parse")
            batch = [record.row for record in records]
            places = [f"{part.where}, {record.place}" if record.place else part.where for record in records]
            mapped = self._mapper.map(table, batch, places, self._on)
            lap("map")
            spec = self.register.tables[table]
            keys += [key_hash(table, key_of(spec, row)) for row in batch]
            rows[table].add(to_lines(batch))
            for graph, content in mapped.quads.items():
                quads[graph].add(content)
                result.amounts[graph] = result.amounts.get(graph, 0) + content.count(b"\n")
                result.subjects.setdefault(graph, set()).update(mapped.subjects[graph])
            count = result.counts.setdefault(table, Count())
            count.read += len(batch)
            count.mapped += mapped.mapped
            count.refused += len(batch) - mapped.mapped
            count.reported += len({(p.key, p.where) for p in mapped.problems if not p.refused})
            result.problems += mapped.problems
            lap("write")
        result.quads = {graph: packer.frame() for graph, packer in quads.items()}
        result.rows = {table: packer.frame() for table, packer in rows.items()}
        result.keys = np.array(keys, dtype="<u8").tobytes()
        lap("write")
        result.seconds = dict(seconds)
        return result

    def _records(self, part: Part, result: Result) -> Iterator[Record]:
        if isinstance(part, RowsPart):
            # These have been through the register's own step when they were read from a delivery.
            return (Record(part.table, row, "") for row in from_lines(part.content))
        if isinstance(part, RecordsPart):
            rows = from_lines(part.content)
            records: Iterator[Record] = (Record(part.table, r, p) for r, p in zip(rows, part.places, strict=True))
        else:
            document = self._reader.document(part.content, part.where)
            records = self._reader.records(part.content, document, part.where)
        return self._own_step(records, part.where, result) if self._rows else records

    def _own_step(self, records: Iterator[Record], where: str, result: Result) -> Iterator[Record]:
        """What the register's `rows.py` makes of records; one that it refuses is counted and reported."""
        assert self._rows is not None
        for record in records:
            try:
                yield from [Record(table, row, record.place) for table, row in self._rows(record.table, record.row)]
            except ValueError as error:
                count = result.counts.setdefault(record.table, Count())
                count.read += 1
                count.refused += 1
                table = self.register.tables.get(record.table)
                key = key_of(table, record.row) if table else ""
                place = f"{where}, {record.place}"
                result.problems.append(Problem(record.table, key, "kolom", str(error), place, refused=True))


def _batches(records: Iterator[Record]) -> Iterator[tuple[str, list[Record]]]:
    """Stretches of records of the same table, of BATCH at most, in order."""
    while stretch := list(islice(records, BATCH)):
        waiting: dict[str, list[Record]] = {}
        for record in stretch:
            waiting.setdefault(record.table, []).append(record)
        yield from waiting.items()
