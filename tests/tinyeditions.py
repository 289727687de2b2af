"""Editions of a few triples, made as a loader makes them, for tests of what comes after a load."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import zstandard
from pyoxigraph import Store

from stelsel.names import Names
from stelsel.storing.editions import Edition, GraphFile, commit, lock, staging
from stelsel.storing.releases import build, switch

BASE = "https://data.example.nl"
GRAPH = f"{BASE}/graph"
NAMES = Names(BASE)
ONTOLOGIES = {"core": "PREFIX def: <def/> def:Release a <http://www.w3.org/2002/07/owl#Class> ."}


def iri(name):
    return f"<{BASE}/{name}>"


def triple(subject, predicate="p", value='"x"'):
    """A triple in N-Triples form, without the full stop; names become IRIs under the base."""
    if not value.startswith(('"', "<", "_")):
        value = iri(value)
    return f"{iri(subject)} {iri(predicate)} {value}"


def graph_file(staged, name, triples, *, iri="", access="open", stray=""):
    """Writes a graph, each line a zstd frame of its own, and gives its description; `stray` goes in as it is."""
    graph = iri or f"{GRAPH}/{name}"
    lines = [f"{line} <{graph}> .\n".encode() for line in triples] + ([stray.encode()] if stray else [])
    file = staged / "quads" / f"{name.replace('/', '-')}.nq.zst"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"".join(zstandard.ZstdCompressor().compress(line) for line in lines))
    subjects = tuple(sorted(stems(triples)))
    return GraphFile(iri=graph, file=f"quads/{file.name}", quads=len(lines), access=access, subjects=subjects)


PANDEN = {"bag": [triple("id/pand/1"), triple("id/pand/2")], "bag/historie": [triple("id/voorkomen/1")]}


def stems(triples):
    found = (re.match(r"<(.*[/#])", line.split(" ")[0]) for line in triples)
    return {match[1] for match in found if match}


def describe(register, graphs, *, id="2024-01-01-a", day=date(2024, 1, 1), base=BASE, finished=None):
    moment = finished or datetime(2024, 1, 2, tzinfo=UTC)
    return Edition(
        register=register,
        id=id,
        date=day,
        base=base,
        previous=None,
        deliveries=(),
        mapping="0" * 64,
        stelsel="0",
        started=moment,
        finished=moment,
        graphs=tuple(graphs),
        tables={},
        problems={},
        warnings=(),
        violations={},
    )


def make(data, register, graphs, **facts):
    """Commits an edition: `graphs` is name -> triples, or name -> (triples, keywords of `graph_file`)."""
    with lock(data), staging(data, register) as staged:
        files = []
        for name, content in graphs.items():
            triples, keywords = content if isinstance(content, tuple) else (content, {})
            files.append(graph_file(staged, name, triples, **keywords))
        edition = describe(register, files, **facts)
        commit(data, edition, staged)
    return edition


def make_home(root, **ontologies):
    """A home with these ontologies: name -> Turtle."""
    for folder in ("ontologies/external", "loaders", "queries"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, text in ontologies.items():
        (root / "ontologies" / f"{name}.ttl").write_text(text, encoding="utf-8")
    return root


def released(data, home, *editions, audience="open"):
    """A release of these editions that is built and switched to."""
    release = build(data, home, NAMES, audience, editions)
    switch(data, audience, release.id)
    return release


def ask(path, query):
    """The first column of an answer from a release's folder, from the union of all its graphs."""
    store = Store.read_only(str(path / "oxigraph"))
    return [solution[0].value for solution in store.query(query, use_default_graph_as_union=True)]


def flip(file):
    """Changes one bit in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@contextmanager
def small_disk(folder: Path, megabytes: int):
    """A disk of so many MB, mounted on a folder; PermissionError where this process may not mount."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        raise PermissionError(done.stderr.decode())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path, leave: int) -> Path:
    """Fills a disk until `leave` bytes are free, with one file, which is given back."""
    ballast = folder / "ballast"
    free = subprocess.run(["stat", "-f", "-c", "%a %S", str(folder)], capture_output=True, check=True).stdout.split()
    with ballast.open("wb") as file:
        for _ in range((int(free[0]) * int(free[1]) - leave) // 4096):
            file.write(b"\0" * 4096)
    return ballast
