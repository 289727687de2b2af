from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from stelsel.errors import Locked, NotFound, SettingError
from stelsel.home import open_home
from stelsel.storing.editions import editions, lock
from stelsel.storing.pruning import prune
from stelsel.storing.releases import build, current, held, hold, release_path, releases
from tinyeditions import NAMES, ONTOLOGIES, PANDEN, make, make_home, released


@pytest.fixture
def home(tmp_path):
    return open_home(make_home(tmp_path / "home", **ONTOLOGIES))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


HOLDS = """
import sys, time
from pathlib import Path
from stelsel.storing.locks import hold
with hold(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_prune_keeps_the_newest_and_what_they_were_built_from(data, home):
    made = []
    for name in "abcd":
        edition = make(data, "bag", PANDEN, id=name)
        made.append(released(data, home, edition))

    removed = prune(data, 2)

    assert removed == [
        f"open/releases/{made[0].id}",
        f"open/releases/{made[1].id}",
        "editions/bag/a",
        "editions/bag/b",
    ]
    assert releases(data, "open") == made[2:]
    assert [edition.id for edition in editions(data, "bag")] == ["c", "d"]
    assert list((data / "staging").iterdir()) == []
    assert prune(data, 2) == []


def test_prune_keeps_the_current_release_and_its_edition_however_old(data, home):
    first = released(data, home, make(data, "bag", PANDEN, id="a"))
    for name in "bc":
        build(data, home, NAMES, "open", [make(data, "bag", PANDEN, id=name)])

    prune(data, 1)

    assert current(data, "open") == first
    assert [edition.id for edition in editions(data, "bag")] == ["a", "c"]


def test_prune_keeps_a_release_that_a_server_holds_for_as_long_as_it_lives(data, home):
    first, second = released(data, home), released(data, home)
    path = release_path(data, "open", first.id)
    server = subprocess.Popen([sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout.readline() == "ready\n"
        assert held(path)
        assert prune(data, 1) == []
    finally:
        server.send_signal(signal.SIGKILL)
        server.communicate()

    assert not held(path)
    assert prune(data, 1) == [f"open/releases/{first.id}"]
    assert releases(data, "open") == [second]


def test_a_release_that_was_pruned_cannot_be_held(data, home):
    first, _ = released(data, home), released(data, home)
    prune(data, 1)

    with pytest.raises(NotFound, match=first.id), hold(release_path(data, "open", first.id)):
        pass


def test_prune_keeps_at_least_one(data):
    with pytest.raises(SettingError, match="at least 1"):
        prune(data, 0)


def test_a_build_and_a_prune_wait_for_no_other_writer(data, home):
    with lock(data):
        with pytest.raises(Locked, match=str(os.getpid())):
            build(data, home, NAMES, "open", [])
        with pytest.raises(Locked):
            prune(data, 1)
