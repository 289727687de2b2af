from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from fakes import MemoryStore
from stelsel.errors import Busy, NoRelease
from stelsel.serving.current import CurrentStore
from stelsel.serving.metrics import _ROUTES, Metrics
from stelsel.serving.running import Queries
from stelsel.settings import read_settings
from stelsel.storing import Limits, Question
from stelsel.storing.formats import FORMATS
from tinyreleases import chain, release

QUERY = "SELECT ?bsn { ?s ?p ?bsn }"
CLIENT = "192.0.2.77"


@pytest.fixture
def metrics(tmp_path):
    return Metrics(CurrentStore(read_settings({"data": tmp_path}, {})))


def samples(metrics):
    text, media_type = metrics.render("")
    assert media_type.startswith("text/plain")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def ask(metrics, *, fails=None, lane="free"):
    async def run():
        within = Limits(5, 10**9, lane=lane, client=CLIENT)
        queries = Queries(metrics.query)
        async for _ in queries.answer(MemoryStore(fails=fails), Question(QUERY), FORMATS["json"], within):
            pass

    if fails is None:
        asyncio.run(run())
    else:
        with pytest.raises(type(fails)):
            asyncio.run(run())


def test_queries_are_counted_by_lane_and_by_how_they_ended(metrics):
    ask(metrics)
    ask(metrics, lane="curated")
    ask(metrics, fails=Busy("busy", retry_after=1))
    ask(metrics, fails=NoRelease("none"))
    found = samples(metrics)
    assert found["stelsel_query_seconds_count", "free", "complete"] == 1
    assert found["stelsel_query_seconds_count", "curated", "complete"] == 1
    assert found["stelsel_query_seconds_count", "free", "busy"] == 1
    assert found["stelsel_query_seconds_count", "free", "failed"] == 1
    assert found["stelsel_query_seconds_count", "free", "deadline"] == 0
    assert found["stelsel_query_worker_seconds_total", "free"] > 0


def test_requests_are_counted_by_route_and_kind_of_status(metrics):
    metrics.request("/sparql", 200)
    metrics.request("/sparql", 204)
    metrics.request("/sparql/queries", 401)
    metrics.request("/id/pand/0363100012061309", 303)
    metrics.request("/", 200)
    metrics.request("/wp-login.php", 404)
    metrics.request("/sparql", 0)
    found = samples(metrics)
    assert found["stelsel_http_requests_total", "/sparql", "2xx"] == 2
    assert found["stelsel_http_requests_total", "/sparql/queries", "4xx"] == 1
    assert found["stelsel_http_requests_total", "/id", "3xx"] == 1
    assert found["stelsel_http_requests_total", "/", "2xx"] == 1
    assert found["stelsel_http_requests_total", "other", "4xx"] == 1
    assert found["stelsel_http_requests_total", "/sparql", "none"] == 1


def test_refusals_and_the_cache_are_counted(metrics):
    metrics.spent()
    metrics.unfit("refused")
    metrics.cache("hit")
    found = samples(metrics)
    assert found["stelsel_budget_refusals_total",] == 1
    assert found["stelsel_query_seconds_count", "free", "refused"] == 1
    assert found["stelsel_result_cache_total", "hit"] == 1


@settings(deadline=None, max_examples=30)  # a registry is made anew each time
@given(st.lists(st.text(max_size=20), max_size=30))
def test_what_clients_make_up_does_not_become_a_series(tmp_path_factory, paths):
    metrics = Metrics(CurrentStore(read_settings({"data": tmp_path_factory.getbasetemp()}, {})))
    for path in paths:
        metrics.request("/" + path, 404)
    routes = {key[1] for key in samples(metrics) if key[0] == "stelsel_http_requests_total"}
    assert routes <= {"/", "other"} | {f"/{name}" for name in _ROUTES}


def test_no_text_of_a_query_and_no_address_is_in_it(metrics):
    ask(metrics)
    text = metrics.render("")[0].decode()
    assert "bsn" not in text
    assert CLIENT not in text


def test_workers_and_the_release_are_told(tmp_path):
    async def run():
        release(tmp_path, "r1", chain(10))
        store = CurrentStore(read_settings({"data": tmp_path, "query_workers": 2}, {}))
        metrics = Metrics(store)
        assert samples(metrics)["stelsel_workers_alive",] == 0
        await store.open()
        try:
            found = samples(metrics)
        finally:
            await store.close()
        assert found["stelsel_workers_alive",] == 3
        assert found["stelsel_workers_busy",] == 0
        assert found["stelsel_queries_waiting",] == 0
        assert found["stelsel_workers_started_total",] == 3
        assert found["stelsel_release_info", "open", "r1"] == 1

    asyncio.run(run())


def test_open_metrics_is_spoken_where_it_is_asked_for(metrics):
    text, media_type = metrics.render("application/openmetrics-text;version=1.0.0")
    assert media_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")


def test_names_are_as_prometheus_wants_them(metrics):
    names = re.findall(r"^# TYPE (\S+) (\S+)", metrics.render("")[0].decode(), re.MULTILINE)
    assert {name for name, _ in names if not re.fullmatch(r"(stelsel|process)_[a-z_]+", name)} == set()
    assert {name for name, kind in names if kind == "counter" and not name.endswith("_total")} == set()
