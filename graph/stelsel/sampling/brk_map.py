"""The cadastral map of the municipality: `kadastralekaart-<date>.zip`, with the five files of the download service.

kadastralekaart-2024-06-08.zip
  kadastralekaart_perceel.gml
  kadastralekaart_kadastralegrens.gml
  kadastralekaart_kwaliteit.gml
  kadastralekaart_pand.gml                  of the BGT, with identifications of the BAG
  kadastralekaart_openbareruimtelabel.gml
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from stelsel.sampling import brk_traps, brk_xml
from stelsel.sampling.archives import new_archive
from stelsel.sampling.bag_buildings import panden
from stelsel.sampling.brk_parcels import boundaries, open_parcels, street_parcels
from stelsel.sampling.ground import footprint, place_on_map, street_start
from stelsel.sampling.growth import began
from stelsel.sampling.identifications import pand_id, street_id
from stelsel.sampling.municipality import PEILDATUM, SLOTS, Municipality
from stelsel.sampling.traps import CROSSED, trap

Progress = Callable[[str, int, int], None]

FILLER_PAND = "9990109999999999"
"""What the BGT has for a pand that it does not know in the BAG."""
_NOT_THERE = ("Bouwvergunning verleend", "Niet gerealiseerd pand", "Pand gesloopt", "Pand ten onrechte opgevoerd")
_BGT = date(2016, 7, 1)  # when the BGT began: what stood then was created there


def write_brk(m: Municipality, out: Path, progress: Progress) -> list[Path]:
    """Writes the delivery into `out` and gives its path. The same size and seed give the same bytes; memory is flat."""
    path = out / f"kadastralekaart-{PEILDATUM}.zip"
    files: dict[str, Callable[[Municipality, int], Iterator[str]]] = {
        "perceel": lambda m, street: map(brk_xml.perceel, street_parcels(m, street)),
        "kadastralegrens": lambda m, street: map(brk_xml.grens, boundaries(m, street)),
        "kwaliteit": lambda m, street: map(brk_xml.kwaliteit, boundaries(m, street)),
        "pand": _panden,
        "openbareruimtelabel": _labels,
    }
    with new_archive(path, PEILDATUM, large=m.addresses > 500_000) as archive:
        for name, make in files.items():
            archive.add(f"kadastralekaart_{name}.gml", _document(m, name, make, progress))
    return [path]


def _document(
    m: Municipality, name: str, make: Callable[[Municipality, int], Iterator[str]], progress: Progress
) -> Iterator[str]:
    copied = name in ("pand", "openbareruimtelabel")
    yield brk_xml.CITY_HEAD if copied else brk_xml.DKK_HEAD
    for street in range(m.streets):
        yield from make(m, street)
        progress(f"DKK {name}", street + 1, m.streets)
    if name == "perceel":
        yield from map(brk_xml.perceel, open_parcels(m))
    yield brk_xml.CITY_TAIL if copied else brk_xml.DKK_TAIL


def _panden(m: Municipality, street: int) -> Iterator[str]:
    """The panden that stand in a street, as they are now."""
    last = {pand.identificatie: pand for pand in panden(m, street)}
    slots = {pand_id(m, street, lot.slot): lot for lot in m.lots(street)}
    for key, pand in last.items():
        if pand.status in _NOT_THERE:
            continue
        lot = slots.get(key)
        index = trap(m, street * SLOTS + lot.slot) if lot else -1
        # The BGT surveyed again what crosses itself in the BAG.
        rings = footprint(m, lot) if lot and index == CROSSED else pand.ringen
        began_here = max(_BGT, date.fromisoformat(pand.documentdatum))
        yield brk_xml.kaartpand(FILLER_PAND if index == brk_traps.FILLER else key, rings, began_here.isoformat())


def _labels(m: Municipality, street: int) -> Iterator[str]:
    west, middle = street_start(m, street)
    begin = max(_BGT, date.fromordinal(began(m, street))).isoformat()
    yield brk_xml.kaartlabel(street_id(street), m.street_name(street), place_on_map(west + 70.0, middle), begin)
