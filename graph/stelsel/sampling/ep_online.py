"""EP-Online's part of the sample: the total file of energy labels, as RVO publishes it.

v20240601_v5_csv.zip
  v20240601_v5_csv.csv     two lines about the file, a heading, and a line a label; `;`, decimal comma, yyyymmdd
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import chain
from pathlib import Path

from stelsel.sampling.archives import new_archive
from stelsel.sampling.ep_labels import PUBLISHED, EnergyLabel, labels, labels_at
from stelsel.sampling.files import write_pieces
from stelsel.sampling.municipality import Municipality

Progress = Callable[[str, int, int], None]

_NAME = f"v{PUBLISHED:%Y%m%d}_v5_csv"
_SEQUENCE = 19_345_219  # of the last mutation in the file
HEADING = (
    *(
        "Registratiedatum",
        "Opnamedatum",
        "Geldig_tot",
        "Certificaathouder",
        "Soort_opname",
        "Status",
        "Berekeningstype",
    ),
    *(
        "IsVereenvoudigdLabel",
        "Op_basis_van_referentiegebouw",
        "Gebouwklasse",
        "Gebouwtype",
        "Gebouwsubtype",
        "SBIcode",
    ),
    *("Postcode", "Huisnummer", "Huisletter", "Huisnummertoevoeging", "Detailaanduiding", "BAGVerblijfsobjectID"),
    *("BAGLigplaatsID", "BAGStandplaatsID", "BAGPandIDs", "Bouwjaar", "Gebruiksoppervlakte_thermische_zone"),
    *("Compactheid", "Energieklasse", "EnergieIndex", "EnergieIndex_EMG_forfaitair", "Energiebehoefte"),
    *("PrimaireFossieleEnergie", "Primaire_fossiele_energie_EMG_forfaitair", "Aandeel_hernieuwbare_energie"),
    *("Aandeel_hernieuwbare_energie_EMG_forfaitair", "Temperatuuroverschrijding", "Warmtebehoefte"),
    *("Eis_energiebehoefte", "Eis_primaire_fossiele_energie", "Eis_aandeel_hernieuwbare_energie"),
    *("Eis_temperatuuroverschrijding", "BerekendeCO2Emissie", "BerekendeEnergieverbruik"),
)
# The file of 2021: its heading, and what each column is called in HEADING; its own are written apart.
FIRST_HEADING = {
    "Pand_opnamedatum": "Opnamedatum",
    "Pand_opnametype": "Soort_opname",
    "Pand_status": "Status",
    "Pand_berekeningstype": "Berekeningstype",
    "Pand_energieindex": "EnergieIndex",
    "Pand_energieklasse": "Energieklasse",
    "Pand_energielabel_is_prive": "",
    "Pand_is_op_basis_van_referentie_gebouw": "Op_basis_van_referentiegebouw",
    "Pand_gebouwklasse": "Gebouwklasse",
    "Meting_geldig_tot": "Geldig_tot",
    "Pand_registratiedatum": "Registratiedatum",
    "Pand_postcode": "Postcode",
    "Pand_huisnummer": "Huisnummer",
    "Pand_huisnummer_toev": "",
    "Pand_detailaanduiding": "Detailaanduiding",
    "Pand_bagverblijfsobjectid": "BAGVerblijfsobjectID",
    "Pand_bagligplaatsid": "BAGLigplaatsID",
    "Pand_bagstandplaatsid": "BAGStandplaatsID",
    "Pand_bagpandid": "BAGPandIDs",
    "Pand_gebouwtype": "Gebouwtype",
    "Pand_gebouwsubtype": "Gebouwsubtype",
    "Pand_projectnaam": "",
    "Pand_projectobject": "",
    "Pand_SBIcode": "SBIcode",
    "Pand_gebruiksoppervlakte": "Gebruiksoppervlakte_thermische_zone",
    "Pand_energiebehoefte": "Energiebehoefte",
    "Pand_eis_energiebehoefte": "",
    "Pand_primaire_fossiele_energie": "PrimaireFossieleEnergie",
    "Pand_eis_primaire_fossiele_energie": "",
    "Pand_primaire_fossiele_energie_EMG_forfaitair": "Primaire_fossiele_energie_EMG_forfaitair",
    "Pand_aandeel_hernieuwbare_energie": "Aandeel_hernieuwbare_energie",
    "Pand_eis_aandeel_hernieuwbare_energie": "",
    "Pand_aandeel_hernieuwbare_energie_EMG_forfaitair": "Aandeel_hernieuwbare_energie_EMG_forfaitair",
    "Pand_temperatuuroverschrijding": "Temperatuuroverschrijding",
    "Pand_eis_temperatuuroverschrijding": "",
    "Pand_warmtebehoefte": "Warmtebehoefte",
    "Pand_energieindex_met_EMG_forfaitair": "EnergieIndex_EMG_forfaitair",
}


def write_ep_online(m: Municipality, out: Path, progress: Progress) -> list[Path]:
    """Writes `out/v20240601_v5_csv.zip` and gives its path.

    The same municipality gives the same bytes; a label is held at a time. `progress` is told about how many addresses
    are done, and of how many. Raises DiskFull where there is no room.
    """
    path = out / f"{_NAME}.zip"
    head = f"\ufeffPublicatieDatum;{PUBLISHED:%d-%m-%Y}\nLaatstVerwerkteMutatievolgnummer;{_SEQUENCE}\n"
    with new_archive(path, PUBLISHED, large=m.addresses > 2_000_000) as archive:
        lines = (cells(label) for label in _told(m, progress) for _ in range(label.times))
        archive.add(f"{_NAME}.csv", chain([head, line(HEADING)], (line(c[name] for name in HEADING) for c in lines)))
    return [path]


def write_first_version(m: Municipality, out: Path) -> Path:
    """Writes the labels of the first two streets' dwellings under the heading of 2021, which knows private labels."""
    found = (label for index in range(min(80, m.dwellings)) for label in labels_at(m, index))
    lines = (line(_first_cells(label)) for label in found for _ in range(label.times))
    return write_pieces(out / "v20210501_csv.csv", chain([line(FIRST_HEADING)], lines))


