"""An answer in columns, for a worker: Arrow is loaded by the first one that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final, cast

from pyoxigraph import QueryResultsFormat, QuerySolutions

from stelsel.storing import memory
from stelsel.storing.cutting import Rows, Stop

if TYPE_CHECKING:
    from stelsel.storing.columns.writing import Table

FORMATS: Final = ("arrow", "parquet")


class NoRoom(Exception):
    """The answer is larger than what can be held back until its columns have a type."""


def loaded() -> bool:
    """Whether `load` has been called: it takes 0.3 s, and 300 MB of address space that most workers never need."""
    return "stelsel.storing.columns.writing" in sys.modules


def load() -> int:
    """Load what writes columns, without a limit on memory; gives its address space in bytes, which no query answers for."""
    before = memory.address_space()
    memory.limit(None)
    with suppress(ModuleNotFoundError):  # `write` says so, to whoever asked
        from stelsel.storing.columns import writing  # noqa: PLC0415 - see loaded

        writing.prepare()
    return memory.address_space() - before


def write(
    results: QuerySolutions, format: str, sink: Callable[[bytes], object], *, rows: int | None, size: int | None
) -> str:
    """Write an answer as `arrow` or `parquet`; gives which limit has cut it, if any. `size` is of the answer as TSV, in bytes.

    Raises NoRoom, OSError, ValueError for an answer without variables, and ModuleNotFoundError without the extra `arrow`.
    """
    from stelsel.storing.columns.writing import Table  # noqa: PLC0415 - see loaded

    with Table() as table:
        cut = _fill(table, results, rows=rows, size=size)
        table.finish(format, sink)
        return cut


def _fill(table: Table, results: QuerySolutions, *, rows: int | None, size: int | None) -> str:
    if rows is None and size is None:
        results.serialize(cast("IO[bytes]", table), QueryResultsFormat.TSV)
        return ""
    lines = Rows("tsv", table.write, rows=rows, size=size)
    try:
        results.serialize(cast("IO[bytes]", lines), QueryResultsFormat.TSV)
        lines.flush()
    except Stop as stop:
        return stop.limit
    return ""
