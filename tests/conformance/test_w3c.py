"""The W3C's SPARQL 1.1 tests, over HTTP, against a real server on a data directory of its own."""

from __future__ import annotations

import json
import os
import shutil
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

# What is decided by Oxigraph; its own failures are listed. What our HTTP layer decides has no such list.
ENGINE = "query11,update11,syntax11,results11,formats"
OURS = "protocol11,gsp11,servicedesc11"


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
    address, secret = service
    report = suite.parent.joinpath  # noqa: F841
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
        return done.stdout, json.loads(Path(file.name).read_text())
