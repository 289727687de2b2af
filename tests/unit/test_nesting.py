"""What nests too deep never reaches the engine, which would end with its stack; and nothing else is refused for it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stelsel.errors import QueryRefused, QuerySyntaxError
from stelsel.querying.guard import judge, judge_update
from stelsel.querying.nesting import DEEPEST, suspect
from stelsel.serving.judging import _plain, heavy

# How a level opens and closes, what stands in the middle, and the query around it.
KINDS = {
    "group": ("{ ", " }", "?s ?p ?o", "SELECT * { @ }"),
    "optional": ("OPTIONAL { ", " }", "?s ?p ?o", "SELECT * { @ }"),
    "minus": ("MINUS { ", " }", "?s ?p ?o", "SELECT * { @ }"),
    "exists": ("FILTER EXISTS { ", " }", "?s ?p ?o", "SELECT * { @ }"),
    "subquery": ("{ SELECT * { ", " } }", "?s ?p ?o", "SELECT * { @ }"),
    "graph": ("GRAPH ?g { ", " }", "?s ?p ?o", "SELECT * { @ }"),
    "parentheses": ("(", ")", "1", "SELECT (@ AS ?x) {}"),
    "call": ("STR(", ")", "1", "SELECT (@ AS ?x) {}"),
    "if": ("IF(true, 1, ", ")", "2", "SELECT (@ AS ?x) {}"),
    "in": ("1 IN (", ")", "1", "SELECT * { FILTER(@) }"),
    "not": ("!(", ")", "true", "SELECT * { FILTER(@) }"),
    "path": ("(", ")", "<http://e/p>", "SELECT * { ?s @ ?o }"),
    "repeated path": ("(", ")*", "<http://e/p>", "SELECT * { ?s @ ?o }"),
    "blank node": ("[ <http://e/p> ", " ]", "1", "SELECT * { ?x <http://e/p> @ }"),
    "text around it": ("CONCAT(\"(' \", ?x, ')\" )', ", ")", "1", "SELECT (@ AS ?y) {}"),
}


def nested(kind, depth):
    before, after, middle, around = KINDS[kind]
    return around.replace("@", before * depth + middle + after * depth)


def levels(kind):
    """Brackets that a level has, and those around all of it."""
    before, _, _, around = KINDS[kind]
    outside = around.partition("@")[0]
    inside = before.replace('"(\' "', "").replace("')\" )'", "")
    return sum(map(inside.count, "({[")), outside.count("{") + outside.count("(") - outside.count("}") - outside.count(
        ")"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_as_deep_as_may_be_is_let_through_and_one_more_is_not(kind):
    each, around = levels(kind)
    most = (DEEPEST - around) // each
    assert judge(nested(kind, most)) == "select"
    with pytest.raises(QuerySyntaxError, match=r"line 1, column \d+: brackets are nested more than 100 deep"):
        judge(nested(kind, most + 1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("depth", [1_000, 20_000])
def test_what_would_end_the_engine_is_refused_closed_or_not(kind, depth):
    before = KINDS[kind][0]
    for text in (nested(kind, depth), KINDS[kind][3].partition("@")[0] + before * depth):
        assert _plain(text) is None
        assert suspect(text)
        assert heavy(text) == (len(text) > 2000)
        with pytest.raises(QuerySyntaxError, match="deep"):
            judge(text)


def test_the_engine_outlives_the_deepest_of_every_kind():
    """In one process, which would not come to its end."""
    texts = [nested(kind, (DEEPEST - levels(kind)[1]) // levels(kind)[0]) for kind in KINDS]
    program = (
        "import sys; from pyoxigraph import Store; [list(Store().query(text)) for text in sys.argv[1:]]; print('alive')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *texts], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


def test_an_update_is_held_to_it_too():
    judge_update("INSERT { ?s ?p ?o } WHERE { " + "{" * 90 + "?s ?p ?o" + "}" * 90 + " }")
    with pytest.raises(QuerySyntaxError, match="deep"):
        judge_update("INSERT { ?s ?p ?o } WHERE { " + "{" * 100 + "?s ?p ?o" + "}" * 100 + " }")


def test_many_rows_are_not_deep_and_are_seen_to_be_so_at_once():
    rows = " ".join(f'("naam {n}"@nl <http://e/{n}#x> {n})' for n in range(20_000))
    text = f"SELECT * {{ VALUES (?a ?b ?c) {{ {rows} }} ?s ?p ?o }}"
    began = time.perf_counter()
    assert not suspect(text)
    assert time.perf_counter() - began < 0.5
    assert _plain(text) == "select"


_NOISE = st.sampled_from(
    [
        '"((((("',
        "'{{{{'",
        "<http://e/p>",
        "<(",
        "?x<(1)",
        '"\\\\")"',
        '"\\")"',
        "'('",
        '"\'("',
        "'\")'",
        ")",
        "(",
        "{",
        "}",
        "[",
        '("a")',
        "<http://e/#>",
        ",",
        "<http://e/'>",
        '""',
        '"""("""',
        "?x",
        "<<",
        ">>",
        "'''(''')'''",
        "#(((",
        ":a",
        "'b\"c'",
        "(1)",
        "CONCAT(\"('\",?x,')\")',",
    ]
)


def complaint(text):
    """What the guard says of a text; nothing where it lets it through."""
    try:
        judge(text)
    except (QuerySyntaxError, QueryRefused) as error:
        return str(error)
    return ""


@given(st.lists(_NOISE, max_size=60), st.integers(1, 40))
@settings(max_examples=400, deadline=None)
def test_what_is_not_suspect_is_not_deep_whatever_strings_and_comments_hold(pieces, times):
    text = "SELECT * { " + "\n".join([*pieces, ""]) * times
    if not suspect(text):
        assert "deep" not in complaint(text + " SERVICE")  # which makes the guard read all of it


@given(st.text(alphabet="({[ '\"#\\\n<>", max_size=400))
@settings(deadline=None)
def test_brackets_in_a_string_are_no_brackets(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    assert judge(f'SELECT * {{ ?s ?p "{quoted}" }}') == "select"


def test_the_deepest_is_told_with_its_place():
    with pytest.raises(QuerySyntaxError) as caught:
        judge("SELECT * {\n" + "{" * 150)
    assert (caught.value.line, caught.value.column) == (2, 100)
