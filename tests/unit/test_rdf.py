"""The rdf reader: every syntax gives the same records, and what loader.yml does not know is an error."""

from __future__ import annotations

import tracemalloc
import zipfile

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import ContentError, DeliveryError
from stelsel.loading.readers import rdf_files
from stelsel.loading.readers.archives import members
from stelsel.loading.readers.rdf import RdfReader
from stelsel.loading.readers.rdf_files import SUFFIXES, SYNTAXES, subjects
from stelsel.loading.register import Register

X = "http://example.nl/"
FACTS = {
    "title": {"nl": "B", "en": "B"},
    "description": {"nl": "B", "en": "B"},
    "publisher": X, "licence": X, "source": X, "frequency": X, "theme": X,
    "name": "bomen",
    "folder": "/nergens",
    "namespaces": {"x": X, "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdfs": "http://www.w3.org/2000/01/rdf-schema#"},
    "cover": {"date": "x:datum", "area": "x:gebied"},
    "documents": [{"reader": "rdf", "files": ["*"], "options": {"ignore": ["x:Ontologie"]}}],
    "tables": {
        "boom": {
            "records": ["x:Boom", "x:Struik"],
            "key": ["boom"],
            "ignore": ["rdfs:seeAlso"],
            "columns": {
                "boom": {"path": "@id"},
                "naam": {"path": "rdfs:label", "also": ["x:naam"]},
                "in": {"path": "x:in"},
                "tak": {"path": "x:tak", "many": True},
                "klasse": {"path": "rdf:type", "many": True},
            },
        },
        "lijst": {"records": ["x:Lijst"], "key": ["datum"], "columns": {"datum": {"path": "x:datum"}, "gebied": {"path": "x:gebied"}}},
    },
}  # fmt: skip
TURTLE = """
@prefix x: <http://example.nl/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
x:1 a x:Boom ; rdfs:label "eik"@nl ; x:in x:park ; x:tak "b", "a" ; rdfs:seeAlso [] .
x:2 a x:Struik, x:Boom ; x:naam " hei\\n de " .
x:l a x:Lijst, x:Ontologie ; x:datum "2024-02-01" ; x:gebied "0457" .
x:o a x:Ontologie ; x:onbekend 1 .
""".replace("rdfs:seeAlso [] .", "rdfs:seeAlso x:3 .")
RECORDS = [
    ("boom", {"boom": X + "1", "naam": "eik", "in": X + "park", "tak": ["a", "b"], "klasse": [X + "Boom"]}, X + "1"),
    ("boom", {"boom": X + "2", "naam": "hei de", "klasse": [X + "Boom", X + "Struik"]}, X + "2"),
    ("lijst", {"datum": "2024-02-01", "gebied": "0457"}, X + "l"),
]


def made(options=None, **changed):
    register = Register.model_validate({**FACTS, **changed})
    document = register.documents[0].model_copy(update={"options": {"ignore": ["x:Ontologie"], **(options or {})}})
    return RdfReader(register, document)


def member(folder, content, name="bomen.ttl"):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return next(members(file))


def read(folder, content, name="bomen.ttl", options=None):
    found = made(options).records(member(folder, content, name))
    return [(record.table, record.row, record.place) for record in found]


def in_syntax(text, name):
    quads = ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)
    return ox.serialize(quads, format=SYNTAXES[SUFFIXES[name]])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_syntax_gives_the_same_records(tmp_path, suffix):
    found = read(tmp_path, in_syntax(TURTLE, suffix), f"bomen{suffix.upper()}")
    assert sorted(found, key=lambda record: record[2]) == RECORDS


def test_compacted_json_ld_with_a_context_of_its_own_is_read(tmp_path):
    content = """{"@context": {"x": "http://example.nl/", "naam": "x:naam", "@base": "http://example.nl/"},
        "@graph": [{"@id": "2", "@type": ["x:Boom", "x:Struik"], "naam": "hei de"}]}"""
    assert read(tmp_path, content, "bomen.jsonld") == [RECORDS[1]]


def test_graphs_of_a_dataset_are_taken_together(tmp_path):
    content = """<http://example.nl/1> <http://example.nl/in> <http://example.nl/park> <http://example.nl/g> .
        <http://example.nl/1> a <http://example.nl/Boom> ."""
    nquads = content.replace(" a ", " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ")
    [(_, row, _)] = read(tmp_path, nquads, "bomen.nq")
    assert row["in"] == X + "park"


