"""What a new user does, through the command line and HTTP alone, with a municipality that `stelsel sample` invents."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

STELSEL = str(Path(sys.executable).parent / "stelsel")
ADDRESSES = 200
DELAYS = (0.3, 0.8, 1.3, 1.8, 2.3, 3.0)


def stelsel(*arguments: str) -> str:
    done = subprocess.run([STELSEL, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Served:
    """A running service, and what can be asked of it."""

    def __init__(self, data: Path) -> None:
        command = [STELSEL, "serve", "--data", str(data), "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = next(line for line in self.process.stdout if "listens on" in line)
        self.client = httpx.Client(base_url=line.split()[-1], timeout=30)

    def ask(self, query: str) -> list[dict]:
        prefixes = "PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#> "
        answer = self.client.post(
            "/sparql", data={"query": prefixes + query}, headers={"Accept": "application/sparql-results+json"}
        )
        assert answer.status_code == 200, answer.text
        return [{name: cell["value"] for name, cell in row.items()} for row in answer.json()["results"]["bindings"]]

    def release(self) -> str:
        return self.client.get("/health/ready").json()["release"]

    def stop(self) -> int:
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    stelsel("sample", str(out), "--addresses", str(ADDRESSES))
    return out


@pytest.fixture(scope="module")
def data(deliveries, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    stelsel("load", "bag", str(deliveries / "bag"), "--data", str(folder))
    stelsel("release", "--data", str(folder))
    return folder


@pytest.fixture(scope="module")
def served(data) -> Iterator[Served]:
    service = Served(data)
    yield service
    assert service.stop() in {0, -signal.SIGTERM}  # drained, then ended by the signal it got


def test_status_says_what_there_is(data):
    found = json.loads(stelsel("status", "--json", "--data", str(data)))
    (edition,) = found["registers"]["bag"]
    assert found["audiences"]["open"]["current"] == found["audiences"]["open"]["releases"][-1]["id"]
    assert edition["refused"] == 0


def test_the_first_query_of_the_readme(data):
    query = (
        "PREFIX bag: <http://bag.basisregistraties.overheid.nl/def/bag#> SELECT (COUNT(*) AS ?n) { ?pand a bag:Pand }"
    )
    assert int(stelsel("query", query, "--data", str(data), "--format", "csv").splitlines()[1]) > ADDRESSES / 2


def test_every_address_is_found_by_its_endpoint(served):
    rows = served.ask(
        "SELECT ?postcode ?nummer ?iri { ?iri a bag:Nummeraanduiding ; bag:postcode ?postcode ; bag:huisnummer ?nummer ; "
        "bag:status <http://bag.basisregistraties.overheid.nl/id/begrip/NaamgevingUitgegeven> } ORDER BY ?iri LIMIT 20"
    )
    assert len(rows) == 20
    for row in rows:
        answer = served.client.get(
            "/api/v1/adressen", params={"postcode": row["postcode"], "huisnummer": row["nummer"]}
        )
        assert answer.status_code == 200, answer.text
        assert row["iri"] in answer.text


def test_a_pand_is_dereferenced_in_every_format(served):
    (row,) = served.ask(
        "SELECT ?pand ?v { ?pand a bag:Pand . ?v <http://purl.org/dc/terms/isVersionOf> ?pand } ORDER BY ?pand LIMIT 1"
    )
    for accept in ("text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml", "text/html"):
        answer = served.client.get("/resource", params={"iri": row["pand"]}, headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(accept)
        assert row["pand"].rsplit("/", 1)[1] in answer.text
    minted = row["v"].removeprefix("http://localhost:8000")
    seen = served.client.get(minted, headers={"Accept": "text/turtle"}, follow_redirects=False)
    assert (seen.status_code, seen.headers["location"]) == (303, minted.replace("/id/", "/doc/"))


def test_a_pand_as_it_was_is_not_the_pand_as_it_is(served):
    (row,) = served.ask(
        "PREFIX nen: <http://modellen.geostandaarden.nl/def/nen3610#> SELECT ?pand ?begin ?einde { GRAPH ?g { "
        "?v a bag:Voorkomen ; <http://purl.org/dc/terms/isVersionOf> ?pand ; nen:beginGeldigheid ?begin ; nen:eindGeldigheid ?einde } "
        "?pand a bag:Pand FILTER(?begin < ?einde && ?einde < '2024-01-01'^^<http://www.w3.org/2001/XMLSchema#date>) } ORDER BY ?pand LIMIT 1"
    )
    identification = row["pand"].rsplit("/", 1)[1]
    states = [
        served.client.get(f"/api/v1/panden/{identification}/toestand", params={"peildatum": day}).json()
        for day in (row["begin"], row["einde"])
    ]
    assert states[0] != states[1]


def test_a_syntax_error_shows_where(served):
    answer = served.client.get("/sparql", params={"query": "SELECT * {\n ?s ?p }"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["line"] == 2


def test_mutations_a_new_release_and_back_without_a_failed_request(data, deliveries, served):
    first = served.release()
    stelsel("load", "bag", str(deliveries / "bag-mutaties"), "--data", str(data))
    stelsel("release", "--data", str(data))
    until = time.monotonic() + 10
    while served.release() == first and time.monotonic() < until:
        assert served.ask("SELECT (COUNT(*) AS ?n) { ?s a bag:Pand }")
    second = served.release()
    assert second != first
    stelsel("rollback", "--data", str(data))
    while served.release() == second and time.monotonic() < until:
        assert served.ask("SELECT (COUNT(*) AS ?n) { ?s a bag:Pand }")
    assert served.release() == first
    stelsel("rollback", second, "--data", str(data))
    stelsel("prune", "--keep", "1", "--data", str(data))


@pytest.mark.slow
@pytest.mark.parametrize("command", ["load", "release"])
def test_killed_at_any_moment_the_service_goes_on_and_the_next_run_is_clean(command, deliveries, data, tmp_path):
    copy = tmp_path / "data"
    subprocess.run(["cp", "-a", data, copy], check=True)
    arguments = {
        "load": ["load", "bag", str(deliveries / "bag"), "--base", "http://localhost:9000"],
        "release": ["release"],
    }[command]
    before = json.loads(stelsel("status", "--json", "--data", str(copy)))["audiences"]["open"]["current"]
    killed = 0
    for delay in DELAYS:
        process = subprocess.Popen(
            [STELSEL, *arguments, "--data", str(copy)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(delay)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        found = json.loads(stelsel("status", "--json", "--data", str(copy)))["audiences"]["open"]
        if command == "load" or process.returncode:
            assert found["current"] == before
            assert stelsel("query", "ASK { ?s ?p ?o }", "--data", str(copy)).strip() == "yes"
        before = found["current"]
    assert killed
    stelsel(*arguments, "--data", str(copy))
    assert not list((copy / "staging").iterdir())


def test_a_disk_that_fills_is_said_and_costs_nothing(deliveries, tmp_path):
    """The disk is a real one of 3 MB, in memory."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", small], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small disk is not permitted here: {mounted.stderr.strip()}")
    try:
        done = subprocess.run(
            [STELSEL, "load", "bag", deliveries / "bag", "--data", small / "data"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 1
        assert "the disk of" in done.stderr
        assert "Traceback" not in done.stderr
        assert not list((small / "data/staging").iterdir())
    finally:
        subprocess.run(["umount", small], check=True)
