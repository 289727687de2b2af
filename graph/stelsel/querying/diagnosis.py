"""Why an answer is empty: what the query names that the data does not have, and the pattern that leaves no rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from stelsel.querying.advice import phrase
from stelsel.querying.loaded import missing_year, register, siblings, year
from stelsel.querying.mentions import Comparison, Mention, comparisons, mentions
from stelsel.querying.narrowing import Narrowed, narrow
from stelsel.querying.nearness import namespace, nearest, twins
from stelsel.querying.patterns import Query, Term
from stelsel.querying.probes import Probes, Row, holds
from stelsel.querying.remarks import geometries
from stelsel.terms import XSD, iri, quote

_TERMS: Final = 40  # terms of a query that are looked up, and values that are compared
_SHOWN: Final = 8
_WELL_KNOWN: Final = frozenset({"http://www.w3.org/1999/02/22-rdf-syntax-ns#type"})


@dataclass(frozen=True)
class Release:
    """What a diagnosis knows of a release beforehand: its graphs, the date of each edition, its catalogue graph."""

    graphs: Iterable[str]
    dates: Mapping[str, date]
    catalogue: str


@dataclass(frozen=True)
class Finding:
    """One reason for an empty answer. `near` are terms that do occur, of which the first may replace the one at `place`."""

    reason: str
    offset: int
    length: int
    values: Mapping[str, str] = field(default_factory=dict)
    near: tuple[str, ...] = ()
    hint: str = ""

    def text(self, language: str) -> str:
        """What there is to say."""
        values = dict(self.values)
        if "role" in values:
            values["role"] = phrase(f"role.{values['role']}", language)
        said = phrase(self.reason, language, **values)
        return f"{said} {phrase(self.hint, language, near=', '.join(self.near))}" if self.hint and self.near else said

    @property
    def edit(self) -> tuple[int, int, str] | None:
        """The edit that puts the nearest term in place, where that is likely meant."""
        if self.hint not in {"twin", "nearest"} or not self.near:
            return None
        return self.offset, self.offset + self.length, f"<{self.near[0]}>"


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found: terms and values in the order of the text, and the pattern last. `complete` is false when time ran out before every check was made."""

    findings: tuple[Finding, ...]
    complete: bool


async def check(query: Query, probes: Probes, release: Release) -> Diagnosis:
    """What a query names that the data does not have: its terms and its values. Raises StoreError."""
    found = [Finding("geometry", advice.offset, 0) for advice in geometries(query) if advice.rule == "rd-geometry"]
    named = [mention for mention in mentions(query) if mention.term.value not in _WELL_KNOWN][:_TERMS]
    found += await _terms(named, probes, release)
    absent = {query.text[each.offset : each.offset + each.length] for each in found}
    compared = [each for each in comparisons(query) if each.property.text not in absent]
    for comparison in compared[:_TERMS]:
        found += await _year(comparison, probes) or await _compared(comparison, probes, release)
    found.sort(key=lambda each: each.offset)
    return Diagnosis(tuple(found), complete=not probes.cut)


async def diagnose(query: Query, probes: Probes, release: Release) -> Diagnosis:
    """Why a query has an empty answer. Takes no longer than the probes allow; raises StoreError."""
    named = await check(query, probes, release)
    narrowed = await narrow(query, probes)
    found = _narrowed(narrowed, query) if narrowed is not None else []
    if named.findings:  # they explain it
        found = [each for each in found if each.reason != "after"]
    return Diagnosis((*named.findings, *found), complete=not probes.cut)


async def _terms(named: list[Mention], probes: Probes, release: Release) -> list[Finding]:
    spellings = {each for mention in named for each in (mention.term.value, *twins(mention.term.value))}
    writable = [written for written in map(_written, sorted(spellings)) if written]
    rows = await probes.ask("occurs", terms=" ".join(writable)) if writable else []
    if rows is None:
        return []
    known = {row["term"]["value"]: row for row in rows}
    return [
        await _absent(mention, known, probes, release)
        for mention in named
        if mention.term.value in known and not holds(known[mention.term.value], mention.role)
    ]


async def _absent(mention: Mention, known: Mapping[str, Row], probes: Probes, release: Release) -> Finding:
    term, role = mention.term, mention.role
    twin = tuple(each for each in twins(term.value) if each in known and holds(known[each], role))
    if role == "graph":
        near = twin or tuple(nearest(term.value, release.graphs)) or tuple(sorted(release.graphs))[:_SHOWN]
        hint = "twin" if twin else "loaded"
        reason, values = register(term.value, release.catalogue, release.dates) or ("graph", {})
        if twin:
            reason = "graph"
        return Finding(reason, term.offset, len(term.text), {"graph": term.text, **values}, near, hint)
    elsewhere = any(holds(known[term.value], other) for other in ("property", "class", "subject", "object"))
    reason = "absent-as" if elsewhere else "absent"
    values = {"term": term.text, "role": role}
    if twin:
        return Finding(reason, term.offset, len(term.text), values, twin, "twin")
    if others := await _other_years(mention, probes):
        values["year"] = year(term.value)
        return Finding("year-of", term.offset, len(term.text), values, others, "samples")
    candidates = await _candidates(mention, probes, release)
    near = tuple(nearest(term.value, candidates))
    if near or role in {"property", "class"}:
        return Finding(reason, term.offset, len(term.text), values, near, "nearest")
    return Finding(reason, term.offset, len(term.text), values, tuple(candidates[:3]), "samples")


