"""Every register: its content is in order, and its example gives what it gave when a person last looked.

`make accept` writes the expected quads again; the difference is reviewed like code.
"""

import os

import pytest

from stelsel.home import open_home
from stelsel.loading.mapping import Mapper
from stelsel.loading.readers.xml import XmlReader
from stelsel.loading.register import read_register
from stelsel.loading.rows import read_lines
from stelsel.loading.run import load
from stelsel.names import Names
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path

HOME = open_home()
REGISTERS = HOME.registers()


@pytest.mark.parametrize("name", REGISTERS)
def test_a_register_is_read_and_every_mapping_runs(name):
    register = read_register(HOME, name)
    XmlReader(register)
    Mapper(register, Names("http://localhost:8000"))


@pytest.mark.parametrize("name", REGISTERS)
def test_an_example_gives_the_quads_that_were_reviewed(name, tmp_path):
    folder = HOME.loaders / name / "example"
    settings = read_settings({"data": tmp_path, "processes": 1}, {})
    outcome = load(name, [folder / "levering"], home=HOME, settings=settings, accept=False, progress=lambda *_: None)
    path = edition_path(tmp_path, outcome.edition)
    mine = [graph for graph in outcome.edition.graphs if f"/graph/{name}" in graph.iri]
    quads = b"".join(sorted(line for graph in mine for line in read_lines(path / graph.file)))
    expected = folder / "expected.nq"
    if os.environ.get("ACCEPT"):
        expected.write_bytes(quads)
    assert quads.splitlines() == expected.read_bytes().splitlines()


@pytest.mark.parametrize("name", REGISTERS)
def test_a_table_is_in_the_example(name, tmp_path):
    settings = read_settings({"data": tmp_path, "processes": 1}, {})
    source = HOME.loaders / name / "example/levering"
    outcome = load(name, [source], home=HOME, settings=settings, accept=False, progress=lambda *_: None)
    assert [table for table, count in outcome.edition.tables.items() if not count.read] == []
    assert sum(count.refused for count in outcome.edition.tables.values()) == 0
