"""What stands between a request and the store: who asks, whether they have query time left, and what runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Scope

from stelsel.errors import BudgetSpent, StelselError
from stelsel.serving import logs
from stelsel.serving.limits import Budgets, Headers
from stelsel.serving.metrics import Metrics
from stelsel.serving.pacing import Pace
from stelsel.serving.running import OUTCOMES, Ended, Queries


@dataclass(frozen=True)
class Reception:
    """For every route that asks the store on behalf of a client.

    `client` gives the key that budgets and turns go by; `admit` lets it ask (raises BudgetSpent), and gives the headers
    that say how its budget stands; `standing` gives those of an answer that costs nothing; `queries.answer` asks, and
    charges for the time it takes; `charge` is for work beside that, in seconds. `unfit` is told of a question that was
    never asked, and why.
    """

    queries: Queries
    client: Callable[[Scope], str]
    admit: Callable[[str], Headers]
    standing: Callable[[str], Headers]
    charge: Callable[[str, float], None]
    unfit: Callable[[StelselError], None]


def open_reception(
    client: Callable[[Scope], str], *, budgets: Budgets, metrics: Metrics, log_queries: logs.Text, pace: Pace | None
) -> Reception:
    """The reception of a service: every query that ends is counted, charged for, and told to the log."""

    def ended(query: Ended) -> None:
        metrics.query(query)
        logs.query_of_request(query, text=log_queries)
        if query.query.within.client:  # our own pages ask on nobody's account
            budgets.charge(query.query.within.client, query.held)

    def admit(key: str) -> Headers:
        try:
            return budgets.admit(key)
        except BudgetSpent:
            metrics.spent()
            raise

    def unfit(error: StelselError) -> None:
        metrics.unfit(OUTCOMES.get(type(error), "failed"))

    return Reception(Queries(ended, pace), client, admit, budgets.standing, budgets.charge, unfit)


def unattended() -> Reception:
    """A reception that knows nobody and refuses nobody: for an endpoint that stands alone."""

    def nothing(*_: object) -> None:
        pass

    return Reception(Queries(nothing), lambda _: "", lambda _: (), lambda _: (), nothing, nothing)
