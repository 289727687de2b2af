"""Load rates, from delivery to finished edition: at sample sizes ten times apart, and of real deliveries where they are.

    python tests/bench/load.py [--addresses 2000] [--steps 2] [--register bag --register cbs]

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
SHARED = ROOT.parent / "shared/data"
REAL = {
    "bag": ("Weesp", SHARED / "bag/gem-0457-weesp/BAGGEM0457L-15102021.zip"),
    "cbs": ("2020, four gemeenten", SHARED / "cbs/odata-v3-json/84799NED"),
}
"""Register -> a real delivery of it."""
STELSEL = str(Path(sys.executable).parent / "stelsel")
HEAD = [
    "delivery",
    "records",
    "triples",
    "seconds",
    "records/s",
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
    parser.add_argument("--register", action="append", help="which registers; without it, those that REAL names")
    options = parser.parse_args()
    registers = options.register or list(REAL)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for register in registers:
            name, source = REAL.get(register, ("", folder / "none"))
            if source.exists():
                rows.append(loaded(f"{register}: {name}, real", register, source, folder / f"real-{register}"))
        for step in range(options.steps):
            addresses = options.addresses * 10**step
            out = folder / f"{addresses}"
            run([STELSEL, "sample", str(out), "--addresses", str(addresses)])
            for register in registers:
                if (out / register).is_dir():
                    data = folder / f"data{addresses}-{register}"
                    rows.append(loaded(f"{register}: sample {addresses:,}", register, out / register, data))
    table("Load, delivery to finished edition (shares of the time of all processes)", HEAD, rows)


def loaded(name: str, register: str, source: Path, data: Path) -> list[str]:
    """One row of figures."""
    measured: Measured = run([STELSEL, "load", register, str(source), "--data", str(data), "--timing"])
    (found,) = (data / "editions" / register).glob("*/edition.json")
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
