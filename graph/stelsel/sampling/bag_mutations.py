"""The BAG mutations of the day after the extract: `BAGNLDM-<from>-<until>.zip`, national as the real one is.

Every kind of mutation is in it once; `MUTATIONS` says which. They touch the first ten addresses only, which bear no
traps, so that each `was` is a voorkomen of the extract to the letter, except where it is meant not to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from stelsel.sampling import bag_extras, bag_files
from stelsel.sampling.archives import Archive, new_archive
from stelsel.sampling.bag_buildings import pand, verblijfsobject
from stelsel.sampling.bag_objects import BagObject, Nummeraanduiding, Onderzoek, Pand, Verblijfsobject
from stelsel.sampling.bag_xml import object_xml, onderzoek_xml
from stelsel.sampling.ground import door, footprint
from stelsel.sampling.growth import GIVEN, STANDS
from stelsel.sampling.identifications import identificatie, street_id
from stelsel.sampling.municipality import BUURGEMEENTE, PEILDATUM, Lot, Municipality
from stelsel.sampling.timeline import Life, iso, stamp

UNTIL = PEILDATUM + timedelta(days=1)
MUTATIONS: dict[str, int] = {
    "groups": 8,
    "toevoegingen": 9,
    "wijzigingen": 6,
    "new objects": 3,
    "changes that fit": 4,
    "groups in two steps": 1,
    "changes that do not fit": 1,
    "changes of another gemeente's objects": 1,
    "changes of what is in onderzoek": 1,
}
"""What is in the delivery; the last line is in 9999IOMUT (one wijziging and one toevoeging), all others in 9999MUT."""

_PERIOD = f"{PEILDATUM:%d%m%Y}-{UNTIL:%d%m%Y}"
_DAY = PEILDATUM.toordinal()
_NEW = 990_000_001
_NEW_LOT = Lot(street=0, slot=40, positions=1, kind="rij")  # one further than the last house of the first street


@dataclass(frozen=True)
class Mutation:
    """One change: an addition where there is no `was`."""

    was: BagObject | None
    wordt: BagObject


def write_mutations(m: Municipality, folder: Path) -> Path:
    """Writes the delivery and gives its path."""
    path = folder / f"BAGNLDM-{_PERIOD}.zip"
    with new_archive(path, UNTIL) as outer:
        outer.add("Leveringsdocument-BAG-Extract.xml", [bag_files.mutations_document(PEILDATUM, UNTIL)])
        _part(outer, "9999MUT", ("PND", "NUM", "VBO"), [_group(group) for group in groups(m)])
        _part(outer, "9999IOMUT", ("KenmerkVerblijfsobjectInOnderzoek",), [_investigated(*onderzoek(m))])
        name = f"GEM-WPL-RELATIE-{UNTIL:%d%m%Y}"
        with outer.inside(f"{name}.zip") as relations:
            relations.add(f"{name}-000001.xml", [bag_files.relations(UNTIL, bag_extras.RELATIONS)])
    return path


def groups(m: Municipality) -> Iterator[list[Mutation]]:
    """The mutations of objects, in groups that belong together."""
    for addition in _additions(m):
        yield [Mutation(None, addition)]
    dwelling = verblijfsobject(m, 0)[-1]
    yield _changed(dwelling, replace(dwelling, oppervlakte=dwelling.oppervlakte + 12), day=_DAY - 3)
    house = pand(m, m.lot(0, 6))[-1]
    yield _changed(house, replace(house, status="Verbouwing pand"), day=_DAY - 2)
    house = pand(m, m.lot(0, 7))[-1]
    first = _changed(house, replace(house, status="Verbouwing pand"), day=_DAY - 26)
    rebuilt = first[-1].wordt
    yield first + _changed(rebuilt, replace(rebuilt, status=STANDS), day=_DAY - 5, hour=11)
    other = verblijfsobject(m, 8)[-1]
    unknown = replace(other, oppervlakte=other.oppervlakte + 100)
    yield _changed(unknown, replace(unknown, oppervlakte=other.oppervlakte + 110), day=_DAY - 4)
    elsewhere = replace(pand(m, m.lot(0, 5))[-1], identificatie=identificatie("10", 777, BUURGEMEENTE))
    yield _changed(elsewhere, replace(elsewhere, status="Sloopvergunning verleend"), day=_DAY - 1)


def onderzoek(m: Municipality) -> tuple[Onderzoek, Onderzoek, Onderzoek]:
    """An investigation of the extract as it was, as it ended, and what follows: it is under investigation no longer."""
    was = bag_extras.onderzoeken(m, "VBO")[0]
    follows = replace(was, in_onderzoek="N", documentdatum=iso(_DAY - 1), life=_following(was.life, _DAY - 1, 10))
    return was, replace(was, life=_ended(was.life, _DAY - 1, 10)), follows


def _additions(m: Municipality) -> tuple[Pand, Nummeraanduiding, Verblijfsobject]:
    """A house that got its permit: pand, address and dwelling."""
    day = iso(_DAY - 7)
    number = f"B&W-{PEILDATUM.year}-9001"
    house = Pand(
        identificatie=identificatie("10", _NEW),
        status="Bouwvergunning verleend",
        documentdatum=day,
        documentnummer=number,
        life=_born(_DAY - 7, 9),
        ringen=footprint(m, _NEW_LOT),
        bouwjaar=PEILDATUM.year + 1,
    )
    address = Nummeraanduiding(
        identificatie=identificatie("20", _NEW),
        status=GIVEN,
        documentdatum=day,
        documentnummer=number,
        life=_born(_DAY - 7, 9),
        huisnummer=_NEW_LOT.slot + 1,
        postcode=m.postcode(0),
        ligt_aan=street_id(0),
    )
    dwelling = Verblijfsobject(
        identificatie=identificatie("01", _NEW),
        status="Verblijfsobject gevormd",
        documentdatum=day,
        documentnummer=number,
        life=_born(_DAY - 7, 9),
        hoofdadres=address.identificatie,
        punt=door(m, 0, _NEW_LOT.slot),
        gebruiksdoelen=("woonfunctie",),
        oppervlakte=118,
        panden=(house.identificatie,),
    )
    return house, address, dwelling


def _changed(was: BagObject, becomes: BagObject, *, day: int, hour: int = 10) -> list[Mutation]:
    """The end of a voorkomen and the next one, valid from a day and registered within the period."""
    follows = replace(
        becomes,
        documentdatum=iso(day),
        documentnummer=f"B&W-{PEILDATUM.year}-{day % 10_000}",
        life=_following(was.life, day, hour),
    )
    return [Mutation(was, replace(was, life=_ended(was.life, day, hour))), Mutation(None, follows)]


def _registered(hour: int) -> tuple[str, str]:
    """When the gemeente and the LV knew."""
    return stamp(_DAY, hour * 3_600_000 + 754_090), stamp(_DAY, hour * 3_600_000 + 1_059_460)


def _born(day: int, hour: int) -> Life:
    return Life(1, iso(day), *_registered(hour))


def _ended(life: Life, day: int, hour: int) -> Life:
    known, known_lv = _registered(hour)
    return replace(life, end=iso(day), end_registered=known, end_lv=known_lv)


def _following(life: Life, day: int, hour: int) -> Life:
    return Life(life.number + 1, iso(day), *_registered(hour))


def _part(outer: Archive, code: str, kinds: tuple[str, ...], bodies: list[str]) -> None:
    """A zip of two files: the official one begins with a file without mutations, that names the types."""
    with outer.inside(f"{code}{_PERIOD}.zip") as archive:
        empty = [bag_files.mutations_head(kinds, PEILDATUM, UNTIL), bag_files.MUTATIONS_TAIL]
        archive.add(f"{code}{_PERIOD}-000001.xml", empty)
        full = [bag_files.mutations_head((), PEILDATUM, UNTIL), *bodies, bag_files.MUTATIONS_TAIL]
        archive.add(f"{code}{_PERIOD}-000002.xml", full)


def _group(mutations: list[Mutation]) -> str:
    inner = []
    for mutation in mutations:
        wordt = _state("wordt", "bagObject", object_xml(mutation.wordt))
        if mutation.was is None:
            inner.append(f"<ml:toevoeging>{wordt}</ml:toevoeging>")
        else:
            was = _state("was", "bagObject", object_xml(mutation.was))
            inner.append(f"<ml:wijziging>{was}{wordt}</ml:wijziging>")
    return f"<ml:mutatieGroep>{''.join(inner)}</ml:mutatieGroep>"


def _investigated(was: Onderzoek, wordt: Onderzoek, follows: Onderzoek) -> str:
    was_xml, wordt_xml, follows_xml = (onderzoek_xml(record) for record in (was, wordt, follows))
    change = _state("was", "kenmerkInOnderzoek", was_xml) + _state("wordt", "kenmerkInOnderzoek", wordt_xml)
    addition = _state("wordt", "kenmerkInOnderzoek", follows_xml)
    return (
        f"<ml:mutatieGroep><ml:wijziging>{change}</ml:wijziging>"
        f"<ml:toevoeging>{addition}</ml:toevoeging></ml:mutatieGroep>"
    )


def _state(name: str, holder: str, body: str) -> str:
    return f"<ml:{name}><mlm:{holder}>{body}</mlm:{holder}></ml:{name}>"
