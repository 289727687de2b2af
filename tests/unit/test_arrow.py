from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc, parquet

from stelsel.errors import MemoryExceeded, NotAcceptable, QuerySyntaxError, Truncated
from stelsel.serving.negotiation import choose
from stelsel.storing import Limits, Question, formats
from stelsel.storing.columns.answer import NoRoom
from stelsel.storing.columns.types import KINDS
from stelsel.storing.columns.writing import Table
from tinyreleases import answer, ask, chain, release

XSD = "http://www.w3.org/2001/XMLSchema#"
READERS = {
    "arrow": lambda body: ipc.open_stream(body).read_all(),
    "parquet": lambda body: parquet.read_table(io.BytesIO(body)),
}

# Value of a column in SPARQL -> its type, the values, and of which kinds the field says they are.
COLUMNS = {
    "integers": ("1 -2 UNDEF", pa.int64(), [1, -2, None], f"{XSD}integer"),
    "derived integers": ("'7'^^xsd:int '08'^^xsd:nonNegativeInteger", pa.int64(), [7, 8], f"{XSD}integer"),
    "integers of any size": (
        "1 99999999999999999999",
        pa.decimal128(38, 0),
        [Decimal(1), Decimal(99999999999999999999)],
        f"{XSD}integer",
    ),
    "integers that are too large": (f"1 {'9' * 39}", pa.utf8(), ["1", "9" * 39], f"{XSD}integer"),
    "decimals": (
        "1.5 -2.25 0.001 3.0",
        pa.decimal128(38, 3),
        [*map(Decimal, ("1.5", "-2.25", "0.001", "3"))],
        f"{XSD}decimal",
    ),
    "integers and decimals": (
        "1 2.5",
        pa.decimal128(38, 1),
        [Decimal(1), Decimal("2.5")],
        f"{XSD}decimal {XSD}integer",
    ),
    "doubles": (
        "1e0 -2.5e3 'INF'^^xsd:double '-INF'^^xsd:double",
        pa.float64(),
        [1.0, -2500.0, float("inf"), float("-inf")],
        f"{XSD}double",
    ),
    "floats": ("'0.5'^^xsd:float", pa.float32(), [0.5], f"{XSD}float"),
    "booleans": ("true false '1'^^xsd:boolean", pa.bool_(), [True, False, True], f"{XSD}boolean"),
    "dates": ("'2021-10-15'^^xsd:date", pa.date32(), [date(2021, 10, 15)], f"{XSD}date"),
    "dates with a zone": ("'2021-10-15Z'^^xsd:date", pa.utf8(), ["2021-10-15Z"], f"{XSD}date"),
    "dates before there were years": ("'-0044-03-15'^^xsd:date", pa.utf8(), ["-0044-03-15"], f"{XSD}date"),
    "moments": (
        "'2021-10-15T12:00:00.25'^^xsd:dateTime",
        pa.timestamp("us"),
        [datetime(2021, 10, 15, 12, 0, 0, 250000)],  # noqa: DTZ001 - it has no zone, and that is what is tested
        f"{XSD}dateTime",
    ),
    "moments in a zone": (
        "'2021-10-15T12:00:00+02:00'^^xsd:dateTime '2021-10-15T12:00:00Z'^^xsd:dateTime",
        pa.timestamp("us", "UTC"),
        [datetime(2021, 10, 15, 10, tzinfo=UTC), datetime(2021, 10, 15, 12, tzinfo=UTC)],
        f"{XSD}dateTime",
    ),
    "moments with and without a zone": (
        "'2021-10-15T12:00:00'^^xsd:dateTime '2021-10-15T12:00:00Z'^^xsd:dateTime",
        pa.utf8(),
        ["2021-10-15T12:00:00", "2021-10-15T12:00:00Z"],
        f"{XSD}dateTime",
    ),
    "moments that are too fine": (
        "'2021-10-15T12:00:00.1234567'^^xsd:dateTime",
        pa.utf8(),
        ["2021-10-15T12:00:00.1234567"],
        f"{XSD}dateTime",
    ),
    "a date that says it is a moment": ("'2021-10-15'^^xsd:dateTime", pa.utf8(), ["2021-10-15"], f"{XSD}dateTime"),
    "a hexadecimal that says it is an integer": ("'0x10'^^xsd:integer", pa.utf8(), ["0x10"], f"{XSD}integer"),
    "a word that says it is a double": ("'veel'^^xsd:double", pa.utf8(), ["veel"], f"{XSD}double"),
    "years": ("'1931'^^xsd:gYear", pa.utf8(), ["1931"], f"{XSD}gYear"),
    "IRIs": ("<http://e/a> <http://e/\u00e9>", pa.utf8(), ["http://e/a", "http://e/\u00e9"], "iri"),
    "strings": (r"'' 'a\tb\nc\r\"\\' 'x\\n'", pa.utf8(), ["", 'a\tb\nc\r"\\', r"x\n"], f"{XSD}string"),
    "languages": ("'pand'@nl 'building'@en", pa.utf8(), ["pand", "building"], "@en @nl"),
    "everything": (
        "1 'a' <http://e/a> true",
        pa.utf8(),
        ["1", "a", "http://e/a", "true"],
        f"{XSD}boolean {XSD}integer {XSD}string iri",
    ),
    "nothing": ("UNDEF UNDEF", pa.utf8(), [None, None], ""),
}


