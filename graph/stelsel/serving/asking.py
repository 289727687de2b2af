"""The questions of curated endpoints: answered from the result cache, or else admitted and asked."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from starlette.types import Scope

from stelsel.serving.cache import Kept, ResultCache
from stelsel.serving.conditional import content_hash
from stelsel.serving.keys import Keys
from stelsel.serving.limits import Headers
from stelsel.serving.reception import Reception
from stelsel.settings import Settings
from stelsel.storing import Limits, Question, Store
from stelsel.storing.formats import FORMATS


class Desk:
    """Where curated endpoints ask: in the lane that is kept for them, within the limits of the service."""

    def __init__(
        self, store: Store, settings: Settings, reception: Reception, cache: ResultCache | None = None
    ) -> None:
        self.store, self.reception, self.cache = store, reception, cache
        self.keys = Keys(settings)
        self.limits = Limits(settings.query_seconds, settings.query_memory, lane="curated")

    def visit(self, scope: Scope) -> Visit:
        """One request, which may ask more than one question."""
        return Visit(self, self.reception.client(scope))


class Visit:
    """One request of a client. What it asks is paid for from its budget; what is known already is not."""

    def __init__(self, desk: Desk, client: str) -> None:
        self._desk, self._client = desk, client
        self._admitted: Headers | None = None

    @property
    def standing(self) -> Headers:
        """The headers that say how the client's budget stands."""
        return self._desk.reception.standing(self._client) if self._admitted is None else self._admitted

    async def ask(self, question: Question, format: str, *, form: str, rows: int | None = None) -> bytes:
        """The whole answer. Raises BudgetSpent, Truncated for one of more than `rows`, and what the store raises."""
        desk, written = self._desk, FORMATS[format]
        # Nothing is awaited between this and the question itself: the answer is of this release.
        release = desk.store.release
        key = desk.keys.key(question, written, [], rows=rows) if desk.cache else None
        found = desk.cache.get(release, key) if desk.cache and key else None
        if found is not None:
            return found.body
        if self._admitted is None:
            self._admitted = desk.reception.admit(self._client)
        within = replace(desk.limits, rows=rows, client=self._client)
        # The generator is closed whatever happens: that ends the query of a client that has gone.
        async with aclosing(desk.reception.queries.answer(desk.store, question, written, within, form=form)) as chunks:
            body = b"".join([chunk async for chunk in chunks])
        if desk.cache and key:
            desk.cache.put(release, key, Kept(content_hash(body), body))
        return body
