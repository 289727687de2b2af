"""Budgets: how many seconds of query time a client has.

A client may use `seconds` a minute, and save up for two minutes. What counts is the time that a worker was held, and
never less than a little: floods of short queries are work too. The check comes before a query starts; one that turns
out longer than what was left is not stopped for it, the client then owes the rest.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stelsel.errors import BudgetSpent
from stelsel.serving.buckets import Buckets
from stelsel.serving.clients import TOKEN
from stelsel.settings import Settings

LEAST: Final = 0.01  # seconds that a query is charged at least

_MINUTE: Final = 60.0
_SAVED: Final = 2  # minutes of budget that can be saved up, or owed
_NAME: Final = "query-time"
_FILE: Final = "budgets"

Headers = tuple[tuple[bytes, bytes], ...]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Budget:
    """What one kind of client may use: `seconds` of query time a minute; 0 is no limit."""

    seconds: float

    @property
    def most(self) -> float:
        """Seconds that a client has who used none for a while."""
        return self.seconds * _SAVED

    @property
    def refill(self) -> float:
        """Seconds that it takes to get one second of query time back."""
        return _MINUTE / self.seconds


class Budgets:
    """Admits queries and charges for them. `anyone` is for addresses, `known` for tokens."""

    def __init__(self, buckets: Buckets, *, anyone: Budget, known: Budget) -> None:
        self._buckets, self._anyone, self._known = buckets, anyone, known

    def admit(self, client: str) -> Headers:
        """Charge the least for a query that is about to start; gives the headers of its answer. Raises BudgetSpent."""
        budget = self._budget(client)
        if not budget.seconds:
            return ()
        left = self._left(client, budget, LEAST)
        if left < 0:
            left = self._left(client, budget, -LEAST)
            raise BudgetSpent(
                f"you have used the {budget.seconds:g} seconds of query time that there are a minute; wait, ask for less "
                f"at a time, or use a download",
                retry_after=max(1, math.ceil((LEAST - left) * budget.refill)),
                headers={name.decode(): value.decode() for name, value in _headers(budget, left)},
            )
        return _headers(budget, left)

    def standing(self, client: str) -> Headers:
        """The headers of an answer that cost nothing."""
        budget = self._budget(client)
        return _headers(budget, self._left(client, budget, 0)) if budget.seconds else ()

    def charge(self, client: str, held: float) -> None:
        """Charge for a query that was admitted and held a worker for `held` seconds."""
        budget = self._budget(client)
        if budget.seconds and held > LEAST:
            self._left(client, budget, held - LEAST)

    def close(self) -> None:
        """Let go of what is shared."""
        self._buckets.close()

    def _left(self, client: str, budget: Budget, cost: float) -> float:
        """Seconds that a client has left after a cost; below 0 it owes."""
        longest = 2 * budget.most * budget.refill
        return budget.most - self._buckets.add(client, cost * budget.refill, longest=longest) / budget.refill

    def _budget(self, client: str) -> Budget:
        return self._known if client.startswith(TOKEN) else self._anyone


def open_budgets(settings: Settings, folder: Path | None = None) -> Budgets:
    """The budgets of a service. Its server processes share a file in `folder`; where that cannot be had, each has its
    part of every budget.
    """
    parts, buckets = 1, None
    if settings.workers > 1:
        try:
            buckets = None if folder is None else Buckets.shared(folder / _FILE)
        except OSError as error:
            _log.warning("budgets are not shared between server processes: %s", error)
        parts = settings.workers if buckets is None else 1
    return Budgets(
        buckets or Buckets(),
        anyone=Budget(settings.budget_seconds / parts),
        known=Budget(settings.budget_seconds_token / parts),
    )


def _headers(budget: Budget, left: float) -> Headers:
    """RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10), and the three older ones that clients know.

    Whole seconds of query time; what is left is rounded down. The window is what it takes to refill all of it.
    """
    most = int(budget.most)
    whole = max(0, int(left))
    full = math.ceil((budget.most - left) * budget.refill)
    return (
        (b"ratelimit-policy", b'"%s";q=%d;w=%d;qu="query-seconds"' % (_NAME.encode(), most, int(_SAVED * _MINUTE))),
        (b"ratelimit", b'"%s";r=%d;t=%d' % (_NAME.encode(), whole, full)),
        (b"ratelimit-limit", b"%d" % most),
        (b"ratelimit-remaining", b"%d" % whole),
        (b"ratelimit-reset", b"%d" % full),
    )
