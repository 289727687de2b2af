"""Small BAG documents for tests: written here, in the official format, a record at a time."""

from __future__ import annotations

NAMESPACES = {
    "sl-bag-extract": "http://www.kadaster.nl/schemas/lvbag/extract-deelbestand-lvc/v20200601",
    "sl": "http://www.kadaster.nl/schemas/standlevering-generiek/1.0",
    "mlm": "http://www.kadaster.nl/schemas/lvbag/extract-deelbestand-mutaties-lvc/v20200601",
    "ml": "http://www.kadaster.nl/schemas/mutatielevering-generiek/1.0",
    "xb": "http://www.kadaster.nl/schemas/lvbag/extract-levering/v20200601",
    "selecties-extract": "http://www.kadaster.nl/schemas/lvbag/extract-selecties/v20200601",
    "Objecten": "www.kadaster.nl/schemas/lvbag/imbag/objecten/v20200601",
    "Objecten-ref": "www.kadaster.nl/schemas/lvbag/imbag/objecten-ref/v20200601",
    "Historie": "www.kadaster.nl/schemas/lvbag/imbag/historie/v20200601",
    "KenmerkInOnderzoek": "www.kadaster.nl/schemas/lvbag/imbag/kenmerkinonderzoek/v20200601",
    "gml": "http://www.opengis.net/gml/3.2",
}
_XMLNS = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in NAMESPACES.items())
SQUARE = "130000.0 480000.0 0.0 130010.0 480000.0 0.0 130010.0 480010.0 0.0 130000.0 480010.0 0.0 130000.0 480000.0 0.0"


def voorkomen(
    number: int = 1,
    begin: str = "2010-01-01",
    end: str = "",
    registered: str = "2010-01-02T10:00:00.000",
    ended: str = "",
) -> str:
    """The times of a record."""
    closing = f"<Historie:eindGeldigheid>{end}</Historie:eindGeldigheid>" if end else ""
    known = f"<Historie:eindRegistratie>{ended}</Historie:eindRegistratie>" if ended else ""
    return (
        "<Objecten:voorkomen><Historie:Voorkomen>"
        f"<Historie:voorkomenidentificatie>{number}</Historie:voorkomenidentificatie>"
        f"<Historie:beginGeldigheid>{begin}</Historie:beginGeldigheid>{closing}"
        f"<Historie:tijdstipRegistratie>{registered}</Historie:tijdstipRegistratie>{known}"
        "</Historie:Voorkomen></Objecten:voorkomen>"
    )


def pand(
    identificatie: str = "0457100000000001",
    *,
    year: str = "1975",
    status: str = "Pand in gebruik",
    positions: str = SQUARE,
    extra: str = "",
    when: str = "",
) -> str:
    """A pand."""
    return (
        f'<Objecten:Pand><Objecten:identificatie domein="NL.IMBAG.Pand">{identificatie}</Objecten:identificatie>'
        '<Objecten:geometrie><gml:Polygon srsName="urn:ogc:def:crs:EPSG::28992" srsDimension="3"><gml:exterior><gml:LinearRing>'
        f"<gml:posList>{positions}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></Objecten:geometrie>"
        f"<Objecten:oorspronkelijkBouwjaar>{year}</Objecten:oorspronkelijkBouwjaar><Objecten:status>{status}</Objecten:status>"
        "<Objecten:geconstateerd>N</Objecten:geconstateerd><Objecten:documentdatum>2010-01-01</Objecten:documentdatum>"
        f"<Objecten:documentnummer>B-1</Objecten:documentnummer>{extra}{when or voorkomen()}</Objecten:Pand>"
    )


def stand(*records: str, day: str = "2021-10-15", area: str = "0457") -> bytes:
    """A document of a stand delivery."""
    inside = "".join(
        f"<sl:stand><sl-bag-extract:bagObject>{record}</sl-bag-extract:bagObject></sl:stand>" for record in records
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<sl-bag-extract:bagStand {_XMLNS}><sl-bag-extract:bagInfo>'
        f"<selecties-extract:GemeenteIdentificatie>{area}</selecties-extract:GemeenteIdentificatie>"
        f"<selecties-extract:StandTechnischeDatum>{day}</selecties-extract:StandTechnischeDatum>"
        f"</sl-bag-extract:bagInfo><sl:standBestand>{inside}</sl:standBestand></sl-bag-extract:bagStand>"
    ).encode()


def added(record: str) -> str:
    """A change: a record that was not there."""
    return f"<ml:toevoeging><ml:wordt><mlm:bagObject>{record}</mlm:bagObject></ml:wordt></ml:toevoeging>"


def changed(was: str, becomes: str) -> str:
    """A change: a record that was and becomes."""
    return (
        f"<ml:wijziging><ml:was><mlm:bagObject>{was}</mlm:bagObject></ml:was>"
        f"<ml:wordt><mlm:bagObject>{becomes}</mlm:bagObject></ml:wordt></ml:wijziging>"
    )


def removed(was: str) -> str:
    """A change: a record that is no more."""
    return f"<ml:verwijdering><ml:was><mlm:bagObject>{was}</mlm:bagObject></ml:was></ml:verwijdering>"


def mutations(*changes: str, since: str = "2021-10-15", day: str = "2021-10-16") -> bytes:
    """A document of a mutation delivery."""
    inside = "".join(f"<ml:mutatieGroep>{change}</ml:mutatieGroep>" for change in changes)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<mlm:bagMutaties {_XMLNS}><mlm:bagInfo>'
        f"<selecties-extract:StandTechnischeDatum>{day}</selecties-extract:StandTechnischeDatum>"
        f"<selecties-extract:MutatiedatumVanaf>{since}</selecties-extract:MutatiedatumVanaf>"
        f"</mlm:bagInfo><ml:mutatieBericht>{inside}</ml:mutatieBericht></mlm:bagMutaties>"
    ).encode()
