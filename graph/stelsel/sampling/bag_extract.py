"""The BAG extract of the municipality: `BAGGEM9990L-<ddmmyyyy>.zip`, built as the LV BAG builds it.

BAGGEM9990L-08062024.zip
  Leveringsdocument-BAG-Extract.xml
  9990GEM08062024.zip                       stored
    9990VBO08062024.zip                     and WPL, OPR, NUM, LIG, STA, PND
      9990VBO08062024-000001.xml            at most 10,000 voorkomens each
    9990InOnderzoek08062024.zip             and Inactief, NietBag
      9990IOVBO08062024.zip                 a zip for every type, most with a file without objects
  GEM-WPL-RELATIE-08062024.zip
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from stelsel.sampling import bag_extras, bag_files
from stelsel.sampling.archives import Archive, new_archive
from stelsel.sampling.bag_addresses import nummeraanduidingen, openbare_ruimten
from stelsel.sampling.bag_buildings import panden, verblijfsobjecten
from stelsel.sampling.bag_objects import BagObject, Onderzoek
from stelsel.sampling.bag_xml import object_xml, onderzoek_xml
from stelsel.sampling.municipality import GEMEENTE, PEILDATUM, Municipality

Progress = Callable[[str, int, int], None]

PER_FILE = 10_000
KINDS = ("WPL", "OPR", "NUM", "VBO", "LIG", "STA", "PND")
_DAY = f"{PEILDATUM:%d%m%Y}"
# What macOS leaves behind in a zip that someone packed again by hand.
_DS_STORE = b"\x00\x00\x00\x01Bud1" + bytes(120)
_APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(100)


def write_extract(m: Municipality, out: Path, progress: Progress) -> list[Path]:
    """Writes the delivery into `out` and gives its path."""
    path = out / f"BAGGEM{GEMEENTE}L-{_DAY}.zip"
    with new_archive(path, PEILDATUM, large=m.addresses > 2_000_000) as outer:
        outer.add("Leveringsdocument-BAG-Extract.xml", [bag_files.delivery_document(PEILDATUM)])
        if m.trapped:
            outer.add_bytes(".DS_Store", _DS_STORE)
        with outer.inside(f"{GEMEENTE}GEM{_DAY}.zip", stored=True) as gemeente:
            for kind in KINDS:
                _type(gemeente, kind, _current(m, kind, progress), junk=m.trapped and kind == "OPR")
            _group(gemeente, "InOnderzoek", "IO", lambda kind: map(_onderzoek, bag_extras.onderzoeken(m, kind)))
            _group(gemeente, "Inactief", "IA", lambda kind: map(_object, bag_extras.inactive(m, kind)))
            _group(gemeente, "NietBag", "NB", lambda kind: map(_object, bag_extras.not_bag(m, kind)))
        with outer.inside(f"GEM-WPL-RELATIE-{_DAY}.zip", stored=True) as relations:
            name = f"GEM-WPL-RELATIE-{_DAY}-000001.xml"
            relations.add(name, [bag_files.relations(PEILDATUM, bag_extras.RELATIONS)])
    return [path]


def _current(m: Municipality, kind: str, progress: Progress) -> Iterator[BagObject]:
    """The voorkomens of a type that the extract proper holds: all but the corrected ones."""
    by_street: dict[str, Callable[[Municipality, int], Iterable[BagObject]]] = {
        "OPR": openbare_ruimten,
        "NUM": nummeraanduidingen,
        "VBO": verblijfsobjecten,
        "PND": panden,
    }
    besides: dict[str, Callable[[Municipality], Iterable[BagObject]]] = {
        "WPL": bag_extras.woonplaatsen,
        "OPR": bag_extras.open_spaces,
        "NUM": bag_extras.mooring_addresses,
        "LIG": bag_extras.ligplaatsen,
        "STA": bag_extras.standplaatsen,
    }
    if kind in by_street:
        for street in range(m.streets):
            for record in by_street[kind](m, street):
                if record.life.inactive is None:
                    yield record
            progress(f"BAG {kind}", street + 1, m.streets)
    if kind in besides:
        yield from besides[kind](m)


def _type(parent: Archive, kind: str, records: Iterable[BagObject], *, junk: bool) -> int:
    """The zip of one type; gives the number of voorkomens in it."""
    name = f"{GEMEENTE}{kind}{_DAY}"
    counter = Counter[str]()

    def counted() -> Iterator[str]:
        for record in records:
            counter[kind] += 1
            yield _object(record)

    with parent.inside(f"{name}.zip") as archive:
        _files(archive, name, kind, counted())
        if junk:
            archive.add_bytes("__MACOSX/", b"")
            archive.add_bytes(f"__MACOSX/._{name}-000001.xml", _APPLE_DOUBLE)
    return counter[kind]


def _group(parent: Archive, title: str, code: str, stands: Callable[[str], Iterable[str]]) -> None:
    """InOnderzoek, Inactief or NietBag: a zip a type, also of types that have nothing in it."""
    with parent.inside(f"{GEMEENTE}{title}{_DAY}.zip") as group:
        for kind in KINDS:
            name = f"{GEMEENTE}{code}{kind}{_DAY}"
            with group.inside(f"{name}.zip") as archive:
                _files(archive, name, kind, iter(stands(kind)))


def _files(archive: Archive, name: str, kind: str, stands: Iterator[str]) -> None:
    """The numbered files of a type: one at least, each with PER_FILE stands at most."""
    number = 1
    first: tuple[str, ...] = tuple(islice(stands, 1))
    while first or number == 1:
        pieces = chain(
            [bag_files.stand_head(kind, PEILDATUM)], first, islice(stands, PER_FILE - 1), [bag_files.STAND_TAIL]
        )
        archive.add(f"{name}-{number:06d}.xml", pieces)
        number += 1
        first = tuple(islice(stands, 1))


def _object(record: BagObject) -> str:
    body = object_xml(record)
    return f"<sl:stand><sl-bag-extract:bagObject>{body}</sl-bag-extract:bagObject></sl:stand>"


def _onderzoek(record: Onderzoek) -> str:
    body = onderzoek_xml(record)
    return f"<sl:stand><sl-bag-extract:kenmerkInOnderzoek>{body}</sl-bag-extract:kenmerkInOnderzoek></sl:stand>"
