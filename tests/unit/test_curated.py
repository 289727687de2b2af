"""A curated query: its header is read strictly, and a value never changes the structure of its text."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stelsel.errors import ContentError, ParameterError, StoreError
from stelsel.querying.curated import read, read_all
from stelsel.querying.lexer import tokens
from stelsel.querying.parameters import Text
from stelsel.querying.results import Column, items, table

ROOT = "http://localhost:8000/"
HEADER = """\
#+ summary: {nl: Dingen, en: Things}
#+ path: /dingen/{sleutel}/delen
#+ most: 100
#+ parameters:
#+   sleutel: {type: string, required: true, example: abc}
#+   soort: {type: string, many: true}
#+   kleinste: {type: integer, minimum: 0, default: 0}
#+ returns:
#+   ding: iri
#+   aantal: integer
"""
QUERY = """\
PREFIX def: <def/>
# $sleutel in a comment, and '$sleutel' in a string, stay as they are
SELECT ?ding ?aantal WHERE {
  VALUES ?soort { $soort }
  ?ding def:sleutel $sleutel ; def:soort ?soort ; def:aantal ?aantal ; def:noot "$sleutel" , <http://a/$sleutel> .
  FILTER(?aantal>=$kleinste&&?aantal<$kleinste+10)
}
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "thema").mkdir()
    return tmp_path / "thema" / "dingen.rq"


def reading(file, text):
    file.write_text(text, "utf-8")
    return read(file, ROOT)


def test_a_query_is_read_with_what_its_header_says(file):
    query = reading(file, HEADER + QUERY)
    assert (query.name, query.path, query.form) == ("thema/dingen", "/dingen/{sleutel}/delen", "select")
    assert query.summary == Text("Dingen", "Things")
    assert [parameter.name for parameter in query.parameters] == ["sleutel", "soort", "kleinste"]
    assert query.returns == (Column("ding", "iri"), Column("aantal", "integer"))


def test_only_the_token_is_replaced(file):
    text = reading(file, HEADER + QUERY).bind({"sleutel": ["x"], "soort": ["a", "b"]})
    assert "# $sleutel in a comment, and '$sleutel' in a string" in text
    assert 'def:sleutel  "x"  ;' in text
    assert 'def:noot "$sleutel" , <http://a/$sleutel>' in text
    assert 'VALUES ?soort {  "a" "b"  }' in text


def test_a_parameter_that_is_not_given_is_unbound(file):
    assert "VALUES ?soort {  UNDEF  }" in reading(file, HEADER + QUERY).bind({"sleutel": ["x"]})


def test_the_lines_of_the_query_are_those_of_the_file(file):
    query = reading(file, HEADER + QUERY)
    assert query.text.splitlines().index("PREFIX def: <def/>") == HEADER.count("\n")


def test_an_unknown_name_is_refused_with_the_one_that_was_meant(file):
    with pytest.raises(ParameterError, match="did you mean sleutel") as caught:
        reading(file, HEADER + QUERY).bind({"sleutels": ["x"], "sleutel": ["x"]})
    assert caught.value.name == "sleutels"


def test_everything_that_is_wrong_is_told_at_once(file):
    with pytest.raises(
        ParameterError, match=r"(?s)there is no parameter x.*parameter sleutel is required.*parameter kleinste: 'y'"
    ):
        reading(file, HEADER + QUERY).bind({"x": ["x"], "kleinste": ["y"]})


@pytest.fixture(scope="module")
def query(tmp_path_factory):
    folder = tmp_path_factory.mktemp("queries") / "thema"
    folder.mkdir()
    return reading(folder / "dingen.rq", HEADER + QUERY)


