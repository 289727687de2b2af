"""The register of energy labels: units, keys, versions of the file, and what is refused."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stelsel.errors import DeliveryError
from stelsel.home import open_home
from stelsel.loading.hooks import read_hook
from stelsel.loading.register import read_register
from stelsel.loading.rows import read_lines
from stelsel.loading.run import load
from stelsel.names import Names
from stelsel.querying import results
from stelsel.querying.curated import read
from stelsel.sampling.ep_online import HEADING, write_ep_online, write_first_version
from stelsel.sampling.municipality import Municipality
from stelsel.settings import read_settings
from stelsel.storing.editions import edition_path

HOME = open_home()
NAMES = Names("http://localhost:8000")
DEF = f"{NAMES.root}def/"
HOOK = read_hook(read_register(HOME, "ep-online"))
NTA = "NTA 8800:2023 (basisopname woningbouw)"
OLDER = {
    "definitief-energielabel": "Rekenmethodiek Definitief Energielabel, versie 1.2, 16 september 2014",
    "nader-voorschrift": "Nader Voorschrift, versie 1.0, 1 februari 2014 met erratalijst dd 03-11-2014",
    "isso": "ISSO75.3, versie 3.0, oktober 2011",
    "epa": "EPA",
}
PER_M2 = {"energiebehoefte", "warmtebehoefte", "primaireFossieleEnergie", "berekendEnergieverbruik", "co2Emissie"}
IN_ALL = {"energiegebruikTotaal", "co2EmissieTotaal"}


def label_of(**texts):
    """The label in a line that has these columns and the least that a line must have."""
    row = {"registratiedatum": "20230904", "bagVerblijfsobject": "9990010000000012", **texts}
    ((table, label),) = HOOK("regel", {name: text for name, text in row.items() if text is not None})
    assert table == "energielabel"
    return label


def loaded(tmp_path, *paths, accept=False, day=None):
    settings = read_settings({"data": tmp_path / "data", "processes": 1}, {})
    return load(
        "ep-online", list(paths), home=HOME, settings=settings, accept=accept, progress=lambda *_: None, date=day
    ).edition


def store_of(tmp_path, edition):
    store = ox.Store()
    for graph in edition.graphs:
        if graph.iri == NAMES.graph("ep-online"):
            file = edition_path(tmp_path / "data", edition) / graph.file
            store.bulk_load(b"".join(read_lines(file)), ox.RdfFormat.N_QUADS)
    return store


def problems_of(tmp_path, edition):
    file = edition_path(tmp_path / "data", edition) / "problems.jsonl.zst"
    return [json.loads(line) for line in read_lines(file)]


def facts(store):
    """Label -> property -> texts."""
    found = defaultdict(lambda: defaultdict(set))
    for quad in store:
        found[quad.subject.value][quad.predicate.value.removeprefix(DEF)].add(quad.object.value)
    return found


def written(path, heading, *lines, preamble=""):
    text = preamble + ";".join(heading) + "\n" + "".join(";".join(line) + "\n" for line in lines)
    path.write_text(text, "utf-8")
    return path


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_decimal_comma_is_the_number_that_it_says(number):
    text = str(number).replace(".", ",")
    assert Decimal(label_of(oppervlakte=text)["oppervlakte"]) == number


@given(st.text(alphabet="0123456789.,+- e", min_size=1, max_size=9))
def test_what_is_no_number_with_a_comma_is_refused_and_never_read_otherwise(text):
    whole, _, behind = text.removeprefix("-").removeprefix("+").partition(",")
    good = whole.isdigit() and (behind.isdigit() or "," not in text) and text.count("-") + text.count("+") <= 1
    if good:
        assert label_of(oppervlakte=text)["oppervlakte"] == text.replace(",", ".")
    else:
        with pytest.raises(ValueError, match="decimal comma"):
            label_of(oppervlakte=text)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_day_is_read_in_every_spelling(day):
    for text in (f"{day:%Y%m%d}", day.isoformat(), f"{day.isoformat()}T11:54:03.597"):
        assert label_of(opnamedatum=text)["opnamedatum"] == day.isoformat()


@pytest.mark.parametrize("text", ["20230230", "01-06-2024", "2023", "20230904x", ""])
def test_a_day_that_is_none_refuses_the_line(text):
    with pytest.raises(ValueError, match="day"):
        label_of(opnamedatum=text)


@given(
    st.sampled_from([NTA, "NTA-8800 (detailopname woningbouw)", "NTA_8800:2020_w_b", *OLDER.values()]),
    st.integers(1, 10**8),
    st.integers(1, 10**6),
)
def test_a_figure_has_one_unit_and_the_method_says_which(method, energy, co2):
    label = label_of(berekeningstype=method, energieverbruik=f"{energy},5", co2=f"{co2},25")
    by_nta = method.startswith("NTA")
    assert (label["rekenmethode"] == "nta-8800") == by_nta
    names = set(label) & (PER_M2 | IN_ALL)
    assert names == ({"berekendEnergieverbruik", "co2Emissie"} if by_nta else IN_ALL)
    assert {label[name] for name in names} == {f"{energy}.5", f"{co2}.25"}


@pytest.mark.parametrize(("name", "method"), OLDER.items())
def test_a_figure_of_nta_8800_on_a_label_of_an_older_method_refuses_the_line(name, method):
    assert label_of(berekeningstype=method, primaireFossieleEnergie="0,00")["rekenmethode"] == name
    with pytest.raises(ValueError, match="primaireFossieleEnergie is a figure of NTA 8800"):
        label_of(berekeningstype=method, primaireFossieleEnergie="93039,00")


def test_no_co2_is_made_of_the_zero_of_the_method_that_computes_none():
    zero = {"co2": "0,00", "energieverbruik": "93039,00"}
    assert "co2EmissieTotaal" not in label_of(berekeningstype=OLDER["definitief-energielabel"], **zero)
    assert label_of(berekeningstype=OLDER["nader-voorschrift"], **zero)["co2EmissieTotaal"] == "0.00"
    assert label_of(berekeningstype=NTA, **zero)["co2Emissie"] == "0.00"


@given(
    st.text(min_size=1, max_size=40).filter(lambda t: not t.upper().startswith(("NTA", "ISSO", "REKEN", "NADER", "EP")))
)
def test_an_unknown_method_refuses_the_line(method):
    with pytest.raises(ValueError, match="METHODS"):
        label_of(berekeningstype=method)


def test_figures_without_a_method_refuse_the_line_and_a_class_without_one_does_not():
    assert label_of(energieklasse="C")["energieklasse"] == "C"
    with pytest.raises(ValueError, match="no berekeningstype"):
        label_of(energieverbruik="114,00")


def test_a_line_without_a_bag_object_is_refused():
    with pytest.raises(ValueError, match="has no BAG identification"):
        label_of(bagVerblijfsobject=None)


@pytest.mark.parametrize("cell", ["9990100000000209,9990100000000207", "9990100000000207; 9990100000000209"])
def test_a_label_of_panden_alone_is_of_each_of_them(cell):
    label = label_of(bagVerblijfsobject=None, bagPanden=cell)
    assert label["bagIdentificatie"] == label["bagPandIdentificatie"] == ["9990100000000207", "9990100000000209"]
    assert label["sleutel"].startswith("9990100000000207-20230904-")


def test_a_label_of_a_dwelling_is_not_of_its_pand():
    label = label_of(bagPanden="9990100000000207")
    assert label["bagIdentificatie"] == ["9990010000000012"]


@pytest.mark.parametrize(
    "change", [{"opnamedatum": "20230101"}, {"status": "Oplevering"}, {"detailaanduiding": "achter"}]
)
def test_labels_of_one_object_and_day_have_other_keys(change):
    assert label_of(**change)["sleutel"] != label_of()["sleutel"]


@pytest.mark.parametrize("change", [{"energieklasse": "A"}, {"oppervlakte": "90,00"}, {"geldigTot": "20330101"}])
def test_a_label_that_is_corrected_keeps_its_key(change):
    assert label_of(**change)["sleutel"] == label_of()["sleutel"]


def test_a_private_label_has_no_address_and_its_key_does_not_tell_the_detail():
    known = {"isPrive": "1", "postcode": "9000AA", "huisnummer": "7"}
    label = label_of(**known, detailaanduiding="Zolder")
    assert not {"adres", "detailaanduiding"} & set(label)
    assert label["sleutel"] == label_of(**known)["sleutel"]
    assert label_of(postcode="9000AA", huisnummer="7")["adres"] == "9000AA 7"


SAID = {
    "Registratiedatum": "20230904",
    "Opnamedatum": "20230825",
    "Geldig_tot": "20330825",
    "Status": "Bestaand",
    "Gebouwklasse": "W",
    "Postcode": "9000AA",
    "Huisnummer": "12",
    "BAGVerblijfsobjectID": "9990010000000012",
    "BAGPandIDs": "9990100000000012",
    "Energieklasse": "A",
    "Gebruiksoppervlakte_thermische_zone": "88,70",
    "Energiebehoefte": "98,10",
    "PrimaireFossieleEnergie": "142,50",
    "Aandeel_hernieuwbare_energie": "12,40",
    "Temperatuuroverschrijding": "1,45",
}
FIRST = {
    "Pand_registratiedatum": "Registratiedatum", "Pand_opnamedatum": "Opnamedatum", "Meting_geldig_tot": "Geldig_tot",
    "Pand_status": "Status", "Pand_gebouwklasse": "Gebouwklasse", "Pand_postcode": "Postcode",
    "Pand_huisnummer": "Huisnummer", "Pand_bagverblijfsobjectid": "BAGVerblijfsobjectID",
    "Pand_bagpandid": "BAGPandIDs", "Pand_energieklasse": "Energieklasse",
    "Pand_gebruiksoppervlakte": "Gebruiksoppervlakte_thermische_zone", "Pand_energiebehoefte": "Energiebehoefte",
    "Pand_primaire_fossiele_energie": "PrimaireFossieleEnergie",
    "Pand_aandeel_hernieuwbare_energie": "Aandeel_hernieuwbare_energie",
    "Pand_temperatuuroverschrijding": "Temperatuuroverschrijding", "Pand_berekeningstype": "Berekeningstype",
    "Pand_projectnaam": "", "Pand_eis_energiebehoefte": "",
}  # fmt: skip
SECOND = {
    name.lower().replace("gebruiksoppervlakte", "gebruiksoppervlakte_thermische_zone"): what
    for name, what in FIRST.items()
}
FIFTH = {name: name for name in HEADING}
# Version 4 has the same words as version 5 without underscores, and the names of projects.
FOURTH = {name.replace("_", "").replace("thermische", "Thermische").replace("zone", "Zone"): name for name in HEADING}
FOURTH |= {"Projectnaam": "", "Projectobject": ""}
VERSIONS = {
    "v20240601_csv.csv": (FIRST, "NTA-8800 (basisopname woningbouw)", ""),
    "v20240601_v2_csv.csv": (SECOND, NTA, ""),
    "v20240601_v4_csv.csv": (FOURTH, NTA, "PublicatieDatum;01-06-2024\nLaatstVerwerkteMutatievolgnummer;1\n"),
    "v20240601_v5_csv.csv": (FIFTH, NTA, "\ufeffPublicatieDatum;01-06-2024\nLaatstVerwerkteMutatievolgnummer;1\n"),
}


def test_every_version_of_the_file_gives_the_same_label(tmp_path):
    seen = {}
    for name, (heading, method, preamble) in VERSIONS.items():
        line = [(SAID | {"Berekeningstype": method}).get(what, "") for what in heading.values()]
        folder = tmp_path / name
        folder.mkdir()
        edition = loaded(folder, written(folder / name, heading, line, preamble=preamble))
        assert edition.date == date(2024, 6, 1)
        seen[name] = {
            (label, what, text)
            for label, known in facts(store_of(folder, edition)).items()
            for what, texts in known.items()
            for text in texts
            if what not in ("berekeningstype", "isPrive")
        }
    first, *others = seen.values()
    assert len(first) == 18
    assert all(other == first for other in others)


def test_the_headings_of_the_register_are_all_known(tmp_path, shared):
    folder = shared / "data/ep-online"
    first = (folder / "header_v1_csv.csv").read_text("utf-8").strip().split(";")
    second = (folder / "header_v2_columns_2022.txt").read_text("utf-8").splitlines()[-1].strip().split(";")
    fifth = json.loads((folder / "api_v5_field_names.json").read_text("utf-8"))
    assert (len(first), len(second), len(fifth)) == (37, 38, 41)
    for number, heading in enumerate((first, second, fifth)):
        place = next(i for i, name in enumerate(heading) if name.lower().endswith("registratiedatum"))
        object_ = next(i for i, name in enumerate(heading) if name.lower().endswith("bagverblijfsobjectid"))
        line = ["20230904" if i == place else "9990010000000012" if i == object_ else "" for i in range(len(heading))]
        where = tmp_path / str(number)
        where.mkdir()
        edition = loaded(where, written(where / "v20230101_csv.csv", heading, line))
        assert edition.tables["energielabel"].mapped == 1


def delivery(tmp_path, text):
    path = tmp_path / "v20240601_v5_csv.csv"
    path.write_text(text, "utf-8")
    return path


HEAD = "Registratiedatum;Detailaanduiding;BAGVerblijfsobjectID\n"
LINE = "20230904;;9990010000000012\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + LINE + '20230904;"open;9990010000000013\n' + LINE, r"line 3"),
        (HEAD + LINE + LINE + '20230904;"a"b;9990010000000013\n', r"line 4.*is no CSV"),
        (HEAD + LINE + "20230904;;9990010000000013;\n", r"line 3.*4 cells where the heading has 3"),
        (HEAD.replace("Detailaanduiding", "Zonnepanelen") + LINE, r"Zonnepanelen"),
        (HEAD.replace("Detailaanduiding", "pand_registratiedatum") + LINE, r"twice"),
        ("Postcode;Huisnummer\n9000AA;1\n", r"registratiedatum"),
    ],
)
def test_a_file_that_is_broken_stops_the_load_with_line_or_heading(tmp_path, text, said):
    with pytest.raises(DeliveryError, match=said):
        loaded(tmp_path, delivery(tmp_path, text))


def test_lines_that_are_refused_are_counted_with_their_key_and_the_rest_is_loaded(tmp_path):
    (path,) = write_ep_online(Municipality(100, 1), tmp_path / "out", lambda *_: None)
    edition = loaded(tmp_path, path)
    assert edition.date == date(2024, 6, 1)
    assert edition.tables["regel"].refused == 2
    refused = [p for p in problems_of(tmp_path, edition) if p["refused"]]
    assert {p["message"].split(":")[0].split("'")[0].strip() for p in refused} == {
        "has no BAG identification",
        "berekeningstype",
    }
    assert all(p["key"].startswith("9000AB ") and ", line " in p["where"] for p in refused)
    (twice,) = [p for p in problems_of(tmp_path, edition) if p["reason"] == "tweemaal"]
    assert twice["key"].startswith("9990010000000068-20220314-")
    assert edition.violations == {}
    known = facts(store_of(tmp_path, edition))
    assert len(known) == edition.tables["energielabel"].mapped - 1  # the line that is there twice is one label
    assert all(label.endswith(next(iter(said["sleutel"]))) for label, said in known.items())


def test_nothing_in_the_graph_tells_the_address_of_a_private_label(tmp_path):
    path = write_first_version(Municipality(100, 1), tmp_path)
    known = facts(store_of(tmp_path, loaded(tmp_path, path)))
    private = [said for said in known.values() if said["isPrive"] == {"true"}]
    assert len(private) == 1
    assert not private[0]["adres"]
    # Two addresses of the BAG have no postcode yet; a label has none of those either.
    assert sum(bool(said["adres"]) for said in known.values()) >= len(known) - 3


def test_the_certificate_holder_is_nowhere(tmp_path):
    (path,) = write_ep_online(Municipality(100, 1), tmp_path / "out", lambda *_: None)
    edition = loaded(tmp_path, path)
    folder = edition_path(tmp_path / "data", edition)
    content = [b"".join(read_lines(file)) for file in folder.rglob("*.zst")]
    assert content
    assert not any(b"Wadlabel" in part for part in content)


def test_the_distribution_counts_each_object_by_its_current_label(tmp_path):
    (path,) = write_ep_online(Municipality(1500, 2), tmp_path / "out", lambda *_: None)
    store = store_of(tmp_path, loaded(tmp_path, path))
    day = "2023-01-01"
    by_object = defaultdict(list)
    for said in facts(store).values():
        ((klass,), (registered,), (until,)) = (said[n] for n in ("energieklasse", "registratiedatum", "geldigTot"))
        for own in said["bagIdentificatie"]:
            if until >= day:
                by_object[own].append((registered, klass.rsplit("/", 1)[1], next(iter(said["gebouwklasse"]))[-1]))
    expected: Counter[str] = Counter()
    for labels in by_object.values():
        last = max(registered for registered, _, _ in labels)
        expected.update({klass for registered, klass, kind in labels if registered == last and kind == "W"})
    query = read(HOME.queries / "energie/labelverdeling.rq", NAMES.root)
    found = store.query(query.bind({"peildatum": [day], "gebouwklasse": ["W"]}), base_iri=NAMES.root)
    content = json.loads(found.serialize(format=ox.QueryResultsFormat.JSON))
    answer = results.items(query.returns, content["results"]["bindings"])
    assert {item["energieklasse"]: item["aantal"] for item in answer} == expected
    assert len(expected) > 6
