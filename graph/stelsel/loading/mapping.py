"""Rows become quads: checked column by column, then mapped by the table's CONSTRUCT queries, a batch at a time.

SPARQL is the mapping language, in the manner of TARQL: `$column` in the query is a column of the table. The rows go
in as VALUES, each value as an RDF term (`stelsel.terms`), so nothing that a delivery says can change the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from pathlib import Path

import pyoxigraph as ox

from stelsel.errors import ContentError
from stelsel.loading.geometry import literals
from stelsel.loading.register import Register
from stelsel.loading.rows import Row
from stelsel.loading.tables import Table
from stelsel.names import Names
from stelsel.querying.lexer import place, tokens

BATCH = 2_000  # rows a query: 500 to 5,000 map equally fast, and 2,000 keep a batch under a few MB
RD = "RD"
"""`$geometrie` is the CRS84 literal of column `geometrie`, `$geometrieRD` the one in EPSG:28992."""

_SUBJECT = re.compile(rb"^<[^>]*", re.MULTILINE)


@dataclass(frozen=True)
class Problem:
    """Something about a record that a steward must know."""

    table: str
    key: str
    """The record's key, as a person would look it up."""
    reason: str
    """One word a kind, counted in the edition: `column`, `geometrie`, `tweemaal`, `mutatie`."""
    message: str
    where: str
    refused: bool
    """The record was left out; otherwise it was loaded without what was wrong."""


@dataclass
class Batch:
    """What a batch of rows became."""

    quads: dict[str, bytes] = field(default_factory=dict)
    """Part of the register's graphs -> N-Quads."""
    subjects: dict[str, set[str]] = field(default_factory=dict)
    """Part -> beginnings of the subject IRIs in it, up to the last `/` or `#`."""
    problems: list[Problem] = field(default_factory=list)
    mapped: int = 0


@dataclass(frozen=True)
class _Mapping:
    part: str
    head: str
    tail: str
    columns: tuple[str, ...]
    graph: bytes


def _read_mapping(file: Path, part: str, graph: str, columns: set[str]) -> _Mapping:
    """Splits a mapping where the VALUES go: behind the brace that opens its WHERE."""
    text = file.read_text("utf-8")
    found = [token for token in tokens(text) if token.kind != "comment"]
    words = [token.text.upper() for token in found]
    if "CONSTRUCT" not in words or "WHERE" not in words:
        raise ContentError("a mapping is one CONSTRUCT { … } WHERE { … }", file=str(file))
    brace = found[words.index("{", words.index("WHERE"))]
    used = {token.text[1:]: token for token in found if token.kind == "variable" and token.text[0] == "$"}
    for name, token in used.items():
        if name not in columns:
            known = ", ".join(sorted(columns))
            raise ContentError(
                f"${name} is not a column of this table; there are: {known}",
                file=str(file),
                line=place(text, token.offset)[0],
            )
    end = brace.offset + 1
    return _Mapping(part, text[:end], text[end:], tuple(sorted(used)), f" <{graph}> .\n".encode())


