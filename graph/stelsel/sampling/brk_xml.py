"""Records of the cadastral map as XML of the DKK 5.0.0 (XSD v20220601), and what it takes over from the BGT as IMGeo 2.1."""

from __future__ import annotations

from datetime import date, timedelta
from xml.sax.saxutils import escape

from stelsel.sampling.brk_parcels import AKR, GEMEENTE_CODE, GEMEENTE_NAAM, Boundary, Parcel
from stelsel.sampling.ground import Point, Ring
from stelsel.sampling.municipality import GEMEENTE

_SCHEMAS = "http://www.kadaster.nl/schemas/brkkadastralekaart/v5"
_NAMESPACES = {
    "gml": "http://www.opengis.net/gml/3.2",
    "oz": f"{_SCHEMAS}/imkad-onroerendezaak/v20220601",
    "h": f"{_SCHEMAS}/imkad-historie/v20220601",
    "t": f"{_SCHEMAS}/imkad-typen/v20220601",
    "ko": f"{_SCHEMAS}/imkad-kadastraalobject/v20220601",
    "q": f"{_SCHEMAS}/imkad-kwaliteit/v20220601",
    "kk": f"{_SCHEMAS}/stand/v20220601",
}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DKK = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in _NAMESPACES.items())
_RD = 'srsName="urn:ogc:def:crs:EPSG::28992"'
_IMGEO = "http://www.geostandaarden.nl/imgeo"

DKK_HEAD, DKK_TAIL = f"{_DECLARATION}<kk:DKK {_DKK}>\n", "</kk:DKK>\n"
CITY_HEAD = (
    f'{_DECLARATION}<CityModel xmlns:gml="http://www.opengis.net/gml" xmlns:imgeo="{_IMGEO}/2.1" '
    'xmlns="http://www.opengis.net/citygml/2.0">\n'
)
CITY_TAIL = "</CityModel>\n"


def stamp(day: int) -> str:
    """Ten in the morning of a day (proleptic ordinal), with the zone offset that the Netherlands had.

    >>> stamp(date(2024, 6, 8).toordinal()), stamp(date(2024, 3, 30).toordinal())
    ('2024-06-08T10:00:00+02:00', '2024-03-30T10:00:00+01:00')
    """
    then = date.fromordinal(day)
    summer = _last_sunday(then.year, 3) <= then < _last_sunday(then.year, 10)
    return f"{then.isoformat()}T10:00:00+{'02' if summer else '01'}:00"


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7)


def perceel(parcel: Parcel) -> str:
    """A perceel as a `kk:perceelMember`."""
    key = parcel.identificatie
    akr = AKR.index(parcel.akr) + int(GEMEENTE_CODE) + 1
    return (
        f'<kk:perceelMember><oz:Perceel gml:id="NL.IMKAD.KadastraalObject.{key}">'
        f'<ko:identificatie domein="NL.IMKAD.KadastraalObject">{key}</ko:identificatie>'
        f"{_historie('oz', parcel.begin)}"
        "<oz:kadastraleAanduiding><oz:TypeKadastraleAanduiding><oz:kadastraleGemeente>"
        f"{_value('oz:KadastraleGemeente', GEMEENTE_CODE, GEMEENTE_NAAM)}</oz:kadastraleGemeente>"
        f"<oz:sectie>{parcel.sectie}</oz:sectie><oz:perceelnummer>{parcel.number}</oz:perceelnummer>"
        f"<oz:aKRKadastraleGemeenteCode>{_value('oz:AKRKadastraleGemeenteCode', str(akr), parcel.akr)}"
        "</oz:aKRKadastraleGemeenteCode></oz:TypeKadastraleAanduiding></oz:kadastraleAanduiding>"
        f'<oz:begrenzingPerceel><gml:Polygon gml:id="V.{key}" {_RD}><gml:exterior><gml:LinearRing>'
        f"<gml:posList>{_positions(parcel.ring)}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
        "</oz:begrenzingPerceel>"
        f"<oz:kadastraleGrootte><oz:TypeOppervlak><oz:waarde>{parcel.size}</oz:waarde><oz:soortGrootte>"
        f"{_value('oz:SoortGrootte', '1', 'Vastgesteld')}</oz:soortGrootte></oz:TypeOppervlak></oz:kadastraleGrootte>"
        "<oz:perceelnummerRotatie>0.0</oz:perceelnummerRotatie>"
        "<oz:perceelnummerVerschuiving><oz:TypePerceelnummerVerschuiving><oz:deltaX>0.0</oz:deltaX>"
        "<oz:deltaY>0.0</oz:deltaY></oz:TypePerceelnummerVerschuiving></oz:perceelnummerVerschuiving>"
        f'<oz:plaatscoordinaten><gml:Point gml:id="P.{key}" {_RD}><gml:pos>{_positions((parcel.label,))}</gml:pos>'
        "</gml:Point></oz:plaatscoordinaten></oz:Perceel></kk:perceelMember>\n"
    )


