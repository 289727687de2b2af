"""The `rdf` reader: JSON-LD, Turtle, TriG, N-Triples, N-Quads and RDF/XML, by the end of the name.

A record is a subject of a class that a table lists under `records`; all that the file says of it, in whichever graph, is
its row. A column's `path` is a property as `prefix:name`, or `@id` for the subject itself; `rdf:type` is a property too. A
column without a path is not read: the register's rows.py makes it. A value is the text of a literal or the IRI of a
thing. A class or a property that no table names is an error, unless a table ignores the property, or the document the
class. Options:

    syntax    for names that do not end as their syntax does: json-ld, turtle, ...
    language  literals in other languages are left out; those without a language stay. Without it, all are taken
    ignore    classes whose subjects are left out
    classless true: subjects of no class are left out; without it, one is an error

Dates and areas of a file are the values of the properties that `cover` names. A key of JSON-LD that its context does not
map says nothing in RDF, and is not seen here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox
from pydantic import ValidationError

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.readers.archives import Member
from stelsel.loading.readers.rdf_files import SYNTAXES, Said, subjects, syntax_of, triples
from stelsel.loading.readers.reading import Facts, Record
from stelsel.loading.register import Document, Register
from stelsel.loading.rows import Row
from stelsel.loading.tables import Fact

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_SELF = "@id"


class Options(Fact):
    """What the reader must know."""

    syntax: str = ""
    language: str = ""
    ignore: tuple[str, ...] = ()
    classless: bool = False


@dataclass(frozen=True)
class _Plan:
    """A table, by the IRIs of its properties."""

    name: str
    columns: dict[str, str]
    """Property -> column."""
    many: frozenset[str]
    ignored: frozenset[str]


class RdfReader:
    """Reads RDF files of one register."""

    def __init__(self, register: Register, document: Document) -> None:
        """Raises ContentError for options that the reader does not know, and for a prefix that is not declared."""
        self._register = register
        self._file = str(register.folder / "loader.yml")
        try:
            self._options = Options.model_validate(document.options)
        except ValidationError as error:
            raise ContentError(f"options of reader rdf: {error.errors()[0]['msg']}", file=self._file) from error
        if self._options.syntax not in ("", *SYNTAXES):
            raise ContentError(f"syntax {self._options.syntax!r} is not one of {', '.join(SYNTAXES)}", file=self._file)
        self._ignored = {iri for name in self._options.ignore for iri in self._iris(name)}
        self._classes: dict[str, _Plan] = {}
        for name, table in register.tables.items():
            columns = {
                iri: column
                for column, spec in table.columns.items()
                for path in ((spec.path, *spec.also) if spec.path else ())
                for iri in ((_SELF,) if path == _SELF else self._iris(path))
            }
            many = frozenset(column for column, spec in table.columns.items() if spec.many)
            plan = _Plan(name, columns, many, frozenset(i for path in table.ignore for i in self._iris(path)))
            for iri in (iri for prefixed in table.records for iri in self._iris(prefixed)):
                self._classes.setdefault(iri, plan)
        self._order = list(register.tables)

    def facts(self, member: Member) -> Facts:
        """Values of the properties that `cover` names; the whole file is read for them, as RDF has no order."""
        cover = self._register.cover
        date, area = (self._iris(name) if name else () for name in (cover.date, cover.area))
        if not (date or area):
            return Facts()
        dates, areas = set(), set()
        for _, name, value in triples(member, self._syntax(member)):
            if name in date:
                dates.add(value.value)
            elif name in area:
                areas.add(value.value)
        return Facts(tuple(sorted(dates)), tuple(sorted(areas)))

    def records(self, member: Member) -> Iterator[Record]:
        """A record a subject. Raises DeliveryError, with the subject or the line, for what loader.yml does not know."""
        for subject, said in subjects(member, self._syntax(member)):
            plan = self._plan(member, subject, said)
            if plan is not None:
                yield Record(plan.name, self._row(member, subject, said, plan), _name(subject))

    def _syntax(self, member: Member) -> str:
        syntax = self._options.syntax or syntax_of(member.where)
        if syntax is None:
            raise DeliveryError("does not end in the name of a syntax of RDF, such as .ttl", where=member.where)
        return syntax

    def _plan(self, member: Member, subject: Any, said: Said) -> _Plan | None:
        """The table of a subject: the first in loader.yml that lists one of its classes; None for one to leave out."""
        classes = [value.value for name, value in said if name == _TYPE and isinstance(value, ox.NamedNode)]
        unknown = [name for name in classes if name not in self._classes and name not in self._ignored]
        if not classes and self._options.classless:
            return None
        if unknown or not classes:
            what = f"is of class {self._short(unknown[0])}, which" if unknown else "is of no class, and that"
            raise DeliveryError(
                f"{what} is not known; list it in loader.yml under records of a table, or under ignore of the document",
                where=f"{member.where}, {_name(subject)}",
            )
        plans = [self._classes[name] for name in classes if name in self._classes]
        return min(plans, key=lambda plan: self._order.index(plan.name), default=None)

    def _row(self, member: Member, subject: Any, said: Said, plan: _Plan) -> Row:
        where = f"{member.where}, {_name(subject)}"
        if isinstance(subject, ox.BlankNode):
            raise DeliveryError("is a record without an IRI, which it cannot be known by later", where=where)
        found: dict[str, list[str]] = {}
        if _SELF in plan.columns:
            found[plan.columns[_SELF]] = [subject.value]
        for name, value in said:
            column = plan.columns.get(name)
            if column is None:
                if name != _TYPE and name not in plan.ignored:
                    raise DeliveryError(
                        f"property {self._short(name)} is not known; list it in loader.yml as a column of {plan.name} "
                        "or under ignore",
                        where=where,
                    )
                continue
            text = self._text(value, name, where)
            if text:
                found.setdefault(column, []).append(text)
        row: Row = {}
        for column, texts in found.items():
            different = list(dict.fromkeys(texts))
            if column in plan.many:
                row[column] = different
            elif len(different) > 1:
                raise DeliveryError(f"has {len(different)} values of {column}, and one is expected", where=where)
            else:
                row[column] = different[0]
        return row

    def _text(self, value: Any, name: str, where: str) -> str:
        """The text of a value; empty for one in a language that was not asked for."""
        if isinstance(value, ox.NamedNode):
            return value.value
        if not isinstance(value, ox.Literal):
            raise DeliveryError(f"{self._short(name)} is a thing without an IRI, which is not followed", where=where)
        wanted, language = self._options.language, value.language
        if wanted and language and language.lower().partition("-")[0] != wanted:
            return ""
        return " ".join(value.value.split())

    def _iris(self, prefixed: str) -> tuple[str, ...]:
        """The IRIs of a name: one a namespace of its prefix. Raises ContentError for a prefix that is not declared."""
        prefix, _, local = prefixed.partition(":")
        spaces = self._register.namespaces.get(prefix)
        if spaces is None:
            raise ContentError(f"prefix {prefix!r} of {prefixed} is not declared", file=self._file)
        return tuple(space + local for space in ((spaces,) if isinstance(spaces, str) else spaces))

    def _short(self, iri: str) -> str:
        """An IRI as loader.yml would write it."""
        known = [
            (space, prefix)
            for prefix, spaces in self._register.namespaces.items()
            for space in ((spaces,) if isinstance(spaces, str) else spaces)
            if iri.startswith(space)
        ]
        space, prefix = max(known, key=lambda pair: len(pair[0]), default=("", ""))
        return f"{prefix}:{iri[len(space) :]}" if space else f"<{iri}>"


def _name(subject: Any) -> str:
    return str(subject.value) if isinstance(subject, ox.NamedNode) else str(subject)
