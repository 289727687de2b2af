from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stelsel import terms
from stelsel.errors import ParameterError
from stelsel.serving.dereference import as_header, asked, negotiate, spellings, split_suffix


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("", "html"),
        ("*/*", "html"),
        ("application/rdf+xml", "rdf"),
        ("application/ld+json, text/html;q=0.9", "jsonld"),
        ("text/turtle;q=0.2, application/n-triples;q=0.3", "nt"),
        ("application/xml", "rdf"),
        ("application/json", "jsonld"),
    ],
)
def test_the_best_liked_representation_is_given(accept, suffix):
    assert negotiate(accept).suffix == suffix


@pytest.mark.parametrize(
    ("path", "stem", "suffix"),
    [("a/b.ttl", "a/b", "ttl"), ("a/b.html", "a/b", "html"), ("a/b.1", "a/b.1", None), ("a.ttl/b", "a.ttl/b", None), (".ttl", ".ttl", None)],
)  # fmt: skip
def test_only_a_known_suffix_at_the_end_is_one(path, stem, suffix):
    found, representation = split_suffix(path)
    assert (found, representation and representation.suffix) == (stem, suffix)


@given(st.text(max_size=60))
@example("http://example.org/%3E%22%20%FF")
@example("http://example.org/%3Cscript%3E")
def test_every_spelling_of_an_iri_is_an_iri_and_the_first_is_what_was_asked(text):
    try:
        terms.iri(text.strip())
    except ValueError:
        with pytest.raises(ParameterError):
            asked([text])
        return
    iri = asked([text])
    found = spellings(iri)
    assert found[0] == iri
    assert len(set(found)) == len(found) <= 4
    for spelling in found:
        terms.iri(spelling)


@given(st.text())
def test_a_header_value_holds_no_line_break_and_only_ascii(text):
    value = as_header("http://example.org/" + text.encode("utf-8", "replace").decode())
    assert value.isascii()
    assert value.isprintable()
    assert not set('<> "') & set(value)
