from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from collections import Counter, defaultdict
from statistics import mean

import pytest

from stelsel.sampling.bag_buildings import verblijfsobject
from stelsel.sampling.bag_extras import ligplaatsen, standplaatsen
from stelsel.sampling.ep_labels import CLASSES
from stelsel.sampling.ep_online import FIRST_HEADING, HEADING, write_ep_online, write_first_version
from stelsel.sampling.ep_traps import EP_TRAPS
from stelsel.sampling.identifications import dwelling_id
from stelsel.sampling.municipality import SLOTS, Municipality

TOTALS = ("Rekenmethodiek", "Nader Voorschrift", "ISSO")


def silent(*_):
    return None


def lines_of(path):
    """The heading and lines of a delivery, read by nothing of ours."""
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        text = archive.read(name).decode("utf-8-sig")
    told, counted, heading, *rest = csv.reader(io.StringIO(text), delimiter=";", strict=True)
    assert told == ["PublicatieDatum", "01-06-2024"]
    assert counted[0] == "LaatstVerwerkteMutatievolgnummer"
    return heading, [dict(zip(heading, line, strict=True)) for line in rest]


def value(text):
    return float(text.replace(",", "."))


@pytest.fixture(scope="module", params=[100, 137, 4000])
def sample(request, tmp_path_factory):
    m = Municipality(request.param, 5)
    (path,) = write_ep_online(m, tmp_path_factory.mktemp("ep"), silent)
    return m, lines_of(path)[1]


def test_the_headings_are_those_of_the_register(shared):
    folder = shared / "data/ep-online"
    assert list(HEADING) == json.loads((folder / "api_v5_field_names.json").read_text("utf-8"))
    assert ";".join(FIRST_HEADING) == (folder / "header_v1_csv.csv").read_text("utf-8").strip()


def test_three_in_five_dwellings_have_a_label(tmp_path):
    m = Municipality(4000, 5)
    _, lines = lines_of(write_ep_online(m, tmp_path, silent)[0])
    labelled = {line["BAGVerblijfsobjectID"] for line in lines} & {dwelling_id(m, i) for i in range(m.dwellings)}
    assert 0.55 < len(labelled) / m.dwellings < 0.65
    assert 1.1 < len(lines) / len(labelled) < 1.6


def test_newer_buildings_have_better_labels(tmp_path):
    _, lines = lines_of(write_ep_online(Municipality(4000, 5), tmp_path, silent)[0])
    by_age = defaultdict(list)
    for line in lines:
        year = int(line["Bouwjaar"])
        by_age["old" if year < 1945 else "new" if year > 2005 else "between"].append(
            CLASSES.index(line["Energieklasse"])
        )
    assert mean(by_age["new"]) + 2 < mean(by_age["between"]) < mean(by_age["old"]) - 1


def test_labels_are_of_objects_of_the_bag_and_name_their_panden(sample):
    m, lines = sample
    known = {dwelling_id(m, i): verblijfsobject(m, i)[-1] for i in range(m.dwellings)}
    places = {p.identificatie for p in (*ligplaatsen(m), *standplaatsen(m))}
    strange = []
    for line in lines:
        own = line["BAGVerblijfsobjectID"]
        if (own and own not in known) or (
            own and set(line["BAGPandIDs"].split(",")) != {p.strip() for p in known[own].panden}
        ):
            strange.append(own)
        for place in filter(None, (line["BAGLigplaatsID"], line["BAGStandplaatsID"])):
            assert place in places
    # The two that are so on purpose: an object that does not exist, and another pand.
    assert sorted(strange) == ["9990010000000066", "9990010000999999"]
    assert any(line["BAGLigplaatsID"] for line in lines)
    assert any(line["BAGStandplaatsID"] for line in lines)


def test_an_address_is_that_of_the_bag(sample):
    m, lines = sample
    known = {dwelling_id(m, i): m.address(i) for i in range(m.dwellings)}
    for line in lines:
        address = known.get(line["BAGVerblijfsobjectID"])
        if address:
            assert line["Postcode"] == address.postcode
            assert line["Huisnummer"] == str(address.number)
            assert line["Huisletter"] + line["Huisnummertoevoeging"] == address.letter + address.addition


