"""A line of EP-Online becomes a label: what it is of, what tells it apart, and in which unit its numbers are.

The unit trap: one column holds other things by another method. `BerekendeEnergieverbruik` is kWh per m2 and year by
NTA 8800, and MJ a year for the whole object by every method before it; `BerekendeCO2Emissie` likewise. So a number
goes to a property of one unit, and a line of a method that is not listed here is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date

from stelsel.loading.rows import Row

# What a Berekeningstype begins with, in the spellings of all versions of the file -> the method.
METHODS = (
    (re.compile(r"NTA[ _-]?8800", re.IGNORECASE), "nta-8800"),
    (re.compile(r"Rekenmethodiek Definitief Energielabel", re.IGNORECASE), "definitief-energielabel"),
    (re.compile(r"Nader Voorschrift", re.IGNORECASE), "nader-voorschrift"),
    (re.compile(r"ISSO ?(75|82)", re.IGNORECASE), "isso"),
    (re.compile(r"EPA?\Z"), "epa"),
)
NTA_8800, DEFINITIEF = "nta-8800", "definitief-energielabel"

_PER_M2 = ("energiebehoefte", "warmtebehoefte", "primaireFossieleEnergie", "primaireFossieleEnergieForfaitair")
"""kWh per m2 and year: NTA 8800 only."""
_OTHER_NUMBERS = (
    "oppervlakte",
    "compactheid",
    "energieindex",
    "energieindexForfaitair",
    "aandeelHernieuwbareEnergie",
    "aandeelHernieuwbareEnergieForfaitair",
    "temperatuuroverschrijding",
)
_ENERGY = (*_PER_M2, "energieverbruik", "co2")
_DATES = ("registratiedatum", "opnamedatum", "geldigTot")
_YES_OR_NO = ("isVereenvoudigd", "isPrive", "opBasisVanReferentiegebouw")
_AS_THEY_ARE = (
    *("soortOpname", "status", "berekeningstype", "gebouwklasse", "gebouwtype", "gebouwsubtype", "sbiCode"),
    *("bouwjaar", "energieklasse", "detailaanduiding"),
)
_IDENTITY = ("opnamedatum", "status", "rekenmethode", "detailaanduiding", "bagPandIdentificatie")
"""What tells labels apart that were registered for one object on one day: nothing that versions of the file spell in
their own way, and no result of the calculation."""

_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(T[0-9:.]+)?")
_NUMBER = re.compile(r"[+-]?[0-9]+(,[0-9]+)?")
_WORDS = {"ja": "true", "nee": "false", "j": "true", "n": "false"}
_TRUTH = {**_WORDS, "1": "true", "0": "false", "true": "true", "false": "false", "waar": "true", "onwaar": "false"}
_APART = re.compile(r"[\s,;|]+")


def rows(table: str, row: Row) -> Iterator[tuple[str, Row]]:
    """The label in a `regel`. ValueError for one without BAG object, of an unknown method, or with what is no value."""
    assert table == "regel"  # the only table that the csv reader gives
    texts = {name: value for name, value in row.items() if isinstance(value, str)}
    label: Row = {name: day(texts[name]) for name in _DATES if name in texts}
    if "registratiedatum" not in label:
        raise ValueError("registratiedatum is missing")
    label |= {name: truth(texts[name]) for name in _YES_OR_NO if name in texts}
    label |= {name: texts[name] for name in _AS_THEY_ARE if name in texts}
    label |= {name: number(texts[name]) for name in _OTHER_NUMBERS if name in texts}
    label |= energy(texts)
    objects, panden = bag_objects(texts)
    label["bagIdentificatie"] = objects
    if panden:
        label["bagPandIdentificatie"] = panden
    if label.get("isPrive") == "true":
        label.pop("detailaanduiding", None)
    elif "postcode" in texts:
        label["adres"] = address(texts)
    label["sleutel"] = key(label)
    yield "energielabel", label


def day(text: str) -> str:
    """A day as `20240229`, `2024-02-29` or with a moment behind it, as `2024-02-29`; ValueError for any other text.

    >>> day("20240229")
    '2024-02-29'
    """
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is no day such as 20240229")
    year, month, of_month, _ = found.groups()
    return date(int(year), int(month), int(of_month)).isoformat()


def number(text: str) -> str:
    """A number with a decimal comma, as one with a point; ValueError for any other text: a point may stand for thousands.

    >>> number("213,95")
    '213.95'
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no number with a decimal comma")
    return text.replace(",", ".")


