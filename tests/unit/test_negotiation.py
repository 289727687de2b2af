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
    try:
        found, media_type = choose(kind, accept)
    except NotAcceptable as error:
        assert error.offered == tuple(entry.media_type for entry in formats(kind))
    else:
        assert kind in found.kinds
        assert media_type in found.media_types


@given(accept=HEADERS, kind=KINDS)
def test_a_format_that_the_header_rules_out_is_never_chosen(accept, kind):
    ruled_out = f"{accept}, " + ", ".join(f"{t};q=0" for f in formats(kind)[1:] for t in f.media_types)
    only = formats(kind)[0]
    named = {part.split(";")[0].strip() for part in accept.split(",")}
    if named & {t for f in formats(kind)[1:] for t in f.media_types}:
        return  # of two weights for one type the kinder counts
    try:
        assert choose(kind, ruled_out)[0] == only
    except NotAcceptable:
        assert not any(r in named for r in ("*/*",)) or "q=0" in accept


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