def grens(boundary: Boundary) -> str:
    """A kadastrale grens as a `kk:grensMember`."""
    number, (begin, end) = boundary.number, boundary.line
    if boundary.arc:
        middle = (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2
        # A bay window: the arc strays a tenth of the line's length from it.
        bulge = middle[0] - (end[1] - begin[1]) / 10, middle[1] + (end[0] - begin[0]) / 10
        line = (
            f'<gml:Curve gml:id="L.{number}" {_RD}><gml:segments><gml:Arc><gml:posList>'
            f"{_positions((begin, bulge, end))}</gml:posList></gml:Arc></gml:segments></gml:Curve>"
        )
    else:
        line = f'<gml:LineString gml:id="L.{number}" {_RD}><gml:posList>{_positions((begin, end))}</gml:posList></gml:LineString>'
    return (
        f'<kk:grensMember><oz:KadastraleGrens gml:id="NL.IMKAD.KadastraleGrens.{number}">'
        f"{_historie('oz', boundary.since, boundary.until)}"
        f'<oz:identificatie domein="NL.IMKAD.KadastraleGrens">{number}</oz:identificatie>'
        f"<oz:grenslijn>{line}</oz:grenslijn>"
        f"<oz:typeGrens>{_value('oz:TypeGrens', '3', 'Definitief')}</oz:typeGrens>"
        f'<oz:perceelLinks domein="NL.IMKAD.KadastraalObject">{boundary.left}</oz:perceelLinks>'
        f'<oz:perceelRechts domein="NL.IMKAD.KadastraalObject">{boundary.right}</oz:perceelRechts>'
        "</oz:KadastraleGrens></kk:grensMember>\n"
    )


def kwaliteit(boundary: Boundary) -> str:
    """The quality of a grens as a `kk:kwaliteitMember`: the older it is, the worse."""
    number, letter = boundary.number, "BCDE"[max(0, (2020 - date.fromordinal(boundary.since).year) // 10)]
    return (
        f'<kk:kwaliteitMember><q:Kwaliteit gml:id="NL.IMKAD.Kwaliteit.{number}">{_historie("h", boundary.since)}'
        f'<q:identificatie domein="NL.IMKAD.Kwaliteit">{number}</q:identificatie>'
        f"<q:classificatie><q:ElementEnKwaliteit><q:element>{_value('q:ElementAanduiding', '1', 'Grenslijn')}</q:element>"
        f"<q:kwaliteit>{_value('q:Kwaliteitsklasse', str('ABCDE'.index(letter) + 1), letter)}</q:kwaliteit>"
        "</q:ElementEnKwaliteit></q:classificatie>"
        f'<q:vanKadastraleGrens domein="NL.IMKAD.KadastraleGrens">{number}</q:vanKadastraleGrens>'
        "</q:Kwaliteit></kk:kwaliteitMember>\n"
    )


def kaartpand(bag: str, rings: tuple[Ring, ...], begin: str) -> str:
    """A pand on the map, with the identification that it has in the BAG."""
    inner = "".join(f"<gml:interior>{_ring31(ring)}</gml:interior>" for ring in rings[1:])
    return (
        '<cityObjectMember><BuildingPart xmlns="http://www.opengis.net/citygml/building/2.0" '
        f'gml:id="b{bag}">{_imgeo(bag, begin)}<imgeo:identificatieBAGPND>{bag}</imgeo:identificatieBAGPND>'
        "<imgeo:geometrie2dGrondvlak><gml:MultiSurface><gml:surfaceMember><gml:Polygon>"
        f"<gml:exterior>{_ring31(rings[0])}</gml:exterior>{inner}</gml:Polygon></gml:surfaceMember></gml:MultiSurface>"
        "</imgeo:geometrie2dGrondvlak></BuildingPart></cityObjectMember>\n"
    )


def kaartlabel(bag: str, name: str, place: Point, begin: str) -> str:
    """The name of an openbare ruimte on the map."""
    return (
        f'<cityObjectMember><imgeo:OpenbareRuimteLabel gml:id="b{bag}">{_imgeo(bag, begin)}'
        f"<imgeo:identificatieBAGOPR>{bag}</imgeo:identificatieBAGOPR><imgeo:openbareRuimteNaam><imgeo:Label>"
        f"<imgeo:tekst>{escape(name)}</imgeo:tekst><imgeo:positie><imgeo:Labelpositie><imgeo:plaatsingspunt>"
        f"<gml:Point><gml:pos>{_positions((place,))}</gml:pos></gml:Point></imgeo:plaatsingspunt>"
        "<imgeo:hoek>8</imgeo:hoek></imgeo:Labelpositie></imgeo:positie></imgeo:Label></imgeo:openbareRuimteNaam>"
        f'<imgeo:openbareRuimteType codeSpace="{_IMGEO}/def/2.1#TypeOpenbareRuimte">Weg</imgeo:openbareRuimteType>'
        "</imgeo:OpenbareRuimteLabel></cityObjectMember>\n"
    )


def _historie(prefix: str, begin: int, end: int = 0) -> str:
    ended = f"<h:eindGeldigheid>{stamp(end)}</h:eindGeldigheid>" if end else ""
    known = f"<h:eindRegistratie>{stamp(end)}</h:eindRegistratie>" if end else ""
    return (
        f"<{prefix}:historie><h:beginGeldigheid>{stamp(begin)}</h:beginGeldigheid>{ended}"
        f"<h:tijdstipRegistratie>{stamp(begin)}</h:tijdstipRegistratie>{known}<h:volgnummer>0</h:volgnummer>"
        f"<h:statusHistorie>{_value('h:StatusHistorie', 'G', 'Geldig')}</h:statusHistorie></{prefix}:historie>"
    )


def _value(name: str, code: str, text: str) -> str:
    """A value of a waardelijst."""
    return f"<{name}><t:code>{code}</t:code><t:waarde>{text}</t:waarde></{name}>"


def _positions(points: tuple[Point, ...]) -> str:
    return " ".join(f"{x:.3f} {y:.3f}" for x, y in points)


def _ring31(ring: Ring) -> str:
    return f'<gml:LinearRing><gml:posList srsDimension="2">{_positions(ring)}</gml:posList></gml:LinearRing>'


def _imgeo(bag: str, begin: str) -> str:
    """What every object of the BGT begins with."""
    return (
        f'<creationDate xmlns="http://www.opengis.net/citygml/2.0">{begin}</creationDate>'
        f"<imgeo:LV-publicatiedatum>{begin}T13:26:16</imgeo:LV-publicatiedatum>"
        "<imgeo:relatieveHoogteligging>0</imgeo:relatieveHoogteligging><imgeo:inOnderzoek>false</imgeo:inOnderzoek>"
        f"<imgeo:tijdstipRegistratie>{begin}T10:50:26.000</imgeo:tijdstipRegistratie><imgeo:identificatie>"
        f"<imgeo:NEN3610ID><imgeo:namespace>NL.IMGeo</imgeo:namespace><imgeo:lokaalID>G{GEMEENTE}.{int(bag):032x}"
        "</imgeo:lokaalID></imgeo:NEN3610ID></imgeo:identificatie>"
        f"<imgeo:bronhouder>G{GEMEENTE}</imgeo:bronhouder>"
        f'<imgeo:bgt-status codeSpace="{_IMGEO}/def/2.1#Status">bestaand</imgeo:bgt-status>'
        f'<imgeo:plus-status codeSpace="{_IMGEO}/def/2.1#VoidReasonValue">geenWaarde</imgeo:plus-status>'
    )
