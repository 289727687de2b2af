"""The examples in the SPARQL editor and on the home page: a few about any graph, and every curated query with its example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from stelsel import terms
from stelsel.errors import ParameterError
from stelsel.querying.binding import bind
from stelsel.querying.curated import CuratedQuery
from stelsel.querying.parameters import Text
from stelsel.serving.answers import query
from stelsel.serving.language import Language

API = "/api/v1"
_READY = ("classes", "street")


@dataclass(frozen=True)
class Example:
    """A curated query with its example values. `address` and `text` are empty where a required value has no example."""

    title: str
    path: str
    address: str
    text: str


def ready(language: Language) -> list[tuple[str, str]]:
    """Title and text of the examples that come with the pages."""
    return [(language.text(f"sparql.ready.{name}"), query(f"example-{name}")) for name in _READY]


def about(iri: str) -> str:
    """The query for what is said of one thing, and in which graph."""
    return bind(query("example-about"), {"iri": terms.iri(iri)})


def pointing(property: str, iri: str) -> str:
    """The query for everything that points at a thing with one property."""
    return bind(query("example-pointing"), {"property": terms.iri(property), "iri": terms.iri(iri)})


def curated(queries: Sequence[CuratedQuery], language: Language) -> list[Example]:
    """Every curated query with its example values, in the order in which they are given."""
    return [_example(one, language) for one in queries]


def said(text: Text, language: Language) -> str:
    """A text of a curated query; in Dutch where it has no English."""
    return language.pick({tag: words for tag, words in (("nl", text.nl), ("en", text.en)) if words})


def _example(one: CuratedQuery, language: Language) -> Example:
    title, path = said(one.declared.summary, language), API + one.path
    values = one.examples()
    try:
        text = one.bind(values)
    except ParameterError:
        return Example(title, path, "", "")
    address = path
    for name in one.declared.path_names:
        address = address.replace(f"{{{name}}}", quote(values[name][0], safe=""))
    rest = {name: value for name, value in values.items() if name not in one.declared.path_names}
    return Example(title, path, f"{address}?{urlencode(rest, doseq=True)}" if rest else address, text)
