"""Small documents of the cadastral map for tests: written here, in the official formats of three versions."""

from __future__ import annotations

V5 = {
    "kk": "http://www.kadaster.nl/schemas/brkkadastralekaart/v5/stand/v20220601",
    "oz": "http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-onroerendezaak/v20220601",
    "ko": "http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-kadastraalobject/v20220601",
    "h": "http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-historie/v20220601",
    "t": "http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-typen/v20220601",
    "gml": "http://www.opengis.net/gml/3.2",
}
V4 = {
    "kk": "http://www.kadaster.nl/schemas/brkkadastralekaart/v4/featurecollection/v20190402",
    "oz": "http://www.kadaster.nl/schemas/brkkadastralekaart/v4/imkad-onroerendezaak/v20190402",
    "ko": "http://www.kadaster.nl/schemas/brkkadastralekaart/v4/imkad-kadastraalobject/v20190402",
    "h": "http://www.kadaster.nl/schemas/brkkadastralekaart/v4/imkad-historie/v20190402",
    "t": "http://www.kadaster.nl/schemas/brkkadastralekaart/v4/imkad-typen/v20190402",
    "gml": "http://www.opengis.net/gml/3.2",
}
V3 = {"v3": "http://www.kadaster.nl/schemas/brkkadastralekaart/v20160101", "gml": "http://www.opengis.net/gml/3.2"}
SQUARE = "16000.000 495000.000 16020.000 495000.000 16020.000 495030.000 16000.000 495030.000 16000.000 495000.000"
CROSSED = "16000.000 495000.000 16020.000 495030.000 16020.000 495000.000 16000.000 495030.000 16000.000 495000.000"
BEGIN = "2018-07-02T11:30:00"


def perceel(
    key: str = "90010000170000",
    *,
    version: int = 5,
    ring: str = SQUARE,
    crs: str = "",
    size: str = "598",
    begin: str = BEGIN,
    end: str = "",
    extra: str = "",
) -> str:
    """A perceel in version 5 (with the zone of summer time) or 4."""
    zone = "+02:00" if version == 5 else ".000"
    named = (
        key if version == 5 else f"<t:namespace>NL.IMKAD.KadastraalObject</t:namespace><t:lokaalID>{key}</t:lokaalID>"
    )
    ended = f"<h:eindGeldigheid>{end}{zone}</h:eindGeldigheid>" if end else ""
    crs = crs or ("urn:ogc:def:crs:EPSG::28992" if version == 5 else "28992")
    return (
        f'<oz:Perceel gml:id="P{key}"><ko:identificatie>{named}</ko:identificatie>'
        f"<oz:historie><h:beginGeldigheid>{begin}{zone}</h:beginGeldigheid>{ended}"
        f"<h:tijdstipRegistratie>{begin}{zone}</h:tijdstipRegistratie><h:volgnummer>0</h:volgnummer>"
        "<h:statusHistorie><h:StatusHistorie><t:code>G</t:code><t:waarde>Geldig</t:waarde></h:StatusHistorie>"
        "</h:statusHistorie></oz:historie><oz:kadastraleAanduiding><oz:TypeKadastraleAanduiding><oz:kadastraleGemeente>"
        "<oz:KadastraleGemeente><t:code>1990</t:code><t:waarde>Wadermeer</t:waarde></oz:KadastraleGemeente>"
        f"</oz:kadastraleGemeente><oz:sectie>A</oz:sectie><oz:perceelnummer>{int(key[4:9])}</oz:perceelnummer>"
        "<oz:aKRKadastraleGemeenteCode><oz:AKRKadastraleGemeenteCode><t:code>1991</t:code><t:waarde>WDM00</t:waarde>"
        "</oz:AKRKadastraleGemeenteCode></oz:aKRKadastraleGemeenteCode></oz:TypeKadastraleAanduiding>"
        f'</oz:kadastraleAanduiding><oz:begrenzingPerceel><gml:Polygon gml:id="V{key}" srsName="{crs}"><gml:exterior>'
        f"<gml:LinearRing><gml:posList>{ring}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
        f"</oz:begrenzingPerceel><oz:kadastraleGrootte><oz:TypeOppervlak><oz:waarde>{size}</oz:waarde><oz:soortGrootte>"
        "<oz:SoortGrootte><t:code>1</t:code><t:waarde>Vastgesteld</t:waarde></oz:SoortGrootte></oz:soortGrootte>"
        "</oz:TypeOppervlak></oz:kadastraleGrootte><oz:perceelnummerRotatie>0.0</oz:perceelnummerRotatie>"
        f'<oz:plaatscoordinaten><gml:Point gml:id="L{key}" srsName="{crs}"><gml:pos>16010.000 495015.000</gml:pos>'
        f"</gml:Point></oz:plaatscoordinaten>{extra}</oz:Perceel>"
    )


