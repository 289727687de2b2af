"""A release answered by Oxigraph, in worker processes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, Literal, Self

import orjson

from stelsel.errors import QuerySyntaxError, SettingError
from stelsel.storing import Limits, Question, Workload
from stelsel.storing.formats import Format
from stelsel.storing.nursery import Nursery
from stelsel.storing.workers import Pool

_LEAST: Final = 2


class EmbeddedStore:
    """One release, opened read-only. Another release is another EmbeddedStore; then this one is drained."""

    def __init__(self, release: str, pool: Pool, *, default_graph: Literal["union", "own"]) -> None:
        self.release = release
        self._pool = pool
        self._union = default_graph == "union"

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        release: str,
        workers: int,
        default_graph: Literal["union", "own"] = "union",
        nursery: Nursery | None = None,
    ) -> Self:
        """Open the Oxigraph directory at `path` in `workers` processes, each warm. Raises StoreError, and SettingError for fewer than two."""
        if workers < _LEAST:
            raise SettingError(
                f"a store needs {_LEAST} workers at least: neither curated nor free queries may take the other's last one"
            )
        pool = Pool(path, size=workers, nursery=nursery)
        await pool.start()
        return cls(release, pool, default_graph=default_graph)

    @property
    def ready(self) -> bool:
        """Whether a question would find a worker."""
        return self._pool.alive > 0

    @property
    def workload(self) -> Workload:
        """How the workers are doing."""
        return self._pool.workload

    @property
    def network(self) -> str:
        """`none` where workers have no network; `open` where the system does not let them give it up."""
        return self._pool.network

    def answer(self, question: Question, format: Format, within: Limits) -> AsyncGenerator[bytes]:
        """See storing.Store. Text that is not Unicode is refused here and now."""
        job = (
            question.text,
            question.base_iri,
            question.default_graphs,
            question.named_graphs,
            self._union,
            format.name,
            within.seconds,
            within.memory,
            within.rows,
            within.bytes,
            question.datatypes,
        )
        try:
            return self._pool.answer(orjson.dumps(job), within)
        except TypeError:  # half a surrogate pair, which no encoding of text can carry
            raise QuerySyntaxError("the query is not valid Unicode text") from None

    async def drain(self) -> None:
        """Take no more questions, finish those that run, and close."""
        await self._pool.drain()

    async def close(self) -> None:
        """End every worker at once."""
        await self._pool.close()
