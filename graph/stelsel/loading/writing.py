"""Results of parts written to a staged edition, in order, with everything that is counted on the way."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Literal

import numpy as np
import orjson
from pyoxigraph import NamedNode, Quad, RdfFormat, serialize

from stelsel.loading.mapping import Problem, key_of, stem
from stelsel.loading.parts import Count, Result
from stelsel.loading.register import Register
from stelsel.loading.rows import Packer, key_hash, read_lines
from stelsel.names import Names
from stelsel.storing.editions import GraphFile

KEYS_AT_ONCE = 4_000_000  # hashes sorted in memory at a time: 32 MB
SHOWN = 5  # problems that a message names; the edition's problems.jsonl.zst has all


class EditionWriter:
    """Writes an edition's files in a staging folder. Memory does not grow with the delivery."""

    def __init__(self, register: Register, staged: Path) -> None:
        self._register, self.staged = register, staged
        self.quads: Counter[str] = Counter()
        self.subjects: dict[str, set[str]] = defaultdict(set)
        self.counts: dict[str, Count] = {name: Count() for name in register.tables}
        self.problems: Counter[str] = Counter()
        self.first_refused: list[Problem] = []
        self.seconds: dict[str, float] = defaultdict(float)
        self._parts: list[tuple[str, int]] = []
        self._own: list[GraphFile] = []
        self._refused_twice = 0
        (staged / "quads").mkdir(exist_ok=True)
        (staged / "rows").mkdir(exist_ok=True)
        self._keys = (staged / "keys.u64").open("wb")
        self._reports = (staged / "problems.jsonl.zst").open("wb")
        self._report([])

    def file(self, part: str) -> str:
        """Name of the file that holds a part of the register's graphs, relative to the edition."""
        return f"quads/{self._register.name}{'-' + part if part else ''}.nq.zst"

    def add(self, result: Result) -> None:
        """Appends what a part became."""
        for part, frame in result.quads.items():
            _append(self.staged / self.file(part), frame)
            self.quads[part] += result.amounts[part]
            self.subjects[part] |= result.subjects[part]
        for table, frame in result.rows.items():
            _append(self.staged / "rows" / f"{table}.jsonl.zst", frame)
        for table, count in result.counts.items():
            total = self.counts[table]
            total.read += count.read
            total.mapped += count.mapped
            total.refused += count.refused
            total.reported += count.reported
        for step, seconds in result.seconds.items():
            self.seconds[step] += seconds
        self._keys.write(result.keys)
        self._parts.append((result.where, len(result.keys) // 8))
        self.report(result.problems)

    def report(self, problems: list[Problem]) -> None:
        """Keeps problems: all of them in the edition, their number by reason, the first refusals for the message."""
        if not problems:
            return
        self.problems.update(problem.reason for problem in problems)
        self.first_refused += [problem for problem in problems if problem.refused][: SHOWN - len(self.first_refused)]
        self._report(problems)

    def _report(self, problems: list[Problem]) -> None:
        packer = Packer()
        for problem in problems:
            packer.add(orjson.dumps(problem, option=orjson.OPT_APPEND_NEWLINE))
        self._reports.write(packer.frame())

    @property
    def read(self) -> int:
        """Records read so far."""
        return sum(count.read for count in self.counts.values())

    @property
    def refused(self) -> int:
        """Records refused: by a column, or because the delivery holds them twice."""
        return sum(count.refused for count in self.counts.values()) + self._refused_twice

    def find_twice(self) -> None:
        """Reports the records that the delivery holds twice. To be called once, when all parts have been added."""
        self._keys.close()
        twice = self._twice()
        self._refused_twice = sum(problem.refused for problem in twice)
        self.report(twice)

    def close(self) -> None:
        """Closes the files, and removes what is not part of an edition."""
        self._keys.close()
        self._reports.close()
        (self.staged / "keys.u64").unlink(missing_ok=True)
        (self.staged / "changes.sqlite").unlink(missing_ok=True)
        if self._register.changes is None:
            # Rows are kept for mutations to be applied to; a register that has none delivers the whole each time.
            shutil.rmtree(self.staged / "rows", ignore_errors=True)

    def write(self, part: str, iri: str, quads: list[Quad]) -> None:
        """Writes a graph that Stelsel itself makes: the catalogue's part, the validation report."""
        lines = serialize(quads, format=RdfFormat.N_QUADS)
        packer = Packer()
        packer.add(lines or b"")
        file = f"quads/{part}.nq.zst"
        _append(self.staged / file, packer.frame())
        subjects = {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
        self._own.append(_graph(iri, file, len(quads), {stem(subject) for subject in subjects}, self._register.access))

    def graphs(self, names: Names) -> tuple[GraphFile, ...]:
        """The edition's graphs, the register's own and those that were written with `write`."""
        name, access = self._register.name, self._register.access
        mine = (
            _graph(names.graph(name, part), self.file(part), number, self.subjects[part], access)
            for part, number in sorted(self.quads.items())
        )
        return (*mine, *self._own)

    def _twice(self) -> list[Problem]:
        """Records whose key another record has: found by hash, a slice of all hashes at a time, then looked up."""
        keys = np.memmap(self.staged / "keys.u64", dtype="<u8", mode="r") if self._any_keys() else np.empty(0, "<u8")
        slices = 1 + len(keys) // KEYS_AT_ONCE
        suspects: set[int] = set()
        for number in range(slices):
            mine = np.sort(keys[keys % slices == number])
            suspects.update(int(key) for key in mine[1:][mine[1:] == mine[:-1]])
        if not suspects:
            return []
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for table, spec in self._register.tables.items():
            file = self.staged / "rows" / f"{table}.jsonl.zst"
            for line in read_lines(file) if file.is_file() else ():
                key = key_of(spec, orjson.loads(line))
                if key_hash(table, key) in suspects:
                    found[table, key].append(table)
        places = self._places(keys, suspects)
        message = "the delivery holds this record twice"
        return [
            Problem(
                table,
                key,
                "tweemaal",
                message,
                places[key_hash(table, key)],
                refused=not self._register.tables[table].repeats,
            )
            for (table, key), times in sorted(found.items())
            if len(times) > 1
        ]

    def _any_keys(self) -> bool:
        return (self.staged / "keys.u64").stat().st_size > 0

    def _places(self, keys: np.ndarray, suspects: set[int]) -> dict[int, str]:
        """The documents that each of these hashes was read from."""
        ends = np.cumsum([number for _, number in self._parts])
        places: dict[int, list[str]] = defaultdict(list)
        for index in np.flatnonzero(np.isin(keys, np.array(sorted(suspects), dtype="<u8"))):
            place = self._parts[int(np.searchsorted(ends, index, side="right"))][0]
            if place not in places[int(keys[index])]:
                places[int(keys[index])].append(place)
        return {key: " and ".join(found) for key, found in places.items()}


def _append(file: Path, frame: bytes) -> None:
    with file.open("ab") as stream:
        stream.write(frame)


def _graph(iri: str, file: str, quads: int, subjects: set[str], access: Literal["open", "gesloten"]) -> GraphFile:
    return GraphFile(iri=iri, file=file, quads=quads, access=access, subjects=tuple(sorted(subjects)))
