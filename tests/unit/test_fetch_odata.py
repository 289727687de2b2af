"""Tables of OData services in both versions, from a server on this machine that has them."""

from __future__ import annotations

from ipaddress import ip_network

import orjson
import pytest

from misbehaving import Reply, answer, serve_v3, serve_v4, serving
from stelsel.errors import DeliveryError
from stelsel.loading.fetch import fetch
from stelsel.loading.fetch_asking import Limits
from stelsel.loading.fetch_odata import WINDOW, fetch_odata, is_service

LIMITS = Limits(networks=(ip_network("127.0.0.0/8"),), attempts=2, sleep=lambda _: None)
ROWS = [{"ID": n, "WijkenEnBuurten": f"BU9990{n:04d}"} for n in range(2 * WINDOW + 500)]
V3 = {
    "TableInfos": [{"ID": 0, "Identifier": "99901NED", "Modified": "2024-02-01"}],
    "UntypedDataSet": ROWS,
    "TypedDataSet": ROWS,
    "DataProperties": [{"ID": 1, "Key": "AantalInwoners_5"}],
    "WijkenEnBuurten": [{"Key": "NL00"}],
}
V4 = {
    "MeasureCodes": [{"Identifier": "T001036"}],
    "MeasureGroups": [{"Id": "M000352"}],
    "Dimensions": [{"Identifier": "WijkenEnBuurten"}],
    "WijkenEnBuurtenCodes": [{"Identifier": "NL00"}],
    "Observations": ROWS,
}


@pytest.fixture
def server():
    with serving() as one:
        yield one


def get(server, path, folder, **given):
    return fetch_odata(server.at(path), folder, limits=LIMITS, progress=lambda *_: None, **given)


def rows(folder, entity):
    return [row for file in sorted(folder.glob(f"{entity}*.json")) for row in orjson.loads(file.read_bytes())["value"]]


@pytest.mark.parametrize("page", [None, 800])
def test_every_page_of_a_table_in_odata_3_is_there(server, tmp_path, page):
    serve_v3(server, "/ODataApi/OData/99901NED", V3, page)
    folder = get(server, "/ODataApi/OData/99901NED/", tmp_path)
    assert folder.name == "99901NED"
    assert rows(folder, "TypedDataSet") == ROWS
    names = {file.name.split(".")[0] for file in folder.iterdir()}
    assert names == {"TableInfos", "TypedDataSet", "DataProperties", "WijkenEnBuurten"}
    first = orjson.loads((folder / "TypedDataSet.0001.json").read_bytes())
    assert first["odata.metadata"].endswith("/99901NED/$metadata#TypedDataSet")


def test_a_service_that_gives_less_than_was_asked_does_not_end_early(server, tmp_path):
    serve_v3(server, "/99901NED", V3)
    stingy = server.paths["/99901NED/TypedDataSet"]
    server["/99901NED/TypedDataSet"] = lambda asked, n: stingy(
        asked._replace(path=asked.path.replace("2000", "700")), n
    )
    assert rows(get(server, "/99901NED", tmp_path), "TypedDataSet") == ROWS


def test_a_table_that_fills_its_last_window_ends(server, tmp_path):
    serve_v3(server, "/99901NED", {**V3, "TypedDataSet": ROWS[:WINDOW]})
    assert rows(get(server, "/99901NED", tmp_path), "TypedDataSet") == ROWS[:WINDOW]


def test_every_page_of_a_table_in_odata_4_is_there(server, tmp_path):
    serve_v4(server, "/CBS/99902NED", V4)
    folder = get(server, "/CBS/99902NED", tmp_path)
    assert rows(folder, "Observations") == ROWS
    assert [file.name for file in sorted(folder.glob("Observations*"))] == [
        "Observations.0001.json", "Observations.0002.json", "Observations.0003.json",
    ]  # fmt: skip
    assert orjson.loads((folder / "Properties.json").read_bytes())["Modified"] == "2024-02-01"


def test_a_table_that_has_not_changed_is_not_fetched_again(server, tmp_path):
    serve_v4(server, "/99902NED", V4)
    folder = get(server, "/99902NED", tmp_path)
    asked = len(server.asked)
    assert get(server, "/99902NED", tmp_path) == folder
    assert [one.path for one in server.asked[asked:]] == ["/99902NED?$format=json", "/99902NED/Properties"]


def test_a_table_that_has_changed_takes_the_place_of_the_old_one(server, tmp_path):
    serve_v4(server, "/99902NED", V4)
    get(server, "/99902NED", tmp_path)
    serve_v4(server, "/99902NED", {**V4, "Observations": ROWS[:5]}, modified="2024-03-01")
    assert rows(get(server, "/99902NED", tmp_path), "Observations") == ROWS[:5]


