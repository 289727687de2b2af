"""How text lies in an edition: zstd frames, one behind the other, that are read back a line at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import zstandard

LEVEL = 3  # zstd: half the size of level 1 on quads, at a tenth of what mapping costs


class Packer:
    """Compresses what it is given, bit by bit, into one zstd frame. Frames may stand behind each other in a file."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=LEVEL).compressobj()
        self._parts: list[bytes] = []

    def add(self, content: bytes) -> None:
        """Adds bytes to the frame."""
        self._parts.append(self._compressor.compress(content))

    def frame(self) -> bytes:
        """The whole frame; nothing can be added after it."""
        return b"".join([*self._parts, self._compressor.flush()])


def read_lines(file: Path) -> Iterator[bytes]:
    """The lines of a packed file, one at a time."""
    with (
        file.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as plain,
    ):
        yield from io.BufferedReader(plain, 1 << 18)