def test_figures_are_per_square_metre_by_one_method_and_totals_by_the_others(sample):
    _, lines = sample
    limits = dict(zip(CLASSES, (0, 0, 50, 75, 105, 160, 190, 250, 290, 335, 380, 470), strict=True))
    for line in lines:
        if line["Berekeningstype"].startswith("NTA 8800"):
            assert value(line["PrimaireFossieleEnergie"]) <= limits[line["Energieklasse"]] + 0.01
            assert value(line["BerekendeEnergieverbruik"]) < 500
            assert not line["EnergieIndex"]
        elif line["Berekeningstype"].startswith(TOTALS):
            assert value(line["BerekendeEnergieverbruik"]) > 5_000
            assert not line["PrimaireFossieleEnergie"]
            assert "+" not in line["Energieklasse"]
            simple = line["Berekeningstype"].startswith("Rekenmethodiek")
            assert (line["BerekendeCO2Emissie"] == "0,00") == simple


def test_days_are_in_their_order_and_a_label_holds_for_ten_years(sample):
    _, lines = sample
    for line in lines:
        surveyed, registered, until = (line[c] for c in ("Opnamedatum", "Registratiedatum", "Geldig_tot"))
        assert surveyed <= registered <= "20240601"
        assert int(until[:4]) == int(surveyed[:4]) + 10
        assert int(registered[:4]) >= min(int(line["Bouwjaar"]), 2024) - 1


def count_of(lines):
    """How each trap is found in what was written."""
    by_object = defaultdict(list)
    for line in lines:
        by_object[line["BAGVerblijfsobjectID"]].append(line)
    mine = {number: by_object[f"99900100000000{number}"] for number in range(61, 77)}
    whole = Counter(tuple(line.values()) for line in lines)
    nothing = ("BAGVerblijfsobjectID", "BAGLigplaatsID", "BAGStandplaatsID", "BAGPandIDs")
    days = Counter(
        (line["BAGVerblijfsobjectID"], line["Registratiedatum"]) for line in lines if line["Status"] != "Bestaand"
    )
    return {
        "three over time": mine[61],
        "expired only": [line for line in mine[62] if line["Geldig_tot"] < "20240601"],
        "total, no CO2": [line for line in mine[63] if line["BerekendeCO2Emissie"] == "0,00"],
        "total with CO2": [line for line in (*mine[64], *mine[65]) if value(line["BerekendeCO2Emissie"])],
        "another pand": [line for line in mine[66] if line["BAGPandIDs"] != "9990100000000126"],
        "another surface": [line for line in lines if line["Gebruiksoppervlakte_thermische_zone"] == "258,70"],
        "line twice": [line for line, times in whole.items() if times == 2],
        "two on a day": [day for day, times in days.items() if times == 2 for _ in range(times)],
        "no BAG object": [line for line in lines if not any(line[name] for name in nothing)],
        "several panden": [line for line in by_object[""] if "," in line["BAGPandIDs"]],
        "unknown method": [x for x in lines if not x["Berekeningstype"].startswith(("NTA 8800", *TOTALS))],
        "best class": [line for line in lines if line["Energieklasse"] == "A+++++"],
        "separators in text": [line for line in lines if ";" in line["Detailaanduiding"]],
        "unknown object": by_object["9990010000999999"],
    }


def test_every_trap_is_there_as_often_as_it_says(sample):
    _, lines = sample
    counts = {name: len(found) for name, found in count_of(lines).items()}
    assert counts == {name: trap.count for name, trap in EP_TRAPS.items()}


def test_the_first_version_says_which_labels_are_private(tmp_path):
    path = write_first_version(Municipality(100, 5), tmp_path)
    heading, *lines = csv.reader(io.StringIO(path.read_text("utf-8")), delimiter=";", strict=True)
    assert len(heading) == 37
    rows = [dict(zip(heading, line, strict=True)) for line in lines]
    private = [row for row in rows if row["Pand_energielabel_is_prive"] == "1"]
    assert len(private) == 1
    assert any(row["Pand_huisnummer_toev"] for row in rows)


def test_the_same_municipality_gives_the_same_bytes(tmp_path):
    first, second = (write_ep_online(Municipality(500, 3), tmp_path / name, silent)[0] for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_a_municipality_too_small_for_traps_has_labels_too(tmp_path):
    _, lines = lines_of(write_ep_online(Municipality(10, 1), tmp_path, silent)[0])
    assert lines
    assert all(len(line["BAGVerblijfsobjectID"] or line["BAGLigplaatsID"]) == 16 for line in lines)


def test_memory_is_that_of_a_label(tmp_path):
    write_ep_online(Municipality(100, 1), tmp_path, silent)  # what is made once is no part of it
    peaks = []
    for size in (400, 2 * SLOTS * 40):
        tracemalloc.start()
        write_ep_online(Municipality(size, 1), tmp_path, silent)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000
