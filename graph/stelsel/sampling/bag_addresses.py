"""The voorkomens of openbare ruimten and nummeraanduidingen. Pure functions; corrected ones are in."""

from __future__ import annotations

from collections.abc import Iterator

from stelsel.sampling import traps
from stelsel.sampling.bag_objects import Nummeraanduiding, OpenbareRuimte
from stelsel.sampling.growth import (
    GIVEN,
    RETRACTED,
    address_steps,
    began,
    document,
    renumbered,
    renumbered_on,
    waits_for_postcode,
)
from stelsel.sampling.identifications import address_id, former_address_id, side_address_id, street_id
from stelsel.sampling.municipality import SLOTS, Municipality
from stelsel.sampling.timeline import Life, Step, lives


def openbare_ruimten(m: Municipality, street: int) -> Iterator[OpenbareRuimte]:
    """The voorkomens of a street: one, or two where its decision was renewed."""
    key, chance, begin = traps.trap(m, street), m.street_draw(street), began(m, street)
    steps = traps.STREET_STEPS.get(key) or (Step(begin, GIVEN),)
    name = m.street_name(street)
    for step, life in zip(steps, lives(steps, chance), strict=True):
        day, number = document(step.begin, street)
        yield OpenbareRuimte(
            identificatie=street_id(street),
            status=step.status,
            documentdatum=day,
            documentnummer=number,
            life=life,
            naam=name,
            type="Weg",
            ligt_in=m.places[m.place(street)].code,
            verkorte_naam=name.replace("straat", "str")[:24] if key == traps.SHORTENED_STREET else "",
        )


def nummeraanduidingen(m: Municipality, street: int) -> Iterator[Nummeraanduiding]:
    """Voorkomens of all nummeraanduidingen in a street: present, former and side addresses."""
    for index in range(street * SLOTS, street * SLOTS + m.slots(street)):
        yield from nummeraanduiding(m, index)
        if renumbered(index):
            yield from _former_address(m, index)
        for number in range(traps.NEVENADRESSEN.get(traps.trap(m, index), 0)):
            yield _side_address(m, index, number)


def nummeraanduiding(m: Municipality, index: int) -> list[Nummeraanduiding]:
    """The voorkomens of the present address of a dwelling."""
    street = index // SLOTS
    key, steps, address = traps.trap(m, index), address_steps(m, index), m.address(index)
    identificatie, waits = address_id(m, index), waits_for_postcode(m, index)
    within = m.places[(m.place(street) + 1) % 3].code if key in traps.OWN_WOONPLAATS else ""
    result = []
    for step, life in zip(steps, lives(steps, m.draw(index)), strict=True):
        day, number = document(step.begin, street)
        result.append(
            Nummeraanduiding(
                identificatie=identificatie,
                status=step.status,
                documentdatum=day,
                documentnummer=number,
                life=life,
                huisnummer=address.number,
                huisletter=address.letter,
                toevoeging=address.addition,
                postcode="" if waits and life.number == 1 else address.postcode,
                ligt_aan=street_id(street),
                ligt_in=within,
            )
        )
    return result


def _former_address(m: Municipality, index: int) -> Iterator[Nummeraanduiding]:
    street, slot = divmod(index, SLOTS)
    steps = (Step(began(m, street), GIVEN), Step(renumbered_on(m, index), RETRACTED))
    for step, life in zip(steps, lives(steps, m.draw(index) >> 5), strict=True):
        yield _plain(m, street, former_address_id(index), slot + 101, step=step, life=life)


def _side_address(m: Municipality, index: int, number: int) -> Nummeraanduiding:
    street, slot = divmod(index, SLOTS)
    step = Step(began(m, street), GIVEN)
    (life,) = lives((step,), m.draw(index) >> 7)
    return _plain(m, street, side_address_id(index, number), slot + 201 + 100 * number, step=step, life=life)


def _plain(
    m: Municipality, street: int, identificatie: str, huisnummer: int, *, step: Step, life: Life
) -> Nummeraanduiding:
    day, number = document(step.begin, street)
    return Nummeraanduiding(
        identificatie=identificatie,
        status=step.status,
        documentdatum=day,
        documentnummer=number,
        life=life,
        huisnummer=huisnummer,
        postcode=m.postcode(street),
        ligt_aan=street_id(street),
    )
