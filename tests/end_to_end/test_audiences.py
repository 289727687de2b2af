"""What is closed stays closed: through a real server for the public, by every way in that there is."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import zstandard

from stelsel.home import open_home
from tinyeditions import BASE, GRAPH, NAMES, ONTOLOGIES, make, make_home, released, triple
from tinyreleases import children, served, workers_of

OPEN, CLOSED = f"{GRAPH}/brk", f"{GRAPH}/brk/rechten"
SECRET = "Persoon van Wadermeer"
EVERYTHING = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


@pytest.fixture(scope="module")
def data():
    """A data directory that another user could reach, with a register that has an open and a closed graph."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    make_home(root / "home", **ONTOLOGIES)
    graphs = {
        "brk": [triple(f"id/perceel/{n}", value=f'"perceel {n}"') for n in range(3)],
        "brk/rechten": ([triple("id/recht/1", value=f'"{SECRET}"')], {"access": "gesloten"}),
    }
    edition = make(root / "data", "brk", graphs)
    for audience in ("open", "gesloten"):
        released(root / "data", open_home(root / "home"), edition, audience=audience)
    yield root / "data"
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def public(data):
    with served(data, base=BASE, query_workers=2) as (address, process):
        yield address, process


@pytest.fixture(scope="module")
def inside(data):
    with served(data, base=BASE, query_workers=2, audience="gesloten") as (address, _):
        yield address


def ask(address, query, **parameters):
    return httpx2.get(f"{address}/sparql", params={"query": query, "format": "csv", **parameters})


QUESTIONS = [
    EVERYTHING,
    f"SELECT * FROM <{CLOSED}> {{ ?s ?p ?o }}",
    f"SELECT * FROM NAMED <{CLOSED}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    f"SELECT * {{ GRAPH <{CLOSED}> {{ ?s ?p ?o }} }}",
    f"SELECT * {{ <{BASE}/id/recht/1> (<{BASE}/p>|!<x:x>)* ?o }}",
    f"SELECT * {{ ?s ?p ?o FILTER(?o = '{SECRET}') }}",
]


@pytest.mark.parametrize("query", QUESTIONS)
def test_no_query_of_the_public_finds_what_is_closed_and_those_inside_do(public, inside, query):
    answer = ask(public[0], query)
    assert answer.status_code == 200
    assert "Persoon" not in answer.text
    assert "Persoon" in ask(inside, query).text or "recht/1" in query


def test_the_public_finds_what_is_open(public):
    assert "perceel 2" in ask(public[0], EVERYTHING).text


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
def test_the_protocol_s_graphs_open_nothing(public, inside, parameter):
    query = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    assert "Persoon" not in ask(public[0], query, **{parameter: CLOSED}).text
    assert "Persoon" in ask(inside, query, **{parameter: CLOSED}).text


def test_the_graph_store_does_not_know_the_closed_graph(public, inside):
    for address, status in ((public[0], 404), (inside, 200)):
        found = httpx2.get(f"{address}/graph-store", params={"graph": CLOSED})
        assert (found.status_code, SECRET in found.text) == (status, status == 200)
    assert SECRET not in httpx2.get(f"{public[0]}/graph-store?default").text
    assert SECRET in httpx2.get(f"{inside}/graph-store?default").text


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/.well-known/void",
        "/catalogus",
        "/catalogus/edities",
        "/sparql",
        "/api/v1/openapi.json",
        "/resource?iri=" + CLOSED,
        "/resource?iri=" + f"{BASE}/id/recht/1",
        "/doc/recht/1.ttl",
        "/sparql/doctor?leeg=true&query=" + f"SELECT * {{ <{BASE}/id/recht/1> ?p ?o }}",
    ],
)
def test_no_page_or_description_names_the_closed_graph(public, path):
    answer = httpx2.get(public[0] + path, follow_redirects=False, headers={"accept": "*/*"})
    asked = path.partition("iri=")[2] or path.partition("query=")[2]
    assert SECRET not in answer.text
    if not asked:
        assert "rechten" not in answer.text
    assert answer.status_code in (200, 303, 404)


def test_a_cached_answer_of_one_audience_is_not_the_other_s(data):
    # Both services at once, on the same folder for temporary files, asked the same question.
    with (
        served(data, base=BASE, query_workers=2, audience="gesloten") as (within, _),
        served(data, base=BASE, query_workers=2) as (outside, _),
    ):
        for _ in range(2):
            assert "Persoon" in ask(within, EVERYTHING).text
            assert "Persoon" not in ask(outside, EVERYTHING).text
        tag = ask(within, EVERYTHING).headers
        assert tag["cache-control"].startswith("private")
        again = httpx2.get(
            f"{outside}/sparql",
            params={"query": EVERYTHING, "format": "csv"},
            headers={"if-none-match": tag["etag"]},
        )
        assert again.status_code == 200  # the tag of a closed answer proves nothing here


def files(address):
    return {each["graph"]: each for each in httpx2.get(f"{address}/catalogus/edities").json()}


def local(address, href):
    return address + href.removeprefix(BASE)


def test_the_list_of_downloads_has_what_the_audience_may_see(public, inside):
    assert OPEN in files(public[0])
    assert CLOSED not in files(public[0])
    assert {OPEN, CLOSED} <= files(inside).keys()


