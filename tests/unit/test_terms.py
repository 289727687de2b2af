import re

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.terms import KINDS, IriTemplate, iri, quote

PAND = IriTemplate("http://bag.basisregistraties.overheid.nl/bag/id/pand/{}", re.compile(r"[0-9]{4}10[0-9]{10}"))


def read_back(term: str) -> ox.Literal | ox.NamedNode:
    """What the engine makes of a term in a query."""
    (row,) = ox.Store().query(f"SELECT ?x {{ VALUES ?x {{ {term} }} }}")
    return row["x"]


@given(st.text())
def test_any_text_comes_back_as_it_went_in(text):
    if any("\ud800" <= character <= "\udfff" for character in text):
        with pytest.raises(ValueError, match="Unicode"):
            quote(text)
    else:
        assert read_back(quote(text)) == ox.Literal(text)


@given(st.text())
def test_a_text_becomes_one_absolute_iri_or_nothing(text):
    try:
        term = iri(text)
    except ValueError:
        return
    assert read_back(term) == ox.NamedNode(text)


@given(st.sampled_from(sorted(KINDS)), st.text())
def test_a_value_is_one_term_or_is_refused(kind, text):
    try:
        term = KINDS[kind](text)
    except ValueError as error:
        assert str(error)  # noqa: PT017  # that it says something is the point
        return
    read_back(term)


@pytest.mark.parametrize(("kind", "good", "bad"), [
    ("integer", "201", "2e2"),
    ("integer", "-1", "1" * 19),
    ("decimal", "1.50", "1,50"),
    ("date", "2024-02-29", "2023-02-29"),
    ("date", "2010-08-31", "20100831"),
    ("dateTime", "2010-11-15T13:22:03.000", "2010-11-15T25:22:03"),
    ("dateTime", "2010-11-15T13:22:03+01:00", "2010-11-15"),
    ("year", "1975", "75"),
    ("boolean", "J", "Ja"),
    ("law", "jci1.3:c:BWBR0023466&artikel=19", "jci1.3:c:"),
])  # fmt: skip
def test_a_kind_takes_its_own_and_refuses_what_cannot_be(kind, good, bad):
    read_back(KINDS[kind](good))
    with pytest.raises(ValueError, match=re.escape(repr(bad[:80]))):
        KINDS[kind](bad)


@pytest.mark.parametrize("spelling", [
    "0457100000065340",
    "http://bag.basisregistraties.overheid.nl/bag/id/pand/0457100000065340",
    "https://bag.basisregistraties.overheid.nl/bag/id/pand/0457100000065340",
])  # fmt: skip
def test_both_spellings_of_an_address_and_the_bare_key_give_one_iri(spelling):
    assert PAND.term(spelling) == "<http://bag.basisregistraties.overheid.nl/bag/id/pand/0457100000065340>"


@pytest.mark.parametrize("hostile", ["0457100000065340> . ?s ?p <x", "0457100000065340\n", "../0457100000065340", ""])
def test_a_key_that_does_not_fit_is_refused(hostile):
    with pytest.raises(ValueError, match="does not fit"):
        PAND.term(hostile)


def test_a_template_has_one_hole():
    with pytest.raises(ValueError, match="must have one"):
        IriTemplate("http://example.nl/", re.compile(".*"))


@pytest.mark.parametrize(
    "text", ["A:[", "http://a:b/", "http://a/%zz", "http://a#b#c", "http://a/b c", "x", "", "\ud800:"]
)
def test_what_the_engine_takes_for_no_iri_is_none(text):
    with pytest.raises(ValueError, match="is not an absolute IRI"):
        iri(text)
