"""A value from outside becomes one term, or an error that names its parameter."""

from __future__ import annotations

import re

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import ParameterError
from stelsel.querying.parameters import TYPES, Parameter
from stelsel.terms import IriTemplate

XSD = "http://www.w3.org/2001/XMLSchema#"
KEY = re.compile("[0-9]{4}10[0-9]{10}")
PAND = "http://bag.basisregistraties.overheid.nl/bag/id/pand/"
TEMPLATED = Parameter("pand", "iri", template=IriTemplate(PAND + "{}", KEY), pattern=KEY)


@pytest.mark.parametrize(
    ("type", "text", "term"),
    [
        ("string", 'a"b\\', r'"a\"b\\"'),
        ("integer", "12", f'"12"^^<{XSD}integer>'),
        ("decimal", "1.50", f'"1.50"^^<{XSD}decimal>'),
        ("date", "2024-02-29", f'"2024-02-29"^^<{XSD}date>'),
        ("dateTime", "2024-02-29T12:00:00Z", f'"2024-02-29T12:00:00Z"^^<{XSD}dateTime>'),
        ("boolean", "true", f'"true"^^<{XSD}boolean>'),
        ("year", "1931", f'"1931"^^<{XSD}gYear>'),
        ("iri", "https://data.example.nl/a", "<https://data.example.nl/a>"),
    ],
)
def test_a_text_becomes_a_term_of_its_type(type, text, term):
    assert Parameter("x", type).bind([text]) == (term,)


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("integer", "12a"),
        ("integer", "1.0"),
        ("integer", "\u0661"),
        ("decimal", "1e5"),
        ("date", "2023-02-29"),
        ("date", "20240229"),
        ("dateTime", "2024-02-29"),
        ("boolean", "yes"),
        ("year", "31"),
        ("iri", "pand"),
        ("iri", "http://a> <b"),
        ("string", "a\x00b"),
        ("string", "a\nb"),
        ("string", "\ud800"),
        ("string", "a" * 501),
        ("integer", "1" * 100_000),
    ],
)
def test_a_text_that_does_not_fit_is_refused_by_name_and_shortly(type, text):
    with pytest.raises(ParameterError, match=r"^parameter oppervlakte: ") as caught:
        Parameter("oppervlakte", type).bind([text])
    assert caught.value.name == "oppervlakte"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("spelling", ["", PAND, PAND.replace("http:", "https:")])
def test_a_template_takes_the_key_and_both_spellings_of_the_address(spelling):
    assert TEMPLATED.bind([f"{spelling}0999100000000001"]) == (f"<{PAND}0999100000000001>",)


@pytest.mark.parametrize("text", ["0999200000000001", "0999100000000001 ", "http://example.nl/0999100000000001"])
def test_a_key_that_breaks_its_pattern_is_refused(text):
    with pytest.raises(ParameterError):
        TEMPLATED.bind([text])


def test_a_pattern_holds_for_the_whole_text():
    postcode = Parameter("postcode", "string", pattern=re.compile("[1-9][0-9]{3}[A-Z]{2}"))
    assert postcode.bind(["1382KS"]) == ('"1382KS"',)
    for text in ("1382KSX", "x1382KS", "1382KS\n", ""):
        with pytest.raises(ParameterError):
            postcode.bind([text])


@pytest.mark.parametrize(
    ("type", "low", "high", "below", "above"),
    [
        ("integer", "1", "10", "0", "11"),
        ("decimal", "-0.5", "9.5", "-0.51", "9.51"),
        ("date", "2010-01-01", "2020-01-01", "2009-12-31", "2020-01-02"),
        ("year", "1900", "2000", "1899", "2001"),
    ],
)
def test_bounds_are_kept(type, low, high, below, above):
    bounded = Parameter("x", type, minimum=low, maximum=high)
    assert bounded.bind([low])
    assert bounded.bind([high])
    with pytest.raises(ParameterError, match="less than"):
        bounded.bind([below])
    with pytest.raises(ParameterError, match="more than"):
        bounded.bind([above])


def test_an_enum_takes_its_values_only():
    enum = Parameter("soort", "enum", values=("hoofdadres", "nevenadres"))
    assert enum.bind(["nevenadres"]) == ('"nevenadres"',)
    with pytest.raises(ParameterError, match="hoofdadres, nevenadres"):
        enum.bind(["adres"])


def test_a_required_parameter_says_what_it_looks_like():
    with pytest.raises(ParameterError, match="postcode=1382KS"):
        Parameter("postcode", "string", required=True, example="1382KS").bind([])


def test_a_default_takes_the_place_of_what_is_not_given():
    assert Parameter("x", "integer", default="5").bind([]) == (f'"5"^^<{XSD}integer>',)


def test_an_optional_parameter_may_have_no_term():
    assert Parameter("x", "integer").bind([]) == ()


def test_one_value_is_taken_unless_many_may_be_given():
    with pytest.raises(ParameterError, match="2 times"):
        Parameter("x", "string").bind(["a", "b"])
    assert Parameter("x", "string", many=True).bind(["a", "b", "a"]) == ('"a"', '"b"')
    with pytest.raises(ParameterError, match="101 times"):
        Parameter("x", "string", many=True).bind(["a"] * 101)


@given(st.sampled_from(sorted(TYPES)), st.text() | st.from_regex(r"[-+0-9.:TZ]{1,25}|http://[^\s]*"))
def test_whatever_is_given_becomes_one_term_or_is_refused(type, text):
    parameter = Parameter("x", type, values=("a", "b"))
    try:
        terms = parameter.bind([text])
    except ParameterError:
        return
    [quad] = pyoxigraph.parse(f"<http://s> <http://p> {terms[0]} .", format=pyoxigraph.RdfFormat.N_TRIPLES)
    # An engine may write a number or a moment another way; it is the same value.
    assert type not in {"string", "iri"} or quad.object.value == text
