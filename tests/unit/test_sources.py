"""What `stelsel load` takes: paths and addresses, through the command itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from misbehaving import Reply, file, serve_v3, serving
from stelsel.errors import DeliveryError
from stelsel.home import open_home
from stelsel.loading.run import load
from stelsel.loading.sources import FOLDER, obtain, origin
from stelsel.sampling.cbs_delivery import write_cbs
from stelsel.sampling.municipality import Municipality
from stelsel.sampling.tooi_organisations import write_tooi
from stelsel.settings import read_settings

STELSEL = Path(sys.executable).parent / "stelsel"


@pytest.fixture
def server():
    with serving() as one:
        yield one


def run(folder, *arguments, networks="127.0.0.0/8"):
    environ = {"PATH": os.environ["PATH"], "STELSEL_DATA": str(folder / "data"), "STELSEL_FETCH_NETWORKS": networks}
    command = [STELSEL, "load", *map(str, arguments), "--processes", "1"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def settings(folder):
    return read_settings({"data": folder / "data"}, {"STELSEL_FETCH_NETWORKS": "127.0.0.0/8"})


def lists(server, folder):
    for path in write_tooi(Municipality(10, 1), folder / "tooi", lambda *_: None):
        server[f"/{path.name}"] = file(path.read_bytes())
    return [server.at(f"/rwc_{name}_compleet_9.json") for name in ("gemeenten", "provincies")]


def test_addresses_load_as_files_do_and_again_without_being_sent(server, tmp_path):
    addresses = lists(server, tmp_path)
    code, said = run(tmp_path, "tooi", *addresses)
    assert code == 0, said
    code, again = run(tmp_path, "tooi", addresses[0], tmp_path / "tooi/rwc_provincies_compleet_9.json")
    assert code == 0, again
    assert "2024-06-08" in said
    assert sum("if-none-match" in asked.headers for asked in server.asked) == 1
    assert len(list((tmp_path / "data/editions/tooi").iterdir())) == 1


def test_a_date_is_taken_where_it_is_given(server, tmp_path):
    code, said = run(tmp_path, "tooi", *lists(server, tmp_path), "--date", "2025-03-01")
    assert code == 0, said
    assert "2025-03-01" in said
    code, said = run(tmp_path, "tooi", "x", "--date", "1 maart")
    assert (code, "'1 maart'" in said) == (2, True)


def test_a_register_that_is_none_is_said_before_anything_is_fetched(server, tmp_path):
    code, said = run(tmp_path, "tooy", server.at("/x.json"))
    assert (code, "there is no register 'tooy'" in said) == (1, True)
    assert server.asked == []


def test_a_page_for_people_is_refused_in_a_sentence(server, tmp_path):
    server["/x.json"] = Reply(200, {"Content-Type": "text/html"}, b"<html><title>Even geduld</title>")
    code, said = run(tmp_path, "tooi", server.at("/x.json"))
    assert code == 1
    assert said.startswith(f"stelsel: {server.at('/x.json')}: answers with a web page (Even geduld) where data was due")


def test_a_private_network_has_to_be_allowed(server, tmp_path):
    code, said = run(tmp_path, "tooi", server.at("/x.json"), networks="")
    assert (code, "STELSEL_FETCH_NETWORKS" in said) == (1, True)
    assert server.asked == []


def test_a_service_is_fetched_page_by_page_and_kept(server, tmp_path):
    context = '{"@odata.context": "http://x/99902NED/$metadata%s", "value": [%s]}'
    server["/99902NED"] = Reply(200, {}, (context % ("", '{"name": "Properties"}, {"name": "Observations"}')).encode())
    server["/99902NED/Properties"] = Reply(200, {}, (context % ("#Properties", '{"Modified": 1}')).encode())
    server["/99902NED/Observations"] = Reply(200, {}, (context % ("#Observations", '{"Id": 1}')).encode())
    for _ in range(2):
        [folder] = obtain([server.at("/99902NED")], settings(tmp_path), lambda *_: None)
    assert {page.name for page in folder.iterdir()} == {"Properties.json", "Observations.json"}
    assert origin(folder / "Observations.json") == server.at("/99902NED")
    assert sum("Observations" in asked.path for asked in server.asked) == 1


def test_paths_stay_as_they_are(tmp_path):
    assert obtain(["a/b.zip", "c"], settings(tmp_path), lambda *_: None) == [Path("a/b.zip"), Path("c")]
    assert not (tmp_path / "data").exists()
    assert origin(tmp_path / "delivery/x.zip") == ""


def test_an_origin_is_published_without_its_key(server, tmp_path):
    server["/x.zip"] = file(b"PK\x03\x04 and so on")
    [path] = obtain([server.at("/x.zip?year=2024&Key=abc&X-Amz-Signature=def")], settings(tmp_path), lambda *_: None)
    assert path.is_relative_to(tmp_path / "data" / FOLDER)
    assert origin(path) == server.at("/x.zip?year=2024")


def test_an_address_that_gives_nothing_names_itself(server, tmp_path):
    with pytest.raises(DeliveryError, match=r"/weg\.zip: is not there \(404\)"):
        obtain([server.at("/weg.zip")], settings(tmp_path), lambda *_: None)


def test_the_figures_of_the_sample_load_from_their_service(server, tmp_path):
    write_cbs(Municipality(30_000, 1), tmp_path / "cbs", lambda *_: None)
    table = tmp_path / "cbs/2024/85984NED"
    entities: dict[str, list] = {}
    for page in sorted(table.glob("*.json")):
        entities.setdefault(re.match("[A-Za-z]+", page.name)[0], []).extend(orjson.loads(page.read_bytes())["value"])
    serve_v3(server, f"/ODataApi/OData/{table.name}", entities, page=30)
    code, said = run(tmp_path, "cbs", server.at(f"/ODataApi/OData/{table.name}"))
    assert code == 0, said
    assert sum("TypedDataSet" in asked.path for asked in server.asked) > 2
    [fetched] = edition_tables(tmp_path / "data")
    load("cbs", [table], home=open_home(), settings=on_disk(tmp_path), accept=False, progress=lambda *_: None)
    [saved] = edition_tables(tmp_path / "disk")
    assert fetched == saved


def on_disk(folder):
    return read_settings({"data": folder / "disk", "processes": 1}, {})


def edition_tables(data):
    return [orjson.loads(file.read_bytes())["tables"] for file in data.glob("editions/cbs/*/edition.json")]
