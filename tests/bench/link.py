"""How fast linksets link by place, at two sizes, and against `geof:sfWithin` in SPARQL on the same data.

    python tests/bench/link.py [--objects 100000] [--sparql 20000] [--work DIR]

The data are invented: verblijfsobjecten (points) in buurten of some 60 corners whose borders wind, and panden (squares, one
in four across a border) on percelen. Two of our own linksets are computed as a build does it, from a store on disk to the
file of an edition, each in a process of its own; seconds of processor tell, on a machine that others use too, how much of
the time was theirs. Memory is what that process takes beyond the open store. The larger size
has ten times the objects on both sides: n log n is a ratio of somewhat more than ten.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyoxigraph as ox
from measure import table

from stelsel.home import open_home
from stelsel.linking.declarations import read_linkset
from stelsel.linking.run import Linker
from stelsel.linking.writing import LinksetWriter
from stelsel.names import Names
from stelsel.storing.editions import Edition, GraphFile

NAMES = Names("http://localhost:8000")
BAG = "http://bag.basisregistraties.overheid.nl"
BRK = "brk.basisregistraties.overheid.nl"
GEO = "http://www.opengis.net/ont/geosparql#"
A = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
DEF = f"{NAMES.base}/def/"
YEAR = '"2024"^^<http://www.w3.org/2001/XMLSchema#gYear>'
WITHIN, OVERLAP = "adresseerbaar-object-buurt", "pand-perceel"
PER_BUURT = 700  # verblijfsobjecten, as in the country: 10 million in 14,000
SIDE, PLOT = 500.0, 20.0  # metres: of a buurt, of a perceel
STEPS = 15  # corners along a side of a buurt
WITHIN_SPARQL = f"""
  PREFIX bag: <{BAG}/def/bag#> PREFIX def: <{DEF}> PREFIX geo: <{GEO}> PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
  SELECT (COUNT(*) AS ?n) WHERE {{
    GRAPH <{NAMES.graph("cbs")}> {{ ?buurt def:regiosoort def:Buurt ; geo:hasGeometry ?vlak . ?vlak geo:asWKT ?gebied }}
    GRAPH <{NAMES.graph("bag")}> {{ ?object a bag:Verblijfsobject ; geo:hasGeometry ?punt . ?punt geo:asWKT ?plaats }}
    FILTER(geof:sfWithin(?plaats, ?gebied))
  }}"""


def ring(corners: list[tuple[float, float]], scale: float = 1.0) -> str:
    """The WKT of a polygon."""
    return "POLYGON ((" + ", ".join(f"{x / scale:.9g} {y / scale:.9g}" for x, y in [*corners, corners[0]]) + "))"


def winding(column: int, row: int) -> list[tuple[float, float]]:
    """The corners of a buurt: its sides wave, and neighbours share them."""

    def bend(at: float, of: int) -> float:
        return 12.0 * math.sin(at / 37.0 + of)

    x, y = 10_000.0 + column * SIDE, 300_000.0 + row * SIDE
    along = [step * SIDE / STEPS for step in range(STEPS)]
    return [
        *((x + d, y + (bend(x + d, row) if d else 0)) for d in along),
        *((x + SIDE + (bend(y + d, column + 1) if d else 0), y + d) for d in along),
        *((x + SIDE - d, y + SIDE + (bend(x + SIDE - d, row + 1) if d else 0)) for d in along),
        *((x + (bend(y + SIDE - d, column) if d else 0), y + SIDE - d) for d in along),
    ]


def shaped(subject: str, graph: str, number: int, rd: str, degrees: str) -> str:
    """The lines of an object's geometry, in RD and in what SPARQL takes for degrees."""
    shape = f"<{NAMES.identifier('geometrie', f'{graph}-{number}-{len(rd)}')}>"
    return "".join(
        f"{line} <{NAMES.graph(graph)}> .\n"
        for line in (
            f"{subject} <{GEO}hasGeometry> {shape}",
            f'{shape} <{DEF}rdWKT> "<http://www.opengis.net/def/crs/EPSG/0/28992> {rd}"^^<{GEO}wktLiteral>',
            f'{shape} <{GEO}asWKT> "{degrees}"^^<{GEO}wktLiteral>',
        )
    )


