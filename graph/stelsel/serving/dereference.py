"""What an address asks for: which IRI, in which spelling, and in which representation."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from stelsel import terms
from stelsel.errors import ParameterError
from stelsel.serving.negotiation import best
from stelsel.storing.formats import FORMATS, Format

LONGEST = 4_000
"""The longest IRI that a page is asked for, in characters."""


@dataclass(frozen=True)
class Representation:
    """One way to give a description. `format` is None for the page."""

    suffix: str
    name: str
    media_types: tuple[str, ...]
    format: Format | None = None

    @property
    def media_type(self) -> str:
        """The media type that the answer carries."""
        return self.media_types[0]


def _rdf(suffix: str, name: str, format: str) -> Representation:
    return Representation(suffix, name, FORMATS[format].media_types, FORMATS[format])


PAGE = Representation("html", "HTML", ("text/html", "application/xhtml+xml"))
# In order of preference: who accepts anything (a crawler, curl) gets the page, whose links lead to the others.
REPRESENTATIONS = (
    PAGE,
    _rdf("ttl", "Turtle", "turtle"),
    _rdf("jsonld", "JSON-LD", "jsonld"),
    _rdf("nt", "N-Triples", "ntriples"),
    _rdf("rdf", "RDF/XML", "rdfxml"),
)
_BY_SUFFIX = {representation.suffix: representation for representation in REPRESENTATIONS}
_BY_MEDIA_TYPE = {name: one for one in REPRESENTATIONS for name in one.media_types}


def negotiate(accept: str) -> Representation:
    """The representation that an Accept header likes best; the first offered of equals.

    Raises NotAcceptable, naming what is offered, where none fits.

    >>> negotiate("text/turtle;q=0.9, text/html;q=0.5").suffix
    'ttl'
    """
    return _BY_MEDIA_TYPE[best(accept, tuple(_BY_MEDIA_TYPE))]


def split_suffix(path: str) -> tuple[str, Representation | None]:
    """A path without its suffix, and the representation that the suffix asks for; None where it has none.

    >>> split_suffix("voorkomen/pand-1-2.ttl")[0]
    'voorkomen/pand-1-2'
    """
    stem, dot, suffix = path.rpartition(".")
    if dot and stem and suffix in _BY_SUFFIX:
        return stem, _BY_SUFFIX[suffix]
    return path, None


def asked(given: list[str]) -> str:
    """The IRI that `?iri=` asks for. Raises ParameterError where it is not one absolute IRI."""
    if len(given) != 1:
        raise ParameterError("Give one `iri`, such as /resource?iri=https%3A%2F%2Fexample.org%2F", name="iri")
    text = given[0].strip()
    if len(text) > LONGEST:
        raise ParameterError(f"`iri` is longer than {LONGEST} characters", name="iri")
    try:
        terms.iri(text)
    except ValueError as error:
        raise ParameterError(f"`iri`: {error}", name="iri") from None
    return text


def spellings(iri: str) -> tuple[str, ...]:
    """The ways in which the graph may know an IRI, the one that was asked for first.

    http and https; and an address as a browser sends it, percent-encoded, or as Turtle writes it.

    >>> spellings("https://x.nl/Caf%C3%A9")
    ('https://x.nl/Caf%C3%A9', 'http://x.nl/Caf%C3%A9', 'https://x.nl/Café', 'http://x.nl/Café')
    """
    ways = dict.fromkeys([iri])
    decoded = unquote(iri, errors="strict") if _decodes(iri) else iri
    for way in (iri, decoded):
        if _is_iri(way):
            ways |= dict.fromkeys((way, _twin(way)))
    return tuple(ways)


def as_header(iri: str) -> str:
    """An IRI as a header may carry it: what is not ASCII is percent-encoded."""
    return quote(iri, safe="!#$%&'()*+,/:;=?@[]~-._")


def _twin(iri: str) -> str:
    scheme, colon, rest = iri.partition(":")
    return {"http": "https", "https": "http"}.get(scheme, scheme) + colon + rest


def _decodes(iri: str) -> bool:
    try:
        unquote(iri, errors="strict")
    except UnicodeDecodeError:
        return False
    return "%" in iri


def _is_iri(text: str) -> bool:
    try:
        terms.iri(text)
    except ValueError:
        return False
    return True