def test_a_fetch_that_broke_off_goes_on_with_the_next_page(server, tmp_path):
    serve_v4(server, "/99902NED", V4)
    good = server.paths["/99902NED/Observations"]
    server["/99902NED/Observations"] = lambda asked, n: good(asked, n) if "$skip=4000" not in asked.path else Reply(500)
    with pytest.raises(DeliveryError, match=r"skip=4000: answers 500"):
        get(server, "/99902NED", tmp_path)
    server["/99902NED/Observations"] = good
    asked = len(server.asked)
    assert rows(get(server, "/99902NED", tmp_path), "Observations") == ROWS
    assert [one.path for one in server.asked[asked:] if "Observations" in one.path] == [
        "/99902NED/Observations?$skip=4000"
    ]


def test_a_table_that_changes_meanwhile_is_refused(server, tmp_path):
    serve_v4(server, "/99902NED", V4)
    server["/99902NED/Properties"] = lambda _, before: answer({"Modified": f"2024-02-0{before}"})
    with pytest.raises(DeliveryError, match="changed its table while it was being fetched"):
        get(server, "/99902NED", tmp_path)
    assert not list(tmp_path.glob("*/delivery"))


def test_a_service_that_does_not_skip_is_found_out(server, tmp_path):
    serve_v3(server, "/99901NED", V3)
    server["/99901NED/TypedDataSet"] = answer({"odata.metadata": "x", "value": ROWS[:WINDOW]})
    with pytest.raises(DeliveryError, match="TypedDataSet gives the same page twice"):
        get(server, "/99901NED", tmp_path)


def test_links_in_a_ring_are_found_out(server, tmp_path):
    serve_v4(server, "/99902NED", V4)
    server["/99902NED/Observations"] = lambda _, before: answer(
        {"@odata.nextLink": f"/99902NED/Observations?$skip={before % 2}", "value": [{"n": before}]}
    )
    with pytest.raises(DeliveryError, match="links to a page that has been"):
        get(server, "/99902NED", tmp_path)


def test_a_next_page_on_another_host_is_not_asked_for(server, tmp_path):
    serve_v4(server, "/99902NED", V4)
    server["/99902NED/Observations"] = answer({"@odata.nextLink": "http://169.254.169.254/x", "value": [{}]})
    with pytest.raises(DeliveryError, match="another host"):
        get(server, "/99902NED", tmp_path)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Reply(200, {}, b"<feed/>"), "is no JSON"),
        (Reply(200, {"Content-Type": "text/html"}, b"<html>Onderhoud"), "web page"),
        (Reply(200, {}, b"[1]"), "no JSON object"),
        (Reply(200, {}, b'{"odata.error": {"message": "too many records"}}'), "too many records"),
    ],
)
def test_a_page_that_is_none_is_refused(server, tmp_path, page, said):
    serve_v3(server, "/99901NED", V3)
    server["/99901NED/DataProperties"] = page
    with pytest.raises(DeliveryError, match=said):
        get(server, "/99901NED", tmp_path)


def test_an_address_that_is_no_service_is_refused(server, tmp_path):
    server["/99901NED"] = answer({"hello": 1})
    with pytest.raises(DeliveryError, match="no OData service"):
        get(server, "/99901NED", tmp_path)


def test_an_entity_whose_name_leads_elsewhere_is_refused(server, tmp_path):
    server["/99901NED"] = answer({"odata.metadata": "x/$metadata", "value": [{"name": "../../x"}]})
    with pytest.raises(DeliveryError, match=r"has an entity '\.\./\.\./x'"):
        get(server, "/99901NED", tmp_path)


def test_all_pages_together_have_a_limit(server, tmp_path):
    serve_v4(server, "/99902NED", V4)
    small = Limits(networks=LIMITS.networks, bytes=100_000, attempts=2)
    with pytest.raises(DeliveryError, match="beyond the 100,000"):
        fetch_odata(server.at("/99902NED"), tmp_path, limits=small, progress=lambda *_: None)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"odata.metadata": "http://x/99901NED/$metadata", "value": []}', True),
        (b'{"@odata.context": "http://x/99902NED/$metadata", "value": []}', True),
        (b'<?xml version="1.0"?><service xmlns="http://www.w3.org/2007/app"></service>', True),
        (b'{"odata.metadata": "http://x/99901NED/$metadata#TypedDataSet", "value": []}', False),
        (b"[]", False),
        (b"a;b\n", False),
    ],
)
def test_the_front_page_of_a_service_is_recognised(server, tmp_path, body, said):
    server["/x"] = Reply(200, {}, body)
    assert is_service(fetch(server.at("/x"), tmp_path, limits=LIMITS, progress=lambda *_: None)) is said
