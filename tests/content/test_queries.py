"""Every curated query: its header is in order, and its examples have an answer in the sample that ships."""

from __future__ import annotations

import json

import pyoxigraph
import pytest

from stelsel.home import open_home
from stelsel.linking.run import build
from stelsel.loading.run import load
from stelsel.names import Names
from stelsel.querying import results
from stelsel.querying.curated import read
from stelsel.querying.lexer import tokens
from stelsel.sampling import REGISTERS, write_sample
from stelsel.settings import read_settings
from stelsel.storing.editions import newest
from stelsel.storing.releases import release_path

HOME = open_home()
NAMES = Names("http://localhost:8000")
FILES = sorted(HOME.queries.glob("**/*.rq"))
EVERY = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A release of every register and linkset, of the sample with the fewest addresses that have everything.

    A register of which there is no sample has its example.
    """
    folder = tmp_path_factory.mktemp("sample")
    settings = read_settings({"data": folder / "data", "processes": 1}, {})
    write_sample(folder / "out", addresses=100, seed=1, progress=lambda *_: None)
    for name in HOME.registers():
        source = folder / "out" / name if name in REGISTERS else HOME.loaders / name / "example/levering"
        load(name, [source], home=HOME, settings=settings, accept=False, progress=lambda *_: None)
    editions = [edition for name in HOME.registers() if (edition := newest(settings.data, name))]
    release = build(settings.data, HOME, NAMES, "open", editions).release
    return pyoxigraph.Store.read_only(str(release_path(settings.data, "open", release.id) / "oxigraph"))


def answered(store, query, values):
    found = store.query(query.bind(values), base_iri=NAMES.root)
    if query.form != "select":
        return list(found)
    content = json.loads(found.serialize(format=pyoxigraph.QueryResultsFormat.JSON))
    return results.items(query.returns, content["results"]["bindings"])


@EVERY
def test_a_query_stands_in_the_folder_of_its_theme(file):
    assert file.parent.parent == HOME.queries


@EVERY
def test_a_query_speaks_dutch_and_english(file):
    query = read(file, NAMES.root)
    described = [query.summary, *(parameter.description for parameter in query.parameters)]
    assert all(text.nl and text.en for text in described)
    assert all(column.description.nl or column.property for column in query.returns)
    assert query.tags
    assert query.declared.registers


@EVERY
def test_prefixes_are_declared_in_order_and_used(file):
    found = [token for token in tokens(read(file, NAMES.root).text) if token.kind != "comment"]
    declared = [found[i + 1].text for i, token in enumerate(found) if token.text == "PREFIX"]
    used = {f"{token.text.split(':')[0]}:" for token in found if token.kind == "name" and not token.text.endswith(":")}
    assert declared == sorted(declared)
    assert set(declared) == used


@EVERY
def test_the_examples_have_an_answer_in_the_sample(file, sample):
    query = read(file, NAMES.root)
    required = {p.name: [p.example] for p in query.parameters if p.required}
    for values in (required, query.examples()):
        found = answered(sample, query, values)
        assert found
        assert len(found) == 1 or not query.declared.single


@EVERY
def test_the_manual_lists_the_query(file):
    assert f"`{file.parent.name}/{file.stem}`" in (HOME.queries / "README.md").read_text("utf-8")
