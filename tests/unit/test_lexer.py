"""The tokens of SPARQL: what looks alike and is not, and that no text makes reading slow."""

from __future__ import annotations

import time

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.querying.lexer import decodings, place, tokens, unescape


def kinds(text):
    return [(token.kind, token.text) for token in tokens(text)]


def parses(text):
    """Whether the engine takes it for a query; that it knows no function of this name is another matter."""
    try:
        pyoxigraph.Store().query(f"PREFIX ex: <http://example.nl/> {text}", base_iri="http://example.nl/")
    except RuntimeError as error:
        return "custom function" in str(error)
    return True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"'a\'#b'", [("string", r"'a\'#b'")]),
        ('"""a"b""c"""', [("string", '"""a"b""c"""')]),
        ("''''a'''", [("string", "''''a'''")]),
        ("'''a\nb'''", [("string", "'''a\nb'''")]),
        ("''", [("string", "''")]),
        ("'a\n", [("unknown", "'a")]),
        ('"""a"b', [("unknown", '"""a"b')]),
        ("# 'a' <b>\r?x", [("comment", "# 'a' <b>"), ("variable", "?x")]),
        ("<http://a/#b'c>", [("iri", "<http://a/#b'c>")]),
        (r"<http://a/\u003E>", [("iri", r"<http://a/\u003E>")]),
        ("<a b>", [("punctuation", "<"), ("word", "a"), ("word", "b"), ("punctuation", ">")]),
        ("?service$x", [("variable", "?service"), ("variable", "$x")]),
        ("ex:SERVICE", [("name", "ex:SERVICE")]),
        (r":a\#b\'c", [("name", r":a\#b\'c")]),
        ("ex:a.b.", [("name", "ex:a.b"), ("punctuation", ".")]),
        ("ex:%41b", [("name", "ex:%41b")]),
        ("a.b:c", [("name", "a.b:c")]),
        ("a.:c", [("word", "a"), ("punctuation", "."), ("name", ":c")]),
        ("true.SERVICE", [("word", "true"), ("punctuation", "."), ("word", "SERVICE")]),
        ("_:b.c", [("blank", "_:b.c")]),
        ("'a'@nl-NL--ltr", [("string", "'a'"), ("language", "@nl-NL--ltr")]),
        ("1SERVICE", [("number", "1"), ("word", "SERVICE")]),
        ("1.5e-3.", [("number", "1.5e-3"), ("punctuation", ".")]),
        ("1.?x", [("number", "1"), ("punctuation", "."), ("variable", "?x")]),
        (r"\u0041", [("unknown", "\\"), ("word", "u0041")]),
        ("é:b", [("name", "é:b")]),
        ("é b", [("unknown", "é"), ("word", "b")]),
    ],
)
def test_each_kind_of_token_is_told_from_what_it_looks_like(text, expected):
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (1<'>' AS ?x) {}",
        "SELECT * { FILTER(?o<'>') }",
        "SELECT * { FILTER(ex:a<'>') }",
        "SELECT * { FILTER(EXISTS {}<'>') }",
        "SELECT * { FILTER ex:f(?o<'>') }",
        "SELECT * { FILTER(<<(?s ?p ?o)>><'>') }",
        "SELECT * { BIND(true<'>' AS ?b) }",
        "SELECT * {} ORDER BY ex:f(?o<'>')",
        "SELECT (COUNT(*) AS ?n) {} HAVING (COUNT(*)<'>')",
        "SELECT * { VALUES (?a) {(1)} FILTER(?a<'>') }",
    ],
)
def test_after_an_operand_in_an_expression_less_than_is_an_operator(text):
    assert ("string", "'>'") in kinds(text)
    assert parses(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p <'> }",
        "SELECT * { ?s ?p (1 <'>) }",
        "SELECT * { ?s ex:p (?o <'>) FILTER(?o=1) }",
        "SELECT * { FILTER(1<2) ?s ex:p (?o <'>) }",
        "SELECT * { FILTER EXISTS { ?s ex:p (?o <'>) } }",
        "SELECT * { FILTER(?o IN(1, <'>)) }",
        "SELECT * { FILTER(?o=<'>) }",
        "SELECT * { FILTER(<<(?s ?p <'>)>> = ?t) }",
        "SELECT * { <<?s ?p <'> >> ?p ?o }",
        "SELECT * { ?s (<'>|^<'>)* ?o }",
        "SELECT * { ?s ?p [ ex:p <'> ] }",
        "SELECT * {} ORDER BY DESC(?o) <'>(?o)",
        "SELECT * {} ORDER BY (?o) VALUES (?a ?b) {(1 <'>)}",
    ],
)
def test_everywhere_else_less_than_begins_an_iri(text):
    assert ("iri", "<'>") in kinds(text)
    assert parses(text)


@given(st.text(st.sampled_from("'\"\\<>#?$:.@_aé1({[]}) \n\r%-^u0041e")))
def test_the_tokens_are_the_text_without_its_white_space(text):
    found = list(tokens(text))
    for token in found:
        assert text.startswith(token.text, token.offset)
    between = zip([0, *(t.offset + len(t.text) for t in found)], [*(t.offset for t in found), len(text)], strict=True)
    assert not "".join(text[start:end] for start, end in between).strip(" \t\r\n")


# Units that make a tokenizer with backtracking, or one that looks ahead, take quadratic time or worse.
UNITS = [
    "(",
    "()",
    "{",
    "a.",
    "a.a:",
    "a",
    "<",
    "<a",
    "'",
    '"',
    "'''",
    '"""',
    "'\\",
    "\\",
    "\\u0041",
    "?",
    "?a",
    "1.",
    "1e",
    "1e+",
    "#",
    "@",
    "@a-",
    "_:",
    "_:a.",
    "ex:a.",
    "ex:a..",
    "ex:%",
    "ex:%41",
    "<<",
    ">",
    "''",
    '"""""',
    "é",
    "·",
    ":",
    "a..:",
    "<\\u0041",
    "<\\u",
    "a-",
    "a\\.",
    "{(",
    "[.",
    ".1.",
    "--",
    "^",
    "'a\\",
]


@pytest.mark.parametrize("unit", UNITS)
def test_reading_takes_time_linear_in_the_text(unit):
    def seconds(length):
        text = (unit * length)[:length]
        start = time.process_time()
        for _ in tokens(text):
            pass
        return time.process_time() - start

    # A quadratic reader takes minutes for this; 1 MB takes about a second of a busy core at one token a character.
    assert seconds(100_000) < 1


def test_a_place_counts_lines_and_columns_from_one():
    assert [place("ab\nc", offset) for offset in range(5)] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASK {}", ()),
        (r"\U00000041SK {}", ("ASK {}",)),
        (r"'\\u0041'", (r"'\A'",)),
        (r"'\\\u0041'", (r"'\\A'",)),
        (r"\uD800 \U00110000", ()),
    ],
)
def test_codepoint_escapes_are_decoded_as_engines_do_that_decode_first(text, expected):
    assert decodings(text) == expected


def test_an_iri_loses_its_escapes():
    assert unescape(r"http://\u0065\U00000078") == "http://ex"
