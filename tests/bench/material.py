"""What the services are measured with: data of a chosen size in a store for each engine, and the questions about it.

What is built stays in build/bench, so that a second run begins at once; `make clean` removes it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from driving import Ask
from pyoxigraph import RdfFormat, Store

from stelsel.storing.checksums import seal
from stelsel.storing.releases import Release

ROOT = Path(__file__).parents[2]
GENERATED = ROOT.parent / "shared/bench"
BUILT = ROOT / "build/bench"
BIN = Path(sys.executable).parent
# Lookups and short stars; the other lookup, q05, has OPTIONALs that Oxigraph does not join well.
LOOKUPS = ("q01", "q02", "q03", "q04", "q08", "q09", "q13", "q14", "q15", "q19", "q20", "q22")
AGGREGATIONS = ("q06", "q07", "q11", "q12", "q16", "q18", "q21")


@dataclass(frozen=True)
class Material:
    """The same data twice: `data` holds releases `one` and `two` of named graphs, `plain` a store with one default graph;
    `triples` is the file of that one graph.
    """

    folder: Path
    asks: list[Ask]

    @property
    def data(self) -> Path:
        """A data directory for Stelsel."""
        return self.folder / "data"

    @property
    def plain(self) -> Path:
        """A store for Oxigraph."""
        return self.folder / "plain"

    @property
    def triples(self) -> Path:
        """The data as N-Triples."""
        return self.folder / "data.nt"

    @property
    def lookups(self) -> list[Ask]:
        """The short questions, whose throughput counts."""
        return [ask for ask in self.asks if ask.name in LOOKUPS]


def material(scale: float) -> Material:
    """Data of about so many million triples, built where it is not there yet; a sample where ../shared/bench is not there."""
    kind = "generated" if GENERATED.is_dir() else "sample"
    folder = BUILT / f"{kind}-{scale:g}-oxigraph-{version('pyoxigraph')}"
    folder.mkdir(parents=True, exist_ok=True)
    if GENERATED.is_dir():
        once(folder / "data.nt", lambda path: generate(path, folder / "parameters.json", scale, "nt"))
        once(folder / "data", lambda path: release(path, lambda file: generate(file, None, scale, "nq")))
        asks = questions(folder / "parameters.json")
    else:
        print("../shared/bench is not there: this measures a sample, and few queries")
        once(folder / "sample", lambda path: sample(path, int(2000 * scale)))
        once(folder / "data.nt", lambda path: path.hardlink_to(folder / "sample/data.nt"))
        once(folder / "data", lambda path: release(path, lambda file: file.hardlink_to(folder / "sample/data.nq")))
        asks = about_sample(folder / "data.nt")
    once(folder / "plain", lambda path: fill(path, folder / "data.nt", RdfFormat.N_TRIPLES))
    return Material(folder, asks)


def once(path: Path, make: Callable[[Path], object]) -> None:
    """Makes what is not there yet; it comes in its place when it is whole."""
    if path.exists():
        return
    print(f"making {path.relative_to(ROOT)} ...", flush=True)
    half = path.with_name(f"{path.name}.half")
    if half.is_dir():
        shutil.rmtree(half)
    half.unlink(missing_ok=True)
    make(half)
    half.rename(path)


def generate(file: Path, parameters: Path | None, scale: float, form: str) -> None:
    """The data of ../shared/bench. The same scale gives the same triples in either form."""
    command = [sys.executable, str(GENERATED / "gen.py"), "--scale", str(scale), "--format", form, "--out", str(file)]
    subprocess.run([*command, "--params", str(parameters or os.devnull)], check=True)


def questions(parameters: Path) -> list[Ask]:
    """The queries of ../shared/bench, sixty of each that has parameters."""
    sys.path.insert(0, str(GENERATED))
    import queries  # type: ignore[import-not-found] # where the data is, its queries are

    sys.path.remove(str(GENERATED))
    made = queries.instances(json.loads(parameters.read_text("utf-8")), per_query=60)
    return [Ask(e["id"], text, e["form"], e["mix"], compared=e["equal"] is not None) for e, _, text in made]


def sample(folder: Path, addresses: int) -> None:
    """A sample of the BAG, loaded and released as anyone would, written as quads and as triples."""
    environ = {**os.environ, "STELSEL_DATA": str(folder / "made")}
    steps: Iterable[tuple[str, ...]] = (
        ("sample", str(folder / "deliveries"), "--addresses", str(addresses)),
        ("load", "bag", str(folder / "deliveries/bag")),
        ("release",),
    )
    for step in steps:
        subprocess.run([BIN / "stelsel", *step], check=True, env=environ)
    store = Store.read_only(str(next((folder / "made/open/releases").iterdir()) / "oxigraph"))
    with (folder / "data.nq").open("wb") as quads, (folder / "data.nt").open("wb") as triples:
        for quad in store:
            quads.write(f"{quad} .\n".encode())
            triples.write(f"{quad.triple} .\n".encode())


def about_sample(triples: Path) -> list[Ask]:
    """Lookups of objects of the sample, and two aggregations."""
    with triples.open(encoding="utf-8") as lines:
        subjects = sorted({line.split(" ", 1)[0] for line in lines})[::7][:700]
    return [
        *(Ask("q01", f"SELECT ?p ?o {{ {subject} ?p ?o }}", "select", "lookup") for subject in subjects),
        Ask("q07", "SELECT ?t (COUNT(?s) AS ?n) { ?s a ?t } GROUP BY ?t", "select", "analytic"),
        Ask("q16", "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }", "select", "analytic"),
    ]


def release(data: Path, write: Callable[[Path], object]) -> None:
    """A data directory with two releases of the same content, so that both give the same answers."""
    one = data / "open/releases/one"
    one.mkdir(parents=True)
    write(data / "quads.nq")
    fill(one / "oxigraph", data / "quads.nq", RdfFormat.N_QUADS)
    (data / "quads.nq").unlink()
    subprocess.run(["cp", "-al", one, one.with_name("two")], check=True)
    for name in ("one", "two"):
        describe(data, name)
    point(data, "one")


def fill(path: Path, file: Path, form: RdfFormat) -> None:
    """A store with the content of a file, as a build leaves it."""
    store = Store(str(path))
    store.bulk_load(path=str(file), format=form)
    store.flush()
    store.optimize()
    store.flush()
    del store
    for orphan in path.glob("bulk-*.sst"):
        orphan.unlink()


def describe(data: Path, name: str) -> None:
    """What makes a folder with a store in it a release."""
    folder = data / "open/releases" / name
    made = Release(
        id=name,
        audience="open",
        made=datetime(2026, 1, 1, tzinfo=UTC),
        base="http://localhost:8000",
        stelsel="0",
        editions={},
        dates={},
        quads=0,
        graphs={},
        repeated={},
    )
    (folder / "release.json").write_text(made.model_dump_json(), "utf-8")
    (folder / "in-use.lock").touch()
    seal(folder)


def point(data: Path, name: str) -> None:
    """Make a release the current one."""
    new = data / "open/current.new"
    new.symlink_to(f"releases/{name}")
    new.replace(data / "open/current")
