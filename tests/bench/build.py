"""How fast a release is built, beside `oxigraph load` on the same N-Quads in the same run, at two sizes.

    python tests/bench/build.py --quads 1000000 [--rounds 3] [--work DIR]

The quads are invented (each pand, its voorkomen and their geometries, in two graphs) and the same in every run. Both
loaders run in a process of their own, in turns; their seconds are medians, their memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import zstandard
from pyoxigraph import Store

from stelsel.home import open_home
from stelsel.names import Names
from stelsel.storing.building import load
from stelsel.storing.editions import Edition, GraphFile, commit, edition_path, lock, newest, staging
from stelsel.storing.quads import sources
from stelsel.storing.releases import build

BASE = "http://localhost:8000"
BAG = "http://bag.basisregistraties.overheid.nl"
NEN = "http://modellen.geostandaarden.nl/def/nen3610#"
XSD = "http://www.w3.org/2001/XMLSchema#"
GEO = "http://www.opengis.net/ont/geosparql#"
A = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
CLI = Path(sys.executable).with_name("oxigraph")
OBJECT = 30  # quads that one pand gives, half of them in each graph


def pand(number: int) -> tuple[str, str]:
    """The lines of one pand: as it is now, and as a voorkomen."""
    key = f"{number:016d}"
    mixed = number * 2654435761 % 4294967296  # spreads values over the keys, as real ones are
    x, y = 3.4 + mixed % 1000003 / 300000, 50.8 + mixed % 999983 / 400000
    ring = f"POLYGON(({x:.7f} {y:.7f},{x + 1e-4:.7f} {y:.7f},{x + 1e-4:.7f} {y + 1e-4:.7f},{x:.7f} {y:.7f}))"
    day = f"20{mixed % 20:02d}-0{mixed % 9 + 1}-1{mixed % 8}"
    now, then = f"<{BAG}/bag/id/pand/{key}>", f"<{BASE}/id/voorkomen/pand-{key}-1>"

    def facts(subject: str, shape: str, graph: str, *more: str) -> str:
        lines = (
            *(f"{subject} {fact}" for fact in more),
            f'{subject} <{BAG}/def/bag#identificatie> "{key}"',
            f"{subject} <{BAG}/def/bag#status> <{BAG}/id/begrip/Status{mixed % 9}>",
            f'{subject} <{BAG}/def/bag#geconstateerd> "false"^^<{XSD}boolean>',
            f'{subject} <{BAG}/def/bag#documentdatum> "{day}"^^<{XSD}date>',
            f'{subject} <{BAG}/def/bag#documentnummer> "DOC-{mixed % 1000000}"',
            f'{subject} <{BAG}/def/bag#oorspronkelijkBouwjaar> "{1600 + mixed % 420}"^^<{XSD}gYear>',
            f'{subject} <{NEN}beginGeldigheid> "{day}"^^<{XSD}date>',
            f'{subject} <{NEN}tijdstipRegistratie> "{day}T10:{number % 60:02d}:00"^^<{XSD}dateTime>',
            f"{subject} <{GEO}hasGeometry> {shape}",
            f"{shape} {A} <{GEO}Geometry>",
            f'{shape} <{GEO}asWKT> "{ring}"^^<{GEO}wktLiteral>',
            f'{shape} <{BASE}/def/rdWKT> "{ring}"',
        )
        return "".join(f"{line} <{BASE}/graph/{graph}> .\n" for line in lines)

    label = f'<http://www.w3.org/2000/01/rdf-schema#label> "Pand {key}"'
    return (
        facts(
            now,
            f"<{BASE}/id/geometrie/pand-{key}>",
            "bag",
            f"{A} <{BAG}/def/bag#Pand>",
            f"<{BASE}/def/voorkomen> {then}",
            label,
        ),
        facts(
            then,
            f"<{BASE}/id/geometrie/pand-{key}-1>",
            "bag/historie",
            f"{A} <{BAG}/def/bag#Voorkomen>",
            f"<http://purl.org/dc/terms/isVersionOf> {now}",
            f'<{BASE}/def/voorkomenidentificatie> "1"^^<{XSD}integer>',
        ),
    )


def batches(quads: int) -> Iterator[tuple[str, str]]:
    """All lines, those of a thousand panden at a time."""
    objects = quads // OBJECT
    for start in range(0, objects, 1000):
        made = [pand(number) for number in range(start, min(start + 1000, objects))]
        yield "".join(now for now, _ in made), "".join(then for _, then in made)


def prepare(data: Path, plain: Path, quads: int) -> Edition:
    """Writes the quads twice: as an edition, and as one file for `oxigraph load`."""
    graphs = (
        ("bag", (f"{BAG}/bag/id/pand/", f"{BASE}/id/geometrie/")),
        ("bag/historie", (f"{BASE}/id/geometrie/", f"{BASE}/id/voorkomen/")),
    )
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    with lock(data), staging(data, "bag") as staged:
        (staged / "quads").mkdir()
        files = [staged / "quads" / f"{name.replace('/', '-')}.nq.zst" for name, _ in graphs]
        with files[0].open("wb") as now, files[1].open("wb") as then, plain.open("w", encoding="utf-8") as both:
            for lines in batches(quads):
                both.write("".join(lines))
                for file, text in zip((now, then), lines, strict=True):
                    file.write(zstandard.ZstdCompressor().compress(text.encode()))
        edition = Edition(
            register="bag",
            id="2024-01-01-bench",
            date=date(2024, 1, 1),
            base=BASE,
            previous=None,
            deliveries=(),
            mapping="0" * 64,
            stelsel="0",
            started=moment,
            finished=moment,
            graphs=tuple(
                GraphFile(
                    iri=f"{BASE}/graph/{name}",
                    file=f"quads/{file.name}",
                    quads=quads // OBJECT * OBJECT // 2,
                    access="open",
                    subjects=subjects,
                )
                for (name, subjects), file in zip(graphs, files, strict=True)
            ),
            tables={},
            problems={},
            warnings=(),
            violations={},
        )
        commit(data, edition, staged)
    return edition


def load_only(data: Path, target: Path) -> None:
    """What a child does: the loading step of a build. Prints its seconds."""
    edition = newest(data, "bag")
    if edition is None:
        raise SystemExit("there is no edition")
    started = time.perf_counter()
    store = Store(target)
    load(store, sources(edition_path(data, edition), edition, "open"), lambda *_: None)
    store.flush()
    del store
    print(time.perf_counter() - started)


def build_all(data: Path, home: Path) -> None:
    """What a child does: a whole build. Prints the seconds of each step, by name."""
    steps: dict[str, float] = {}
    last = ["reading editions", time.perf_counter()]

    def progress(what: str, _done: int, _total: int) -> None:
        now = time.perf_counter()
        steps[str(last[0])] = steps.get(str(last[0]), 0.0) + now - float(last[1])
        last[:] = [what, now]

    build(data, open_home(home), Names(BASE), "open", [e for e in [newest(data, "bag")] if e], progress=progress)
    progress("", 0, 0)
    print("\n".join(f"{what}\t{seconds:.2f}" for what, seconds in steps.items()))


def run(command: list[str]) -> tuple[str, float, float, float]:
    """Output, wall-clock seconds, seconds of processor and peak memory (MB) of a command."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[:4]} ended with {process.returncode}")
    return output, time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(work: Path, quads: int, rounds: int) -> None:
    """Prints the table for one size."""
    data, plain, target, home = work / "data", work / "all.nq", work / "store", work / "home"
    for folder in ("ontologies", "loaders", "queries"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    prepare(data, plain, quads)
    me = [sys.executable, __file__]
    seconds: dict[str, list[float]] = {"oxigraph load": [], "stelsel": []}
    # Wall-clock time is what counts; time of the processor tells, on a machine that others use too, why it differs.
    processor: dict[str, list[float]] = {name: [] for name in seconds}
    peak: dict[str, float] = {}
    for _ in range(rounds):
        _, wall, cpu, memory = run([str(CLI), "load", "--location", str(target), "--file", str(plain)])
        seconds["oxigraph load"].append(wall)
        peak["oxigraph load"] = max(memory, peak.get("oxigraph load", 0))
        shutil.rmtree(target)
        processor["oxigraph load"].append(cpu)
        output, _, cpu, memory = run([*me, "--load", str(data), str(target)])
        seconds["stelsel"].append(float(output))
        processor["stelsel"].append(cpu)
        peak["stelsel"] = max(memory, peak.get("stelsel", 0))
        shutil.rmtree(target)
    output, wall, _, memory = run([*me, "--build", str(data), str(home)])
    disk = sum(file.stat().st_size for file in data.glob("open/releases/*/oxigraph/*"))

    total = quads // OBJECT * OBJECT
    print(f"\n{total:,} quads, {rounds} rounds in turns")
    print(f"{'':14} {'seconds':>8} {'cpu s':>8} {'quads/s':>9} {'peak MB':>8}")
    for name, times in seconds.items():
        middle = statistics.median(times)
        print(
            f"{name:14} {middle:8.2f} {statistics.median(processor[name]):8.2f} {total / middle:9,.0f} {peak[name]:8,.0f}"
        )
    pairs = zip(seconds["oxigraph load"], seconds["stelsel"], strict=True)
    ratio = statistics.median(theirs / ours for theirs, ours in pairs)
    print(f"rate beside oxigraph load: {ratio:.2f} (at least 0.90: {'yes' if ratio >= 0.9 else 'NO'})")
    print(f"a whole release: {wall:.1f} s, {memory:,.0f} MB, {disk / total:.0f} bytes/quad; of which")
    for line in output.splitlines():
        what, spent = line.split("\t")
        print(f"  {what:36} {float(spent):7.2f} s")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quads", type=int, default=1_000_000, help="the smaller size; the larger is ten times as much"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds at the smaller size; the larger gets a third")
    parser.add_argument("--work", type=Path, help="folder to work in; the system's temporary folder by default")
    parser.add_argument("--load", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--build", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.load:
        load_only(*given.load)
    elif given.build:
        build_all(*given.build)
    else:
        for quads, rounds in ((given.quads, given.rounds), (given.quads * 10, max(1, given.rounds // 3))):
            with tempfile.TemporaryDirectory(dir=given.work) as work:
                measure(Path(work), quads, rounds)


if __name__ == "__main__":
    main()
