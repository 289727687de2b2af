"""The csv reader, through a whole register of its own: what is read is what is mapped."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import ContentError, DeliveryError
from stelsel.home import Home
from stelsel.loading.delivery import Kinds, open_delivery
from stelsel.loading.parts import parts_of
from stelsel.loading.readers.csv import PREAMBLE
from stelsel.loading.register import read_register
from stelsel.loading.rows import from_lines

LOADER = """
title: {nl: Bomen, en: Trees}
description: {nl: Bomen, en: Trees}
publisher: https://identifier.overheid.nl/tooi/id/gemeente/gm9990
licence: http://creativecommons.org/publicdomain/zero/1.0/
source: https://example.nl/
frequency: http://publications.europa.eu/resource/authority/frequency/DAILY
theme: http://publications.europa.eu/resource/authority/data-theme/ENVI
cover: {name: "_(?P<year>[0-9]{4})(?P<month>[0-9]{2})?"}
documents:
  - reader: csv
    files: ["*.csv"]
    table: boom
    options: {delimiter: ";", preamble: {PublicatieDatum: date, Volgnummer: ""}, date: "%d-%m-%Y", missing: ["."]}
tables:
  boom:
    key: [nummer]
    ignore: [Opmerking]
    columns:
      nummer: {path: Boomnummer, also: [Boom_nr], required: true}
      soort: {path: Soort}
      takken: {path: Tak, many: true}
"""
MAPPING = """PREFIX id: <id/>
CONSTRUCT { ?boom <def/soort> $soort ; <def/tak> $takken }
WHERE { BIND(IRI(CONCAT(STR(id:), "boom/", $nummer)) AS ?boom) }"""


def made(folder: Path, loader: str = LOADER):
    """A home whose only register is `bomen`."""
    register = folder / "home/loaders/bomen"
    register.mkdir(parents=True, exist_ok=True)
    (register / "loader.yml").write_text(loader)
    (register / "boom.rq").write_text(MAPPING)
    return read_register(Home(folder / "home"), "bomen")


def read(folder: Path, content: bytes, name: str = "bomen.csv", loader: str = LOADER):
    """The rows of a file and the place of each."""
    source = folder / name
    source.write_bytes(content)
    found = []
    for file in Kinds(made(folder, loader)).files((source,)):
        for part in parts_of(file):
            found += list(zip(from_lines(part.content), part.places, strict=True))
    return found


def said(folder: Path, content: bytes) -> str:
    with pytest.raises(DeliveryError) as caught:
        read(folder, content)
    return str(caught.value)


def test_a_record_has_its_columns_and_its_line(tmp_path):
    content = b'\xef\xbb\xbfBoomnummer;SOORT;Opmerking\r\n1;"een; ""eik""";x\r\n\r\n2;.;\r\n3;"op\r\ntwee regels";\r\n4;els;\r\n'
    assert read(tmp_path, content) == [
        ({"nummer": "1", "soort": 'een; "eik"'}, "line 2"),
        ({"nummer": "2"}, "line 4"),
        ({"nummer": "3", "soort": "op\r\ntwee regels"}, "line 5"),
        ({"nummer": "4", "soort": "els"}, "line 7"),
    ]


def test_a_heading_of_another_version_is_the_same_column_and_a_repeated_one_is_a_list(tmp_path):
    content = b"BOOM_NR;Tak;Tak;Tak\n7;links;;rechts\n"
    assert read(tmp_path, content) == [({"nummer": "7", "takken": ["links", "rechts"]}, "line 2")]


def test_the_lines_before_the_heading_tell_the_date(tmp_path):
    file = tmp_path / "x.csv"
    file.write_bytes(b"PublicatieDatum;01-09-2026\nVolgnummer;12\nBoomnummer;Soort\n1;eik\n")
    register = made(tmp_path)
    delivery = open_delivery(register, Kinds(register), [file], None, lambda *_: None)
    assert delivery.date.isoformat() == "2026-09-01"
    assert read(tmp_path, file.read_bytes()) == [({"nummer": "1", "soort": "eik"}, "line 4")]


