"""What a register's `loader.yml` says: where it comes from, what its tables are, and what each column must be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stelsel.errors import ContentError, NotFound
from stelsel.home import Home
from stelsel.terms import KINDS, IriTemplate, iri

Text = dict[Literal["nl", "en"], str]


class _Fact(BaseModel):
    """A part of loader.yml: read-only, and strict about keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Fact):
    """A column of a table: where its text stands in a record, and what RDF term it becomes."""

    path: str = ""
    """Where in the record: element names from the record down, such as `Objecten:ligtAan/Objecten-ref:PandRef`."""
    type: str = "string"
    """A kind of `stelsel.terms.KINDS`, or `geometry` (EPSG:28992 as delivered)."""
    pattern: str = ""
    """Regular expression that the whole text must fit."""
    template: str = ""
    """For `iri`: the IRI with one {}, filled by the text."""
    codes: dict[str, str] = Field(default_factory=dict)
    """For a code list: text -> IRI. A text that is not listed refuses the record."""
    required: bool = False
    many: bool = False
    """More than one value may stand in a record."""

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.type not in (*KINDS, "geometry"):
            raise ValueError(f"type {self.type!r} is not one of {', '.join([*KINDS, 'geometry'])}")
        if self.template and (self.type != "iri" or not self.pattern):
            raise ValueError("template goes with type: iri and a pattern")
        return self

    def reader(self) -> Callable[[str], str]:
        """The function from this column's text to a term in N-Triples form; it raises ValueError with what is wrong."""
        if self.codes:
            terms = {text: iri(address) for text, address in self.codes.items()}

            def code(text: str) -> str:
                if text not in terms:
                    raise ValueError(f"{text[:80]!r} is not in the code list")
                return terms[text]

            return code
        if self.template:
            return IriTemplate(self.template, re.compile(self.pattern)).term
        kind = KINDS["wkt" if self.type == "geometry" else self.type]
        if not self.pattern:
            return kind
        pattern = re.compile(self.pattern)

        def fitting(text: str) -> str:
            if not pattern.fullmatch(text):
                raise ValueError(f"{text[:80]!r} does not fit {pattern.pattern}")
            return kind(text)

        return fitting


class History(_Fact):
    """The columns that hold both times of a record."""

    begin: str
    end: str
    withdrawn: tuple[str, ...] = ()
    """Columns that, when filled, say that the record no longer counts (inactive, not of the register)."""
    holds: dict[str, str] = Field(default_factory=dict)
    """What other columns must say for a record to count as valid, such as `inOnderzoek: J`."""


class Table(_Fact):
    """One kind of record. `<table>.rq` maps the records valid on the edition's date, `<table>.historie.rq` all of them."""

    records: tuple[str, ...]
    """The elements that are records of this table, with their prefix."""
    key: tuple[str, ...]
    """Columns that tell two records apart; the first is what reports name a record by."""
    columns: dict[str, Column]
    history: History | None = None
    ignore: tuple[str, ...] = ()
    """Paths that are left out on purpose. Any other element that is no column is an error."""
    unmapped: tuple[str, ...] = ()
    """Columns that no mapping uses, on purpose: they are kept in the rows and judge validity."""
    replaced: bool = False
    """A mutation delivery brings this table whole."""
    repeats: bool = False
    """The register is known to deliver a record more than once: that is reported, and no reason to refuse."""
    area: str = ""
    """Pattern whose first group, in the first key column, is the area that a record was registered in."""

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        history = self.history
        times = (history.begin, history.end, *history.withdrawn, *history.holds) if history else ()
        for name in (*self.key, *self.unmapped, *times):
            if name not in self.columns:
                raise ValueError(f"{name} is not a column")
        if sum(column.type == "geometry" for column in self.columns.values()) > 1:
            raise ValueError("a table has one geometry at most")
        return self

    @property
    def geometry(self) -> str | None:
        """Name of the geometry column."""
        return next((name for name, column in self.columns.items() if column.type == "geometry"), None)