async def _other_years(mention: Mention, probes: Probes) -> tuple[str, ...]:
    """The same thing in other years, where an address names a year of which there is nothing."""
    written = [each for each in map(_written, siblings(mention.term.value)) if each]
    rows = (await probes.ask("occurs", terms=" ".join(written)) or []) if written else []
    return tuple(row["term"]["value"] for row in rows if holds(row, mention.role))[:_SHOWN]


async def _candidates(mention: Mention, probes: Probes, release: Release) -> list[str]:
    """Terms that occur in the role of one that does not."""
    if mention.role in {"property", "class"}:
        rows = await probes.ask("vocabulary", catalogue=iri(release.catalogue)) or []
        return [row["term"]["value"] for row in rows if row["role"]["value"] == mention.role]
    beside = _written(mention.property.value) if mention.property else ""
    rows = (await probes.ask("values", property=beside) or []) if beside else []
    values = [row["value"]["value"] for row in rows if row["value"]["type"] == "uri"]
    if nearest(mention.term.value, values):
        return values
    rows = await probes.ask("beside", head=quote(namespace(mention.term.value))) or []
    return [*(row["thing"]["value"] for row in rows), *values]


async def _year(comparison: Comparison, probes: Probes) -> list[Finding]:
    """Whether a property has the year that it is asked for."""
    value, asked = comparison.value, _written(comparison.property.value)
    if value.datatype != f"{XSD}gYear" or not asked:
        return []
    rows = await probes.ask("values", property=asked) or []
    years = missing_year(comparison, [row["value"] for row in rows])[:_SHOWN]
    said = {"value": value.value, "property": comparison.property.text}
    return [Finding("year", value.offset, len(value.text), said, years, "loaded")] if years else []


async def _compared(comparison: Comparison, probes: Probes, release: Release) -> list[Finding]:
    """Whether a property has values that a literal can be equal to, or be compared with."""
    value, asked = comparison.value, _written(comparison.property.value)
    if not asked:
        return []
    if value.datatype in {f"{XSD}date", f"{XSD}dateTime"} and release.dates:
        newest = max(release.dates.values())
        if value.value[:10] > newest.isoformat():
            return [Finding("date", value.offset, len(value.text), {"value": value.text, "date": newest.isoformat()})]
    if comparison.exact:
        rows = await probes.ask("holds", property=asked, value=_literal(value))
        if rows is None or holds(rows[0], "holds"):
            return []
    kinds = await probes.ask("kinds", property=asked)
    if not kinds:
        return []
    said = {"value": value.text, "property": comparison.property.text}
    if any(comparison.fits(row["kind"]["value"], row["language"]["value"]) for row in kinds):
        samples = tuple(_shown(row["example"]) for row in kinds)[:3]
        return [Finding("value", value.offset, len(value.text), said, samples, "samples")] if comparison.exact else []
    said |= {"kind": _kind(value.datatype, value.language)}
    said |= {"kinds": ", ".join(_kind(row["kind"]["value"], row["language"]["value"]) for row in kinds[:_SHOWN])}
    samples = tuple(_shown(row["example"]) for row in kinds)[:3]
    return [Finding("datatype", value.offset, len(value.text), said, samples, "samples")]


def _narrowed(found: Narrowed, query: Query) -> list[Finding]:
    if found.piece is None:
        taken = query.top.modifiers.keys() & {"limit", "offset", "having"}
        return [Finding("after", 0, 0, {"before": found.rows})] if taken else []
    reason = "filter" if found.piece.restricts else "join" if found.alone else "pattern"
    return [Finding(reason, found.piece.offset, len(found.piece.text), {"before": found.rows})]


def _written(value: str) -> str:
    """An IRI in N-Triples form; empty for what cannot be written as one."""
    try:
        return iri(value)
    except ValueError:
        return ""


def _literal(value: Term) -> str:
    if value.language:
        return f"{quote(value.value)}@{value.language}"
    return f"{quote(value.value)}^^{_written(value.datatype) or f'<{XSD}string>'}"


def _kind(datatype: str, language: str) -> str:
    if language:
        return f"text@{language}"
    return datatype.removeprefix(XSD) or "IRI"


def _shown(term: Mapping[str, str]) -> str:
    value = term["value"] if len(term["value"]) <= 60 else f"{term['value'][:59]}\u2026"
    return value if term["type"] == "uri" else f'"{value}"' + (f"@{term['xml:lang']}" if "xml:lang" in term else "")
