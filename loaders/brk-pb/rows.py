"""A restriction becomes the same row whoever delivers it: keys without their domain, days without a time, the law by its code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stelsel.loading.rows import Row

_LAW = "https://wetten.overheid.nl/"
# Code of a legal ground -> where the law has it: the article where it is known, else the law. A code that is not here
# is loaded without a law; the validation report counts those.
WETTEN = {
    "EP": f"{_LAW}BWBR0020449",  # Wet ruimtelijke ordening
    "EWA": f"{_LAW}BWBR0037521",  # Erfgoedwet
    "EWD": f"{_LAW}BWBR0037521",
    "EWE": f"{_LAW}jci1.3:c:BWBR0037521&artikel=3.3",
    "EWS": f"{_LAW}BWBR0037521",
    "GG": f"{_LAW}BWBR0005416",  # Gemeentewet
    "GS": f"{_LAW}jci1.3:c:BWBR0005416&artikel=174a",
    "GWA": f"{_LAW}BWBR0005416",
    "KW": f"{_LAW}BWBR0003994",  # Wet bodembescherming
    "OH": f"{_LAW}BWBR0024779",  # Wet algemene bepalingen omgevingsrecht
    "OS": f"{_LAW}jci1.3:c:BWBR0001941&artikel=13b",  # Opiumwet
    "WA": f"{_LAW}BWBR0005181",  # Woningwet
    "WBI": f"{_LAW}BWBR0003994",
    "WE": f"{_LAW}BWBR0005181",
    "WG": f"{_LAW}BWBR0005181",
    "WI": f"{_LAW}BWBR0005181",
    "WU": f"{_LAW}BWBR0005181",
    "WV": f"{_LAW}BWBR0005181",
}

_DOMAIN = re.compile(r"NL\.(IMKAD\.PubliekrechtelijkeBeperking|IMKAD\.KadastraalObject|KAD\.OnroerendeZaak)\.")
_MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]00:00:00(\.0+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?")
NO_GEOMETRY = "NO-GEO"
"""What stands for the identification of an object that a bronhouder knew by its designation only."""


def rows(table: str, row: Row) -> Iterator[tuple[str, Row]]:
    """The row of the same table, in the spelling that the mapping expects."""
    made = dict(row)
    for column in ("identificatie", "beperkingIdentificatie", "brkIdentificatie"):
        if isinstance(text := made.get(column), str):
            made[column] = _DOMAIN.sub("", text, count=1)
    if made.get("brkIdentificatie") == NO_GEOMETRY:
        del made["brkIdentificatie"]
    for column in ("beginGeldigheid", "eindGeldigheid"):
        if isinstance(text := made.get(column), str) and (day := _MIDNIGHT.fullmatch(text)):
            made[column] = day[1]
    law = WETTEN.get(str(made.get("grondslag") or made.get("code")))
    if law and table in ("beperking", "grondslag"):
        made["wet"] = law
    if table == "belast-object":
        made["kadastraleAanduiding"] = _designation(made)
    yield table, made


def _designation(row: Row) -> str:
    """A cadastral designation as the BRK writes it; an apartment right has its index behind it."""
    parts = [str(row.get(name, "")) for name in ("akrCode", "sectie", "perceelnummer")]
    letter, index = str(row.get("indexletter", "")), str(row.get("indexnummer", ""))
    return " ".join([*parts, f"{letter}{index}"] if letter == "A" else parts)
