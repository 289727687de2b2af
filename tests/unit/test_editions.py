from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stelsel.errors import Damaged, DiskFull, Locked
from stelsel.storing.editions import GraphFile, commit, edition_path, editions, lock, newest, registers, staging, verify
from tinyeditions import describe, fill_up, flip, graph_file, make, small_disk, triple

ONE = {"bag": [triple("id/pand/1")]}


def other_process(code, *args):
    """A Python process that runs `code`, after it has said that it is where the code wants it to be."""
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, args)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def end(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


STAGES = """
import sys, time
from pathlib import Path
from stelsel.storing.editions import staging
with staging(Path(sys.argv[1]), "bag") as staged:
    (staged / "half").write_text("x")
    print("ready", flush=True)
    time.sleep(60)
"""

WRITES = """
import sys, time
from pathlib import Path
from stelsel.storing.editions import lock
with lock(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_an_edition_is_found_again_as_it_was_committed(tmp_path):
    edition = make(tmp_path, "bag", ONE)

    assert editions(tmp_path, "bag") == [edition]
    assert registers(tmp_path) == ["bag"]
    assert sorted(path.name for path in edition_path(tmp_path, edition).iterdir()) == [
        "SHA256SUMS",
        "edition.json",
        "quads",
    ]


def test_without_editions_there_is_no_newest(tmp_path):
    assert newest(tmp_path, "bag") is None
    assert registers(tmp_path) == []


def test_the_newest_edition_has_the_latest_date_and_of_two_the_one_made_last(tmp_path):
    first = datetime(2024, 3, 1, 12, tzinfo=UTC)
    second = datetime(2024, 3, 1, 13, tzinfo=UTC)
    make(tmp_path, "bag", ONE, id="c", day=date(2024, 1, 1), finished=second)
    make(tmp_path, "bag", ONE, id="b", day=date(2024, 2, 1), finished=second)
    make(tmp_path, "bag", ONE, id="a", day=date(2024, 2, 1), finished=first)

    assert [edition.id for edition in editions(tmp_path, "bag")] == ["c", "a", "b"]
    assert newest(tmp_path, "bag").id == "b"


def test_sha256sum_itself_accepts_the_checksums(tmp_path):
    path = edition_path(tmp_path, make(tmp_path, "bag", ONE))

    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=path, check=True)


def test_an_edition_that_is_there_already_is_left_as_it_is(tmp_path):
    edition = make(tmp_path, "bag", ONE)
    path = edition_path(tmp_path, edition)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}

    with lock(tmp_path), staging(tmp_path, "again") as staged:
        files = [graph_file(staged, "bag", [triple("id/pand/2")])]
        assert commit(tmp_path, describe("bag", files), staged) == path

    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_a_graph_whose_file_was_not_written_is_not_committed(tmp_path):
    missing = GraphFile(
        iri="https://data.example.nl/graph/bag", file="quads/bag.nq.zst", quads=1, access="open", subjects=()
    )

    with pytest.raises(Damaged, match=r"quads/bag\.nq\.zst"), staging(tmp_path, "bag") as staged:
        commit(tmp_path, describe("bag", [missing]), staged)

    assert editions(tmp_path, "bag") == []


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: flip(path / "quads/bag.nq.zst"), r"quads/bag\.nq\.zst has changed"),
        (lambda path: flip(path / "edition.json"), r"edition\.json has changed"),
        (lambda path: (path / "quads/bag.nq.zst").unlink(), r"quads/bag\.nq\.zst is missing"),
        (lambda path: (path / "quads/more.nq.zst").write_bytes(b""), r"quads/more\.nq\.zst does not belong there"),
        (lambda path: (path / "SHA256SUMS").unlink(), r"SHA256SUMS is missing"),
        (lambda path: (path / "SHA256SUMS").write_text("x"), r"SHA256SUMS is not a list of checksums"),
        (lambda path: (path / "SHA256SUMS").write_bytes(b"\xff\n"), r"SHA256SUMS is not a list of checksums"),
    ],
)
def test_damage_is_named_by_file(tmp_path, damage, sentence):
    path = edition_path(tmp_path, make(tmp_path, "bag", ONE))
    verify(path)

    damage(path)

    with pytest.raises(Damaged, match=sentence):
        verify(path)


def test_a_description_that_cannot_be_read_is_named(tmp_path):
    path = edition_path(tmp_path, make(tmp_path, "bag", ONE))
    (path / "edition.json").write_text('{"register": "bag"}')

    with pytest.raises(Damaged, match=r"bag/2024-01-01-a/edition\.json does not describe an edition: id"):
        editions(tmp_path, "bag")


@given(st.tuples(st.text(), st.sampled_from(["/", "\0", "\n", "\\", "../"]), st.text()).map("".join))
def test_no_name_leads_out_of_its_folder(name):
    with pytest.raises(ValidationError):
        describe("bag", [], id=name)
    with pytest.raises(ValidationError):
        describe(name, [])


def test_what_is_staged_is_gone_when_making_it_fails(tmp_path):
    with pytest.raises(FileNotFoundError), staging(tmp_path, "bag") as staged:
        (staged / "no" / "folder").write_text("x")

    assert list((tmp_path / "staging").iterdir()) == []


def test_what_a_killed_process_staged_is_removed_by_the_next_one(tmp_path):
    process = other_process(STAGES, tmp_path)
    end(process)
    assert len(list((tmp_path / "staging").iterdir())) == 2

    with staging(tmp_path, "next") as staged:
        assert {path.name for path in (tmp_path / "staging").iterdir()} == {staged.name, f"{staged.name}.lock"}


def test_what_a_living_process_stages_is_left_alone(tmp_path):
    process = other_process(STAGES, tmp_path)
    try:
        with staging(tmp_path, "next"):
            assert [path.read_text() for path in tmp_path.glob("staging/bag.*/half")] == ["x"]
    finally:
        end(process)


def test_a_folder_whose_lock_is_gone_is_removed(tmp_path):
    (tmp_path / "staging/bag.1.abcd").mkdir(parents=True)

    with staging(tmp_path, "next"):
        pass

    assert list((tmp_path / "staging").iterdir()) == []


def test_two_stagings_of_one_process_leave_each_other_alone(tmp_path):
    with staging(tmp_path, "bag") as first, staging(tmp_path, "bag") as second:
        assert first.is_dir()
        assert second.is_dir()


def test_a_second_writer_is_told_which_process_writes(tmp_path):
    process = other_process(WRITES, tmp_path)
    try:
        with pytest.raises(Locked, match=rf"process {process.pid} is writing"), lock(tmp_path):
            pass
    finally:
        end(process)


def test_the_lock_of_a_killed_writer_is_free_at_once(tmp_path):
    end(other_process(WRITES, tmp_path))

    with lock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), lock(tmp_path):
        (tmp_path / "no" / "folder").write_text("x")

    with lock(tmp_path):
        pass


def test_a_full_disk_is_said_and_costs_nothing_that_was_there(tmp_path):
    try:
        with small_disk(tmp_path / "data", 4) as data:
            edition = make(data, "bag", ONE)
            ballast = fill_up(data, leave=64_000)

            with pytest.raises(DiskFull, match="nothing that was there is lost"):
                make(data, "bgt", {"bgt": [triple("id/x/1", value=f'"{os.urandom(100_000).hex()}"')]})

            assert list((data / "staging").iterdir()) == []
            verify(edition_path(data, edition))
            assert registers(data) == ["bag"]
            ballast.unlink()
            make(data, "bgt", ONE)
            assert registers(data) == ["bag", "bgt"]
    except PermissionError:
        pytest.skip("a small disk can be mounted by root only")
