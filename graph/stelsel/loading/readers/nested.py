"""A zip inside a zip, as a seekable file, without unpacking it to memory or to disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import IO

from stelsel.errors import DeliveryError


def open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> IO[bytes]:
    """A zip inside a zip, as a seekable stream; the one that was stored as it is, without reading it twice."""
    try:
        stream = archive.open(entry)
        if entry.compress_type == zipfile.ZIP_STORED and archive.fp is not None:
            # ZipFile.open has read the local header: the outer file now stands where the inner one begins.
            start = entry.header_offset + _local_header_length(archive.fp, entry.header_offset)
            return io.BufferedReader(_Window(archive.fp, start, entry.file_size), 1 << 16)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise DeliveryError(f"cannot be read ({error})", where=where) from error
    return stream


def _local_header_length(stream: IO[bytes], offset: int) -> int:
    """Bytes from the start of a local file header to its data (APPNOTE 4.3.7: 30, then name, then extra field)."""
    stream.seek(offset)
    header = stream.read(30)
    return 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")


class _Window(io.RawIOBase):
    """A stretch of a seekable file, as a file. ZipExtFile reads on from the start after every seek backwards."""

    def __init__(self, stream: IO[bytes], start: int, length: int) -> None:
        self._stream, self._start, self._length, self._at = stream, start, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed says Buffer, io gives this
        wanted = min(len(buffer), self._length - self._at)
        if wanted <= 0:
            return 0
        # Another window or entry may have moved the file meanwhile.
        self._stream.seek(self._start + self._at)
        data = self._stream.read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
