"""Zips inside zips, written straight through: no temporary files, and the same bytes for the same content.

A zip inside a zip cannot be sought in, so that sizes follow the data of each entry (APPNOTE 4.4.4, bit 3): the LV BAG
writes its deliveries in the same way.
"""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from stelsel.errors import DiskFull

_DOS = 0  # the same attributes on every platform that writes a sample
_PIECE = 1 << 17


class Archive:
    """A zip that is being written, on disk or inside another one. Every entry has the delivery's date."""

    def __init__(self, archive: zipfile.ZipFile, day: date, *, large: bool) -> None:
        """`large`: a file or zip inside it may pass 2 GB, which its header must say beforehand."""
        self._archive, self._day, self._large = archive, day, large

    @contextmanager
    def inside(self, name: str, *, stored: bool = False) -> Iterator[Archive]:
        """A zip in this zip; `stored` as it is, or deflated once more."""
        entry = self._entry(name, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
        with (
            self._archive.open(entry, "w", force_zip64=self._large) as stream,
            zipfile.ZipFile(stream, "w") as archive,
        ):
            yield Archive(archive, self._day, large=self._large)

    def add(self, name: str, pieces: Iterable[str]) -> None:
        """A text file, from its pieces; not more than 128 kB of them are held."""
        with self._archive.open(self._entry(name, zipfile.ZIP_DEFLATED), "w", force_zip64=self._large) as stream:
            held, length = [], 0
            for piece in pieces:
                held.append(piece)
                length += len(piece)
                if length > _PIECE:
                    stream.write("".join(held).encode())
                    held, length = [], 0
            stream.write("".join(held).encode())

    def add_bytes(self, name: str, content: bytes) -> None:
        """A small file."""
        self._archive.writestr(self._entry(name, zipfile.ZIP_DEFLATED), content)

    def _entry(self, name: str, compression: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, (self._day.year, self._day.month, self._day.day, 0, 0, 0))
        entry.compress_type, entry.create_system = compression, _DOS
        return entry


@contextmanager
def new_archive(path: Path, day: date, *, large: bool = False) -> Iterator[Archive]:
    """A new zip on disk. It has its name only when it is complete; what an error leaves behind is removed.

    Raises DiskFull where there is no room for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(unfinished, "w") as archive:
            yield Archive(archive, day, large=large)
        unfinished.replace(path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"{path}: the disk is full; the sample was not written") from error
        raise
    finally:
        unfinished.unlink(missing_ok=True)
