"""TOOI's part of the sample: the organisations around the municipality, as the value lists that TOOI publishes.

rwc_gemeenten_compleet_9.json           six gemeenten, and how four of them ended
rwc_provincies_compleet_9.json          their provincie
rwc_waterschappen_compleet_9.json       their waterschap
rwc_ministeries_compleet_9.json         a ministerie, and a name that it had before
rwc_overige_…_compleet_9.json           services, and changes of them
scw_…_9.json                            a list of concepts, which is no list of organisations

Wadermeer (gm9990) came of Wadermark (gm9992) and Kreekwaard (gm9993) on the day that its woonplaatsen changed gemeente
in the BAG; Wadermark had taken in Rietsloot (gm9994) before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from stelsel.sampling.bag_extras import RELATIONS
from stelsel.sampling.files import write_pieces
from stelsel.sampling.municipality import (
    BUURGEMEENTE,
    GEMEENTE,
    GEMEENTENAAM,
    PEILDATUM,
    VORIGE_GEMEENTE,
    Municipality,
)
from stelsel.sampling.traps import Trap

Progress = Callable[[str, int, int], None]
Node = dict[str, Any]

TOOI_TRAPS: dict[str, Trap] = {
    "successor of a successor": Trap(1, "gemeente that went up in one that went up in Wadermeer"),
    "end to come": Trap(1, "organisation whose end is known, and is after the date of the list"),
    "no moment": Trap(1, "change that does not say when it was"),
    "withdrawn change": Trap(1, "change that ended nothing after all, and says so in a note"),
    "older name of the basis": Trap(1, "change with heeftGrondslag, a text, for heeftJuridischeGrondslag, an IRI"),
    "no zone": Trap(2, "moments without a zone: when a change was, and when its gemeente ended"),
    "language": Trap(2, "lists whose names are tagged as Dutch; in the others they are not"),
    "two kinds": Trap(1, "organisation of two organisatiesoorten"),
    "former name": Trap(1, "historische versie, which is no organisation"),
    "no organisations": Trap(1, "file that is a list of concepts"),
}
"""What is in a sample of any size."""

_VERSION: Final = 9
_TOOI: Final = "https://identifier.overheid.nl/tooi/"
_ONT, _WL, _ID, _KERN = _TOOI + "def/ont/", _TOOI + "def/wl/", _TOOI + "id/", _TOOI + "def/thes/kern/"
_PROV, _RDFS, _XSD = (
    "http://www.w3.org/ns/prov#",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2001/XMLSchema#",
)
_DCT, _OWL, _PAV = "http://purl.org/dc/terms/", "http://www.w3.org/2002/07/owl#", "http://purl.org/pav/"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_KINDS: Final = {"gemeente": "c_49ea8180", "provincie": "c_358e6463", "waterschap": "c_b5326808"}
_OFFICIAL_BZK: Final = _ID + "ministerie/mnre1034"
_MERGED: Final = date.fromisoformat(min(r.begin for r in RELATIONS if r.gemeente == GEMEENTE))
_PROVINCIE: Final = _ID + "provincie/pv99"


def write_tooi(m: Municipality, out: Path, progress: Progress) -> list[Path]:
    """Writes the lists to a folder, which loads as one delivery, and gives their paths. They are the same for every `m`.

    Raises DiskFull, after which no list has its name that is not complete.
    """
    _ = m
    lists = {
        "rwc_gemeenten_compleet": _gemeenten(),
        "rwc_provincies_compleet": [
            _organisation("provincie", "99", "Wadermarken") | {_ONT + "afkorting": _texts("WM")}
        ],
        "rwc_waterschappen_compleet": [_organisation("waterschap", "9990", "Wader en Schorre")],
        "rwc_ministeries_compleet": _ministeries(),
        "rwc_overige_overheidsorganisaties_compleet": _overige(),
        "scw_ruimtelijke_informatiecategorieen": _concepts(),
    }
    paths = []
    for done, (name, nodes) in enumerate(lists.items()):
        file = f"{name}_{_VERSION}.json"
        progress(f"Writing {file}", done, len(lists))
        text = json.dumps([*nodes, _list(name)], indent=2, separators=(",", " : "), ensure_ascii=False)
        paths.append(write_pieces(out / file, [text, "\n"]))
    return paths


def _gemeenten() -> list[Node]:
    end, took, moved = _MERGED - timedelta(days=1), date(2001, 1, 1), date(2007, 1, 1)

    def gemeente(code: str, name: str, **times: date) -> Node:
        return _organisation("gemeente", code, name, **times) | {
            _ONT + "ligtInProvincie": _things(_PROVINCIE),
            _ONT + "owmsId": [_typed("anyURI", f"http://standaarden.overheid.nl/owms/terms/{name}_(gemeente)")],
        }

    without_zone = gemeente("9995", "Elzerbroek", eind=moved - timedelta(days=1))
    without_zone[_PROV + "invalidatedAtTime"] = [_typed("dateTime", f"{moved}T00:00:00")]
    return [
        gemeente(GEMEENTE, GEMEENTENAAM, begin=_MERGED),
        gemeente(BUURGEMEENTE, "Elzermade", begin=moved),
        gemeente(VORIGE_GEMEENTE, "Wadermark", eind=end),
        gemeente("9993", "Kreekwaard", eind=end),
        gemeente("9994", "Rietsloot", eind=took - timedelta(days=1)),
        without_zone,
        _change(
            "gemeente/wzg_99900001", "Samenvoeging", _MERGED,
            generated=[_gm(GEMEENTE)], invalidated=[_gm(VORIGE_GEMEENTE), _gm("9993")],
        ) | {_ONT + "heeftJuridischeGrondslag": _things("https://zoek.officielebekendmakingen.nl/stb-2012-9990.html")},
        _change("gemeente/wzg_99900002", "Uitbreiding", took, used=[_gm(VORIGE_GEMEENTE)], invalidated=[_gm("9994")]),
        _change("gemeente/wzg_99900003", "Herschikking", moved, generated=[_gm(BUURGEMEENTE)], invalidated=[_gm("9995")])
        | {
            _ONT + "tijdstipWijziging": [_typed("dateTime", f"{moved}T00:00:00")],
            _ONT + "heeftGrondslag": [_typed("anyURI", "https://zoek.officielebekendmakingen.nl/stb-2006-9995.html")],
        },
    ]  # fmt: skip


def _ministeries() -> list[Node]:
    ministry = _named("ministerie", "mnre9990", "Ruimte en Registers", "ministerie van ", tagged=True)
    former = _named("ministerie", "hv_99900001", "Ruimte", "ministerie van ", tagged=True) | {
        "@type": [_ONT + "HistorischeVersie", _ONT + "Ministerie"],
        _PROV + "specializationOf": _things(ministry["@id"]),
        _ONT + "organisatiecode": _texts("mnre9990"),
        _ONT + "einddatumHV": [_typed("date", "2017-10-25")],
    }
    change = _change("ministerie/wzg_99900011", "Toestandswijziging", date(2017, 10, 26))
    change |= {_PROV + "invalidated": _things(former["@id"]), _PROV + "used": _things(ministry["@id"])}
    return [ministry | {_ONT + "begindatum": [_typed("date", "2010-10-14")]}, former, change]


def _overige() -> list[Node]:
    service = _named("oorg", "oorg99901", "Dienst voor Registers", "", tagged=True) | {
        _ONT + "organisatiesoort": _things(_KERN + "c_81c05ccd", _KERN + "c_07d0ec18"),
        _ONT + "afkorting": _texts("DvR"),
        _ONT + "verantwoordelijkMinisterie": _things(_ID + "ministerie/mnre9990"),
    }
    leaving = _named("oorg", "oorg99902", "Adviescollege Schorren", "", tagged=True) | {
        _ONT + "organisatiesoort": _things(_KERN + "c_4dec446b"),
        _ONT + "begindatum": [_typed("date", "2020-01-01")],
        _ONT + "einddatum": [_typed("date", f"{PEILDATUM.year + 1}-12-31")],
    }
    ended = _things(_ID + "oorg/oorg99902")
    founded = _change("oorg/wzg_99900021", "Oprichting", date(2020, 1, 1))
    founded |= {_PROV + "generated": ended}
    del founded[_ONT + "tijdstipWijziging"]
    leaves = _change("oorg/wzg_99900022", "Opheffing", date(PEILDATUM.year + 2, 1, 1))
    leaves |= {_PROV + "invalidated": ended, _ONT + "redenWijziging": _texts("Vervallen regeling")}
    mistaken = _change("oorg/wzg_99900023", "Opheffing", date(2023, 7, 1))
    mistaken[_SKOS + "editorialNote"] = [
        {"@language": "nl", "@value": "Correctie: deze opheffing berustte op een vergissing en telt niet."}
    ]
    return [service, leaving, founded, leaves, mistaken]


def _concepts() -> list[Node]:
    concept = {"@id": _KERN + "c_99900001", "@type": [_SKOS + "Concept"]}
    return [concept | {_SKOS + "prefLabel": [{"@language": "nl", "@value": "kaart"}]}]


def _list(name: str) -> Node:
    day = PEILDATUM.isoformat()
    kind = "RegisterwaardelijstCompleet" if name.startswith("rwc_") else "SchemagebaseerdeConceptwaardelijst"
    return {
        "@id": f"{_TOOI}set/{name}/{_VERSION}",
        "@type": [_WL + kind, _OWL + "Ontology"],
        _DCT + "description": _texts("Verzonnen waardelijst van organisaties rond de gemeente Wadermeer."),
        _PAV + "derivedFrom": _things(_ID + name.split("_")[1]),
        _OWL + "imports": _things(_TOOI + "def/ont", _TOOI + "def/wl"),
        _OWL + "versionInfo": _texts("Geactualiseerd"),
        _PROV + "generatedAtTime": [_typed("dateTime", f"{day}T09:02:51.625Z")],
        _ONT + "publicatiedatum": _texts(day),
        _ONT + "titel": _texts(f"Register {name.split('_')[1]} compleet"),
        _ONT + "verantwoordelijke": _things(_OFFICIAL_BZK),
        _ONT + "zichtdatum": [_typed("date", day)],
        _WL + "volgnummer": [_typed("integer", str(_VERSION))],
    }


def _organisation(kind: str, code: str, name: str, **times: date) -> Node:
    """A territorial organisation; `begin` and `eind` are its first and its last day."""
    prefix, property_ = {
        "gemeente": ("gm", "gemeentecode"),
        "provincie": ("pv", "provinciecode"),
        "waterschap": ("ws", "waterschapscode"),
    }[kind]
    node = _named(kind, prefix + code, name, f"{kind} ", tagged=False)
    node |= {_ONT + property_: _texts(code), _ONT + "organisatiesoort": _things(_KERN + _KINDS[kind])}
    if begin := times.get("begin"):
        node[_ONT + "begindatum"] = [_typed("date", begin.isoformat())]
        node[_PROV + "generatedAtTime"] = [_midnight(begin)]
    if last := times.get("eind"):
        node[_ONT + "einddatum"] = [_typed("date", last.isoformat())]
        node[_PROV + "invalidatedAtTime"] = [_midnight(last + timedelta(days=1))]
    return node


def _named(kind: str, code: str, name: str, before: str, *, tagged: bool) -> Node:
    def text(value: str) -> list[Node]:
        return [{"@language": "nl", "@value": value}] if tagged else _texts(value)

    # The official lists call any other organisation by the general class.
    node: Node = {
        "@id": f"{_ID}{kind}/{code}",
        "@type": [_ONT + ("Overheidsorganisatie" if kind == "oorg" else kind.capitalize())],
        _RDFS + "label": text(before + name),
        _ONT + "organisatiecode": _texts(code),
    }
    for which in ("officieleNaam", "voorkeursnaam"):
        node |= {_ONT + which + "ExclSoort": text(name), _ONT + which + "Sorteer": text(name.lower())}
        if before:
            node[_ONT + which + "InclSoort"] = text(before + name)
    return node


def _change(code: str, kind: str, day: date, **organisations: list[str]) -> Node:
    return {
        "@id": _ID + code,
        "@type": [_ONT + kind],
        **{_PROV + role: _things(*iris) for role, iris in organisations.items()},
        _ONT + "tijdstipWijziging": [_midnight(day)],
        _ONT + "tijdstipRegistratie": [_typed("dateTime", f"{PEILDATUM}T11:34:49+02:00")],
    }


def _gm(code: str) -> str:
    return f"{_ID}gemeente/gm{code}"


def _midnight(day: date) -> Node:
    return _typed("dateTime", f"{day}T00:00:00+01:00")


def _typed(datatype: str, text: str) -> Node:
    return {"@type": _XSD + datatype, "@value": text}


def _texts(text: str) -> list[Node]:
    return [{"@value": text}]


def _things(*iris: str) -> list[Node]:
    return [{"@id": iri} for iri in iris]