@settings(max_examples=400, deadline=None)
@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from("'\"\\<>{}#$?@^;.\n")),
    st.lists(st.text(), max_size=3),
    st.integers(),
)
def test_no_value_changes_the_structure_of_the_query(query, key, kinds, number):
    try:
        text = query.bind({"sleutel": [key], "soort": kinds, "kleinste": [str(number)]})
    except ParameterError:
        return
    plain = query.bind({"sleutel": ["a"], "soort": ["a"] * bool(kinds), "kleinste": ["1"]})
    shape = [(token.kind, token.text) for token in tokens(text) if token.kind not in {"string", "word"}]
    expected = [(token.kind, token.text) for token in tokens(plain) if token.kind not in {"string", "word"}]
    assert shape == expected
    assert [t.text for t in tokens(text) if t.kind == "word"] == [t.text for t in tokens(plain) if t.kind == "word"]
    pyoxigraph.Store().query(text, base_iri=ROOT)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("#+ summary", "#+ sumary", 1, "write summary"),
        ("#+ most: 100", "#+ most: 100\n#+ colour: red", 4, "the keys of a curated query are"),
        ("#+ most: 100", "#+ most: many", 3, "whole number"),
        ("#+ most: 100\n", "", 1, "single: true"),
        ("#+ most: 100", "#+ most: 100\n#+ single: true", 1, "one of"),
        ("#+ most: 100", "#+ most: 100\n#+ most: 100", 4, "stands twice"),
        ("#+ most: 100", "#+ most: [1", 4, "no YAML"),
        ("#+ most: 100", "#+ most: 100\n#+ method: POST", 4, "method is GET"),
        ("/dingen/{sleutel}/delen", "/dingen/{sleutel}/", 2, "no slash at the end"),
        ("/dingen/{sleutel}/delen", "/Dingen/{sleutel}", 2, "kebab-case"),
        ("/dingen/{sleutel}/delen", "/dingen/{slot}", 2, "{slot} in the path is no parameter"),
        ("required: true, example: abc", "example: abc", 5, "required: true"),
        ("required: true, example: abc", "required: true", 5, "needs an example"),
        ("type: string, required", "type: text, required", 5, "text is no type"),
        ("type: string, required", "required", 5, "type is missing"),
        ("example: abc", "example: abc, maxLenght: 3", 5, "write maxLength"),
        ("example: abc", 'example: abc, pattern: "[0-9]"', 5, "the example of parameter sleutel"),
        ("example: abc", 'example: abc, pattern: "["', 5, "pattern"),
        ("example: abc", "example: abc, minimum: 3", 5, "numbers, dates and years"),
        ("example: abc", "example: abc, values: [abc]", 5, "enum"),
        ("example: abc", 'example: abc, template: "http://a/{}"', 5, "template goes with"),
        ("minimum: 0, default: 0", "minimum: 1, default: 0", 7, "the default of parameter kleinste: 0 is less than 1"),
        ("minimum: 0, default: 0", "minimum: 0, required: true, default: 0", 7, "leave out one"),
        ("kleinste: {", "kleinste_maat: {", 7, "camelCase"),
        ("aantal: integer", "aantal: int", 10, "int is no type"),
        ("aantal: integer", "aantal: {type: integer, propery: a}", 10, "write property"),
        ("aantal: integer", 'aantal: {type: integer, property: "a b"}', 10, "absolute IRI"),
        ("aantal: integer", "hoeveel: integer", 8, "returns says ding, hoeveel, and the query gives ding, aantal"),
        ("#+   soort: {type: string, many: true}\n", "", 13, "$soort is no parameter"),
        ("$kleinste+10", "$kleinst+10", 16, "write $kleinste"),
        ("VALUES ?soort { $soort }\n  ", "", 6, "soort is declared and $soort does not stand in the query"),
        ("{ $soort }", "{ $soort 'a' }", 14, "stands alone in VALUES"),
        ("$kleinste&&", "NOW()&&", 16, "take the value as a parameter"),
        ("FILTER(?aantal", "FILTER ?aantal", 16, "does not parse"),
        ("FILTER(?aantal", "SERVICE <http://198.51.100.7/> {} FILTER(?aantal", 1, "198.51.100.7"),
        ("SELECT ?ding ?aantal WHERE", "ASK", 1, "write SELECT or CONSTRUCT"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(file, old, new, line, said):
    assert old in HEADER + QUERY
    with pytest.raises(ContentError) as caught:
        reading(file, (HEADER + QUERY).replace(old, new, 1))
    assert said in str(caught.value)
    assert caught.value.file == "thema/dingen.rq"
    assert caught.value.line == line


def test_a_query_without_a_header_is_told_how_one_looks(file):
    with pytest.raises(ContentError, match="#\\+ summary"):
        reading(file, QUERY)


def test_two_queries_at_one_path_are_refused(file):
    reading(file, HEADER + QUERY)
    reading(
        file.with_name("meer.rq"),
        HEADER.replace("{sleutel}", "{soort}").replace(
            "soort: {type: string, many: true}", "soort: {type: string, required: true, example: a}"
        )
        + QUERY,
    )
    with pytest.raises(ContentError, match="is the path of thema/dingen too"):
        read_all(file.parents[1], ROOT)


PAGED = """\
#+ summary: Dingen
#+ path: /dingen
#+ paging: {by: naam, after: na, size: aantal}
#+ parameters:
#+   na: {type: string, default: ""}
#+   aantal: {type: integer, minimum: 1, maximum: 50, default: 10}
#+ returns:
#+   naam: string
SELECT ?naam WHERE { ?ding <def/naam> ?naam FILTER(?naam > $na) } ORDER BY ?naam LIMIT $aantal
"""


def test_a_page_may_be_asked_one_longer_to_see_whether_there_is_more(file):
    query = reading(file, PAGED)
    assert query.page_size({"aantal": ["7"]}) == 7
    assert query.bind({"aantal": ["7"]}, beyond=1).rstrip().endswith("LIMIT  8")
    assert query.bind({}).rstrip().endswith("LIMIT  10")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("by: naam", "by: ding", "goes by a string or iri column"),
        ('default: ""', "example: a", 'default: ""'),
        ("maximum: 50", "maximum: 10000", "fewer than 10000"),
        (", maximum: 50", "", "with default, `minimum: 1` and maximum"),
        ("size: aantal", "size: aantal, total: true", "total is no key of paging"),
    ],
)
def test_paging_that_cannot_work_is_refused(file, old, new, said):
    with pytest.raises(ContentError) as caught:
        reading(file, PAGED.replace(old, new, 1))
    assert said in str(caught.value)


