"""The examples in the SPARQL editor: a few about any graph, and every curated query with its example values."""

from __future__ import annotations

from stelsel import terms
from stelsel.serving.answers import bind, query
from stelsel.serving.language import Language

_READY = ("classes", "street")


def ready(language: Language) -> list[tuple[str, str]]:
    """Title and text of the examples that come with the pages."""
    return [(language.text(f"sparql.ready.{name}"), query(f"example-{name}")) for name in _READY]


def about(iri: str) -> str:
    """The query for what is said of one thing, and in which graph."""
    return bind(query("example-about"), {"iri": terms.iri(iri)})


def pointing(property: str, iri: str) -> str:
    """The query for everything that points at a thing with one property."""
    return bind(query("example-pointing"), {"property": terms.iri(property), "iri": terms.iri(iri)})


def curated(queries, language):
    return []


def questions(queries, language, pages, request):
    return []
