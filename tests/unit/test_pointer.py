from __future__ import annotations

import contextlib
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stelsel.errors import Damaged, NoRelease, NotFound
from stelsel.home import open_home
from stelsel.storing.checksums import verify
from stelsel.storing.releases import build, current, current_path, release_path, rollback, switch
from tinyeditions import NAMES, ONTOLOGIES, PANDEN, ask, flip, make, make_home, released


@pytest.fixture
def home(tmp_path):
    return open_home(make_home(tmp_path / "home", **ONTOLOGIES))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_nothing_is_current_before_the_first_switch(data, home):
    build(data, home, NAMES, "open", [])

    with pytest.raises(NoRelease, match="stelsel release"):
        current(data, "open")


def test_the_pointer_is_relative_so_that_the_directory_can_be_moved(tmp_path, data, home):
    release = released(data, home, make(data, "bag", PANDEN))

    data.rename(tmp_path / "moved")

    assert (tmp_path / "moved/open/current").readlink().as_posix() == f"releases/{release.id}"
    assert current(tmp_path / "moved", "open") == release


def test_the_two_audiences_have_their_own_pointers(data, home):
    edition = make(data, "bag", PANDEN)
    closed = released(data, home, edition, audience="gesloten")

    with pytest.raises(NoRelease):
        current(data, "open")
    assert current_path(data, "gesloten") == data / "gesloten/releases" / closed.id


def test_rollback_goes_to_the_release_before_or_to_the_one_named(data, home):
    first, second, third = (released(data, home) for _ in range(3))

    assert rollback(data, "open") == second
    assert rollback(data, "open") == first
    with pytest.raises(NotFound, match=f"no open release before {first.id}"):
        rollback(data, "open")
    assert rollback(data, "open", third.id) == third == current(data, "open")


@pytest.mark.parametrize("name", ["20200101-000000-000", "", "..", "../../editions", ".", "a/b"])
def test_a_release_that_is_not_there_cannot_become_current(data, home, name):
    release = released(data, home)

    with pytest.raises(NotFound):
        switch(data, "open", name)

    assert current(data, "open") == release


def test_a_damaged_release_cannot_become_current(data, home):
    first, second = released(data, home), released(data, home)
    flip(max(release_path(data, "open", first.id).glob("oxigraph/*.sst"), key=lambda file: file.stat().st_size))

    with pytest.raises(Damaged, match=r"oxigraph/\d+\.sst has changed"):
        rollback(data, "open")

    assert current(data, "open") == second


def test_a_pointer_at_nothing_says_so(data, home):
    release = released(data, home)
    shutil.rmtree(release_path(data, "open", release.id))

    with pytest.raises(Damaged, match="stelsel rollback"):
        current(data, "open")


def test_reading_a_release_changes_none_of_its_files(data, home):
    path = release_path(data, "open", released(data, home, make(data, "bag", PANDEN)).id)

    assert len(ask(path, "SELECT ?s { ?s ?p ?o }")) > 3

    verify(path)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    data = tmp_path_factory.mktemp("three")
    home = open_home(make_home(tmp_path_factory.mktemp("home"), **ONTOLOGIES))
    return data, [build(data, home, NAMES, "open", []).id for _ in range(3)]


MOVES = {
    "back": lambda data, _: rollback(data, "open"),
    "first": lambda data, made: rollback(data, "open", made[0]),
    "second": lambda data, made: switch(data, "open", made[1]),
    "third": lambda data, made: rollback(data, "open", made[2]),
    "nowhere": lambda data, _: switch(data, "open", "nowhere"),
}


@settings(max_examples=30, deadline=None)
@given(moves=st.lists(st.sampled_from(sorted(MOVES)), min_size=1, max_size=6))
def test_after_any_moves_current_is_the_release_of_the_last_one_that_worked(three, moves):
    data, made = three
    at = switch(data, "open", made[0]).id
    for move in moves:
        with contextlib.suppress(NotFound):
            at = MOVES[move](data, made).id
        assert current(data, "open").id == at
        assert current_path(data, "open").samefile(data / "open/current")
