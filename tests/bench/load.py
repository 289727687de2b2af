"""Load rates, from zip to finished edition: at sample sizes ten times apart, and of the real Weesp where it is.

    python tests/bench/load.py [--addresses 2000] [--steps 2]

Growth must be linear (objects a second about the same) and memory flat (the same bound at every size).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from measure import Measured, run, table

ROOT = Path(__file__).parents[2]
WEESP = ROOT.parent / "shared/data/bag/gem-0457-weesp/BAGGEM0457L-15102021.zip"
STELSEL = str(Path(sys.executable).parent / "stelsel")
HEAD = [
    "delivery",
    "objects",
    "triples",
    "seconds",
    "objects/s",
    "triples/s",
    "peak MB",
    "parse",
    "map",
    "write",
    "check",
]


def main() -> None:
    """Loads each delivery once, in a data directory of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--addresses", type=int, default=2_000, help="size of the smallest sample")
    parser.add_argument("--steps", type=int, default=2, help="how many sizes, each ten times the one before")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if WEESP.is_file():
            rows.append(loaded("Weesp, real", WEESP, folder / "weesp"))
        for step in range(options.steps):
            addresses = options.addresses * 10**step
            run([STELSEL, "sample", str(folder / f"{addresses}"), "--addresses", str(addresses)])
            rows.append(loaded(f"sample {addresses:,}", folder / f"{addresses}" / "bag", folder / f"data{addresses}"))
    table("Load, zip to finished edition (shares of the time of all processes)", HEAD, rows)


def loaded(name: str, source: Path, data: Path) -> list[str]:
    """One row of figures."""
    measured: Measured = run([STELSEL, "load", "bag", str(source), "--data", str(data), "--timing"])
    (found,) = (data / "editions/bag").glob("*/edition.json")
    edition = json.loads(found.read_text("utf-8"))
    objects = sum(count["read"] for count in edition["tables"].values())
    triples = sum(graph["quads"] for graph in edition["graphs"])
    timing = json.loads(next(line for line in measured.output.splitlines() if line.startswith("{")))
    total = sum(timing.values())
    shares = [f"{timing.get(step, 0) / total:.0%}" for step in ("parse", "map", "write", "check")]
    rates = [f"{objects / measured.seconds:,.0f}", f"{triples / measured.seconds:,.0f}"]
    return [
        name,
        f"{objects:,}",
        f"{triples:,}",
        f"{measured.seconds:.1f}",
        *rates,
        f"{measured.memory / 1e6:,.0f}",
        *shares,
    ]


if __name__ == "__main__":
    main()