@pytest.mark.parametrize(
    ("name", "day"),
    [("bomen_202405.csv", "2024-05-01"), ("bomen_2023.csv", "2023-01-01"), ("a_202411.csv", "2024-11-01")],
)
def test_the_name_of_a_file_tells_the_date(tmp_path, name, day):
    file = tmp_path / name
    file.write_bytes(b"Boomnummer\n1\n")
    register = made(tmp_path)
    assert open_delivery(register, Kinds(register), [file], None, lambda *_: None).date.isoformat() == day


def test_a_delivery_that_says_no_date_asks_for_one(tmp_path):
    file = tmp_path / "bomen.csv"
    file.write_bytes(b"Boomnummer\n1\n")
    register = made(tmp_path)
    with pytest.raises(DeliveryError, match="--date YYYY-MM-DD"):
        open_delivery(register, Kinds(register), [file], None, lambda *_: None)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'Boomnummer;Soort\n1;eik\n2;"els\n3;den\n', "line 3: is no CSV: unexpected end of data"),
        (b'Boomnummer;Soort\n1;"eik" x\n', "line 2: is no CSV: ';' expected after '\"'"),
        (b"Boomnummer;Soort\n1;eik\n2;els;3\n", "line 3: has 3 cells where the heading has 2"),
        (b"Boomnummer;Hoogte\n1;3\n", "line 1: has headings that table boom of bomen does not know: 'Hoogte'"),
        (b"Boomnummer;Boom_nr\n1;3\n", "line 1: has a heading twice, or in two versions: 'Boom_nr'"),
        (b"Soort\neik\n", "line 1: has no heading for nummer"),
        (b"Boomnummer;Soort\n1;e\xefk\n", "soon after line 1: is not utf-8-sig"),
        (b"PublicatieDatum;2026\nBoomnummer\n", "line 1: '2026' is no date of the form %d-%m-%Y"),
        (b"Volgnummer;1\n" * PREAMBLE + b"Boomnummer\n", f"has no heading in its first {PREAMBLE} lines"),
        (b'Boomnummer;Soort\n1;"' + b"x" * 2_000_000, "line 2: is no CSV: field larger than field limit"),
        (b"", "is an empty file"),
        (b"<!doctype html><html>", "has headings that table boom of bomen does not know: '<!doctype html><html>'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, content, what):
    assert what in said(tmp_path, content)


def test_a_file_in_a_broken_zip_is_said_to_be_broken_while_it_is_read(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("bomen.csv", b"Boomnummer\n" + b"1234\n" * 100_000)
    content = bytearray(stream.getvalue())
    content[400_000] ^= 0x11
    with pytest.raises(DeliveryError, match=r"delivery\.zip > bomen\.csv: is broken inside its zip"):
        read(tmp_path, bytes(content), "delivery.zip")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("delimiter", "separator"), "options of csv"),
        (("table: boom\n    options", "table: struik\n    options"), "'struik' is none"),
        (("reader: csv", "reader: excel"), "there is no reader 'excel'; there are: xml, csv"),
    ],
)
def test_what_is_wrong_in_loader_yml_is_said(tmp_path, change, what):
    with pytest.raises(ContentError, match=what):
        Kinds(made(tmp_path, LOADER.replace(*change)))


CELLS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_what_a_csv_writer_writes_is_read_back(tmp_path_factory, rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["Boomnummer", "Soort"])
    writer.writerows(rows)
    found = read(tmp_path_factory.mktemp("csv"), text.getvalue().encode())
    assert [(row.get("nummer", ""), row.get("soort", "")) for row, _ in found] == [
        tuple("" if cell.strip() == "." else cell.strip() for cell in row) for row in rows
    ]
