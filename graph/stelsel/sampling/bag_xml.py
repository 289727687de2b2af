"""Records as XML of the LV BAG 2.0, children in the order in which the schema wants them (IMBAGLV 2.1.0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from stelsel.sampling.bag_objects import (
    DOMEIN,
    Adresseerbaar,
    BagObject,
    Ligplaats,
    Nummeraanduiding,
    Onderzoek,
    OpenbareRuimte,
    Pand,
    Standplaats,
    Verblijfsobject,
    Woonplaats,
)
from stelsel.sampling.ground import Point, Ring
from stelsel.sampling.timeline import Life

_RD = 'srsName="urn:ogc:def:crs:EPSG::28992"'
_NUM, _PND = DOMEIN["NUM"], DOMEIN["PND"]
_KENMERK = {
    "WPL": "Woonplaats",
    "OPR": "Openbareruimte",
    "NUM": "Nummeraanduiding",
    "VBO": "Verblijfsobject",
    "LIG": "Ligplaats",
    "STA": "Standplaats",
    "PND": "Pand",
}


def object_xml(record: BagObject) -> str:
    """A voorkomen as an element of the namespace Objecten."""
    return _WRITERS[type(record)](record)


def onderzoek_xml(record: Onderzoek) -> str:
    """A property under investigation as an element of the namespace KenmerkInOnderzoek."""
    name, life = _KENMERK[record.kind], record.life
    times = f"<Historie:tijdstipRegistratie>{life.registered}</Historie:tijdstipRegistratie>"
    times += _optional("Historie:eindRegistratie", life.end_registered)
    times += f"<Historie:beginGeldigheid>{life.begin}</Historie:beginGeldigheid>"
    times += _optional("Historie:eindGeldigheid", life.end)
    lv = f"<Historie:tijdstipRegistratieLV>{life.registered_lv}</Historie:tijdstipRegistratieLV>"
    lv += _optional("Historie:tijdstipEindRegistratieLV", life.end_lv)
    return (
        f"<KenmerkInOnderzoek:Kenmerk{name}InOnderzoek>"
        f"<KenmerkInOnderzoek:kenmerk>{record.kenmerk}</KenmerkInOnderzoek:kenmerk>"
        f'<KenmerkInOnderzoek:identificatieVan{name} domein="{DOMEIN[record.kind]}">{record.identificatie}'
        f"</KenmerkInOnderzoek:identificatieVan{name}>"
        f"<KenmerkInOnderzoek:inOnderzoek>{record.in_onderzoek}</KenmerkInOnderzoek:inOnderzoek>"
        f"<KenmerkInOnderzoek:documentdatum>{record.documentdatum}</KenmerkInOnderzoek:documentdatum>"
        f"<KenmerkInOnderzoek:documentnummer>{escape(record.documentnummer)}</KenmerkInOnderzoek:documentnummer>"
        f"<KenmerkInOnderzoek:historieInOnderzoek><Historie:HistorieInOnderzoek>{times}"
        f"<Historie:BeschikbaarLVInOnderzoek>{lv}</Historie:BeschikbaarLVInOnderzoek></Historie:HistorieInOnderzoek>"
        f"</KenmerkInOnderzoek:historieInOnderzoek></KenmerkInOnderzoek:Kenmerk{name}InOnderzoek>"
    )


def _optional(name: str, value: str | None) -> str:
    return f"<{name}>{value}</{name}>" if value else ""


def _voorkomen(life: Life) -> str:
    end = f"<Historie:eindGeldigheid>{life.end}</Historie:eindGeldigheid>" if life.end else ""
    end_registered = end_lv = ""
    if life.end_registered:
        end_registered = f"<Historie:eindRegistratie>{life.end_registered}</Historie:eindRegistratie>"
        end_lv = f"<Historie:tijdstipEindRegistratieLV>{life.end_lv}</Historie:tijdstipEindRegistratieLV>"
    inactive = inactive_lv = ""
    if life.inactive:
        inactive = _optional("Historie:tijdstipInactief", life.inactive)
        inactive_lv = _optional("Historie:tijdstipInactiefLV", life.inactive_lv)
    return (
        "<Objecten:voorkomen><Historie:Voorkomen>"
        f"<Historie:voorkomenidentificatie>{life.number}</Historie:voorkomenidentificatie>"
        f"<Historie:beginGeldigheid>{life.begin}</Historie:beginGeldigheid>{end}"
        f"<Historie:tijdstipRegistratie>{life.registered}</Historie:tijdstipRegistratie>{end_registered}{inactive}"
        "<Historie:BeschikbaarLV>"
        f"<Historie:tijdstipRegistratieLV>{life.registered_lv}</Historie:tijdstipRegistratieLV>{end_lv}{inactive_lv}"
        f"{_optional('Historie:tijdstipNietBagLV', life.niet_bag_lv)}"
        "</Historie:BeschikbaarLV></Historie:Voorkomen></Objecten:voorkomen>"
    )


def _document(record: BagObject) -> str:
    return (
        f"<Objecten:geconstateerd>{record.geconstateerd}</Objecten:geconstateerd>"
        f"<Objecten:documentdatum>{record.documentdatum}</Objecten:documentdatum>"
        f"<Objecten:documentnummer>{escape(record.documentnummer)}</Objecten:documentnummer>"
    )


def _status(record: BagObject) -> str:
    return f"<Objecten:status>{record.status}</Objecten:status>"


def _own_id(kind: str, record: BagObject) -> str:
    return f'<Objecten:identificatie domein="{DOMEIN[kind]}">{record.identificatie}</Objecten:identificatie>'


def _positions(ring: Ring, height: str) -> str:
    places = " ".join([f"{x:.3f} {y:.3f}{height}" for x, y in ring])
    return f'<gml:LinearRing><gml:posList count="{len(ring)}">{places}</gml:posList></gml:LinearRing>'


def _polygon(rings: tuple[Ring, ...], dimensions: int) -> str:
    """Heights are all 0.0, as the LV BAG delivers them."""
    height = " 0.0" if dimensions == 3 else ""
    inner = "".join([f"<gml:interior>{_positions(ring, height)}</gml:interior>" for ring in rings[1:]])
    return (
        f'<gml:Polygon {_RD} srsDimension="{dimensions}"><gml:exterior>{_positions(rings[0], height)}</gml:exterior>'
        f"{inner}</gml:Polygon>"
    )


def _point(point: Point) -> str:
    x, y = point
    return f'<gml:Point {_RD} srsDimension="3"><gml:pos>{x:.3f} {y:.3f} 0.0</gml:pos></gml:Point>'


def _woonplaats(record: Woonplaats) -> str:
    if len(record.vlakken) == 1:
        ground = f"<Objecten:vlak>{_polygon(record.vlakken, 2)}</Objecten:vlak>"
    else:
        members = [f"<gml:surfaceMember>{_polygon((ring,), 2)}</gml:surfaceMember>" for ring in record.vlakken]
        surface = f'<gml:MultiSurface {_RD} srsDimension="2">{"".join(members)}</gml:MultiSurface>'
        ground = f"<Objecten:multivlak>{surface}</Objecten:multivlak>"
    return (
        f"<Objecten:Woonplaats>{_own_id('WPL', record)}<Objecten:naam>{escape(record.naam)}</Objecten:naam>"
        f"<Objecten:geometrie>{ground}</Objecten:geometrie>{_status(record)}{_document(record)}"
        f"{_voorkomen(record.life)}</Objecten:Woonplaats>"
    )


def _openbare_ruimte(record: OpenbareRuimte) -> str:
    short = ""
    if record.verkorte_naam:
        short = f"<nen5825:verkorteNaam>{escape(record.verkorte_naam)}</nen5825:verkorteNaam>"
        short = f"<nen5825:VerkorteNaamOpenbareRuimte>{short}</nen5825:VerkorteNaamOpenbareRuimte>"
        short = f"<Objecten:verkorteNaam>{short}</Objecten:verkorteNaam>"
    return (
        f"<Objecten:OpenbareRuimte>{_own_id('OPR', record)}<Objecten:naam>{escape(record.naam)}</Objecten:naam>"
        f"<Objecten:type>{record.type}</Objecten:type>{_status(record)}{_document(record)}"
        f"<Objecten:ligtIn>{_ref('Woonplaats', 'WPL', record.ligt_in)}</Objecten:ligtIn>"
        f"{_voorkomen(record.life)}{short}</Objecten:OpenbareRuimte>"
    )


def _ref(name: str, kind: str, key: str) -> str:
    return f'<Objecten-ref:{name}Ref domein="{DOMEIN[kind]}">{key}</Objecten-ref:{name}Ref>'


def _nummeraanduiding(record: Nummeraanduiding) -> str:
    within = ""
    if record.ligt_in:
        within = f"<Objecten:ligtIn>{_ref('Woonplaats', 'WPL', record.ligt_in)}</Objecten:ligtIn>"
    return (
        f'<Objecten:Nummeraanduiding><Objecten:identificatie domein="{_NUM}">{record.identificatie}'
        f"</Objecten:identificatie><Objecten:huisnummer>{record.huisnummer}</Objecten:huisnummer>"
        f"{_optional('Objecten:huisletter', record.huisletter)}"
        f"{_optional('Objecten:huisnummertoevoeging', record.toevoeging)}"
        f"{_optional('Objecten:postcode', record.postcode)}"
        f"<Objecten:typeAdresseerbaarObject>{record.type}</Objecten:typeAdresseerbaarObject>"
        f"{_status(record)}{_document(record)}{within}{_voorkomen(record.life)}"
        f"<Objecten:ligtAan>{_ref('OpenbareRuimte', 'OPR', record.ligt_aan)}</Objecten:ligtAan>"
        "</Objecten:Nummeraanduiding>"
    )


def _addressed(record: Adresseerbaar) -> str:
    """What everything with an address begins with."""
    side = "".join([_ref("Nummeraanduiding", "NUM", key) for key in record.nevenadressen])
    return (
        f'<Objecten:heeftAlsHoofdadres><Objecten-ref:NummeraanduidingRef domein="{_NUM}">{record.hoofdadres}'
        f"</Objecten-ref:NummeraanduidingRef></Objecten:heeftAlsHoofdadres>{_voorkomen(record.life)}"
        f"{_optional('Objecten:heeftAlsNevenadres', side)}"
    )


def _verblijfsobject(record: Verblijfsobject) -> str:
    if record.vlak is None:
        where = f"<Objecten:punt>{_point(record.punt)}</Objecten:punt>"
    else:
        where = f"<Objecten:vlak>{_polygon((record.vlak,), 3)}</Objecten:vlak>"
    uses = "".join([f"<Objecten:gebruiksdoel>{use}</Objecten:gebruiksdoel>" for use in record.gebruiksdoelen])
    within = "".join([f'<Objecten-ref:PandRef domein="{_PND}">{key}</Objecten-ref:PandRef>' for key in record.panden])
    return (
        f"<Objecten:Verblijfsobject>{_addressed(record)}{_own_id('VBO', record)}"
        f"<Objecten:geometrie>{where}</Objecten:geometrie>{uses}"
        f"<Objecten:oppervlakte>{record.oppervlakte}</Objecten:oppervlakte>{_status(record)}{_document(record)}"
        f"<Objecten:maaktDeelUitVan>{within}</Objecten:maaktDeelUitVan></Objecten:Verblijfsobject>"
    )


def _plaats(kind: str, name: str, record: Ligplaats | Standplaats) -> str:
    return (
        f"<Objecten:{name}>{_addressed(record)}{_own_id(kind, record)}{_status(record)}"
        f"<Objecten:geometrie>{_polygon((record.vlak,), 2)}</Objecten:geometrie>{_document(record)}</Objecten:{name}>"
    )


def _pand(record: Pand) -> str:
    return (
        f'<Objecten:Pand><Objecten:identificatie domein="{_PND}">{record.identificatie}</Objecten:identificatie>'
        f"<Objecten:geometrie>{_polygon(record.ringen, 3)}</Objecten:geometrie>"
        f"<Objecten:oorspronkelijkBouwjaar>{record.bouwjaar}</Objecten:oorspronkelijkBouwjaar>"
        f"{_status(record)}{_document(record)}{_voorkomen(record.life)}</Objecten:Pand>"
    )


_WRITERS: dict[type, Callable[[Any], str]] = {
    Woonplaats: _woonplaats,
    OpenbareRuimte: _openbare_ruimte,
    Nummeraanduiding: _nummeraanduiding,
    Verblijfsobject: _verblijfsobject,
    Ligplaats: lambda record: _plaats("LIG", "Ligplaats", record),
    Standplaats: lambda record: _plaats("STA", "Standplaats", record),
    Pand: _pand,
}
