"""The seven object types of the BAG, one record a voorkomen, and what is under investigation about them.

The fields are those of the official schema (IMBAGLV_Objecten-2.1.0.xsd) under their own names.
"""

from __future__ import annotations

from dataclasses import dataclass

from stelsel.sampling.ground import Point, Ring
from stelsel.sampling.timeline import Life

DOMEIN = {
    "WPL": "NL.IMBAG.Woonplaats",
    "OPR": "NL.IMBAG.Openbareruimte",
    "NUM": "NL.IMBAG.Nummeraanduiding",
    "VBO": "NL.IMBAG.Verblijfsobject",
    "LIG": "NL.IMBAG.Ligplaats",
    "STA": "NL.IMBAG.Standplaats",
    "PND": "NL.IMBAG.Pand",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BagObject:
    """What every voorkomen has."""

    identificatie: str
    status: str
    geconstateerd: str = "N"
    documentdatum: str
    documentnummer: str
    life: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class Woonplaats(BagObject):
    """`vlakken` is one ring for a vlak, more for a multivlak."""

    naam: str
    vlakken: tuple[Ring, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenbareRuimte(BagObject):
    """A street, or another named space; `ligt_in` is a woonplaats."""

    naam: str
    type: str
    ligt_in: str
    verkorte_naam: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nummeraanduiding(BagObject):
    """An address; `ligt_aan` is an openbare ruimte, `ligt_in` a woonplaats where it is not that of the street."""

    huisnummer: int
    huisletter: str = ""
    toevoeging: str = ""
    postcode: str = ""
    type: str = "Verblijfsobject"
    ligt_aan: str
    ligt_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adresseerbaar(BagObject):
    """What can have an address."""

    hoofdadres: str
    nevenadressen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verblijfsobject(Adresseerbaar):
    """`vlak` takes the place of `punt` where it is there; `oppervlakte` in m2."""

    punt: Point
    vlak: Ring | None = None
    gebruiksdoelen: tuple[str, ...]
    oppervlakte: int
    panden: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ligplaats(Adresseerbaar):
    """A berth."""

    vlak: Ring


@dataclass(frozen=True, slots=True, kw_only=True)
class Standplaats(Adresseerbaar):
    """A pitch."""

    vlak: Ring


@dataclass(frozen=True, slots=True, kw_only=True)
class Pand(BagObject):
    """`ringen` is the outer ring, then the inner ones."""

    ringen: tuple[Ring, ...]
    bouwjaar: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Onderzoek:
    """A property of an object that is, or was, under investigation."""

    kind: str
    identificatie: str
    kenmerk: str
    in_onderzoek: str
    documentdatum: str
    documentnummer: str
    life: Life
