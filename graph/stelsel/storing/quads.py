"""The quads of editions as one stream of N-Quads, checked while it flows."""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard

from stelsel.errors import Damaged
from stelsel.storing.checksums import SUMS, check, sums
from stelsel.storing.editions import Access, Edition
from stelsel.storing.progress import Progress

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 20
_BLANK = re.compile(rb"\n_")  # twice as fast over a megabyte as `in`


@dataclass(frozen=True)
class Source:
    """One graph of one edition, as it stands on disk."""

    graph: str
    path: Path
    quads: int
    sha256: str
    subjects: frozenset[str]

    def chunks(self, seen: Callable[[int], object] = int) -> Iterator[bytes]:
        """The N-Quads, decompressed, 1 MB at a time; `seen` gets the number of lines of each piece.

        Raises Damaged, naming the file, where it is not what its checksum says, cannot be decompressed, has another
        number of lines than its edition says, or has a blank node as a subject (editions are skolemised: one label
        could mean two things in two files).
        """
        check(self.path, self.sha256)
        lines, tail = 0, b"\n"
        with self.path.open("rb") as file:
            # An edition's file is many frames, one after the other: a reader of one frame would stop after the first.
            reader = zstandard.ZstdDecompressor().stream_reader(file, read_size=CHUNK, read_across_frames=True)
            while chunk := self._read(reader):
                ends = chunk.count(b"\n")
                lines += ends
                if _BLANK.search(chunk) or (tail == b"\n" and chunk.startswith(b"_")):
                    raise Damaged(f"{self.path} has a blank node as a subject; load this register again")
                tail = chunk[-1:]
                yield chunk
                seen(ends)
        if tail != b"\n":
            lines += 1
            yield b"\n"
        if lines != self.quads:
            raise Damaged(f"{self.path} has {lines} lines, and its edition.json says {self.quads}")

    def _read(self, reader: zstandard.ZstdDecompressionReader) -> bytes:
        try:
            return reader.read(CHUNK)
        except zstandard.ZstdError as error:
            raise Damaged(f"{self.path} cannot be decompressed: {error}") from error


def sources(path: Path, edition: Edition, audience: Access) -> list[Source]:
    """The files of an edition (at `path`) that an audience may see. Raises Damaged where the edition is not whole."""
    expected = sums(path)
    for name in ("edition.json", *(graph.file for graph in edition.graphs)):
        if name not in expected:
            raise Damaged(f"{path / SUMS} does not name {name}")
    check(path / "edition.json", expected["edition.json"])
    return [
        Source(graph.iri, path / graph.file, graph.quads, expected[graph.file], frozenset(graph.subjects))
        for graph in edition.graphs
        if audience == "gesloten" or graph.access == "open"
    ]


class Feed(io.RawIOBase):
    """Sources one after the other, for `bulk_load` to read; progress counts quads."""

    def __init__(self, sources: Sequence[Source], progress: Progress) -> None:
        super().__init__()
        self._sources, self._progress = sources, progress
        self._total = sum(source.quads for source in sources)
        self._done = 0
        self._chunks = self._flow()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fills the buffer. Raises Damaged where a source is not what its edition says."""
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        target = memoryview(buffer).cast("B")
        taken = min(len(target), len(self._rest))
        target[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken

    def place(self, line: int) -> str:
        """The file, and the line in it, of a line of the whole (both count from 1)."""
        starts = list(accumulate((source.quads for source in self._sources), initial=0))
        index = min(bisect_right(starts, line - 1), len(self._sources)) - 1
        return f"{self._sources[index].path}: line {line - starts[index]}"

    def _flow(self) -> Iterator[bytes]:
        for source in self._sources:
            yield from source.chunks(self._seen)

    def _seen(self, lines: int) -> None:
        self._done += lines
        self._progress("loading quads", self._done, self._total)