def perceel3(key: str = "470000001") -> str:
    """The same perceel in version 3, which has an identification of another series, and no zone."""
    return (
        f'<v3:Perceel gml:id="P{key}"><v3:identificatie><v3:NEN3610ID><v3:namespace>NL.IMKAD.KadastraalObject</v3:namespace>'
        f"<v3:lokaalID>{key}</v3:lokaalID></v3:NEN3610ID></v3:identificatie><v3:historie><v3:KadasterHistorie>"
        f"<v3:logischTijdstipOntstaan>{BEGIN}.000</v3:logischTijdstipOntstaan></v3:KadasterHistorie></v3:historie>"
        "<v3:kadastraleAanduiding><v3:TypeKadastraleAanduiding><v3:kadastraleGemeente><v3:KadastraleGemeenteKeuze>"
        "<v3:AKRKadastraleGemeenteCode>WDM00</v3:AKRKadastraleGemeenteCode></v3:KadastraleGemeenteKeuze>"
        "</v3:kadastraleGemeente><v3:sectie>A</v3:sectie><v3:perceelnummer>1</v3:perceelnummer>"
        "</v3:TypeKadastraleAanduiding></v3:kadastraleAanduiding><v3:begrenzingPerceel>"
        f'<gml:Polygon srsName="urn:ogc:def:crs:EPSG::28992"><gml:exterior><gml:LinearRing><gml:posList srsDimension="2">{SQUARE}'
        "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></v3:begrenzingPerceel><v3:kadastraleGrootte>"
        "<v3:TypeOppervlak><v3:waarde>598</v3:waarde></v3:TypeOppervlak></v3:kadastraleGrootte></v3:Perceel>"
    )


def grens3(key: str = "120000001") -> str:
    """A boundary in version 3: its type is a text, and it does not say what lies beside it."""
    return (
        f'<v3:KadastraleGrens gml:id="G{key}"><v3:identificatie><v3:NEN3610ID><v3:namespace>NL.IMKAD.KadastraleGrens'
        f"</v3:namespace><v3:lokaalID>{key}</v3:lokaalID></v3:NEN3610ID></v3:identificatie><v3:grenslijn>"
        '<gml:LineString srsName="urn:ogc:def:crs:EPSG::28992"><gml:posList srsDimension="2">16000 495000 16020 495000'
        "</gml:posList></gml:LineString></v3:grenslijn><v3:type>Definitief</v3:type><v3:historie><v3:KadasterHistorie>"
        f"<v3:logischTijdstipOntstaan>{BEGIN}.000</v3:logischTijdstipOntstaan></v3:KadasterHistorie></v3:historie>"
        "</v3:KadastraleGrens>"
    )


def dkk5(*records: str) -> bytes:
    """A document of version 5 with percelen, a record a line."""
    return _document(V5, "kk:DKK", "kk:perceelMember", records)


def dkk4(*records: str) -> bytes:
    """A document of version 4."""
    return _document(V4, "kk:brkkadastralekaartCollection", "kk:brkkadastralekaartMember", records)


def dkk3(percelen: str, grenzen: str) -> bytes:
    """A document of version 3."""
    head = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in V3.items())
    body = f"<v3:perceelMember>{percelen}</v3:perceelMember>\n<v3:grensMember>{grenzen}</v3:grensMember>"
    return f"<v3:KadastraleKaartCollection {head}>\n{body}\n</v3:KadastraleKaartCollection>".encode()


def _document(namespaces: dict[str, str], root: str, member: str, records: tuple[str, ...]) -> bytes:
    head = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in namespaces.items())
    body = "".join(f"<{member}>{record}</{member}>\n" for record in records)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {head}>\n{body}</{root}>'.encode()