def test_a_file_that_is_grouped_on_disk_gives_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(rdf_files, "IN_MEMORY", 100)
    assert sorted(read(tmp_path, TURTLE), key=lambda record: record[2]) == RECORDS


def test_memory_stays_flat_where_subjects_are_scattered(tmp_path, monkeypatch):
    monkeypatch.setattr(rdf_files, "IN_MEMORY", 100_000)
    count = 6_000
    lines = [f'<{X}{n}> <{X}tak> "{"tak" * 10}" .\n' for n in range(count)]
    lines += [f"<{X}{n}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{X}Boom> .\n" for n in range(count)]
    lines += [f'<{X}{n}> <{X}naam> "{"naam" * 30}" .\n' for n in range(count)]
    one = member(tmp_path, "".join(lines), "bomen.nt")
    del lines
    assert one.size > rdf_files.IN_MEMORY
    reader = made()
    tracemalloc.start()
    assert sum(1 for record in reader.records(one) if "naam" in record.row) == count
    assert tracemalloc.get_traced_memory()[1] < one.size
    tracemalloc.stop()


def test_what_is_of_no_class_is_left_out_where_the_document_says_so(tmp_path):
    turtle = "@prefix x: <http://example.nl/> . x:0 x:naam 'a' . [] x:naam 'b' . x:2 a x:Struik ; x:naam 'hei de' ."
    [(table, row, _)] = read(tmp_path, turtle, options={"classless": True})
    assert (table, row) == ("boom", {"boom": X + "2", "naam": "hei de", "klasse": [X + "Struik"]})


def test_a_column_without_a_path_is_not_read(tmp_path):
    tables = {"boom": {"records": ["x:Boom"], "key": ["boom"], "columns": {"boom": {"path": "@id"}, "hoogte": {}}}}
    turtle = "@prefix x: <http://example.nl/> . x:1 a x:Boom ."
    [record] = made(tables=tables, cover={}).records(member(tmp_path, turtle))
    assert record.row == {"boom": X + "1"}
    with pytest.raises(DeliveryError, match="property x:hoogte is not known"):
        list(
            made(tables=tables, cover={}).records(
                member(tmp_path, turtle.replace(" .\n", "").replace("x:Boom", "x:Boom ; x:hoogte 3"))
            )
        )


def test_a_language_leaves_the_others_out(tmp_path):
    content = """<http://example.nl/1> a <http://example.nl/Boom> ;
        <http://example.nl/naam> "eik"@nl-NL, "oak"@en ; <http://example.nl/tak> "top", "punt"@nl, "tip"@en ."""
    [(_, row, _)] = read(tmp_path, content, options={"language": "nl"})
    assert (row["naam"], row["tak"]) == ("eik", ["punt", "top"])
    with pytest.raises(DeliveryError, match="has 2 values of naam, and one is expected"):
        read(tmp_path, content)


def test_dates_and_areas_are_those_of_the_properties_of_the_cover(tmp_path):
    facts = made().facts(member(tmp_path, TURTLE))
    assert (facts.dates, facts.areas) == (("2024-02-01",), ("0457",))
    assert made(cover={}).facts(member(tmp_path, "geen turtle")).dates == ()


@pytest.mark.parametrize(
    ("turtle", "said"),
    [
        ("<http://example.nl/1> a <http://example.nl/Boom> ; x:hoogte 3 .", "property x:hoogte is not known"),
        ("<http://example.nl/1> a x:Boom ; <http://ander.nl/p> 3 .", r"property <http://ander\.nl/p> is not known"),
        (
            "x:1 a x:Dier .",
            r"example\.nl/1: is of class x:Dier, which is not known; list it in loader\.yml under records",
        ),
        ("x:1 a x:Boom, x:Dier .", "is of class x:Dier"),
        ("x:1 x:naam 'a' .", "is of no class"),
        ("[] a x:Boom .", "is a record without an IRI"),
        ("x:1 a x:Boom ; x:in [] .", "x:in is a thing without an IRI"),
        ("x:1 a x:Boom ; x:naam 'a', 'b' .", "has 2 values of naam"),
        ("<1> a x:Boom .", "relative address '1'"),
        ("x:1 a x:Boom ;\n x:naam 'a'\n x:tak 'b' .", r"bomen\.ttl, line 4: is not turtle: .*"),
    ],
)
def test_what_is_not_known_is_named(tmp_path, turtle, said):
    prefixes = (
        "@prefix x: <http://example.nl/> .\n\n" if "line 4" not in said else "@prefix x: <http://example.nl/> .\n"
    )
    with pytest.raises(DeliveryError, match=said):
        read(tmp_path, prefixes + turtle)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_breaks_off_is_said_to(tmp_path, suffix):
    content = in_syntax(TURTLE, suffix).rstrip()
    with pytest.raises(DeliveryError, match=rf"bomen\{suffix}"):
        read(tmp_path, content[:-4], f"bomen{suffix}")


