"""The W3C's SPARQL 1.1 tests, over HTTP, against a real server on a data directory of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from stelsel.home import Home
from stelsel.names import Names
from stelsel.storing.releases import build, switch
from stelsel.storing.tokens import create
from tinyeditions import make_home
from tinyreleases import served

# How many tests of each group must pass. What Oxigraph decides, it may fail where it fails over its own server, which is
# listed; what our HTTP layer decides has no such list.
ENGINE = {"query11": 224, "update11": 102, "syntax11": 141, "results11": 8, "formats": 216}
OURS = {"protocol11": 34, "gsp11": 13, "servicedesc11": 3}


@pytest.fixture(scope="module")
def suite(shared):
    folder = shared / "conformance"
    if not folder.is_dir():
        pytest.skip("the W3C's tests are not here (../shared/conformance)")
    return folder


@pytest.fixture(scope="module")
def data():
    """In memory where the system has that: the suite makes two thousand releases, and a disk would have to sync each."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder) / "data"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def service(data):
    """The address of a service whose default graph is its own and whose graphs may all be changed, and a token for it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    home = Home(make_home(data.parent / "home"))
    release = build(data, home, Names(base), "open", [])
    switch(data, "open", release.id)
    secret, _ = create(data, ["steward"], days=1)
    settings = {"base": base, "port": port, "default_graph": "own", "writable": "all", "query_workers": 2}
    with served(data, **settings, budget_seconds=0, budget_seconds_token=0) as (address, _):
        yield address, secret


def run(suite, service, groups, *options):
    """What the suite reports, and what it says."""
    address, secret = service
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "sparqlconf", "--tests", str(suite / "w3c")),
                *("--query-url", f"{address}/sparql", "--update-url", f"{address}/sparql/update"),
                *("--gsp-url", f"{address}/graph-store", "--token", secret, "--direct-gsp"),
                *("--groups", groups, "--report", file.name, *options),
            ],
            cwd=suite,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return json.loads(Path(file.name).read_text())["outcomes"], done.stdout


def failed(outcomes):
    return {f"{each['group']}/{each['test']}": each["detail"] for each in outcomes if each["status"] == "fail"}


@pytest.mark.parametrize(("group", "least"), OURS.items())
def test_what_our_http_layer_decides_is_right_in_every_test(suite, service, group, least):
    outcomes, said = run(suite, service, group)
    assert failed(outcomes) == {}
    assert sum(each["status"] == "pass" for each in outcomes) >= least, said


@pytest.mark.slow
@pytest.mark.parametrize(("group", "least"), ENGINE.items())
def test_what_the_engine_decides_fails_nowhere_but_where_the_engine_does(suite, service, group, least):
    known = set(json.loads((suite / "known-oxigraph-0.5.13.json").read_text()))
    outcomes, said = run(suite, service, group)
    found = failed(outcomes)
    assert {test: why for test, why in found.items() if test not in known} == {}
    assert sum(each["status"] == "pass" for each in outcomes) >= least, said
