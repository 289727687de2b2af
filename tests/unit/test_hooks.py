"""A register's own step: what it gives is mapped, what it refuses is counted and reported with its place."""

from datetime import date

import orjson
import pytest

from stelsel.errors import ContentError
from stelsel.home import Home
from stelsel.loading.hooks import read_hook
from stelsel.loading.register import read_register
from stelsel.loading.rows import read_lines
from stelsel.loading.run import load
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path

LOADER = """
title: {nl: Metingen, en: Measurements}
description: {nl: Metingen, en: Measurements}
publisher: https://identifier.overheid.nl/tooi/id/gemeente/gm9990
licence: http://creativecommons.org/publicdomain/zero/1.0/
source: https://example.nl/
frequency: http://publications.europa.eu/resource/authority/frequency/DAILY
theme: http://publications.europa.eu/resource/authority/data-theme/ENVI
refused: 1
documents:
  - {reader: csv, files: ["*.csv"], table: breed}
tables:
  breed: {key: [put], intermediate: true, columns: {put: {}, een: {}, twee: {}}}
  lang: {key: [put, dag], columns: {put: {}, dag: {}, stand: {type: decimal, required: true}}}
"""
LONG = """PREFIX id: <id/>
CONSTRUCT { ?bron <def/stand> $stand ; <def/dag> $dag }
WHERE { BIND(IRI(CONCAT(STR(id:), "put/", $put)) AS ?bron) }"""
STEP = """
def rows(table, row):
    for dag in ("een", "twee"):
        if row.get(dag) == "stuk":
            raise ValueError(f"{dag}: de meter was stuk")
        if dag in row:
            yield "lang", {"put": row["put"], "dag": dag, "stand": row[dag]}
"""


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    register = folder / "loaders/metingen"
    register.mkdir(parents=True)
    for name in ("ontologies", "queries"):
        (folder / name).mkdir()
    (register / "loader.yml").write_text(LOADER)
    (register / "lang.rq").write_text(LONG)
    (register / "rows.py").write_text(STEP)
    return Home(folder)


# Other tests of this process end processes on purpose, now and then the one that Python keeps count of semaphores with.
@pytest.mark.filterwarnings("ignore:resource_tracker")
@pytest.mark.parametrize("processes", [1, 2])
def test_a_wide_record_becomes_long_ones_and_a_refused_one_is_reported(home, tmp_path, processes):
    source = tmp_path / "metingen.csv"
    source.write_text("put,een,twee\nA,1.5,2\nB,3,\nC,1,stuk\n")
    settings = read_settings({"data": tmp_path / "data", "processes": processes}, {})
    outcome = load(
        "metingen",
        [source],
        home=home,
        settings=settings,
        accept=False,
        progress=lambda *_: None,
        date=date(2024, 5, 1),
    )
    path = edition_path(settings.data, outcome.edition)
    quads = b"".join(read_lines(path / "quads/metingen.nq.zst")).decode()
    assert quads.count("/def/stand>") == 3
    assert '"2"^^<http://www.w3.org/2001/XMLSchema#decimal>' in quads
    assert "put/C" not in quads
    (problem,) = map(orjson.loads, read_lines(path / "problems.jsonl.zst"))
    assert (problem["key"], problem["message"]) == ("C", "twee: de meter was stuk")
    assert problem["where"] == "metingen.csv, line 4"
    counts = outcome.edition.tables
    assert (counts["lang"].mapped, counts["breed"].read, counts["breed"].refused) == (3, 1, 1)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("def rows(:", "cannot be imported"),
        ("import nothing_of_the_kind", "cannot be imported"),
        ("rows = 3", "no function"),
    ],
)
def test_a_step_that_is_wrong_is_said_with_its_file(home, text, what):
    (home.loaders / "metingen/rows.py").write_text(text)
    with pytest.raises(ContentError, match=rf"rows\.py: .*{what}"):
        read_hook(read_register(home, "metingen"))


def test_a_register_without_one_has_none(home):
    (home.loaders / "metingen/rows.py").unlink()
    assert read_hook(read_register(home, "metingen")) is None