def test_a_context_on_the_web_is_not_fetched(tmp_path):
    with pytest.raises(DeliveryError, match=r"refers to a context on the web, which is not fetched"):
        read(tmp_path, '{"@context": "https://example.nl/context.jsonld", "@id": "http://example.nl/1"}', "x.json")


def test_entities_of_entities_are_refused_and_plain_ones_are_not(tmp_path):
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    body = f'<rdf:RDF xmlns:rdf="{rdf}" xmlns:x="{X}"><x:Boom rdf:about="{X}2"><x:naam>&b;</x:naam></x:Boom></rdf:RDF>'
    plain = f'<?xml version="1.0"?><!DOCTYPE rdf [ <!ENTITY b "heide"> ]>{body}'
    assert read(tmp_path, plain, "x.rdf")[0][1]["naam"] == "heide"
    for entities in (
        '<!ENTITY a "1"><!ENTITY b "&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/passwd">',
        '<!ENTITY % b "1">',
    ):
        with pytest.raises(DeliveryError, match="DOCTYPE with entities"):
            read(tmp_path, f'<?xml version="1.0"?><!DOCTYPE rdf [{entities}]>{body}', "x.rdf")
    with pytest.raises(DeliveryError, match="no root element"):
        read(tmp_path, f"<!--{'-' * 2_000_000}-->{plain}".encode("utf-16"), "x.rdf")


def test_a_file_in_a_zip_that_is_broken_is_said_to(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bomen.ttl", TURTLE)
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    found = (record for one in members(path) for record in made().records(one))
    with pytest.raises(DeliveryError, match="is broken inside its zip"):
        list(found)


def test_a_name_that_says_no_syntax_is_refused_unless_the_document_says_it(tmp_path):
    with pytest.raises(DeliveryError, match="does not end in the name of a syntax"):
        read(tmp_path, TURTLE, "bomen.txt")
    assert read(tmp_path, TURTLE, "bomen.txt", {"syntax": "turtle"}) == RECORDS


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"options": {"taal": "nl"}}, "options of reader rdf"),
        ({"options": {"syntax": "n3"}}, "syntax 'n3' is not one of"),
        ({"options": {"ignore": ["y:Z"]}}, "prefix 'y' of y:Z is not declared"),
    ],
)
def test_a_loader_that_is_wrong_is_said_to_be(changed, said):
    with pytest.raises(ContentError, match=said):
        made(**changed)


def test_a_real_export_that_is_no_turtle_is_named_with_its_line(shared):
    owms = shared / "data/tooi/owms/Export OWMS 2016-09-01.ttl"
    found = (subject for one in members(owms) for subject in subjects(one, "turtle"))
    with pytest.raises(DeliveryError, match=r"Export OWMS 2016-09-01\.ttl, line 4918: is not turtle: .*language"):
        list(found)


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=20
)


@given(st.dictionaries(st.integers(0, 50), st.sets(NAMES, min_size=1, max_size=4), min_size=1, max_size=8))
def test_whatever_stands_in_a_file_comes_out_of_every_syntax(tmp_path_factory, things):
    quads = [
        ox.Quad(ox.NamedNode(f"{X}{n}"), ox.NamedNode(X + "tak"), ox.Literal(text))
        for n, texts in things.items()
        for text in texts
    ]
    expected = {f"{X}{n}": {(X + "tak", text) for text in texts} for n, texts in things.items()}
    folder = tmp_path_factory.mktemp("rdf")
    for suffix in (".ttl", ".nt", ".json", ".rdf"):
        syntax = SUFFIXES[suffix]
        one = member(folder, ox.serialize(quads, format=SYNTAXES[syntax]), f"x{suffix}")
        found = {
            subject.value: {(name, value.value) for name, value in said} for subject, said in subjects(one, syntax)
        }
        assert found == expected
