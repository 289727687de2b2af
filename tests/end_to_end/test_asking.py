"""`stelsel query` asks what the service with the same settings would answer from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from remotestores import oxigraph
from tinyreleases import chain, release

STELSEL = Path(sys.executable).parent / "stelsel"
LABEL = "SELECT ?o { <http://e/5> <http://e/label> ?o }"


def ask(text, *options, **settings):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STELSEL_")}
    given = {f"STELSEL_{name.upper()}": str(value) for name, value in settings.items()}
    command = [STELSEL, "query", text, "--format", "csv", *options]
    return subprocess.run(command, capture_output=True, text=True, env={**environ, **given}, check=False, timeout=60)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("asking")
    release(data, "r1", chain(10))
    return data


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Another store, with another label."""
    with oxigraph(tmp_path_factory.mktemp("elsewhere")) as (address, _):
        turtle = '<http://e/5> <http://e/label> "from elsewhere" .'
        graph = address.removesuffix("query") + "store?default"
        sent = httpx2.put(graph, content=turtle, headers={"content-type": "text/turtle"}, trust_env=False)
        assert sent.status_code < 300
        yield address


def test_the_current_release_answers(data):
    assert ask(LABEL, data=data).stdout.split("\n")[1].strip() == "label 5"


def test_another_store_answers_where_the_settings_name_one(data, elsewhere, tmp_path):
    for folder in (data, tmp_path / "no data at all"):
        done = ask(LABEL, data=folder, store=elsewhere)
        assert (done.returncode, done.stdout.split("\n")[1].strip()) == (0, "from elsewhere"), done.stderr


def test_another_store_that_is_not_there_is_told_and_is_no_empty_answer(data):
    done = ask(LABEL, data=data, store="http://127.0.0.1:9/sparql")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "the remote store cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_guard_is_the_same_for_another_store(elsewhere, data):
    done = ask("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", data=data, store=elsewhere)
    assert (done.returncode != 0, "SERVICE" in done.stderr) == (True, True)
