"""Load, build, switch and prune, killed with SIGKILL at every kind of moment: what was served stays, the next run is clean.

The child counts its own moments with an audit hook, which Python calls before each open, rename, mkdir, unlink and
symlink, and kills itself at the one it was told to. Inside Oxigraph, where no hook reaches, the parent kills it by time.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from stelsel.home import open_home
from stelsel.storing.checksums import verify
from stelsel.storing.editions import edition_path, editions
from stelsel.storing.locks import lock
from stelsel.storing.pruning import prune
from stelsel.storing.releases import current, current_path, releases
from tinyeditions import BASE, ONTOLOGIES, ask, iri, make, make_home, released, triple

pytestmark = pytest.mark.slow

OLD = {"bag": [triple("id/pand/1")]}
NEW = {"bag": [triple("id/pand/1"), triple("id/pand/2")], "bag/historie": [triple("id/voorkomen/1")]}
FACTS = {"id": "b", "day": date(2024, 2, 1)}
MOMENTS = 8
LARGE = {"bag": [triple(f"id/pand/{number}") for number in range(60_000)]}
DELAYS = (0.1, 0.3, 0.5)


def story(data, home):
    """All that a night's work does with the data directory."""
    edition = make(data, "bag", NEW, **FACTS)
    release = released(data, home, edition)
    prune(data, 1)
    return release


CHILD = """
import os, signal, sys
from pathlib import Path
from stelsel.home import open_home
from test_crashes import story

data, at = sys.argv[1], int(sys.argv[3])
moments = 0

def count(event, args):
    global moments
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink") and str(args[0]).startswith(data):
        moments += 1
        if moments == at:
            os.kill(os.getpid(), signal.SIGKILL)

home = open_home(Path(sys.argv[2]))
sys.addaudithook(count)
story(Path(data), home)
print(moments)
"""

BUILDS = """
import sys
from pathlib import Path
from stelsel.home import open_home
from stelsel.storing.editions import newest
from stelsel.storing.releases import build, switch
from tinyeditions import NAMES

data = Path(sys.argv[1])
home = open_home(Path(sys.argv[2]))
print("ready", flush=True)
release = build(data, home, NAMES, "open", [newest(data, "bag")])
switch(data, "open", release.id)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return open_home(make_home(tmp_path_factory.mktemp("home"), **ONTOLOGIES))


@pytest.fixture(scope="module")
def before(tmp_path_factory, home):
    """A data directory with one edition and one release, which is current."""
    data = tmp_path_factory.mktemp("before") / "data"
    released(data, home, make(data, "bag", OLD, id="a"))
    return data


@pytest.fixture(scope="module")
def large(tmp_path_factory, before):
    """The same, with a newer edition that takes Oxigraph a while."""
    data = tmp_path_factory.mktemp("large") / "data"
    shutil.copytree(before, data, symlinks=True)
    make(data, "bag", LARGE, **FACTS)
    return data


@pytest.fixture
def data(tmp_path, before):
    return shutil.copytree(before, tmp_path / "data", symlinks=True)


def child(code, *args):
    here = Path(__file__).parent
    path = f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parent)!r}]\n"
    return [sys.executable, "-c", path + code, *map(str, args)]


@pytest.fixture(scope="module")
def moments(before, home, tmp_path_factory):
    """How many moments the story has when nothing kills it."""
    data = shutil.copytree(before, tmp_path_factory.mktemp("whole") / "data", symlinks=True)
    done = subprocess.run(child(CHILD, data, home.root, 0), capture_output=True, text=True, check=True)
    return int(done.stdout)


def check_served(data):
    """What is served is whole and answers; every edition is whole too."""
    path = current_path(data, "open")
    verify(path)
    assert f"{BASE}/id/pand/1" in ask(path, f"SELECT ?s {{ ?s {iri('p')} ?o }}")
    for edition in editions(data, "bag"):
        verify(edition_path(data, edition))


def check_clean(data, release):
    """Nothing is there but what the last run made."""
    assert current(data, "open") == release
    assert releases(data, "open") == [release]
    assert list((data / "staging").iterdir()) == []
    assert sorted(path.name for path in data.iterdir()) == ["editions", "lock", "open", "staging"]
    assert sorted(path.name for path in (data / "open").iterdir()) == ["current", "releases"]
    verify(current_path(data, "open"))


@pytest.mark.parametrize("part", range(MOMENTS))
def test_killed_at_any_moment_the_release_is_served_and_the_next_run_is_clean(data, home, moments, part):
    at = 1 + part * (moments - 1) // (MOMENTS - 1)
    killed = subprocess.run(child(CHILD, data, home.root, at), capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    check_served(data)

    release = story(data, home)
    check_clean(data, release)
    assert len(ask(current_path(data, "open"), f"SELECT ?s {{ ?s {iri('p')} ?o }}")) == 3
    assert [edition.id for edition in editions(data, "bag")] == ["b"]


@pytest.mark.parametrize("delay", DELAYS)
def test_killed_inside_oxigraph_the_release_is_served_and_the_next_run_is_clean(tmp_path, large, home, delay):
    data = shutil.copytree(large, tmp_path / "data", symlinks=True)
    process = subprocess.Popen(child(BUILDS, data, home.root), stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    check_served(data)

    release = released(data, home, editions(data, "bag")[-1])
    prune(data, 1)
    check_clean(data, release)
    assert release.graphs["https://data.example.nl/graph/bag"] == len(LARGE["bag"])


def test_a_killed_writer_leaves_no_lock(data, home):
    killed = subprocess.run(child(CHILD, data, home.root, 5), capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL

    with lock(data):
        pass
