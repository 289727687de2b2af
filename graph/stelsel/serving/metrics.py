"""What this process counts, for Prometheus. Labels hold words from short lists only: no text of a query, no address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from stelsel.errors import NoRelease
from stelsel.serving.current import CurrentStore
from stelsel.serving.running import OUTCOMES, Ended, Outcome
from stelsel.storing import Lane

Cache = Literal["hit", "miss", "stored", "passed"]

# The first part of a path, where it is one of ours. What a client makes up does not become a label.
_ROUTES: Final = frozenset(
    {
        "sparql",
        "graph-store",
        "api",
        "id",
        "doc",
        "resource",
        "def",
        "catalogus",
        "health",
        "metrics",
        "static",
        "search",
    }
)
_STEPS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 300)  # seconds


class Metrics:
    """Counts for one server process; `render` gives them as text."""

    def __init__(self, store: CurrentStore) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "stelsel_http_requests", "Requests that were answered", ("route", "status"), registry=self._registry
        )
        self._durations = Histogram(
            "stelsel_query_seconds",
            "Time from question to the end of the answer",
            ("lane", "outcome"),
            buckets=_STEPS,
            registry=self._registry,
        )
        self._held = Counter(
            "stelsel_query_worker_seconds", "Time that queries held a worker", ("lane",), registry=self._registry
        )
        self._refusals = Counter(
            "stelsel_budget_refusals",
            "Queries that were refused for the budget of their client",
            registry=self._registry,
        )
        self._cache = Counter(
            "stelsel_result_cache", "Answers that the result cache had or had not", ("result",), registry=self._registry
        )
        # Made beforehand: a series that is not there yet cannot be told from one that is 0.
        outcomes: tuple[Outcome, ...] = (*OUTCOMES.values(), "complete", "gone", "failed")
        lanes: tuple[Lane, ...] = ("curated", "free")
        self._by_outcome = {
            (lane, outcome): self._durations.labels(lane, outcome) for lane in lanes for outcome in outcomes
        }
        self._held_by_lane = {lane: self._held.labels(lane) for lane in lanes}
        results: tuple[Cache, ...] = ("hit", "miss", "stored", "passed")
        self._by_result = {result: self._cache.labels(result) for result in results}
        self._by_route: dict[tuple[str, int], Counter] = {}
        self._registry.register(_Store(store))
        ProcessCollector(registry=self._registry)

    def request(self, path: str, status: int) -> None:
        """A request that was answered; 0 for one whose client left before there was an answer."""
        seen = _route(path), status // 100
        counter = self._by_route.get(seen)
        if counter is None:
            counter = self._by_route[seen] = self._requests.labels(seen[0], f"{seen[1]}xx" if status else "none")
        counter.inc()

    def query(self, ended: Ended) -> None:
        """A query that ended, in whatever way."""
        lane = ended.query.within.lane
        self._by_outcome[lane, ended.outcome].observe(ended.seconds)
        self._held_by_lane[lane].inc(ended.held)

    def unfit(self, outcome: Outcome) -> None:
        """A query that never began, because of what it is."""
        self._by_outcome["free", outcome].observe(0)

    def spent(self) -> None:
        """A query that never began because its client had used its budget."""
        self._refusals.inc()

    def cache(self, result: Cache) -> None:
        """What the result cache said."""
        self._by_result[result].inc()

    def render(self, accept: str) -> tuple[bytes, str]:
        """The text and its media type: OpenMetrics where it is asked for, else Prometheus' own."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


class _Store(Collector):
    """What the store knows itself, read when it is asked."""

    def __init__(self, store: CurrentStore) -> None:
        self._store = store

    def describe(self) -> list[Metric]:
        """Nothing: what is here depends on whether there is a release."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        now = self._store.workload
        gauges: tuple[tuple[str, str, int], ...] = (
            ("stelsel_workers_alive", "Query processes that have the store open", now.alive),
            ("stelsel_workers_busy", "Queries that run", now.busy),
            ("stelsel_queries_waiting", "Queries that wait for a worker", now.waiting),
        )
        for name, text, value in gauges:
            yield GaugeMetricFamily(name, text, value=value)
        yield CounterMetricFamily(
            "stelsel_workers_started", "Query processes started for the current release", value=now.started
        )
        release = GaugeMetricFamily(
            "stelsel_release_info", "The release that is served", labels=("release", "audience")
        )
        quads = GaugeMetricFamily("stelsel_release_quads", "Statements in the release that is served")
        made = GaugeMetricFamily("stelsel_release_made_timestamp_seconds", "When that release was made")
        try:
            info = self._store.info()
        except NoRelease:
            pass
        else:
            release.add_metric((info.id, info.audience), 1)
            quads.add_metric((), info.quads)
            made.add_metric((), info.made.timestamp())
        yield from (release, quads, made)


def _route(path: str) -> str:
    first = path[1:].partition("/")[0]
    if path in ("/sparql/queries", "/sparql/update", "/sparql/doctor"):
        return path
    return f"/{first}" if not first or first in _ROUTES else "other"
