"""What a register's `loader.yml` says: where it comes from, what its files are, and what its tables are."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from stelsel.errors import ContentError, NotFound
from stelsel.home import Home
from stelsel.loading.tables import Fact, Table
from stelsel.wetten import resolve

Text = dict[Literal["nl", "en"], str]


class Document(Fact):
    """A kind of file in a delivery: XML is known by its root element, anything else by its name."""

    reader: str = "xml"
    """Which of `stelsel.loading.readers` reads it."""
    kind: Literal["records", "changes", "cover", "closed"] = "records"
    """records: tables; changes: was/wordt pairs; cover: what tells the edition's date and area; closed: what this register
    does not take, which `reason` explains."""
    root: str = ""
    """For XML: the root element."""
    each: tuple[str, ...] = ()
    """For XML records: the elements that hold one record each."""
    reason: str = ""
    """For closed: why such a document is refused, as a sentence that follows on its name."""
    files: tuple[str, ...] = ()
    """For anything but XML: names of such files, as shell patterns (`v*_csv.csv`), whatever their case."""
    table: str = ""
    """For anything but XML: the table of its records, where the reader does not tell tables apart itself."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What its reader must know besides; each reader says in its docstring what it takes."""

    @field_validator("each", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) and value else value or ()

    @model_validator(mode="after")
    def _known_by_something(self) -> Self:
        if (self.kind == "closed") != bool(self.reason):
            raise ValueError("a document is closed for a reason, and no other has one")
        if self.reader == "xml" and not self.root:
            raise ValueError("a document of XML has a root")
        if self.reader != "xml" and not self.files:
            raise ValueError(f"a document of {self.reader} has files: the patterns of its names")
        return self


class Cover(Fact):
    """Where a delivery says what it is.

    In XML: names of elements, in the cover document or in the head of any other. Any other reader gives facts by these
    names itself, from what the format has for them.
    """

    date: str = ""
    area: str = ""
    """Code of the area; a delivery without one is of the whole country."""
    since: str = ""
    """For mutations: from when."""
    name: str = ""
    """The date in the name of a file: a regular expression with the groups `year`, `month` and `day`, of which the last
    two may be absent: then it is the first of January, or of the month."""

    @model_validator(mode="after")
    def _has_groups(self) -> Self:
        if self.name and "year" not in re.compile(self.name).groupindex:
            raise ValueError("name has no group (?P<year>…)")
        return self


class Changes(Fact):
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


class Register(Fact):
    """A register: everything that `loader.yml` says."""

    name: str
    folder: Path
    title: Text
    description: Text
    publisher: str
    licence: str
    law: str = ""
    """Reference to the legal basis, in any form that `stelsel.wetten` resolves; empty where there is none."""
    attribution: str = ""
    """What the licence asks users to state."""
    source: str
    access: Literal["open", "gesloten"] = "open"
    frequency: str
    theme: str
    namespaces: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Prefix -> namespace; several where versions of a format call the same elements by the same names in each."""
    documents: tuple[Document, ...]
    wrappers: tuple[str, ...] = ()
    """Elements that may stand around a record and say nothing themselves."""
    cover: Cover = Cover()
    changes: Changes | None = None
    ignore: tuple[str, ...] = ()
    """Names of entries in a delivery that are not data, as shell patterns."""
    refused: int = 0
    """How many refused records an edition may have before it is not made (see `stelsel load --accept`)."""
    tables: dict[str, Table]

    @field_validator("law")
    @classmethod
    def _resolved(cls, text: str) -> str:
        """The legal basis as the one IRI it has."""
        return resolve(text).iri if text else ""

    def qnames(self, prefixed: str) -> tuple[str, ...]:
        """`{namespace}local`, as lxml spells it, of `prefix:local` in each version. Raises KeyError for an unknown prefix."""
        prefix, _, local = prefixed.partition(":")
        known = self.namespaces[prefix]
        return tuple(f"{{{name}}}{local}" for name in ((known,) if isinstance(known, str) else known))

    def named(self, where: str) -> Document | None:
        """The kind of file that fits the name at the end of `zip > folder/name`; None for one that is XML, or unknown."""
        name = PurePosixPath(where.rsplit(" > ", 1)[-1]).name.lower()
        fits = (d for d in self.documents if any(fnmatch.fnmatchcase(name, p.lower()) for p in d.files))
        return next(fits, None)

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
        # A moment counts by its day, as it was delivered: what began or ended on the date did so before the day was over.
        begin, end = (str(row.get(name, ""))[: len(day)] for name in (history.begin, history.end))
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
