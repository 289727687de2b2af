"""An answer in columns: held back until its last row, then written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, Self

import pyarrow as pa
from pyarrow import ipc, parquet

from stelsel.storing.columns import cells
from stelsel.storing.columns.answer import NoRoom
from stelsel.storing.columns.types import Column

# What is made of a piece takes some fifty times its size before it is written: with 2 MB a worker took 90 MB more.
_PIECE: Final = 250_000  # bytes of TSV that become one batch
_GROUP: Final = 16  # batches that are one row group in Parquet, where small ones cost whoever reads them
_FRAME: Final = 64 * 1024  # bytes that are written at once
_IN_MEMORY: Final = 4_000_000  # bytes that are held back before there is a file
MOST: Final = 4_000_000_000  # bytes, compressed, that are held back in that file


class Table:
    """What the engine writes its TSV to. It takes as much memory as a few pieces, and disk for the rest; the file has no name,
    so it is gone when this process is. Use it in a `with`.
    """

    def __init__(self, *, piece: int = _PIECE, most: int = MOST) -> None:
        self._piece, self._most = piece, most
        self._parts: list[bytes] = []
        self._size, self._enough = 0, piece
        self._columns: list[Column] = []
        self._file: Any = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with the table
        self._held: ipc.RecordBatchStreamWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        """Take a piece of TSV. Raises NoRoom and OSError."""
        self._parts.append(data)
        self._size += len(data)
        if self._size >= self._enough:
            self._take()
        return len(data)

    def flush(self) -> None:
        """The engine calls this at its end, and perhaps before."""

    def finish(self, format: str, write: Callable[[bytes], object]) -> None:
        """Write the answer as `arrow` or `parquet`. Raises NoRoom, OSError, and ValueError for an answer without columns."""
        self._take()
        if self._held is None:
            raise ValueError("an answer without variables has no columns; ask for JSON or XML")
        self._held.close()
        self._file.seek(0)
        fields = pa.schema([column.field for column in self._columns])
        with pa.PythonFile(_Sink(write), mode="w") as sink, _WRITERS[format](sink, fields) as writer:
            batches = (self._cast(batch, fields) for batch in self._batches())
            while group := list(islice(batches, _GROUP)):
                writer.write_table(pa.Table.from_batches(group))

    def _take(self) -> None:
        """Hold back the lines that are whole."""
        text = b"".join(self._parts)
        if self._held is None:
            head, found, text = text.partition(b"\n")
            if not found:
                self._keep(head)
                return
            self._begin([name.removeprefix("?") for name in head.decode().split("\t")] if head else [])
        end = text.rfind(b"\n") + 1
        if end and self._held is not None:
            pieces = cells.read(text[:end], len(self._columns))
            for column, piece in zip(self._columns, pieces, strict=True):
                column.see(piece)
            self._held.write_batch(pa.record_batch([piece.text for piece in pieces], schema=self._held_schema))
            if self._file.tell() > self._most:
                raise NoRoom(
                    f"the answer takes more than {self._most / 1e9:g} GB before its columns have a type; ask for less at a time, "
                    "or for CSV or TSV, which are not held back"
                )
        self._keep(text[end:])

    def _keep(self, rest: bytes) -> None:
        self._parts, self._size = [rest], len(rest)
        self._enough = max(self._piece, 2 * self._size)  # a line may be longer than a piece: it is not joined each time

    def _begin(self, names: list[str]) -> None:
        self._columns = [Column(name) for name in names]
        self._held_schema = pa.schema([(name, pa.utf8()) for name in names])
        if names:
            options = ipc.IpcWriteOptions(compression="zstd", use_threads=False)
            self._held = ipc.new_stream(self._file, self._held_schema, options=options)

    def _cast(self, batch: pa.RecordBatch, fields: pa.Schema) -> pa.RecordBatch:
        cast = [column.cast(text) for column, text in zip(self._columns, batch.columns, strict=True)]
        return pa.record_batch(cast, schema=fields)

    def _batches(self) -> Iterator[Any]:
        options = ipc.IpcReadOptions(use_threads=False)
        with ipc.open_stream(self._file, options=options) as reader:
            yield from reader


class _Sink:
    """What Arrow needs of a file, over a function that takes pieces of limited size."""

    closed = False

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        for start in range(0, len(view), _FRAME):
            self._write(bytes(view[start : start + _FRAME]))
        return len(view)

    def flush(self) -> None:
        """Nothing is kept here."""

    def close(self) -> None:
        self.closed = True


_WRITERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "arrow": lambda sink, fields: ipc.new_stream(sink, fields, options=ipc.IpcWriteOptions(use_threads=False)),
    "parquet": lambda sink, fields: parquet.ParquetWriter(sink, fields, compression="zstd"),
}


def prepare() -> None:
    """Keep Arrow to the memory that limits are set on, and to one thread each for work and files: this is a worker."""
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