def points_in_buurten(objects: int) -> Iterator[str]:
    """Verblijfsobjecten, and the square of buurten around them."""
    wide = max(1, math.isqrt(max(1, objects // PER_BUURT)))
    for number in range(objects):
        mixed = (number + 1) * 2654435761 % 4294967296
        x = 10_000 + mixed % 1000003 / 1000003 * wide * SIDE
        y = 300_000 + mixed // 7 % 999983 / 999983 * wide * SIDE
        subject = f"<{BAG}/bag/id/verblijfsobject/{number:016d}>"
        yield f"{subject} {A} <{BAG}/def/bag#Verblijfsobject> <{NAMES.graph('bag')}> .\n" + shaped(
            subject, "bag", number, f"POINT ({x:.3f} {y:.3f})", f"POINT ({x / 1e4:.7f} {y / 1e4:.7f})"
        )
    for number in range(wide * wide):
        subject = f"<{NAMES.identifier('regiojaar', f'2024-BU{number:08d}')}>"
        corners = winding(number % wide, number // wide)
        facts = (f"<{DEF}regiosoort> <{DEF}Buurt>", f"<{DEF}jaar> {YEAR}")
        yield "".join(f"{subject} {fact} <{NAMES.graph('cbs')}> .\n" for fact in facts) + shaped(
            subject, "cbs", number, ring(corners), ring(corners, 1e4)
        )


def panden_on_percelen(objects: int) -> Iterator[str]:
    """Panden of 10 by 10 on percelen of 20 by 20; one in four stands on two of them."""
    wide = math.isqrt(objects)
    for number in range(wide * wide):
        x, y = 10_000 + number % wide * PLOT, 300_000 + number // wide * PLOT
        west = x + (15 if number % 4 == 0 else 5)
        corners = [(west, y + 5), (west + 10, y + 5), (west + 10, y + 15), (west, y + 15)]
        subject = f"<{BAG}/bag/id/pand/{number:016d}>"
        yield f"{subject} {A} <{BAG}/def/bag#Pand> <{NAMES.graph('bag')}> .\n" + shaped(
            subject, "bag", number, ring(corners), ring(corners, 1e4)
        )
        plot = [(x, y), (x + PLOT, y), (x + PLOT, y + PLOT), (x, y + PLOT)]
        subject = f"<https://{BRK}/brk2/id/perceel/{number}>"
        yield f"{subject} {A} <http://{BRK}/def/brk#Perceel> <{NAMES.graph('brk')}> .\n" + shaped(
            subject, "brk", number, ring(plot), ring(plot, 1e4)
        )


MADE = {WITHIN: points_in_buurten, OVERLAP: panden_on_percelen}


def prepare(folder: Path, linkset: str, objects: int) -> None:
    """What a child does: makes the store."""
    store = ox.Store(str(folder))
    file = folder.with_suffix(".nq")
    with file.open("w", encoding="ascii") as stream:
        stream.writelines(MADE[linkset](objects))
    store.bulk_load(path=str(file), format=ox.RdfFormat.N_QUADS)
    file.unlink()
    store.flush()
    store.optimize()


def link(folder: Path, name: str) -> None:
    """What a child does: computes a linkset. Prints seconds, links, objects, and the memory it took, in MB."""
    store = ox.Store.read_only(str(folder))
    editions = {register: described(register) for register in ("bag", "brk", "cbs")}
    linker = Linker(folder, open_home(), NAMES, "open", editions, accept=True, progress=lambda *_: None)
    linkset = read_linkset(open_home(), NAMES, name)
    with tempfile.TemporaryDirectory() as staged:
        before, started, worked = peak(), time.perf_counter(), time.process_time()
        coverage = linker._link(store, linkset, LinksetWriter(linkset, NAMES, Path(staged), "open"))
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    figures = {"seconds": seconds, "cpu": cpu, "links": coverage.links, "objects": coverage.source.objects}
    print(json.dumps({**figures, "targets": coverage.target.objects, "memory": peak() - before}))


def described(register: str) -> Edition:
    """An edition that is in the store only."""
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    graph = GraphFile(iri=NAMES.graph(register), file="quads/a.nq.zst", quads=0, access="open", subjects=())
    return Edition(
        register=register, id="1", date=date(2024, 1, 1), base=NAMES.base, previous=None, deliveries=(), mapping="",
        stelsel="0", started=moment, finished=moment, graphs=(graph,), tables={}, problems={}, warnings=(), violations={},
    )  # fmt: skip


def sparql(folder: Path) -> None:
    """What a child does: the same links, counted by SPARQL. Prints seconds and links."""
    store = ox.Store.read_only(str(folder))
    started = time.perf_counter()
    (row,) = store.query(WITHIN_SPARQL)
    print(json.dumps({"seconds": time.perf_counter() - started, "links": int(row["n"].value)}))


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(*arguments: str) -> dict[str, float]:
    """What a child printed."""
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout or "{}")


def measured(work: Path, name: str, objects: int, rounds: int) -> dict[str, float]:
    """The median of some rounds at one size; the store is left in `work`."""
    folder = work / f"{name}-{objects}"
    child("--prepare", str(folder), name, str(objects))
    found = [child("--link", str(folder), name) for _ in range(rounds)]
    return {**found[0], **{what: statistics.median(one[what] for one in found) for what in ("seconds", "cpu")}}


def report(work: Path, objects: int, few: int, rounds: int) -> None:
    """Prints the tables."""
    rows = []
    for name in MADE:
        sizes = [measured(work, name, size, rounds) for size in (objects, objects * 10)]
        for figures in sizes:
            rate = figures["links"] / figures["seconds"]
            rows.append([
                name, f"{figures['objects']:,}", f"{figures['targets']:,}", f"{figures['links']:,}",
                f"{figures['seconds']:.2f}", f"{figures['cpu']:.2f}", f"{rate:,.0f}", f"{figures['memory']:,.0f}",
                f"{figures['cpu'] / sizes[0]['cpu']:.1f}",
            ])  # fmt: skip
        shutil.rmtree(work / f"{name}-{objects * 10}")
    head = ["linkset", "from", "to", "links", "seconds", "cpu s", "links/s", "MB", "cpu against the first"]
    table("linksets by place", head, rows)
    ours = measured(work, WITHIN, few, rounds)
    theirs = child("--count", str(work / f"{WITHIN}-{few}"))
    if theirs["links"] != ours["links"]:
        raise SystemExit(f"SPARQL finds {theirs['links']} links, and the linkset has {ours['links']}")
    table(
        "the same links by geof:sfWithin in SPARQL",
        ["from", "to", "links", "linkset s", "SPARQL s", "ratio"],
        [[
            f"{few:,}", f"{ours['targets']:,}", f"{ours['links']:,}", f"{ours['seconds']:.2f}", f"{theirs['seconds']:.2f}",
            f"{theirs['seconds'] / ours['seconds']:,.0f}",
        ]],
    )  # fmt: skip


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--objects", type=int, default=100_000, help="the smaller size; the larger is ten times as much"
    )
    parser.add_argument("--sparql", type=int, default=20_000, help="objects for SPARQL, which takes n times m")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="folder to work in; the system's temporary folder by default")
    parser.add_argument("--prepare", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--link", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.prepare:
        prepare(Path(given.prepare[0]), given.prepare[1], int(given.prepare[2]))
    elif given.link:
        link(Path(given.link[0]), given.link[1])
    elif given.count:
        sparql(given.count)
    else:
        with tempfile.TemporaryDirectory(dir=given.work) as work:
            report(Path(work), given.objects, given.sparql, given.rounds)


if __name__ == "__main__":
    main()