def test_a_closed_file_is_not_given_to_the_public_and_an_open_one_is(public, inside):
    closed = files(inside)[CLOSED]["href"]
    assert httpx2.get(local(public[0], closed)).status_code == 404
    found = httpx2.get(local(inside, closed))
    assert (
        SECRET
        in zstandard.ZstdDecompressor()
        .stream_reader(io.BytesIO(found.content), read_across_frames=True)
        .read()
        .decode()
    )
    assert found.headers["cache-control"].startswith("private")
    assert httpx2.get(local(public[0], files(public[0])[OPEN]["href"])).status_code == 200


def test_a_download_has_its_checksum_can_be_had_in_parts_and_is_not_sent_twice(public):
    listed = files(public[0])[OPEN]
    address = local(public[0], listed["href"])
    whole = httpx2.get(address)
    digest = hashlib.sha256(whole.content).digest()
    assert (whole.headers["content-type"], listed["sha256"]) == ("application/zstd", digest.hex())
    assert whole.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert "content-encoding" not in whole.headers
    part = httpx2.get(address, headers={"range": "bytes=5-9", "if-range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, whole.content[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(whole.content)}"
    assert httpx2.get(address, headers={"range": "bytes=99999999-"}).status_code == 416
    known = httpx2.get(address, headers={"if-none-match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    head = httpx2.head(address)
    assert (head.headers["content-length"], head.content) == (str(len(whole.content)), b"")


@pytest.mark.parametrize("name", ["edition.json", "SHA256SUMS", "..%2Fedition.json", "%2e%2e/edition.json", "x.nq.zst"])
def test_nothing_but_the_files_of_graphs_can_be_downloaded(public, name):
    folder = files(public[0])[OPEN]["href"].rpartition("/")[0]
    assert httpx2.get(f"{local(public[0], folder)}/{name}").status_code == 404


def test_an_answer_that_is_all_of_a_graph_says_where_the_file_is(public):
    address = files(public[0])[OPEN]["href"]
    link = f'<{address}>; rel="alternate"; type="application/zstd"'
    copy = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{OPEN}> {{ ?s ?p ?o }} }}"
    accept = {"accept": "text/turtle"}
    answers = [
        httpx2.get(f"{public[0]}/sparql", params={"query": copy}, headers=accept),
        httpx2.get(f"{public[0]}/graph-store", params={"graph": OPEN}, headers=accept),
    ]
    assert all(link in answer.headers["link"] for answer in answers)
    part = httpx2.get(f"{public[0]}/sparql", params={"query": copy + " LIMIT 1"}, headers=accept)
    assert "alternate" not in part.headers["link"]


def test_who_takes_the_file_is_sent_to_it_by_the_graph_store(public):
    given = {"params": {"graph": OPEN}, "headers": {"accept": "application/zstd, text/turtle;q=0.5"}}
    sent = httpx2.get(f"{public[0]}/graph-store", **given)
    assert (sent.status_code, sent.headers["location"]) == (303, files(public[0])[OPEN]["href"])
    catalogue = httpx2.get(f"{public[0]}/graph-store", **(given | {"params": {"graph": NAMES.catalogue}}))
    assert catalogue.status_code == 200  # every edition has a part of it, and so no file has all


def opened(process):
    """What the processes of a service have open or mapped."""
    found = set()
    for each in (process, *children(process), *workers_of(process)):
        folder = Path(f"/proc/{each}")
        found.update(str(link.readlink()) for link in (folder / "fd").iterdir() if link.is_symlink())
        found.update(line.split(maxsplit=5)[-1].strip() for line in (folder / "maps").read_text().splitlines())
    return found


def test_the_process_of_the_public_has_nothing_closed_open(public, data):
    address, process = public
    ask(address, EVERYTHING)
    found = opened(process.pid)
    assert any(name.startswith(str(data / "open")) for name in found)
    assert not [name for name in found if "gesloten" in name or "rechten" in name]


NOBODY = 65534
# Root may do all that other users may not; without these two it is stopped by permissions as they are.
MORTAL = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
as_other_user = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root, with setpriv, can start a process that may not enter a directory of somebody else's",
)


@contextmanager
def locked(folder):
    """A folder of somebody else's, that nobody else may enter."""
    os.chown(folder, NOBODY, NOBODY)
    folder.chmod(0o700)
    try:
        yield
    finally:
        folder.chmod(0o755)
        os.chown(folder, 0, 0)


@as_other_user
def test_the_service_runs_as_a_user_who_cannot_enter_the_closed_directory(data):
    with locked(data / "gesloten"), served(data, under=MORTAL, base=BASE, query_workers=2) as (address, process):
        look = subprocess.run([*MORTAL, "ls", str(data / "gesloten")], capture_output=True, check=False)
        assert look.returncode != 0
        assert "perceel 2" in ask(address, EVERYTHING).text
        assert OPEN in files(address)
        assert not [name for name in opened(process.pid) if "gesloten" in name]


@as_other_user
def test_that_user_cannot_serve_the_closed_release_by_a_mistake_in_the_settings(data):
    mistake = {"audience": "gesloten", "base": BASE, "query_workers": 2}
    with locked(data / "gesloten"), served(data, under=MORTAL, **mistake) as (address, _):
        answer = ask(address, EVERYTHING)
    assert (answer.status_code, answer.json()["title"]) == (503, "Nothing has been released yet")
    assert "Persoon" not in answer.text