class Mapper:
    """Maps the rows of one register. Not shared between processes: each makes its own."""

    def __init__(self, register: Register, names: Names) -> None:
        """Reads and tries every mapping. Raises ContentError for one that is wrong, and for a column that none uses."""
        self._register, self._root = register, names.root
        self._store = ox.Store()
        self._mappings: dict[str, list[_Mapping]] = {}
        self._readers: dict[str, dict[str, Callable[[str], str]]] = {}
        for name, table in register.tables.items():
            variables = {*table.columns, *((table.geometry + RD,) if table.geometry else ())}
            self._mappings[name] = [
                _read_mapping(file, part, names.graph(register.name, part), variables)
                for part, file in register.mappings(name).items()
            ]
            self._readers[name] = {column: spec.reader() for column, spec in table.columns.items()}
            if not table.intermediate:
                self._judge(name, table)

    def _judge(self, name: str, table: Table) -> None:
        folder = self._register.folder
        if not self._mappings[name]:
            raise ContentError(f"table {name} has no {name}.rq", file=str(folder / "loader.yml"))
        used = {column for mapping in self._mappings[name] for column in mapping.columns}
        idle = sorted(table.columns.keys() - used - set(table.unmapped))
        if idle:
            raise ContentError(
                f"no mapping of table {name} uses {', '.join(idle)}; map them or list them under unmapped",
                file=str(folder / "loader.yml"),
            )
        for mapping in self._mappings[name]:
            self._run(mapping, ["(" + " ".join(["UNDEF"] * len(mapping.columns)) + ")"], name)

    def map(self, name: str, rows: list[Row], places: list[str], on: date) -> Batch:
        """The quads of up to a few thousand rows of a table, and what was wrong with which; `places` says where each is."""
        table = self._register.tables[name]
        batch = Batch()
        if table.geometry:
            shapes, broken = literals([_text(row.get(table.geometry)) for row in rows])
        else:
            shapes, broken = [None] * len(rows), {}
        good: list[tuple[Row, dict[str, str | list[str]]]] = []
        for index, row in enumerate(rows):
            terms, faults, left = self._terms(name, table, row)
            key, place = key_of(table, row), places[index]
            if faults or left:
                batch.problems += [
                    Problem(name, key, "kolom", what, place, refused=bool(faults)) for what in faults + left
                ]
            if faults:
                continue
            if index in broken:
                batch.problems.append(Problem(name, key, "geometrie", broken[index], place, refused=False))
            shape = shapes[index]
            if table.geometry and shape is not None:
                terms[table.geometry], terms[table.geometry + RD] = shape
            good.append((row, terms))
        batch.mapped = len(good)
        valid = [terms for row, terms in good if self._register.valid(table, row, on)]
        for mapping in self._mappings[name]:
            chosen = [terms for _, terms in good] if mapping.part else valid
            triples = self._run(mapping, list(_values(chosen, mapping.columns, table)), name) if chosen else b""
            batch.quads[mapping.part] = triples.replace(b" .\n", mapping.graph)
            batch.subjects[mapping.part] = {stem(subject[1:].decode()) for subject in set(_SUBJECT.findall(triples))}
        return batch

    def _terms(self, name: str, table: Table, row: Row) -> tuple[dict[str, str | list[str]], list[str], list[str]]:
        """The terms of a row; what refuses it; and what was left out of it."""
        terms: dict[str, str | list[str]] = {}
        faults: list[str] = []
        left: list[str] = []
        readers = self._readers[name]
        for column, spec in table.columns.items():
            value = row.get(column)
            if not value:  # an empty list, too
                if spec.required:
                    faults.append(f"{column} is missing")
            elif spec.type != "geometry":
                reader = readers[column]
                try:
                    terms[column] = reader(value) if isinstance(value, str) else [reader(text) for text in value]
                except ValueError:
                    good, wrong = _sifted(reader, value)
                    (left if spec.lenient else faults).extend(f"{column}: {fault}" for fault in wrong)
                    if good:
                        terms[column] = good
        return terms, faults, left

    def _run(self, mapping: _Mapping, values: list[str], name: str) -> bytes:
        header = " ".join(f"${column}" for column in mapping.columns)
        query = f"{mapping.head} VALUES ({header}) {{\n" + "\n".join(values) + f"\n}}{mapping.tail}"
        try:
            triples = self._store.query(query, base_iri=self._root)
        except SyntaxError as error:
            file = self._register.mappings(name)[mapping.part]
            raise ContentError(f"is not SPARQL: {error}", file=str(file)) from error
        assert isinstance(triples, ox.QueryTriples)  # _read_mapping has seen its CONSTRUCT
        return triples.serialize(format=ox.RdfFormat.N_TRIPLES) or b""


def _sifted(reader: Callable[[str], str], value: str | list[str]) -> tuple[list[str], list[str]]:
    """The terms of the texts that fit, and what is wrong with each of the others."""
    good, wrong = [], []
    for text in (value,) if isinstance(value, str) else value:
        try:
            good.append(reader(text))
        except ValueError as error:
            wrong.append(str(error))
    return good, wrong


def stem(subject: str) -> str:
    """The beginning of an IRI, up to and including its last `/` or `#`; all of it where it has neither.

    >>> stem("http://localhost:8000/id/voorkomen/pand-1")
    'http://localhost:8000/id/voorkomen/'
    """
    return subject[: max(subject.rfind("/"), subject.rfind("#")) + 1] or subject


def key_of(table: Table, row: Row) -> str:
    """A record's key as text: what tells it apart, and what reports call it."""
    return " ".join(str(row[column]) for column in table.key if column in row)


def _text(value: str | list[str] | None) -> str | None:
    return value if value is None or isinstance(value, str) else value[0]


def _values(terms: list[dict[str, str | list[str]]], columns: tuple[str, ...], table: Table) -> Iterator[str]:
    """VALUES rows. A record whose columns hold lists takes several.

    The first has everything, the others have the key and the next of each list, so that a triple of a column with one
    value is made once.
    """
    many = {name for name in columns if name in table.columns and table.columns[name].many}
    for record in terms:
        rest = zip_longest(*(record.get(name, [])[1:] for name in columns if name in many)) if many else ()
        yield _line(record[name][0] if name in many and name in record else record.get(name) for name in columns)
        for values in rest:
            following = dict(zip((name for name in columns if name in many), values, strict=True))
            yield _line(following.get(name) or (record.get(name) if name in table.key else None) for name in columns)


def _line(values: Iterator[str | list[str] | None]) -> str:
    return "(" + " ".join(str(value) if value else "UNDEF" for value in values) + ")"