class Document(_Fact):
    """A kind of XML file in a delivery, known by its root element."""

    root: str
    kind: Literal["records", "changes", "cover"]
    """records: tables; changes: was/wordt pairs; cover: what tells the edition's date and area."""
    each: str = ""
    """For `records`: the element that holds one record."""


class Cover(_Fact):
    """The elements in which a delivery says what it is: in its cover document, or in the head of any other."""

    date: str
    area: str
    """Code of the area; a delivery without one is of the whole country."""
    since: str = ""
    """For mutations: from when."""


class Changes(_Fact):
    """Elements around the records of a mutation delivery."""

    group: str
    """Changes that belong together: all of them are applied, or none."""
    added: str
    """Holds `becomes`: a record that was not there before."""
    changed: str
    """Holds `was` and `becomes`."""
    removed: str
    """Holds `was`: a record that is no more."""
    was: str
    becomes: str


class Register(_Fact):
    """A register: everything that `loader.yml` says."""

    name: str
    folder: Path
    title: Text
    description: Text
    publisher: str
    licence: str
    law: str = Field(pattern=r"^BWBR[0-9]{7}$")
    source: str
    access: Literal["open", "gesloten"] = "open"
    frequency: str
    theme: str
    namespaces: dict[str, str]
    documents: tuple[Document, ...]
    wrappers: tuple[str, ...] = ()
    """Elements that may stand around a record and say nothing themselves."""
    cover: Cover
    changes: Changes | None = None
    ignore: tuple[str, ...] = ()
    """Names of entries in a delivery that are not data, as shell patterns."""
    refused: int = 0
    """How many refused records an edition may have before it is not made (see `stelsel load --accept`)."""
    tables: dict[str, Table]

    def qname(self, prefixed: str) -> str:
        """`{namespace}local`, as lxml spells it, of `prefix:local`. Raises KeyError for an unknown prefix."""
        prefix, _, local = prefixed.partition(":")
        return f"{{{self.namespaces[prefix]}}}{local}"

    def mappings(self, table: str) -> dict[str, Path]:
        """Part of the register's graphs (`''` or `historie`) -> the `.rq` that fills it."""
        files = {"": self.folder / f"{table}.rq", "historie": self.folder / f"{table}.historie.rq"}
        return {part: file for part, file in files.items() if file.is_file()}

    def fingerprint(self) -> str:
        """SHA-256 over the register's folder without its example: what an edition's `mapping` says."""
        digest = hashlib.sha256()
        for file in sorted(p for p in self.folder.iterdir() if p.suffix in {".yml", ".rq", ".py"}):
            digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
        return digest.hexdigest()

    def valid(self, table: Table, row: dict[str, Any], on: date) -> bool:
        """Whether a row is valid on a date, as known now. Without history every row is.

        A voorkomen counts from its begin up to, not including, its end (Praktijkhandleiding BAG, levenscyclus);
        one that begins and ends on the same day never does.
        """
        history = table.history
        if history is None:
            return True
        day = on.isoformat()
        begin, end = row.get(history.begin, ""), row.get(history.end)
        if any(row.get(name) for name in history.withdrawn):
            return False
        if any(row.get(name) != value for name, value in history.holds.items()):
            return False
        return begin <= day and not (end and end <= day)


def read_register(home: Home, name: str) -> Register:
    """The register `name`. Raises NotFound for an unknown name, ContentError for a loader.yml that is wrong."""
    folder = home.loaders / name
    file = folder / "loader.yml"
    if name not in home.registers():
        known = ", ".join(home.registers()) or "none"
        raise NotFound(f"there is no register {name!r}; there are: {known}")
    try:
        facts = yaml.safe_load(file.read_text("utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ContentError(f"is not YAML: {error.problem}", file=str(file), line=line) from error
    if not isinstance(facts, dict):
        raise ContentError("is empty", file=str(file))
    # Keys that start with a dot are anchors: text that several tables share.
    facts = {key: value for key, value in facts.items() if not str(key).startswith(".")}
    try:
        return Register.model_validate({**facts, "name": name, "folder": folder})
    except ValidationError as error:
        first = error.errors()[0]
        place = " > ".join(map(str, first["loc"]))
        raise ContentError(f"{place}: {first['msg']}", file=str(file), line=None) from error
