"""Every register: its content is in order, and its example gives what it gave when a person last looked.

`make accept` writes the expected quads again; the difference is reviewed like code.
"""

import ast
import os
import sys

import pytest

from stelsel.home import open_home
from stelsel.loading.delivery import Kinds
from stelsel.loading.hooks import read_hook
from stelsel.loading.mapping import Mapper
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
    Kinds(register)
    read_hook(register)
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
    register = read_register(HOME, name)
    mapped = {table for table, spec in register.tables.items() if not spec.intermediate}
    assert [table for table in mapped if not outcome.edition.tables[table].read] == []
    assert sum(count.refused for count in outcome.edition.tables.values()) == 0


@pytest.mark.parametrize("name", [name for name in REGISTERS if (HOME.loaders / name / "rows.py").is_file()])
def test_a_step_of_a_register_knows_rows_and_nothing_else_of_stelsel(name):
    tree = ast.parse((HOME.loaders / name / "rows.py").read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    outside = {module for module in imported if module.split(".")[0] not in sys.stdlib_module_names}
    assert outside <= {"stelsel.loading.rows"}
