from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, QueryResultsFormat, Store, parse_query_results

from stelsel.storing.cutting import Rows, Stop, until
from stelsel.storing.worker import _RESULTS

# Text that looks like the end or the start of a row in one of the formats.
NASTY = ['"', "\\", '\\"', "}},{", '"},{"x":{', "]}}", "\n", "\r\n", "<result>", "</result>", ",", "[{", ",{", ""]
WORDS = st.lists(st.sampled_from([*NASTY, "a", "é"]), max_size=4).map("".join)
TABLES = st.lists(st.tuples(WORDS, st.one_of(st.none(), WORDS)), max_size=8)


def written(table, name):
    """What the engine writes for a table of two columns."""
    lines = " ".join(f"({Literal(a)} {'UNDEF' if b is None else Literal(b)})" for a, b in table)
    return Store().query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {lines} }} }}").serialize(format=_RESULTS[name])


def cut(text, name, piece, **limits):
    """What comes out when the text is written in pieces of `piece`, and whether it was cut."""
    out = []
    rows = Rows(name, out.append, **{"rows": None, "size": None, **limits})
    try:
        for at in range(0, len(text), piece):
            rows.write(text[at : at + piece])
    except Stop as stop:
        return b"".join(out), stop.limit
    rows.flush()
    return b"".join(out), ""


def read(text, name):
    """The rows of an answer; raises when it is not well-formed."""
    if name == "csv":
        return [tuple(row) for row in csv.reader(io.StringIO(text.decode(), newline=""))][1:]
    return [tuple(row) for row in parse_query_results(text, getattr(QueryResultsFormat, name.upper()))]


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@given(table=TABLES, limit=st.integers(1, 9), size=st.integers(1, 60))
def test_a_cut_answer_is_well_formed_and_has_the_first_rows(name, table, limit, size):
    whole = written(table, name)
    text, cause = cut(whole, name, size, rows=limit)
    assert cause == ("rows" if limit < len(table) else "")
    assert read(text, name) == read(whole, name)[:limit]


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@given(table=TABLES, size=st.integers(1, 60))
def test_an_answer_within_its_limit_is_not_touched(name, table, size):
    whole = written(table, name)
    assert cut(whole, name, size, rows=len(table)) == (whole, "")


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@given(table=TABLES, limit=st.integers(0, 400), size=st.integers(1, 60))
def test_no_row_but_the_first_begins_beyond_the_limit_in_bytes(name, table, limit, size):
    whole = written(table, name)
    text, cause = cut(whole, name, size, size=limit)
    kept = read(text, name)
    assert read(whole, name)[: len(kept)] == kept
    assert bool(cause) == (len(kept) < len(table))
    assert len(table) == 0 or kept


def test_statements_stop_at_a_limit_and_say_so():
    stopped = []
    assert list(until("abcd", lambda: 0, rows=2, size=None, stopped=stopped)) == ["a", "b"]
    assert stopped == ["rows"]


def test_as_many_statements_as_allowed_are_not_a_cut():
    stopped = []
    assert list(until("ab", lambda: 0, rows=2, size=None, stopped=stopped)) == ["a", "b"]
    assert stopped == []
