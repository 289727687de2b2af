"""The quads of editions as one stream of N-Quads, checked while it flows."""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard

from stelsel.errors import Damaged
from stelsel.storing.checksums import SUMS, check, sums
from stelsel.storing.editions import Access, Edition

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from stelsel.storing.progress import Progress

CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One graph of one edition, as it stands on disk."""

    graph: str
    path: Path
    quads: int
    sha256: str
    subjects: frozenset[str]

    def chunks(self) -> Iterator[bytes]:
        """The N-Quads, decompressed, about 1 MB at a time.

        Raises Damaged, naming the file, where it cannot be read, is not what its checksum says, has another number of
        lines than its edition says, or has a blank node as a subject (editions are skolemised: two files could mean
        different things by one label). What was yielded before is not to be trusted until the end has been reached.
        """
        digest = hashlib.sha256()
        lines, tail = 0, b"\n"
        try:
            for chunk in self._decompressed(digest):
                lines += chunk.count(b"\n")
                if b"\n_:" in tail + chunk:
                    raise Damaged(f"{self.path} has a blank node as a subject; load this register again")
                tail = (tail + chunk[-2:])[-2:]
                yield chunk
        except FileNotFoundError:
            raise Damaged(f"{self.path} is missing") from None
        except zstandard.ZstdError as error:
            raise Damaged(f"{self.path} cannot be decompressed: {error}") from error
        if digest.hexdigest() != self.sha256:
            raise Damaged(f"{self.path} has changed since it was made: its SHA-256 is not the one in {SUMS}")
        if not tail.endswith(b"\n"):
            lines += 1
            yield b"\n"
        if lines != self.quads:
            raise Damaged(f"{self.path} has {lines} lines, and its edition.json says {self.quads}")

    def _decompressed(self, digest: hashlib._Hash) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            # An edition's file is many frames, one after the other: a reader of one frame would stop after the first.
            reader = zstandard.ZstdDecompressor().stream_reader(
                _Hashed(file, digest), read_size=CHUNK, read_across_frames=True
            )
            while chunk := reader.read(CHUNK):
                yield chunk


def sources(path: Path, edition: Edition, audience: Access) -> list[Source]:
    """The files of an edition (at `path`) that an audience may see. Raises Damaged where the edition is not whole."""
    expected = sums(path)
    for name in ("edition.json", *(graph.file for graph in edition.graphs)):
        if name not in expected:
            raise Damaged(f"{path / SUMS} does not name {name}")
    check(path, "edition.json", expected["edition.json"])
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

    def damage(self, error: SyntaxError) -> Damaged:
        """What a syntax error in the stream means: the file and the line in it, or that the file was changed."""
        starts = [0]
        for source in self._sources:
            starts.append(starts[-1] + source.quads)
        line = error.lineno or 1
        place = min(bisect_right(starts, line - 1) - 1, len(self._sources) - 1)
        source = self._sources[place]
        try:
            for _ in source.chunks():
                pass
        except Damaged as damaged:
            return damaged
        return Damaged(f"{source.path}: line {line - starts[place]} is not N-Quads: {error.msg}")

    def _flow(self) -> Iterator[bytes]:
        done = 0
        for source in self._sources:
            for chunk in source.chunks():
                yield chunk
                done += chunk.count(b"\n")
                self._progress("loading quads", done, self._total)


class _Hashed(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: io.BufferedReader, digest: hashlib._Hash) -> None:
        super().__init__()
        self._file, self._digest = file, digest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        return data