def written(store, query, format, **options):
    body = io.BytesIO()
    with Table(**options) as table:
        store.query(query).serialize(table, ox.QueryResultsFormat.TSV)
        table.finish(format, body.write)
    return READERS[format](body.getvalue())


def of_values(values):
    return f"PREFIX xsd: <{XSD}> SELECT ?x {{ VALUES ?x {{ {values} }} }}"


@pytest.mark.parametrize("format", READERS)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_has_the_type_of_all_of_its_values(name, format):
    values, wanted, expected, kinds = COLUMNS[name]
    table = written(ox.Store(), of_values(values), format)
    assert table.column("x").to_pylist() == expected
    assert table.schema.field("x").type == wanted
    assert table.schema.field("x").metadata[KINDS.encode()].decode() == kinds


@pytest.mark.parametrize("format", READERS)
def test_a_last_value_that_does_not_fit_changes_the_column_and_is_not_lost(format):
    values = " ".join(map(str, range(5000)))
    table = written(ox.Store(), of_values(f"{values} 'geen'"), format, piece=1000)
    assert table.column("x").to_pylist() == [*map(str, range(5000)), "geen"]
    assert written(ox.Store(), of_values(values), format, piece=1000).column("x").to_pylist() == list(range(5000))


@pytest.mark.parametrize("format", READERS)
def test_an_answer_without_rows_has_its_columns(format):
    table = written(ox.Store(), "SELECT ?a ?b { ?a ?b 1 }", format)
    assert (table.column_names, table.num_rows) == (["a", "b"], 0)


def test_an_answer_without_variables_is_refused():
    with pytest.raises(ValueError, match="no columns"):
        written(ox.Store(), "SELECT * {}", "arrow")


def test_an_answer_that_is_too_large_to_hold_back_is_refused_before_its_first_byte():
    solutions = ox.Store().query(of_values(" ".join(map(str, range(5000)))))
    with Table(piece=1000, most=1000) as table, pytest.raises(NoRoom, match="at a time"):
        solutions.serialize(table, ox.QueryResultsFormat.TSV)


@pytest.mark.parametrize("format", READERS)
def test_it_takes_as_much_memory_for_many_rows_as_for_some(format):
    def most(rows):
        before, seen = pa.total_allocated_bytes(), []
        with Table(piece=20_000) as table:
            table.write(b"?x\t?y\n")
            for row in range(rows):
                table.write(f"<http://e/{row}>\t{row}\n".encode())
                seen.append(pa.total_allocated_bytes() - before)
            table.finish(format, lambda _: seen.append(pa.total_allocated_bytes() - before))
        return max(seen)

    assert most(100_000) < 1.2 * most(25_000)


def test_a_line_that_is_longer_than_a_piece_is_whole():
    long = "x" * 50_000
    assert written(ox.Store(), of_values(f"1 '{long}' 2"), "arrow", piece=1000).column("x").to_pylist() == [
        "1",
        long,
        "2",
    ]


def literals():
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    typed = st.sampled_from(
        [f"{XSD}{name}" for name in ("integer", "decimal", "double", "float", "boolean", "date", "dateTime", "gYear")]
    )
    numbers = st.one_of(
        st.integers(-(10**40), 10**40).map(str),
        st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6).map(str),
        st.floats().map(repr),
        st.dates().map(str),
        st.datetimes().map(datetime.isoformat),
        st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
        st.sampled_from(["true", "1", "INF", "-INF", "NaN", "+7", "007", "0x1", " 1", "1_0"]),
    )
    return st.one_of(
        texts.map(ox.Literal),
        texts.map(lambda text: ox.Literal(text, language="nl")),
        st.builds(lambda text, kind: ox.Literal(text, datatype=ox.NamedNode(kind)), numbers, typed),
        st.integers(-(2**70), 2**70).map(
            lambda number: ox.Literal(str(number), datatype=ox.NamedNode(f"{XSD}integer"))
        ),
    )


def text(term):
    return f"<<( {term} )>>" if isinstance(term, ox.Triple) else term.value


READ = {
    bool: lambda lexical: lexical in {"true", "1"},
    str: str,
    float: float,
    int: int,
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}


