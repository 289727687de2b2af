"""How a street comes to be: when its panden, dwellings and addresses began, and what changed since.

A street that was built after the BAG began went through every phase of building; an older one was there at the first
load. Things on one plot change together.
"""

from __future__ import annotations

from datetime import date

from stelsel.sampling import traps
from stelsel.sampling.municipality import SLOTS, Municipality
from stelsel.sampling.timeline import FIRST_LOAD, Step, iso

GIVEN, RETRACTED = "Naamgeving uitgegeven", "Naamgeving ingetrokken"
STANDS, USED = "Pand in gebruik", "Verblijfsobject in gebruik"


def began(m: Municipality, street: int) -> int:
    """The day on which a street entered the registers: the building permit, or an old decision of the gemeente."""
    built, chance = m.built(street), m.street_draw(street) >> 16
    if built > 2010:
        return date(built - 1, 3, 1).toordinal() + chance % 200
    return date(max(1985, min(built, 2009)), 1, 1).toordinal() + chance % 360


def document(day: int, street: int) -> tuple[str, str]:
    """Date and number of the decision behind a change."""
    text = iso(day)
    series = "BP" if day < FIRST_LOAD else "B&W"
    return text, f"{series}-{text[:4]}-{street % 10_000:04d}"


def pand_steps(m: Municipality, index: int) -> tuple[Step, ...]:
    """The life of the pand whose first address this is."""
    trapped = traps.PAND_STEPS.get(traps.trap(m, index))
    if trapped:
        return trapped
    street, chance = index // SLOTS, m.draw(index)
    begin = began(m, street)
    if m.built(street) > 2010:
        return (
            Step(begin, "Bouwvergunning verleend"),
            Step(begin + 120, "Bouw gestart"),
            Step(begin + 400, "Pand in gebruik (niet ingemeten)"),
            Step(begin + 460, STANDS),
        )
    if chance % 100 < 30:
        return Step(begin, STANDS), Step(_changed(chance), STANDS)
    return (Step(begin, STANDS),)


def dwelling_steps(m: Municipality, index: int) -> tuple[Step, ...]:
    """The life of a verblijfsobject. Where its pand changed it changed too."""
    trapped = traps.VERBLIJFSOBJECT_STEPS.get(traps.trap(m, index))
    if trapped:
        return trapped
    street, chance = index // SLOTS, m.draw(index)
    begin = began(m, street)
    steps: tuple[Step, ...] = (Step(begin, USED),)
    if m.built(street) > 2010:
        steps = (
            Step(begin, "Verblijfsobject gevormd"),
            Step(begin + 400, "Verblijfsobject in gebruik (niet ingemeten)"),
            Step(begin + 460, USED),
        )
    if renumbered(index):
        return (*steps, Step(renumbered_on(m, index), USED))
    if chance % 100 < 55 and len(steps) == 1:
        return (*steps, Step(_changed(chance), USED))
    return steps


def address_steps(m: Municipality, index: int) -> tuple[Step, ...]:
    """The life of the nummeraanduiding that is a dwelling's present address."""
    trapped = traps.NUMMERAANDUIDING_STEPS.get(traps.trap(m, index))
    if trapped:
        return trapped
    if renumbered(index):
        return (Step(renumbered_on(m, index), GIVEN),)
    street, chance = index // SLOTS, m.draw(index)
    begin = began(m, street)
    if waits_for_postcode(m, index):
        return Step(begin, GIVEN), Step(begin + 300, GIVEN)
    if chance % 100 < 12:
        return Step(begin, GIVEN), Step(_changed(chance), GIVEN)
    return (Step(begin, GIVEN),)


def waits_for_postcode(m: Municipality, index: int) -> bool:
    """Whether the first voorkomen of an address has no postcode: the post gives it months after the gemeente's number."""
    return m.built(index // SLOTS) > 2010 and not renumbered(index)


def renumbered(index: int) -> bool:
    """Whether a dwelling got another number once: one in fifty did."""
    return index % 50 == 17


def renumbered_on(m: Municipality, index: int) -> int:
    """The day on which it did; later than all else that happened to it."""
    return max(began(m, index // SLOTS) + 900, FIRST_LOAD + 200 + m.draw(index) % 4000)


def _changed(chance: int) -> int:
    return FIRST_LOAD + 100 + (chance >> 24) % 4500
