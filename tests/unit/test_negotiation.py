from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import NotAcceptable
from stelsel.serving.negotiation import best, choose
from stelsel.storing.formats import FORMATS, formats

OFFERED = ("text/turtle", "application/ld+json", "text/html")
KINDS = st.sampled_from(["solutions", "boolean", "graph"])
RANGES = st.sampled_from(
    ["*/*", "text/*", "application/*", "text/html", "image/png", *(t for f in FORMATS.values() for t in f.media_types)]
)
WEIGHTS = st.sampled_from(["", ";q=0", ";q=0.1", ";q=0.900", "; Q=1", ";q=1.000", ";level=1;q=0.3", ";charset=utf-8"])
HEADERS = st.lists(st.tuples(RANGES, WEIGHTS).map("".join), min_size=1, max_size=6).map(", ".join)


def outcome(kind, accept):
    try:
        return (*choose(kind, accept), ())
    except NotAcceptable as error:
        return None, "", error.offered


def weight(accept, media_type):
    """What RFC 9110 says, said again in another way: the kindest of the most specific ranges that fit."""
    whole, half = media_type, media_type.split("/")[0] + "/*"
    for wanted in (whole, half, "*/*"):
        found = []
        for part in accept.split(","):
            name, *parameters = (piece.strip().lower() for piece in part.split(";"))
            if name == wanted:
                found.append(next((float(p[2:]) for p in parameters if p.startswith("q=")), 1.0))
        if found:
            return max(found)
    return 0.0


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/html", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/html;q=0.5, application/ld+json;q=0.4", "text/html"),
        ("text/*", "text/turtle"),
        ("text/*;q=0.5, application/*;q=0.6", "application/ld+json"),
        # The most specific range counts, not the kindest (RFC 9110, 12.5.1).
        ("text/turtle;q=0.1, text/*;q=0.9", "text/html"),
        ("*/*;q=0.9, text/turtle;q=0, application/ld+json;q=0.2", "text/html"),
        ("text/html;level=1;q=0.3, */*;q=0.1", "text/html"),
        ("image/png, */*;q=0.01", "text/turtle"),
        ("this is no header", "text/turtle"),
        ("text/html;q=2, application/ld+json;q=0.1", "text/html"),
    ],
)
def test_the_header_is_read_as_the_standard_says(accept, found):
    assert best(accept, OFFERED) == found


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "text/turtle;q=0, text/html;q=0.000"])
def test_what_does_not_fit_is_refused_with_what_is_offered(accept):
    with pytest.raises(NotAcceptable, match="application/ld\\+json") as caught:
        best(accept, OFFERED)
    assert caught.value.offered == OFFERED


@given(accept=st.one_of(st.text(max_size=200), HEADERS), kind=KINDS)
def test_any_header_gives_a_format_that_fits_or_a_refusal_that_says_what_does(accept, kind):
    found, media_type, offered = outcome(kind, accept)
    assert offered == (() if found else tuple(entry.media_type for entry in formats(kind)))
    assert found is None or (kind in found.kinds and media_type in found.media_types)


@given(accept=HEADERS, kind=KINDS)
def test_no_format_is_given_at_a_weight_below_another(accept, kind):
    found, media_type, _ = outcome(kind, accept)
    weights = {t: weight(accept, t) for f in formats(kind) for t in f.media_types}
    assert max(weights.values()) == (weights[media_type] if found else 0)


@pytest.mark.parametrize(
    ("kind", "parameters", "name"),
    [
        ("solutions", [("format", "csv")], "csv"),
        ("solutions", [("format", "application/sparql-results+xml")], "xml"),
        # What SPARQLWrapper sends for setReturnFormat(JSON), and for XML with a CONSTRUCT.
        ("solutions", [("format", "json"), ("output", "json"), ("results", "json")], "json"),
        ("graph", [("format", "xml"), ("output", "xml"), ("results", "xml")], "rdfxml"),
        ("graph", [("format", "json-ld"), ("output", "json-ld")], "jsonld"),
        ("graph", [("format", "ttl")], "turtle"),
        ("solutions", [("results", "best"), ("output", "tsv")], "tsv"),
        ("solutions", [("output", "best")], "xml"),
        ("solutions", [("format", "")], "xml"),
    ],
)
def test_parameters_go_before_the_header(kind, parameters, name):
    assert choose(kind, "application/sparql-results+xml, application/rdf+xml;q=0.9", parameters)[0].name == name


def test_a_format_that_is_not_offered_is_refused():
    with pytest.raises(NotAcceptable, match="format=turtle"):
        choose("solutions", "*/*", [("format", "turtle")])


def test_a_client_gets_the_media_type_that_it_knows():
    assert choose("solutions", "application/json")[1] == "application/json"
    assert choose("solutions", "application/json, application/sparql-results+json")[1].endswith("results+json")
    assert choose("graph", "application/json")[0].name == "jsonld"