def _told(m: Municipality, progress: Progress) -> Iterator[EnergyLabel]:
    """All labels; labels are about 0.8 an address, which is what progress is counted by."""
    for number, label in enumerate(labels(m)):
        if number % 1000 == 0:
            progress("EP-Online", min(number * 5 // 4, m.addresses), m.addresses)
        yield label
    progress("EP-Online", m.addresses, m.addresses)


def line(values: Iterable[str]) -> str:
    """A line of the file; a cell has quotes where it needs them."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=";", lineterminator="\n").writerow(values)
    return stream.getvalue()


def cells(label: EnergyLabel) -> dict[str, str]:
    """The cells of a label under HEADING; what its method does not give is empty, and so is what nobody filled in."""
    known = {
        "Registratiedatum": _day(date.fromordinal(label.registered)),
        "Opnamedatum": _day(date.fromordinal(label.surveyed)),
        "Geldig_tot": _day(label.expires),
        "Certificaathouder": "Wadlabel B.V.",
        "Soort_opname": label.survey,
        "Status": label.status,
        "Berekeningstype": label.method,
        "IsVereenvoudigdLabel": "Ja" if "Definitief" in label.method else "Nee",
        "Op_basis_van_referentiegebouw": "Nee",
        "Gebouwklasse": label.kind,
        "Gebouwtype": label.building,
        "Postcode": label.address.postcode,
        "Huisnummer": str(label.address.number or ""),
        "Huisletter": label.address.letter,
        "Huisnummertoevoeging": label.address.addition,
        "Detailaanduiding": label.detail,
        "BAGVerblijfsobjectID": label.verblijfsobject,
        "BAGLigplaatsID": label.ligplaats,
        "BAGStandplaatsID": label.standplaats,
        "BAGPandIDs": ",".join(label.panden),
        "Bouwjaar": f"{label.bouwjaar:04d}",
        "Energieklasse": label.klass,
    }
    return dict.fromkeys(HEADING, "") | known | (_per_m2(label) if label.by_nta else _totals(label))


def _per_m2(label: EnergyLabel) -> dict[str, str]:
    """The figures of NTA 8800: kWh and kg per m2 and year."""
    primary = _decimal(label.per_m2)
    share = max(0, 6_000 - label.per_m2 // 3)
    return {
        "Gebruiksoppervlakte_thermische_zone": _decimal(label.area * 100 - 130),
        "Compactheid": _decimal(120 + label.per_m2 % 130),
        "Energiebehoefte": _decimal(label.per_m2 * 7 // 10),
        "PrimaireFossieleEnergie": primary,
        "Primaire_fossiele_energie_EMG_forfaitair": primary,
        "Aandeel_hernieuwbare_energie": _decimal(share),
        "Aandeel_hernieuwbare_energie_EMG_forfaitair": _decimal(share),
        "Temperatuuroverschrijding": _decimal(label.per_m2 % 250),
        "Warmtebehoefte": _decimal(label.per_m2 * 13 // 20),
        "BerekendeCO2Emissie": _decimal(label.per_m2 * 18 // 100),
        "BerekendeEnergieverbruik": _decimal(label.per_m2 * 4 // 5),
    }


def _totals(label: EnergyLabel) -> dict[str, str]:
    """The figures of older methods: MJ and kg a year, of the whole object; the simplest has no CO2 and says 0,00."""
    megajoules = label.per_m2 * label.area * 36 // 10
    if "Definitief" in label.method:
        return {"BerekendeEnergieverbruik": _decimal(megajoules), "BerekendeCO2Emissie": "0,00"}
    return {
        "EnergieIndex": _decimal(60 + label.per_m2 // 160),
        "BerekendeEnergieverbruik": _decimal(megajoules),
        "BerekendeCO2Emissie": _decimal(megajoules * 56 // 1000),
    }


def _first_cells(label: EnergyLabel) -> list[str]:
    known = cells(label)
    own = {
        "Pand_energielabel_is_prive": "1" if label.private else "0",
        "Pand_huisnummer_toev": f"{label.address.letter} {label.address.addition}".strip(),
    }
    return [own.get(name) or known.get(FIRST_HEADING[name], "") for name in FIRST_HEADING]


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _decimal(hundredths: int) -> str:
    """A number with two decimals behind a comma."""
    return f"{hundredths // 100},{hundredths % 100:02d}"