def truth(text: str) -> str:
    """`true` or `false`, from what the versions of the file write; ValueError for any other text."""
    known = _TRUTH.get(text.lower())
    if known is None:
        raise ValueError(f"{text[:40]!r} is neither yes nor no")
    return known


def method(text: str) -> str:
    """The method behind a Berekeningstype. ValueError for one that is not in METHODS: its units are not known.

    >>> method("NTA 8800:2024 (basisopname woningbouw)")
    'nta-8800'
    """
    for pattern, name in METHODS:
        if pattern.match(text):
            return name
    raise ValueError(
        f"berekeningstype {text[:80]!r} is unknown, and so is the unit of its numbers; see METHODS in rows.py"
    )


def energy(texts: dict[str, str]) -> dict[str, str | list[str]]:
    """The numbers whose unit goes by the method, each under the name of one unit, and the method.

    A zero where a method computes no such thing is a placeholder, and no value. ValueError where a number is of no method.
    """
    values = {name: number(texts[name]) for name in _ENERGY if name in texts}
    said = texts.get("berekeningstype")
    if said is None:
        if any(float(value) for value in values.values()):
            raise ValueError("has energy figures and no berekeningstype, so that their unit is not known")
        return {}
    name = method(said)
    result: dict[str, str | list[str]] = {"rekenmethode": name}
    if name == NTA_8800:
        names = {"energieverbruik": "berekendEnergieverbruik", "co2": "co2Emissie"}
        return result | {names.get(column, column): value for column, value in values.items()}
    for column in _PER_M2:
        if float(values.get(column, "0")):
            raise ValueError(f"{column} is a figure of NTA 8800, and the label is by {said[:80]!r}")
    if "energieverbruik" in values:
        result["energiegebruikTotaal"] = values["energieverbruik"]
    if "co2" in values and (name != DEFINITIEF or float(values["co2"])):
        result["co2EmissieTotaal"] = values["co2"]
    return result


def bag_objects(texts: dict[str, str]) -> tuple[list[str], list[str]]:
    """What a label is of, and the panden that it names: the panden themselves where it names no object in them."""
    panden = sorted({pand for pand in _APART.split(texts.get("bagPanden", "")) if pand})
    objects = [texts[name] for name in ("bagVerblijfsobject", "bagLigplaats", "bagStandplaats") if name in texts]
    if not objects and not panden:
        raise ValueError("has no BAG identification: neither a verblijfsobject, ligplaats, standplaats nor a pand")
    return objects or panden, panden


def key(label: Row) -> str:
    """What tells a label apart, the same in every version of the file; EP-Online publishes no number of its own."""
    said = "\0".join(",".join(_texts(label.get(name))) for name in _IDENTITY)
    day_of_it = str(label["registratiedatum"]).replace("-", "")
    digest = hashlib.sha256(said.encode()).hexdigest()[:8]
    return f"{_texts(label['bagIdentificatie'])[0]}-{day_of_it}-{digest}"


def _texts(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def address(texts: dict[str, str]) -> str:
    """The address as people write it.

    >>> address({"postcode": "9990AA", "huisnummer": "12", "huisletter": "B", "huisnummertoevoeging": "2"})
    '9990AA 12B 2'
    """
    house = texts.get("huisnummer", "") + texts.get("huisletter", "")
    parts = (texts["postcode"], house, texts.get("huisnummertoevoeging", ""))
    return " ".join(part for part in parts if part)
