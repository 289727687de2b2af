"""Writes the deliveries of the invented municipality: one folder a register, in the official formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from stelsel.errors import SettingError
from stelsel.sampling.bag_extract import Progress, write_extract
from stelsel.sampling.bag_mutations import MUTATIONS, write_mutations
from stelsel.sampling.brk_map import write_brk
from stelsel.sampling.brk_restrictions import write_brk_pb
from stelsel.sampling.brk_traps import BRK_PB_TRAPS, BRK_TRAPS
from stelsel.sampling.cbs_delivery import CBS_TRAPS, write_cbs
from stelsel.sampling.ep_online import write_ep_online
from stelsel.sampling.ep_traps import EP_TRAPS
from stelsel.sampling.municipality import GEMEENTE, GEMEENTENAAM, PEILDATUM, Municipality
from stelsel.sampling.tooi_organisations import TOOI_TRAPS, write_tooi
from stelsel.sampling.traps import TRAPS, Trap

SMALLEST, LARGEST = 10, 10_000_000

Write = Callable[[Municipality, Path, Progress], list[Path]]

REGISTERS: dict[str, tuple[Write, dict[str, Trap]]] = {
    "tooi": (write_tooi, TOOI_TRAPS),
    "bag": (write_extract, TRAPS),
    "cbs": (write_cbs, CBS_TRAPS),
    "ep-online": (write_ep_online, EP_TRAPS),
    "brk": (write_brk, BRK_TRAPS),
    "brk-pb": (write_brk_pb, BRK_PB_TRAPS),
}
"""Register -> what writes its delivery, and the traps that are in it."""

BAG_MUTATIES = "bag-mutaties"
"""The folder of the mutation delivery that belongs to the extract in `bag`."""


def write_sample(
    out: Path, *, addresses: int, seed: int, progress: Progress, registers: tuple[str, ...] = tuple(REGISTERS)
) -> dict[str, list[Path]]:
    """Writes a folder for each register, `out/bag-mutaties` beside `out/bag`, and `out/sample.json`, which says what is in them.

    Gives the files or folders by folder of `out`. The same size and seed give the same bytes. Memory does not grow with
    the size. `progress` is told what is being written, how much is done and of how much. Raises SettingError for a size
    that cannot be and for a register of which there is no sample.
    """
    if not SMALLEST <= addresses <= LARGEST:
        raise SettingError(f"--addresses {addresses} must be from {SMALLEST} to {LARGEST:,}")
    for name in registers:
        if name not in REGISTERS:
            raise SettingError(f"there is no sample of {name!r}; there are: {', '.join(REGISTERS)}")
    m = Municipality(addresses, seed)
    written = {name: REGISTERS[name][0](m, out / name, progress) for name in registers}
    facts = {
        "gemeente": {"code": GEMEENTE, "naam": GEMEENTENAAM},
        "addresses": addresses,
        "seed": seed,
        "peildatum": PEILDATUM.isoformat(),
        "traps": {name: _said(REGISTERS[name][1]) for name in registers} if m.trapped else {},
    }
    if "bag" in registers:
        written[BAG_MUTATIES] = [write_mutations(m, out / BAG_MUTATIES)]
        facts["mutations"] = MUTATIONS
    (out / "sample.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return written


def _said(traps: dict[str, Trap]) -> dict[str, dict[str, object]]:
    return {name: asdict(trap) for name, trap in traps.items()}