def literal(value, datatype=""):
    return {"type": "literal", "value": value} | (
        {"datatype": f"http://www.w3.org/2001/XMLSchema#{datatype}"} if datatype else {}
    )


COLUMNS = (Column("naam", "string"), Column("jaar", "year", optional=True), Column("soorten", "iri", many=True))


def test_rows_become_items_with_types_and_lists():
    rows = [
        {"naam": literal("a"), "jaar": literal("1931", "gYear"), "soorten": {"type": "uri", "value": "http://x"}},
        {"naam": literal("a"), "jaar": literal("1931", "gYear"), "soorten": {"type": "uri", "value": "http://y"}},
        {"naam": literal("b")},
    ]
    found = items(COLUMNS, rows)
    assert found == [{"naam": "a", "jaar": 1931, "soorten": ["http://x", "http://y"]}, {"naam": "b", "soorten": []}]
    assert table(COLUMNS, found) == b"naam,jaar,soorten\r\na,1931,http://x|http://y\r\nb,,\r\n"


@pytest.mark.parametrize(
    ("type", "term", "value"),
    [
        ("integer", literal("12", "integer"), 12),
        ("decimal", literal("1.50", "decimal"), 1.5),
        ("decimal", literal("2.0", "decimal"), 2),
        ("boolean", literal("true", "boolean"), True),
        ("boolean", literal("0", "boolean"), False),
        ("date", literal("2024-02-29", "date"), "2024-02-29"),
        ("dateTime", literal("2024-02-29T12:00:00Z", "dateTime"), "2024-02-29T12:00:00Z"),
        ("string", literal("x") | {"xml:lang": "nl"}, "x"),
        ("iri", {"type": "uri", "value": "http://x"}, "http://x"),
    ],
)
def test_a_value_has_the_json_type_of_its_column(type, term, value):
    assert items([Column("x", type)], [{"x": term}]) == [{"x": value}]


@pytest.mark.parametrize(
    ("type", "binding"),
    [
        ("integer", {"x": literal("12")}),
        ("year", {"x": literal("-0044-03", "gYear")}),
        ("iri", {"x": literal("http://x")}),
        ("string", {"x": {"type": "uri", "value": "http://x"}}),
        ("string", {"x": {"type": "bnode", "value": "b"}}),
        ("date", {}),
    ],
)
def test_what_was_not_promised_is_not_given(type, binding):
    with pytest.raises(StoreError, match="column x"):
        items([Column("x", type)], [binding])


def test_the_shipped_queries_are_found_by_name():
    names = [query.name for query in read_all(Path(__file__).parents[2] / "queries", ROOT)]
    assert "bag/pand" in names
    assert names == sorted(names)
