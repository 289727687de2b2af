from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pyoxigraph import QueryResultsFormat, RdfFormat, Store

from stelsel.querying.guard import judge
from stelsel.serving import keys
from stelsel.serving.judging import _plain
from stelsel.serving.keys import Keys, fleeting, fold
from stelsel.settings import read_settings
from stelsel.storing import Question
from stelsel.storing.formats import FORMATS

JSON = FORMATS["json"]
STORE = Store()
STORE.load(
    b"""<http://e/a> <http://e/p> 'x  y' . <http://e/a> <http://e/p> '#' . <http://e/b#c> <http://e/p> 1 .
    <http://e/b#c> <http://e/q> "'" . <http://e/b> <http://e/q> 2 . <http://e/d> <http://e/q> " # " .""",
    format=RdfFormat.TURTLE,
)

GAPS = st.lists(
    st.sampled_from([" ", "\t", "\n", "\r", "# '\" < <a> {}\n", "#\r", "\n\n  "]), min_size=1, max_size=3
).map("".join)
# What queries are made of where gaps, strings, IRIs and comparisons can be taken for each other.
PIECES = st.sampled_from(
    [
        *("SELECT", "*", "?s", "?o", "{", "}", "FILTER", "(", ")", "<", ">", "=", ",", ".", "&&", "!"),
        *("<http://e/p>", "<http://e/b#c>", "<b#c>", "<#>", "<", "'x  y'", "'#'", '"\'"', "'", '"', "'''", '"""'),
        *("#", "# \n", " ", "  ", "\n", "\\", "\\'", "a", "1", "ASK", "<'>'", "<?o#>", "http:", "//", "\x00", "\u00a0"),
    ]
)
ASKED = [
    "SELECT ?s { ?s <http://e/p> 'x  y' }",
    "SELECT * { ?s <http://e/p> ?o FILTER(?o<'>' && '#' = ?o) }",
    'ASK { <http://e/b#c> <http://e/q> "\'" }',
    'SELECT ?s { ?s <http://e/q> """ # """ } ORDER BY ?s LIMIT 3',
    "BASE <http://e/> SELECT ?o { <b#c> ?p ?o FILTER(?o<2) }",
]


def means(text):
    """What the engine makes of a text: its answer, or that it is no query."""
    try:
        return STORE.query(text).serialize(format=QueryResultsFormat.JSON)
    except SyntaxError:
        return None


def key(text, parameters=(), *, format=JSON, question=None, **settings):
    return Keys(read_settings(settings, {})).key(question or Question(text), format, list(parameters))


@st.composite
def gapped(draw, text):
    """The text with other gaps where it has one."""
    parts = re.split(r"""('[^']*'|\"""[^"]*\"""|"[^"]*"|<http[^>]*>)|\s+""", text)
    return "".join(draw(GAPS) if part is None else part for part in parts)


@pytest.mark.parametrize("text", ASKED)
@given(data=st.data())
def test_gaps_change_neither_the_key_nor_the_meaning(text, data):
    other = data.draw(gapped(text))
    assert fold(other) == fold(text)
    assert means(other) == means(text) is not None


@given(
    st.lists(PIECES, max_size=14).map("".join), st.sampled_from(["", "SELECT * { ?s ?p ?o FILTER(?o", "ASK { ", *ASKED])
)
@example("?o<'  '>'x')}", "SELECT * { ?s ?p ?o FILTER(?o")
@example('"a\nb"', "ASK { ")
@example("<b#c>' \n '", "ASK { ")
def test_a_folded_text_means_what_the_text_means(tail, head):
    text = head + tail
    folded = fold(text)
    assume(not folded.startswith(" "))
    assert means(folded) == means(text)
    assert fold(folded) == folded


@given(st.lists(PIECES, max_size=8).map("".join), st.sampled_from(ASKED), st.data())
def test_the_quick_way_and_the_careful_way_fold_a_query_alike(noise, asked, data):
    at = data.draw(st.integers(0, len(asked)))
    text = asked[:at] + noise + asked[at:]
    quick = fold(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keys, "_folded", lambda _: None)
        careful = fold.__wrapped__(text)
    assume(not quick.startswith(" ") and not careful.startswith(" "))
    assert quick == careful or means(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ASK { ?s ?p 'a  b' }", "ASK { ?s ?p 'a b' }"),
        ("ASK { ?s ?p '#a' }", "ASK { ?s ?p '#b' }"),
        ("ASK { ?s ?p '''a\n#b''' }", "ASK { ?s ?p '''a ''' }"),
        ("ASK { <http://e/#a> ?p ?o }", "ASK { <http://e/#b> ?p ?o }"),
        ("ASK { <b#a> ?p ?o }", "ASK { <b#b> ?p ?o }"),
        ('ASK { ?s ?p "a\n b" }', 'ASK { ?s ?p "a b" }'),
        ("ASK { ?s ?p 1. }", "ASK { ?s ?p 1 . }"),
        ("ASK { ?s ?p ?o } # a", "ASK { ?s ?p ?oo } # a"),
        ("ASK { ?s ?P ?o }", "ASK { ?s ?p ?o }"),
        ("ASK { ?s ?p 'a\\'  b' }", "ASK { ?s ?p 'a\\' b' }"),
    ],
)
def test_texts_that_differ_elsewhere_have_keys_of_their_own(one, other):
    assert key(one) != key(other)


def test_everything_that_the_answer_depends_on_is_in_the_key():
    text = "SELECT * { ?s ?p ?o }"
    different = [
        key(text),
        key(text, format=FORMATS["csv"]),
        key(text, [("uitleg", "true")]),
        key(text, question=Question(text, "http://e/")),
        key(text, question=Question(text, None, ("http://e/g",), ())),
        key(text, question=Question(text, None, (), ("http://e/g",))),
        key(text, default_graph="own"),
        key(text, audience="gesloten"),
        key(text, query_rows=5),
    ]
    assert len(set(different)) == len(different)
    assert key(text, [("timeout", "5"), ("query", text), ("format", "json")]) == key(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (NOW() AS ?n) {}",
        "SELECT (now #\n ( ) AS ?n) {}",
        "SELECT ?s { ?s ?p ?o } ORDER BY RAND()",
        "SELECT (STRUUID() AS ?n) {}",
        "ASK { SERVICE <http://e/> { ?s ?p ?o } }",
        "ASK { service silent <http://e/> { ?s ?p ?o } }",
        "SELECT (UUID\\() AS ?n) {}",
    ],
)
def test_what_differs_from_one_moment_to_the_next_has_no_key(text):
    assert fleeting(fold(text))
    assert key(text) is None


def test_a_word_that_looks_fleeting_is_not():
    assert key("PREFIX e: <http://e/service/> SELECT ?now { ?now e:Service ?rand }") is not None


def test_what_another_endpoint_says_has_no_key():
    assert key("ASK {}", store="http://e/sparql") is None


def test_a_text_that_is_no_text_has_no_key():
    assert key("ASK { ?s ?p '\ud800' }") is None


@given(
    st.lists(
        st.sampled_from(["PREFIX", "BASE", "SELECT", "ask ", "*", "{", " ", "\n", "#", "e:", ":", "<http://e/>", "<a>"])
    ).map("".join)
)
@example("PREFIX e: <http://e/#>\nBASE <http://e/> select {")
def test_a_form_that_is_seen_at_once_is_the_form_that_the_guard_finds(text):
    found = _plain(text)
    assert found is None or found == judge(text, base="http://e/")