def same(value, lexical):
    """Whether what Arrow gives is the value that the lexical form stands for; Python has no single-precision numbers."""
    meant = READ[type(value)](lexical)
    if isinstance(value, float):
        return value == pytest.approx(meant, rel=2**-23, abs=1e-45, nan_ok=True)
    return value == meant


TERMS = st.one_of(
    literals(),
    st.just(ox.NamedNode("http://e/x")),
    st.just(ox.Triple(ox.NamedNode("http://e/s"), ox.NamedNode("http://e/p"), ox.Literal('a\t"b\\'))),
    st.none(),
)


@settings(deadline=None, max_examples=150)
@given(
    st.one_of(st.lists(TERMS, max_size=12), st.lists(literals(), min_size=1, max_size=2)),
    st.sampled_from(list(READERS)),
)
def test_no_value_is_changed_or_lost(terms, format):
    store, rows = ox.Store(), range(len(terms))
    subjects = [ox.NamedNode(f"http://e/{row:04}") for row in rows]
    store.extend(ox.Quad(s, ox.NamedNode("http://e/row"), ox.Literal(1)) for s in subjects)
    store.extend(ox.Quad(s, ox.NamedNode("http://e/x"), term) for s, term in zip(subjects, terms, strict=True) if term)
    query = "SELECT ?s ?x { ?s <http://e/row> 1 OPTIONAL { ?s <http://e/x> ?x } } ORDER BY ?s"
    expected = [solution["x"] for solution in store.query(query)]
    found = written(store, query, format, piece=100).column("x").to_pylist()
    assert len(found) == len(expected)
    for value, term in zip(found, expected, strict=True):
        assert (value is None) == (term is None)
        assert value is None or same(value, text(term))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    data = tmp_path_factory.mktemp("arrow")
    release(data, "r1", chain(20_000))
    return data / "open/current/oxigraph"


ALL = "SELECT ?s ?o { ?s <http://e/label> ?o }"


@pytest.mark.parametrize("format", READERS)
def test_a_worker_writes_columns_and_goes_on_with_other_formats(path, format):
    async def twice(store):
        return await answer(store, ALL, format), await answer(store, "ASK {}"), await answer(store, ALL, format)

    first, between, second = ask(path, twice)
    assert READERS[format](first).num_rows == READERS[format](second).num_rows == 20_000
    assert b"true" in between


def test_what_writes_columns_does_not_count_as_the_query_s_memory(path):
    async def little(store):
        return await answer(store, "SELECT * { VALUES ?x { 1 } }", "arrow", memory=100_000_000)

    assert READERS["arrow"](ask(path, little)).to_pylist() == [{"x": 1}]


def test_a_limit_cuts_columns_between_rows_and_says_so(path):
    body = []

    async def cut(store):
        async for chunk in store.answer(
            Question(ALL), formats.FORMATS["parquet"], Limits(5.0, 2_000_000_000, rows=100)
        ):
            body.append(chunk)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(Truncated):
        ask(path, cut)
    assert READERS["parquet"](b"".join(body)).num_rows == 100


@pytest.mark.parametrize("query", ["ASK {}", "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "SELECT * {}"])
def test_what_has_no_columns_is_refused_in_words(path, query):
    with pytest.raises(QuerySyntaxError, match=r"cannot be written|no columns"):
        ask(path, lambda store: answer(store, query, "arrow"))


def test_without_the_extra_another_format_is_chosen_and_the_refusal_says_what_to_install(monkeypatch):
    monkeypatch.setattr(formats, "_installed", lambda module: module != "pyarrow")
    arrow, csv = formats.FORMATS["arrow"].media_type, "text/csv"
    assert choose("solutions", f"{arrow}, {csv};q=0.5, application/x-1")[0].name == "csv"
    for accept, parameters in (("application/vnd.apache.parquet;q=1.0", ()), ("", [("format", "parquet")])):
        with pytest.raises(NotAcceptable, match=r"stelsel\[arrow\]"):
            choose("solutions", accept, parameters)
    with pytest.raises(NotAcceptable) as refused:
        choose("solutions", "image/png")
    assert "stelsel[arrow]" not in str(refused.value)


def test_a_service_without_the_extra_starts_without_it():
    """Importing what serves does not import Arrow: it is an extra, and large."""
    program = "import sys, stelsel.serving.server, stelsel.storing.worker; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_worker_that_runs_out_of_memory_while_it_writes_columns_says_so(path):
    ten = [f"BIND(CONCAT({', '.join(10 * [f'?x{step}'])}) AS ?x{step + 1})" for step in range(4)]
    huge = f"SELECT ?x4 {{ {{ SELECT (GROUP_CONCAT(STR(?a)) AS ?x0) {{ ?a <http://e/label> ?l }} }} {' '.join(ten)} }}"
    with pytest.raises(MemoryExceeded):
        ask(path, lambda store: answer(store, huge, "arrow", memory=1_000_000_000, seconds=30.0))
