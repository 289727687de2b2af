"""The voorkomens of panden and verblijfsobjecten. Pure functions of where something stands; corrected ones are in."""

from __future__ import annotations

from collections.abc import Iterator

from stelsel.sampling import traps
from stelsel.sampling.bag_objects import Pand, Verblijfsobject
from stelsel.sampling.ground import around, crossed, door, footprint, shed
from stelsel.sampling.growth import STANDS, began, document, dwelling_steps, pand_steps, renumbered, renumbered_on
from stelsel.sampling.identifications import (
    address_id,
    dwelling_id,
    former_address_id,
    pand_id,
    shed_id,
    side_address_id,
)
from stelsel.sampling.municipality import SLOTS, Lot, Municipality
from stelsel.sampling.timeline import FIRST_LOAD, Step, lives

_OTHER_USES = ("winkelfunctie", "kantoorfunctie", "industriefunctie", "logiesfunctie", "bijeenkomstfunctie")


def panden(m: Municipality, street: int) -> Iterator[Pand]:
    """Voorkomens of all panden in a street, sheds too."""
    for lot in m.lots(street):
        yield from pand(m, lot)
        if m.has_shed(lot):
            yield _shed(m, lot)


def verblijfsobjecten(m: Municipality, street: int) -> Iterator[Verblijfsobject]:
    """Voorkomens of all verblijfsobjecten in a street."""
    for index in range(street * SLOTS, street * SLOTS + m.slots(street)):
        yield from verblijfsobject(m, index)


def pand(m: Municipality, lot: Lot) -> list[Pand]:
    """The voorkomens of the pand on a plot."""
    index = lot.street * SLOTS + lot.slot
    key, chance, steps = traps.trap(m, index), m.draw(index), pand_steps(m, index)
    identificatie = pand_id(m, lot.street, lot.slot)
    bouwjaar = traps.BOUWJAREN.get(key) or m.built(lot.street)
    outline = crossed(m, lot) if key == traps.CROSSED else footprint(m, lot)
    # A house that changed and is in use again was often built out.
    built_out = len(steps) == 2 and steps[1].status == STANDS and lot.kind == "rij" and chance >> 40 & 1
    present = footprint(m, lot, extended=True) if built_out else outline
    result = []
    for step, life in zip(steps, lives(steps, chance), strict=True):
        day, number = document(step.begin, lot.street)
        result.append(
            Pand(
                identificatie=identificatie,
                status=step.status,
                geconstateerd="J" if key in traps.FOUND else "N",
                documentdatum=day,
                documentnummer=traps.MARKUP_TEXT if key == traps.MARKUP else number,
                life=life,
                ringen=present if life.number == len(steps) else outline,
                bouwjaar=bouwjaar,
            )
        )
    return result


def verblijfsobject(m: Municipality, index: int) -> list[Verblijfsobject]:
    """The voorkomens of the verblijfsobject at an address."""
    street, slot = divmod(index, SLOTS)
    key, chance, steps = traps.trap(m, index), m.draw(index), dwelling_steps(m, index)
    identificatie, present = dwelling_id(m, index), address_id(m, index)
    moved = renumbered_on(m, index) if renumbered(index) else 0
    lot, point = m.lot(street, slot), door(m, street, slot)
    uses = traps.GEBRUIKSDOELEN.get(key) or _uses(chance)
    area = (45 if lot.kind == "flat" else 70) + (chance >> 48) % 90
    side = tuple(side_address_id(index, number) for number in range(traps.NEVENADRESSEN.get(key, 0)))
    within = _panden_of(m, key, lot)
    result = []
    for step, life in zip(steps, lives(steps, chance), strict=True):
        day, number = document(step.begin, street)
        result.append(
            Verblijfsobject(
                identificatie=identificatie,
                status=step.status,
                geconstateerd="J" if key in traps.FOUND else "N",
                documentdatum=day,
                documentnummer=number,
                life=life,
                hoofdadres=former_address_id(index) if step.begin < moved else present,
                nevenadressen=side,
                punt=point,
                vlak=around(point) if key == traps.AS_VLAK else None,
                gebruiksdoelen=uses,
                oppervlakte=area if life.number == len(steps) else area - 7,  # it was measured again
                panden=within,
            )
        )
    return result


def _shed(m: Municipality, lot: Lot) -> Pand:
    """A shed was seen on a photograph one day, after its house was built, and stands there since."""
    chance = m.draw(lot.street * SLOTS + lot.slot) >> 3
    step = Step(max(began(m, lot.street) + 500, FIRST_LOAD + chance % 4500), STANDS)
    day, number = document(step.begin, lot.street)
    (life,) = lives((step,), chance)
    return Pand(
        identificatie=shed_id(lot.street, lot.slot),
        status=STANDS,
        documentdatum=day,
        documentnummer=number,
        life=life,
        ringen=shed(m, lot),
        bouwjaar=max(1950, m.built(lot.street)),
    )


def _uses(chance: int) -> tuple[str, ...]:
    common = (chance >> 32) % 100
    return ("woonfunctie",) if common < 93 else (_OTHER_USES[common % len(_OTHER_USES)],)


def _panden_of(m: Municipality, key: int, lot: Lot) -> tuple[str, ...]:
    if key == traps.DANGLING:
        return (traps.DANGLING_PAND,)
    own = pand_id(m, lot.street, lot.slot)
    if key == traps.SPACED:
        return (f"\n  {own}\n",)
    return (own, *(pand_id(m, lot.street, slot) for slot in traps.MORE_PANDEN.get(key, ())))
