"""Identifications of BAG objects: gemeente, type and number, sixteen digits (four for a woonplaats)."""

from __future__ import annotations

from stelsel.sampling.municipality import BUURGEMEENTE, GEMEENTE, SLOTS, Municipality

# Numbers of nummeraanduidingen that are not a dwelling's present address start here.
_SIDE, _BERTH, _PITCH, _FORMER = 5_000_000_000, 6_000_000_000, 7_000_000_000, 8_000_000_000
_SHED = 50


def identificatie(kind: str, number: int, gemeente: str = GEMEENTE) -> str:
    """An identification; kind 01 is a VBO, 02 a LIG, 03 a STA, 10 a PND, 20 a NUM, 30 an OPR.

    >>> identificatie("10", 7)
    '9990100000000007'
    """
    return f"{gemeente}{kind}{number:010d}"


def _gemeente(m: Municipality, index: int) -> str:
    return BUURGEMEENTE if m.ceded(index) else GEMEENTE


def street_id(street: int) -> str:
    """The openbare ruimte of a street."""
    return identificatie("30", street + 1)


def address_id(m: Municipality, index: int) -> str:
    """The nummeraanduiding that is the present address of a dwelling."""
    return identificatie("20", index + 1, _gemeente(m, index))


def former_address_id(index: int) -> str:
    """The nummeraanduiding that a dwelling had before it was renumbered."""
    return identificatie("20", _FORMER + index)


def side_address_id(index: int, number: int) -> str:
    """A nevenadres of a dwelling."""
    return identificatie("20", _SIDE + 10 * index + number)


def berth_address_id(number: int) -> str:
    """The nummeraanduiding of a ligplaats."""
    return identificatie("20", _BERTH + number)


def pitch_address_id(number: int) -> str:
    """The nummeraanduiding of a standplaats."""
    return identificatie("20", _PITCH + number)


def dwelling_id(m: Municipality, index: int) -> str:
    """The verblijfsobject at an address."""
    return identificatie("01", index + 1, _gemeente(m, index))


def pand_id(m: Municipality, street: int, slot: int) -> str:
    """The pand whose first address is this slot of a street."""
    return identificatie("10", street * 100 + slot + 1, _gemeente(m, street * SLOTS + slot))


def shed_id(street: int, slot: int) -> str:
    """The pand in the garden behind that pand."""
    return identificatie("10", street * 100 + _SHED + slot)
