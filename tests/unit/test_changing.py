"""A change makes a release of its own, whole or not at all, and an edition that the next build takes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Store
from typer.testing import CliRunner

from stelsel.cli.commands import app
from stelsel.errors import (
    ChangeConflict,
    DeadlinePassed,
    DiskFull,
    GraphsOverlap,
    Locked,
    MemoryExceeded,
    NoRelease,
    NotFound,
    QueryRefused,
    QuerySyntaxError,
    SettingError,
    StoreError,
)
from stelsel.home import Home
from stelsel.names import Names
from stelsel.storing import Limits
from stelsel.storing.changes import Change, Part
from stelsel.storing.changing import KEPT, Changer
from stelsel.storing.checksums import verify
from stelsel.storing.editions import edition_path, editions, newest
from stelsel.storing.locks import lock
from stelsel.storing.releases import build, current, current_path, releases, rollback, switch
from stelsel.storing.stewardship import STEWARD
from tinyeditions import BASE, NAMES, PANDEN, ask, fill_up, make, make_home, released, small_disk
from tinyreleases import eventually

NOTES = f"{BASE}/graph/beheer/notities"
OTHER = f"{BASE}/graph/beheer/anders"
WITHIN = Limits(seconds=20, memory=500_000_000)
_MANY = " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9))
ENDLESS = f"INSERT {{ GRAPH <http://e/g> {{ <http://e/s> <http://e/p> ?n }} }} WHERE {{ SELECT (COUNT(*) AS ?n) {{ GRAPH ?g {{ {_MANY} }} }} }}"
# A text that is doubled thirty times.
GREEDY = (
    "INSERT { GRAPH <http://e/g> { <http://e/s> <http://e/p> ?x30 } } WHERE { BIND('x' AS ?x0) "
    + " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(30))
    + " }"
)


@pytest.fixture
def home(tmp_path):
    return Home(make_home(tmp_path / "home"))


@pytest.fixture
def data(tmp_path, home):
    data = tmp_path / "data"
    released(data, home, make(data, "bag", PANDEN))
    return data


@pytest.fixture
def changer(data):
    changer = Changer(data, "open", NAMES)
    yield changer
    changer.close()


def insert(triples, graph=NOTES):
    return Change(
        "update", text=f"INSERT DATA {{ GRAPH <{graph}> {{ {triples} }} }}", base_iri=f"{BASE}/", touched=(graph,)
    )


def document(kind, body, graph=NOTES, format="turtle", touched=(NOTES,)):
    return Change(kind, graph=graph, parts=(Part(format, body.encode(), f"{BASE}/"),), touched=touched)


def values(data, graph=NOTES):
    return sorted(ask(current_path(data, "open"), f"SELECT ?o {{ GRAPH <{graph}> {{ ?s <{BASE}/p> ?o }} }}"))


def state(data):
    """All that a failed change must leave as it was."""
    return (
        current(data, "open"),
        [release.id for release in releases(data, "open")],
        [edition.id for edition in editions(data, STEWARD)],
        list((data / "staging").iterdir()),
    )


def test_a_change_is_a_release_that_shares_the_files_it_did_not_change(data, changer):
    before = current_path(data, "open")
    changed = changer.change(insert("<s> <p> 'een'"), WITHIN, by="steward-1")
    after = current_path(data, "open")
    assert changed.release == current(data, "open")
    assert changed.release.after == before.name
    assert values(data) == ["een"]
    verify(after)
    verify(before)
    shared = [path for path in (after / "oxigraph").glob("*.sst") if (before / "oxigraph" / path.name).exists()]
    assert shared
    assert all(path.samefile(before / "oxigraph" / path.name) for path in shared)


def test_the_catalogue_tells_of_the_release_that_it_is_in(data, changer):
    changer.change(insert("<s> <p> 'een' . <s> <q> <o> . <s> a <T>"), WITHIN, by="s")
    release = changer.change(insert("<s> <p> 'twee'"), WITHIN, by="s").release
    path = current_path(data, "open")
    void, dct = "<http://rdfs.org/ns/void#%s>", "<http://purl.org/dc/terms/%s>"
    assert ask(path, f"SELECT ?i {{ ?r a {void % 'Dataset'} ; {dct % 'identifier'} ?i }}") == [release.id]
    assert ask(path, f"SELECT ?n {{ <{NOTES}> {void % 'triples'} ?n }}") == ["4"]
    store = Store.read_only(str(path / "oxigraph"))
    assert release.graphs == {
        graph.value: len(list(store.quads_for_pattern(None, None, None, graph))) for graph in store.named_graphs()
    }
    total = ask(path, f"SELECT ?n {{ ?r {dct % 'identifier'} ?i ; {void % 'triples'} ?n }}")
    assert [int(number) for number in total] == [release.quads - release.graphs[NAMES.catalogue]]
    assert ask(
        path, f"SELECT ?e {{ ?r {void % 'triples'} ?n ; {dct % 'hasPart'} ?e FILTER(CONTAINS(STR(?e), 'beheer')) }}"
    ) == [NAMES.identifier("editie", f"beheer-{release.editions[STEWARD]}")]


def test_a_build_from_editions_keeps_what_was_changed(data, home, changer):
    changer.change(insert("<s> <p> 'een'"), WITHIN, by="s")
    changer.change(insert("<s> <p> 'blijft'", OTHER), WITHIN, by="s")
    changer.change(document("replace", "<s> <p> 'twee', [] ."), WITHIN, by="s")
    stood = {graph: number for graph, number in current(data, "open").graphs.items() if graph != NAMES.catalogue}
    release = build(data, home, NAMES, "open", [newest(data, "bag"), newest(data, STEWARD)])
    switch(data, "open", release.id)
    assert values(data, OTHER) == ["blijft"]
    assert "twee" in values(data)
    assert len(values(data)) == 2
    assert stood == {graph: number for graph, number in release.graphs.items() if graph != NAMES.catalogue}


def test_an_edition_says_who_changed_what(data, changer):
    changer.change(insert("<s> <p> 'een'"), WITHIN, by="steward-1")
    edition = newest(data, STEWARD)
    assert edition.deliveries[0].name == "update by steward-1"
    assert edition.id == current(data, "open").editions[STEWARD]
    verify(edition_path(data, edition))
    changer.change(Change("remove", graph=NOTES, touched=(NOTES,)), WITHIN, by="s")
    assert [graph.iri for graph in newest(data, STEWARD).graphs] == [NAMES.catalogue]


def test_a_blank_node_gets_an_iri_so_that_two_changes_do_not_share_it(data, changer):
    changer.change(insert("_:b <p> _:b"), WITHIN, by="s")
    changer.change(insert("_:b <p> _:b"), WITHIN, by="s")
    assert len(set(values(data))) == 2
    assert all(value.startswith(f"{BASE}/.well-known/genid/") for value in values(data))


def test_a_triple_that_another_graph_states_is_refused(data, changer):
    before = state(data)
    with pytest.raises(GraphsOverlap, match="graph/bag"):
        changer.change(insert("<id/pand/1> <p> 'x'"), WITHIN, by="s")
    assert state(data) == before


@pytest.mark.parametrize(
    "graph", [f"{BASE}/graph/bag", f"{BASE}/graph/catalogus", "http://e/g", f"{BASE}/graph/beheerder"]
)
def test_a_graph_that_is_not_the_stewards_is_refused(data, changer, graph):
    before = state(data)
    with pytest.raises(QueryRefused, match="graph/beheer"):
        changer.change(insert("<s> <p> 1", graph), WITHIN, by="s")
    assert state(data) == before


def test_a_change_that_writes_more_than_it_said_is_stopped_at_the_last(data, changer):
    before = state(data)
    stray = Change("update", text="INSERT DATA { <http://e/s> <http://e/p> 1 }", touched=(NOTES,))
    with pytest.raises(QuerySyntaxError, match="no graph"):
        changer.change(stray, WITHIN, by="s")
    strays = Change("update", text="CREATE GRAPH <http://e/g>", touched=(NOTES,))
    with pytest.raises(QuerySyntaxError, match="not the steward's"):
        changer.change(strays, WITHIN, by="s")
    assert state(data) == before


@pytest.mark.parametrize("format", ["jsonld", "turtle"])
def test_a_document_cannot_write_a_graph_that_it_names_itself(data, changer, format):
    before = state(data)
    body = {
        "jsonld": f'{{"@id": "{BASE}/graph/bag", "@graph": [{{"@id": "http://e/s", "http://e/p": "x"}}]}}',
        "turtle": f"<{BASE}/graph/bag> {{ <http://e/s> <http://e/p> 1 }}",
    }[format]
    with pytest.raises(QuerySyntaxError):
        changer.change(document("replace", body, format=format), WITHIN, by="s")
    assert state(data) == before


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (insert("<s> <p>"), QuerySyntaxError),
        (document("add", "<s> <p> "), QuerySyntaxError),
        (Change("remove", graph=NOTES, touched=(NOTES,)), NotFound),
        (Change("update", text=f"CLEAR GRAPH <{NOTES}>", touched=(NOTES,)), ChangeConflict),
        (Change("update", text="LOAD <http://127.0.0.1:9999/x>", touched=(NOTES,)), StoreError),
    ],
)
def test_a_change_that_fails_leaves_everything_as_it_was(data, changer, change, error):
    before = state(data)
    with pytest.raises(error):
        changer.change(change, WITHIN, by="s")
    assert state(data) == before
    changer.change(insert("<s> <p> 'daarna'"), WITHIN, by="s")
    assert values(data) == ["daarna"]


def test_a_change_without_end_is_stopped_at_its_deadline(data, changer):
    changer.change(insert(" ".join(f"<s{number}> <p> {number} ." for number in range(40))), WITHIN, by="s")
    before, began = state(data), time.monotonic()
    with pytest.raises(DeadlinePassed):
        changer.change(Change("update", text=ENDLESS), Limits(1, 500_000_000), by="s")
    assert time.monotonic() - began < 1.5
    assert state(data) == before
    changer.change(insert("<s> <p> 'daarna'"), WITHIN, by="s")
    assert "daarna" in values(data)


def test_a_change_that_takes_too_much_memory_is_stopped(data, changer):
    before = state(data)
    with pytest.raises(MemoryExceeded):
        changer.change(Change("update", text=GREEDY), Limits(30, 100_000_000), by="s")
    assert state(data) == before
    changer.change(insert("<s> <p> 'daarna'"), WITHIN, by="s")
    assert "daarna" in values(data)


def test_a_process_that_is_killed_halfway_leaves_nothing(data, changer):
    changer.change(insert(" ".join(f"<s{number}> <p> {number} ." for number in range(40))), WITHIN, by="s")
    before = state(data)
    writer = changer._scribe.start().process
    threading.Timer(0.5, os.kill, (writer.pid, signal.SIGKILL)).start()
    with pytest.raises(StoreError, match="nothing has changed"):
        changer.change(Change("update", text=ENDLESS), WITHIN, by="s")
    assert state(data) == before


def test_of_two_at_once_both_land_or_the_second_is_told(data):
    changers = [Changer(data, "open", NAMES) for _ in range(2)]

    def work(number):
        told = 0
        for turn in range(4):
            while True:
                try:
                    changers[number].change(insert(f"<s> <p> '{number}-{turn}'"), WITHIN, by="s")
                    break
                except Locked:
                    told += 1
                    time.sleep(0.005)
        return told

    try:
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(work, range(2)))
    finally:
        for changer in changers:
            changer.close()
    assert values(data) == sorted(f"{number}-{turn}" for number in range(2) for turn in range(4))
    assert sum(told) > 0


def test_while_another_process_writes_nothing_is_changed(data, changer):
    with lock(data), pytest.raises(Locked, match=str(os.getpid())):
        changer.change(insert("<s> <p> 1"), WITHIN, by="s")


def test_a_change_can_be_rolled_back(data, changer):
    changer.change(insert("<s> <p> 'een'"), WITHIN, by="s")
    changer.change(insert("<s> <p> 'twee'"), WITHIN, by="s")
    rollback(data, "open")
    assert values(data) == ["een"]


def test_old_releases_of_changes_go_and_those_that_were_built_stay(data, changer):
    built = current(data, "open").id
    for number in range(2 * KEPT + 1):
        changer.change(insert(f"<s> <p> {number}"), WITHIN, by="s")
    kept = [release.id for release in releases(data, "open")]
    assert len(kept) == KEPT + 1
    assert kept[0] == built
    assert kept[-1] == current(data, "open").id
    assert len(values(data)) == 2 * KEPT + 1
    assert len(editions(data, STEWARD)) == KEPT
    verify(edition_path(data, newest(data, STEWARD)))


def test_closed_graphs_are_not_for_the_public_service_and_stay_in_the_edition(data, home):
    closed = build(data, home, NAMES, "gesloten", [newest(data, "bag")])
    switch(data, "gesloten", closed.id)
    within, without = Changer(data, "gesloten", NAMES), Changer(data, "open", NAMES)
    try:
        within.change(insert("<s> <p> 'geheim'"), WITHIN, by="s")
        with pytest.raises(QueryRefused, match="closed"):
            without.change(insert("<s> <p> 'x'"), WITHIN, by="s")
        without.change(insert("<s> <p> 'open'", OTHER), WITHIN, by="s")
    finally:
        within.close()
        without.close()
    access = {graph.iri: graph.access for graph in newest(data, STEWARD).graphs}
    assert access[NOTES] == "gesloten"
    assert access[OTHER] == "open"
    public = build(data, home, NAMES, "open", [newest(data, "bag"), newest(data, STEWARD)])
    assert NOTES not in public.graphs
    assert public.graphs[OTHER] == 1


def test_any_graph_can_be_changed_where_that_is_set_and_no_edition_is_made(data, changer):
    changed = changer.change(document("replace", "<s> <p> 1 .", "http://e/g", touched=None), WITHIN, by="s")
    assert changed.release.graphs["http://e/g"] == 1
    assert editions(data, STEWARD) == []
    again = changer.change(document("replace", "", "http://e/g", touched=None), WITHIN, by="s")
    assert again.existed
    assert again.release.graphs["http://e/g"] == 0
    changer.change(document("add", "<s> <p> 1 .", None, touched=None), WITHIN, by="s")
    store = Store.read_only(str(current_path(data, "open") / "oxigraph"))
    assert store.contains_named_graph(NamedNode("http://e/g"))
    assert len(list(store.quads_for_pattern(None, None, None, DefaultGraph()))) == 1


def test_without_a_release_there_is_nothing_to_change(tmp_path):
    changer = Changer(tmp_path, "open", NAMES)
    with pytest.raises(NoRelease):
        changer.change(insert("<s> <p> 1"), WITHIN, by="s")


def test_another_base_than_the_releases_is_a_wrong_setting(data):
    changer = Changer(data, "open", Names("https://elders.example.nl"))
    with pytest.raises(SettingError, match=BASE):
        changer.change(insert("<s> <p> 1"), WITHIN, by="s")


def test_the_writer_has_no_network_and_ends_with_the_changer(changer):
    changer.change(insert("<s> <p> 1"), WITHIN, by="s")
    process = changer._scribe.start().process
    assert Path(f"/proc/{process.pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    changer.close()
    assert eventually(lambda: process.poll() is not None)


KILLED = """
import os, signal, sys
from pathlib import Path
from stelsel.storing.changing import Changer
from test_changing import NAMES, WITHIN, insert

