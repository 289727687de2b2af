"""What a table of a register is: its columns, what each must hold, and which columns hold the times of a record."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stelsel.terms import KINDS, IriTemplate, iri


class Fact(BaseModel):
    """A part of loader.yml: read-only, and strict about keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Fact):
    """A column of a table: where its text stands in a record, and what RDF term it becomes."""

    path: str = ""
    """Where in the record: for XML the element names from the record down, such as `Objecten:ligtAan/Objecten-ref:PandRef`;
    for a table the heading; for JSON and GeoJSON the keys, with a `/` between them. Without it: the column's own name."""
    also: tuple[str, ...] = ()
    """What other versions of the format call it: paths, headings or keys, as `path` has them."""
    type: str = "string"
    """A kind of `stelsel.terms.KINDS`, or `geometry` (WKT, in EPSG:28992 unless it begins with the IRI of CRS84)."""
    pattern: str = ""
    """Regular expression that the whole text must fit."""
    template: str = ""
    """For `iri`: the IRI with one {}, filled by the text."""
    codes: dict[str, str] = Field(default_factory=dict)
    """For a code list: text -> IRI. A text that is not listed refuses the record."""
    lenient: bool = False
    """A value that does not fit is reported and left out, and the record is loaded without it."""
    required: bool = False
    many: bool = False
    """More than one value may stand in a record."""

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.type not in (*KINDS, "geometry"):
            raise ValueError(f"type {self.type!r} is not one of {', '.join([*KINDS, 'geometry'])}")
        if self.template and (self.type != "iri" or not self.pattern):
            raise ValueError("template goes with type: iri and a pattern")
        if self.lenient and (self.required or self.type == "geometry"):
            raise ValueError("lenient is no column that is required, and no geometry, which is lenient as it is")
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


class History(Fact):
    """The columns that hold both times of a record."""

    begin: str
    end: str
    withdrawn: tuple[str, ...] = ()
    """Columns that, when filled, say that the record no longer counts (inactive, not of the register)."""
    holds: dict[str, str] = Field(default_factory=dict)
    """What other columns must say for a record to count as valid, such as `inOnderzoek: J`."""


class Table(Fact):
    """One kind of record. `<table>.rq` maps the records valid on the edition's date, `<table>.historie.rq` all of them."""

    records: tuple[str, ...] = ()
    """For XML: the elements that are records of this table, with their prefix."""
    key: tuple[str, ...]
    """Columns that tell two records apart; the first is what reports name a record by."""
    columns: dict[str, Column]
    history: History | None = None
    ignore: tuple[str, ...] = ()
    """Paths that are left out on purpose. Any other element, heading or key that is no column is an error."""
    unmapped: tuple[str, ...] = ()
    """Columns that no mapping uses, on purpose: they are kept in the rows and judge validity."""
    intermediate: bool = False
    """The register's `rows.py` makes records of other tables of these: they have no mapping themselves."""
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
