"""A description made ready to read: facts by register, with names in place of IRIs and values in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from stelsel.serving.answers import Row, Term
from stelsel.serving.descriptions import MOST, MOST_COUNTED, Description, Labels
from stelsel.serving.drawing import Drawing, Undrawable, draw
from stelsel.serving.language import Language, visible
from stelsel.serving.linking import Links
from stelsel.terms import XSD

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_AS_WKT = "http://www.opengis.net/ont/geosparql#asWKT"
_STRINGS = {"", f"{XSD}string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}
_LONG = 160
SHOWN = 25
"""How many incoming links of one kind are listed."""

# What a reader looks for first; the rest follows by name.
_FIRST = {
    "http://www.w3.org/2000/01/rdf-schema#label": 0,
    "http://www.w3.org/2004/02/skos/core#prefLabel": 1,
    "http://bag.basisregistraties.overheid.nl/def/bag#identificatie": 2,
}


@dataclass(frozen=True)
class Name:
    """How an IRI is named. `label` is for reading; `short` (prefix:name, or empty) and `iri` are for being exact."""

    label: str
    short: str
    iri: str


@dataclass(frozen=True)
class Value:
    """A value as a cell shows it: a link with a name, or text. `note` is its datatype where that is not plain."""

    text: str
    name: Name | None = None
    language: str = ""
    note: str = ""
    machine: str = ""  # what <time datetime> carries

    @property
    def long(self) -> bool:
        """Whether the text is folded away."""
        return len(self.text) > _LONG

    @property
    def summary(self) -> str:
        """The beginning of a long text."""
        return self.text[:60].rstrip() + "…"


@dataclass
class Fact:
    """A property with its values."""

    property: Name
    values: list[Value] = field(default_factory=list)


@dataclass
class Section:
    """The facts that come from one graph, and the parts that it describes with them."""

    graph: str
    facts: list[Fact] = field(default_factory=list)
    parts: list[tuple[Name, list[Fact]]] = field(default_factory=list)


@dataclass
class Incoming:
    """Things that point here with one property, in one graph. `more` were left out of `subjects`."""

    graph: str
    property: Name
    subjects: list[Name] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True)
class Reader:
    """Who reads: the language, and where links go."""

    language: Language
    links: Links
    labels: Labels

    def name(self, iri: str) -> Name:
        """How a thing is named for this reader: by its label, else by its IRI."""
        return self._name(iri, self.links.exact(iri))

    def term(self, iri: str) -> Name:
        """How a property or a class is named for this reader: by its label, else by the words in its IRI."""
        return self._name(iri, self.links.readable(iri))

    def _name(self, iri: str, otherwise: str) -> Name:
        label = self.language.pick(self.labels.get(iri, {}))
        return Name(visible(label) if label.strip() else otherwise, self.links.short(iri), iri)

    def value(self, term: Term) -> Value:
        """How this term is shown to this reader."""
        if term.kind == "uri":
            return Value(visible(term.value), name=self.name(term.value))
        show = _SHOW.get(term.datatype)
        if show is not None:
            shown = show(self.language, term.value)
            if shown is not None:
                return shown
        note = "" if term.datatype in _STRINGS | _PLAIN else self.links.short(term.datatype) or term.datatype
        return Value(visible(term.value), language=term.language, note=visible(note))


def sections(description: Description, reader: Reader) -> list[Section]:
    """The facts of a description by graph: the graph that says most stands first."""
    found: dict[str, Section] = {}
    for graph, group in _by(description.statements, "graph").items():
        found[graph] = Section(graph, _facts(group, reader))
    for graph, group in _by(description.parts, "graph").items():
        section = found.setdefault(graph, Section(graph))
        parts = [(reader.name(part), _facts(lines, reader)) for part, lines in _by(group, "part").items()]
        section.parts = sorted(parts, key=lambda part: _natural(part[0].label))
    return sorted(found.values(), key=lambda section: (-len(section.facts), section.graph))


def types(description: Description, reader: Reader) -> list[Name]:
    """The classes of the thing described."""
    found = (row["value"].value for row in description.statements if row["property"].value == RDF_TYPE)
    return [reader.term(iri) for iri in dict.fromkeys(found)]


def incoming(description: Description, reader: Reader) -> list[Incoming]:
    """What points here, by graph and property; of each kind the first SHOWN by name are listed."""
    groups: dict[tuple[str, str], Incoming] = {}
    for row in description.incoming:
        key = row["graph"].value, row["property"].value
        group = groups.setdefault(key, Incoming(key[0], reader.term(key[1])))
        group.subjects.append(reader.name(row["subject"].value))
    for group in groups.values():
        group.subjects.sort(key=lambda name: _natural(name.label))
        group.more = max(0, len(group.subjects) - SHOWN)
        del group.subjects[SHOWN:]
    return sorted(groups.values(), key=lambda group: (group.graph, group.property.label.lower()))


def counted(description: Description, language: Language) -> tuple[str, str]:
    """How much points here, and a note where the page does not use all of it."""
    links = description.links
    if links <= MOST:
        return language.counted("count.links", links), ""
    shown = language.number(MOST)
    if links <= MOST_COUNTED:
        count = language.number(links)
        return language.counted("count.links", links), language.text("resource.incomingCut", count=count, shown=shown)
    count = language.number(MOST_COUNTED)
    return f"> {count}", language.text("resource.incomingMany", count=count, shown=shown)


def drawing(description: Description) -> tuple[Drawing | None, str]:
    """The first geometry of the thing or of its parts as a drawing; or None, with why it is not drawn."""
    for row in (*description.statements, *description.parts):
        if row["property"].value == _AS_WKT:
            try:
                return draw(row["value"].value), ""
            except Undrawable as error:
                return None, error.reason
    return None, ""


def _by(found: Iterable[Row], variable: str) -> Mapping[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in found:
        groups.setdefault(row[variable].value, []).append(row)
    return groups


def _facts(found: Iterable[Row], reader: Reader) -> list[Fact]:
    facts = [
        Fact(reader.term(iri), [reader.value(row["value"]) for row in group])
        for iri, group in _by(found, "property").items()
        if iri != RDF_TYPE
    ]
    for fact in facts:
        fact.values.sort(key=partial(_place, reader.language.code))
    return sorted(facts, key=lambda fact: (_FIRST.get(fact.property.iri, 9), fact.property.label.lower()))


def _place(language: str, value: Value) -> tuple[bool, str, list[tuple[int, str]]]:
    """Where a value stands among others of its property: the reader's own language first."""
    return (
        value.language.lower() != language,
        value.language,
        _natural(value.name.label if value.name else value.text[:_LONG]),
    )


