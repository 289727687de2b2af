"""What surrounds the records: heads and tails of the files of a delivery, and the two small files beside them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from stelsel.sampling.bag_extras import Relation
from stelsel.sampling.municipality import GEMEENTE, GEMEENTENAAM

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_IMBAG = "www.kadaster.nl/schemas/lvbag/imbag"  # without http://, as the schema has it
_SCHEMAS = "http://www.kadaster.nl/schemas"
_MODEL = {
    "DatatypenNEN3610": f"{_IMBAG}/datatypennen3610/v20200601",
    "Objecten": f"{_IMBAG}/objecten/v20200601",
    "gml": "http://www.opengis.net/gml/3.2",
    "Historie": f"{_IMBAG}/historie/v20200601",
    "Objecten-ref": f"{_IMBAG}/objecten-ref/v20200601",
    "nen5825": f"{_IMBAG}/nen5825/v20200601",
    "KenmerkInOnderzoek": f"{_IMBAG}/kenmerkinonderzoek/v20200601",
    "selecties-extract": f"{_SCHEMAS}/lvbag/extract-selecties/v20200601",
}
_EXTRACT = f"{_SCHEMAS}/lvbag/extract-deelbestand-lvc/v20200601"
_MUTATIONS = f"{_SCHEMAS}/lvbag/extract-deelbestand-mutaties-lvc/v20200601"
_GWR = "www.kadaster.nl/schemas/lvbag/gem-wpl-rel"
_NATIONAL = "<selecties-extract:Gebied-NLD/>"

STAND_TAIL = "</sl:standBestand></sl-bag-extract:bagStand>"
MUTATIONS_TAIL = "</ml:mutatieBericht></mlm:bagMutaties>"


def _namespaces(known: dict[str, str]) -> str:
    return " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in known.items())


def _gemeente(name: str) -> str:
    called = f"<selecties-extract:GemeenteNaam>{name}</selecties-extract:GemeenteNaam>" if name else ""
    return (
        "<selecties-extract:Gebied-GEM><selecties-extract:GemeenteCollectie><selecties-extract:Gemeente>"
        f"<selecties-extract:GemeenteIdentificatie>{GEMEENTE}</selecties-extract:GemeenteIdentificatie>{called}"
        "</selecties-extract:Gemeente></selecties-extract:GemeenteCollectie></selecties-extract:Gebied-GEM>"
    )


def _area(inner: str) -> str:
    return f"<selecties-extract:Gebied-Registratief>{inner}</selecties-extract:Gebied-Registratief>"


def _as_of(day: date) -> str:
    return f"<selecties-extract:StandTechnischeDatum>{day}</selecties-extract:StandTechnischeDatum>"


def _whole(day: date) -> str:
    return f"<selecties-extract:LVC-Extract>{_as_of(day)}</selecties-extract:LVC-Extract>"


def _period(first: date, until: date) -> str:
    return (
        f"<selecties-extract:MUT-Extract>{_as_of(until)}<selecties-extract:Mutatieperiode>"
        f"<selecties-extract:MutatiedatumVanaf>{first}</selecties-extract:MutatiedatumVanaf>"
        f"<selecties-extract:MutatiedatumTot>{until}</selecties-extract:MutatiedatumTot>"
        "</selecties-extract:Mutatieperiode></selecties-extract:MUT-Extract>"
    )


def stand_head(kind: str, day: date) -> str:
    """The start of a file of the extract, up to its first `sl:stand`."""
    known = _MODEL | {"sl-bag-extract": _EXTRACT, "sl": f"{_SCHEMAS}/standlevering-generiek/1.0"}
    return (
        f"{_DECLARATION}<sl-bag-extract:bagStand {_namespaces(known)}>"
        f"<sl-bag-extract:bagInfo>{_area(_gemeente(''))}{_whole(day)}</sl-bag-extract:bagInfo>"
        "<sl:standBestand><sl:dataset>LVBAG</sl:dataset><sl:inhoud><sl:gebied>GEMEENTE</sl:gebied>"
        "<sl:leveringsId>0000000001</sl:leveringsId>"
        f"<sl:objectTypen><sl:objectType>{kind}</sl:objectType></sl:objectTypen></sl:inhoud>"
    )


def mutations_head(kinds: Iterable[str], first: date, until: date) -> str:
    """The start of a file of mutations, up to its first `ml:mutatieGroep`."""
    known = _MODEL | {"mlm": _MUTATIONS, "ml": f"{_SCHEMAS}/mutatielevering-generiek/1.0"}
    types = "".join(f"<ml:objectType>{kind}</ml:objectType>" for kind in kinds)
    return (
        f"{_DECLARATION}<mlm:bagMutaties {_namespaces(known)}>"
        f"<mlm:bagInfo>{_area(_NATIONAL)}{_period(first, until)}</mlm:bagInfo>"
        "<ml:mutatieBericht><ml:dataset>LVBAG</ml:dataset><ml:inhoud><ml:gebied>NEDERLAND</ml:gebied>"
        f"<ml:leveringsId>0000000001</ml:leveringsId><ml:objectTypen>{types}</ml:objectTypen></ml:inhoud>"
    )


def delivery_document(day: date) -> str:
    """The Leveringsdocument of an extract."""
    return _delivery(f"{_whole(day)}{_area(_gemeente(GEMEENTENAAM))}", "BagvsExtractDeelbestandExtractLvc-2.1.0.xsd")


def mutations_document(first: date, until: date) -> str:
    """The Leveringsdocument of mutations in a period, `until` not included."""
    return _delivery(f"{_period(first, until)}{_area(_NATIONAL)}", "BagvsExtractDeelbestandMutatieLvc-2.1.0.xsd")


def _delivery(selection: str, schema: str) -> str:
    known = {
        "xb": f"{_SCHEMAS}/lvbag/extract-levering/v20200601",
        "selecties-extract": _MODEL["selecties-extract"],
    }
    return (
        f"{_DECLARATION}<xb:BAG-Extract-Levering {_namespaces(known)}>"
        f"<xb:SelectieGegevens>{selection}</xb:SelectieGegevens><xb:SchemaInfo><xb:naam>{schema}</xb:naam>"
        "<xb:versie>20200601</xb:versie></xb:SchemaInfo></xb:BAG-Extract-Levering>"
    )


def relations(day: date, lines: Iterable[Relation]) -> str:
    """GEM-WPL-RELATIE; the official one begins with a comment before its root, and so does this."""
    known = {
        "gwr-bestand": f"{_GWR}/gwr-deelbestand-lvc/v20200601",
        "selecties-extract": _MODEL["selecties-extract"],
        "bagtypes": f"{_GWR}/bag-types/v20200601",
        "gwr-product": f"{_GWR}/gwr-producten-lvc/v20200601",
    }
    body = "".join(map(_relation, lines))
    return (
        f"{_DECLARATION}<!-- Verzonnen gegevens van een gemeente die niet bestaat. -->"
        f"<gwr-bestand:BAG-GWR-Deelbestand-LVC {_namespaces(known)}>"
        f"<gwr-bestand:SelectieGegevens>{_as_of(day)}</gwr-bestand:SelectieGegevens><gwr-bestand:Product>"
        f"<gwr-product:GemeenteWoonplaatsRelatieProduct>{body}</gwr-product:GemeenteWoonplaatsRelatieProduct>"
        "</gwr-bestand:Product></gwr-bestand:BAG-GWR-Deelbestand-LVC>"
    )


def _relation(line: Relation) -> str:
    end = f"<bagtypes:einddatumTijdvakGeldigheid>{line.end}</bagtypes:einddatumTijdvakGeldigheid>" if line.end else ""
    return (
        "<gwr-product:GemeenteWoonplaatsRelatie><gwr-product:tijdvakgeldigheid>"
        f"<bagtypes:begindatumTijdvakGeldigheid>{line.begin}</bagtypes:begindatumTijdvakGeldigheid>{end}"
        "</gwr-product:tijdvakgeldigheid><gwr-product:gerelateerdeWoonplaats>"
        f"<gwr-product:identificatie>{line.woonplaats}</gwr-product:identificatie>"
        "</gwr-product:gerelateerdeWoonplaats><gwr-product:gerelateerdeGemeente>"
        f"<gwr-product:identificatie>{line.gemeente}</gwr-product:identificatie></gwr-product:gerelateerdeGemeente>"
        f"<gwr-product:status>{line.status}</gwr-product:status></gwr-product:GemeenteWoonplaatsRelatie>"
    )
