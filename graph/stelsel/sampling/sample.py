"""Writes the deliveries of the invented municipality: one folder a register, in the official formats."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from stelsel.errors import SettingError
from stelsel.sampling.bag_extract import Progress, write_extract
from stelsel.sampling.bag_mutations import MUTATIONS, write_mutations
from stelsel.sampling.municipality import GEMEENTE, GEMEENTENAAM, PEILDATUM, Municipality
from stelsel.sampling.traps import TRAPS

SMALLEST, LARGEST = 10, 10_000_000


def write_sample(out: Path, *, addresses: int, seed: int, progress: Progress) -> list[Path]:
    """Writes `out/bag/BAGGEM9990L-<date>.zip`, `out/bag-mutaties/BAGNLDM-<from>-<until>.zip` and `out/sample.json`,
    which says what is in them; gives the paths of the deliveries, in the order in which they load.

    The same size and seed give the same bytes. Memory does not grow with the size. `progress` is told what is being
    written, how much is done and of how much. Raises SettingError for a size that cannot be.
    """
    if not SMALLEST <= addresses <= LARGEST:
        raise SettingError(f"--addresses {addresses} must be from {SMALLEST} to {LARGEST:,}")
    m = Municipality(addresses, seed)
    extract, voorkomens = write_extract(m, out / "bag", progress)
    mutations = write_mutations(m, out / "bag-mutaties")
    facts = {
        "gemeente": {"code": GEMEENTE, "naam": GEMEENTENAAM},
        "addresses": addresses,
        "seed": seed,
        "peildatum": PEILDATUM.isoformat(),
        "voorkomens": voorkomens,
        "traps": {name: asdict(trap) for name, trap in TRAPS.items()} if m.trapped else {},
        "mutations": MUTATIONS,
    }
    (out / "sample.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return [extract, mutations]