def _natural(text: str) -> list[tuple[int, str]]:
    """Where a text stands in a list: 2 comes before 10."""
    pieces = re.split(r"([0-9]+)", text.lower())
    return [(int(piece[:18]), piece) if piece.isdecimal() else (-1, piece) for piece in pieces]


def _boolean(language: Language, text: str) -> Value | None:
    words = {"true": "yes", "1": "yes", "false": "no", "0": "no"}
    return Value(language.text(words[text])) if text in words else None


def _day(language: Language, text: str) -> Value | None:
    try:
        return Value(language.day(date.fromisoformat(text)), machine=text)
    except ValueError:  # a date with a time zone, or far away: shown as it is
        return None


def _moment(language: Language, text: str) -> Value | None:
    try:
        return Value(language.moment(datetime.fromisoformat(text)), machine=text)
    except ValueError:
        return None


def _decimal(language: Language, text: str) -> Value:
    return Value(visible(text).replace(".", language.texts["number.decimal"]))


# Whole numbers are left alone: a house number is no quantity, and 1.234 is another.
_PLAIN = frozenset({f"{XSD}integer", f"{XSD}gYear"})
_SHOW = {
    f"{XSD}boolean": _boolean,
    f"{XSD}date": _day,
    f"{XSD}dateTime": _moment,
    f"{XSD}decimal": _decimal,
}