data, at = sys.argv[1], int(sys.argv[2])
moments = 0

def count(event, args):
    global moments
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink") and str(args[0]).startswith(data):
        moments += 1
        if moments == at:
            os.kill(os.getpid(), signal.SIGKILL)

changer = Changer(Path(data), "open", NAMES)
changer.start()
sys.addaudithook(count)
changer.change(insert("<s> <p> 'nieuw'"), WITHIN, by="s")
print(moments)
changer.close()
"""


def child(code, *arguments):
    here = Path(__file__).parent
    path = f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parent)!r}]\n"
    return [sys.executable, "-c", path + code, *map(str, arguments)]


def run_killed(data, at):
    """A change in a process of its own, which kills itself at its so manieth file that it opens, moves or removes."""
    return subprocess.run(child(KILLED, data, at), capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_server_that_is_killed_at_any_moment_leaves_a_whole_release(data, changer, tmp_path):
    changer.change(insert("<s> <p> 'oud'"), WITHIN, by="s")
    whole = shutil.copytree(data, tmp_path / "whole", symlinks=True)
    moments = int(run_killed(whole, 0).stdout)
    assert moments > 10
    seen = set()
    for at in sorted({1 + number * (moments - 1) // 9 for number in range(10)}):
        copy = shutil.copytree(data, tmp_path / f"at-{at}", symlinks=True)
        assert run_killed(copy, at).returncode == -signal.SIGKILL
        verify(current_path(copy, "open"))
        seen.add(tuple(values(copy)))
        assert seen <= {("oud",), ("nieuw", "oud")}
        for edition in editions(copy, STEWARD):
            verify(edition_path(copy, edition))
        again = Changer(copy, "open", NAMES)
        again.change(insert("<s> <p> 'daarna'"), WITHIN, by="s")
        again.close()
        assert "daarna" in values(copy)
        assert list((copy / "staging").iterdir()) == []
    assert ("oud",) in seen


def test_the_command_that_makes_a_release_takes_the_stewards_edition(data, home, changer):
    changer.change(insert("<s> <p> 'blijft'"), WITHIN, by="s")
    done = CliRunner().invoke(
        app, ["release", "--data", str(data), "--home", str(home.root), "--base", BASE], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    assert current(data, "open").after is None
    assert values(data) == ["blijft"]


def test_a_full_disk_is_told_and_loses_nothing(tmp_path, home):
    try:
        with small_disk(tmp_path / "disk", 40) as disk:
            data = disk / "data"
            released(data, home, make(data, "bag", PANDEN))
            changer = Changer(data, "open", NAMES)
            changer.change(insert("<s> <p> 'oud'"), WITHIN, by="s")
            before = state(data)
            ballast = fill_up(disk, 60_000)
            with pytest.raises(DiskFull):
                changer.change(insert("<s> <p> 'nieuw'"), WITHIN, by="s")
            ballast.unlink()
            assert state(data) == before
            changer.change(insert("<s> <p> 'daarna'"), WITHIN, by="s")
            assert values(data) == ["daarna", "oud"]
            changer.close()
    except PermissionError:
        pytest.skip("this process may not mount a small disk")


ORPHANED = """
import sys
from pathlib import Path
from stelsel.storing import Limits
from stelsel.storing.changing import Changer
from test_changing import ENDLESS, NAMES, Change

changer = Changer(Path(sys.argv[1]), "open", NAMES)
print(changer._scribe.start().process.pid, flush=True)
changer.change(Change("update", text=ENDLESS), Limits(3, 500_000_000), by="s")
"""


def test_a_writer_whose_server_is_gone_ends_soon_after_its_deadline(data, changer):
    changer.change(insert(" ".join(f"<s{number}> <p> {number} ." for number in range(40))), WITHIN, by="s")
    with subprocess.Popen(child(ORPHANED, data), stdout=subprocess.PIPE, text=True) as server:
        writer = int(server.stdout.readline())
        assert eventually(lambda: list((data / "staging").glob("*/release/oxigraph/CURRENT")))
        server.kill()
    program = Path(f"/proc/{writer}/exe")  # of a process that is over, even while nobody has buried it, it is gone
    assert program.exists()
    assert eventually(lambda: not program.exists(), 6)
