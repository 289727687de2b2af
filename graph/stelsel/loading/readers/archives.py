"""The files of a delivery: in a folder, in a zip, in zips inside zips. Nothing is unpacked to disk, but for a database.

An archive is hostile until it has proved otherwise: depth, number, size and ratio are bounded, names that climb out
are refused (nothing is ever written under a name from an archive), encrypted and overlapping entries too.
"""

from __future__ import annotations

import fnmatch
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import IO

from stelsel.errors import DeliveryError
from stelsel.loading.readers.nested import open_entry

MAX_DEPTH = 6  # the national BAG extract is four deep
MAX_ENTRIES = 100_000
MAX_MEMBER = 1_000_000_000  # bytes of a file that is read whole; an official BAG file holds 10,000 objects, about 25 MB
MAX_STREAM = 200_000_000_000  # bytes of a file that is read bit by bit; the largest, EP-Online's, has about 3 GB
MAX_RATIO = 250  # the most repetitive real file, BAG in onderzoek, is packed 90 to 1
RATIO_COUNTS_FROM = 5_000_000  # bytes: below this a high ratio can do no harm


@dataclass
class Member:
    """One file of a delivery. It can be read until the next one is asked for."""

    where: str
    """How a person finds it: `BAGGEM0457L.zip > 0457GEM.zip > 0457PND-000001.xml`."""
    size: int
    """Bytes, unpacked."""
    packed: int
    """Bytes as they lie in the delivery: what progress counts."""
    opened: Callable[[], IO[bytes]]
    file: Path | None = None
    """The file itself, where it is not in an archive."""
    taken: int = 0
    """Bytes, unpacked, that have been read from it since it was last opened."""

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The file as a stream from its beginning. Reading raises DeliveryError where its archive is broken."""
        self.taken = 0
        with self.opened() as stream:
            yield io.BufferedReader(_Checked(stream, self), 1 << 18)

    @cached_property
    def content(self) -> bytes:
        """All of it. Raises DeliveryError where that is more than a file may hold, or its archive is broken."""
        if self.size > MAX_MEMBER:
            raise DeliveryError(f"holds {self.size:,} bytes, more than a file of a delivery may", where=self.where)
        with self.open() as stream:
            content = stream.read(MAX_MEMBER + 1)
        if len(content) != self.size:
            raise DeliveryError("is not as long as its zip says; fetch the delivery again", where=self.where)
        return content

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The file under a name, for what reads no stream: itself, or a copy that is removed again."""
        if self.file is not None:
            yield self.file
            return
        with tempfile.NamedTemporaryFile(suffix=PurePosixPath(self.where).suffix) as copy:
            with self.open() as stream:
                shutil.copyfileobj(stream, copy, 1 << 20)
            copy.flush()
            yield Path(copy.name)


class _Checked(io.RawIOBase):
    """The stream of a member: it counts what is taken, and says where it is broken."""

    def __init__(self, stream: IO[bytes], member: Member) -> None:
        self._stream, self._member = stream, member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed says Buffer, io gives this
        try:
            data = self._stream.read(len(buffer))
        except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
            message = f"is broken inside its zip ({error}); fetch the delivery again"
            raise DeliveryError(message, where=self._member.where) from error
        buffer[: len(data)] = data
        self._member.taken += len(data)
        return len(data)


def members(source: Path, ignore: tuple[str, ...] = ()) -> Iterator[Member]:
    """The files of a delivery, one at a time, in the order in which they lie. Junk that `ignore` names is skipped.

    Raises DeliveryError for what is missing, empty, broken, encrypted or larger than a delivery can be.
    """
    if not source.exists():
        raise DeliveryError("there is no such file or folder", where=str(source))
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file())
        if not files:
            raise DeliveryError("is an empty folder", where=str(source))
        for file in files:
            yield from _file(file, ignore)
    else:
        yield from _file(source, ignore)


def _file(file: Path, ignore: tuple[str, ...]) -> Iterator[Member]:
    if _ignored(file.name, ignore):
        return
    size = file.stat().st_size
    if size == 0:
        raise DeliveryError("is an empty file", where=str(file))
    with file.open("rb") as stream:
        if _is_zip(file.name, stream.read(4)):
            stream.seek(0)
            yield from _zip(stream, file.name, ignore, depth=1)
            return
    yield Member(file.name, size, size, lambda: file.open("rb"), file)


def _zip(stream: IO[bytes], where: str, ignore: tuple[str, ...], *, depth: int) -> Iterator[Member]:
    if depth > MAX_DEPTH:
        raise DeliveryError(f"is a zip more than {MAX_DEPTH} deep", where=where)
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, EOFError, ValueError, OSError, zlib.error) as error:
        raise DeliveryError(f"is not a complete zip ({error}); fetch it again", where=where) from error
    with archive:
        entries = sorted((e for e in archive.infolist() if not e.is_dir()), key=lambda e: e.header_offset)
        _judge(entries, where)
        for entry in entries:
            if _ignored(entry.filename, ignore):
                continue
            inside = f"{where} > {entry.filename}"
            if _is_zip(entry.filename, b""):
                yield from _zip(open_entry(archive, entry, inside), inside, ignore, depth=depth + 1)
            else:
                yield Member(inside, entry.file_size, entry.compress_size, partial(_opened, archive, entry, inside))


def _judge(entries: list[zipfile.ZipInfo], where: str) -> None:
    """What the directory of a zip says must be possible, before a byte of it is unpacked."""
    if len(entries) > MAX_ENTRIES:
        raise DeliveryError(f"has {len(entries):,} entries, more than {MAX_ENTRIES:,}", where=where)
    end = 0
    for entry in entries:
        inside = f"{where} > {entry.filename!r}"
        parts = PurePosixPath(entry.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in entry.filename:
            raise DeliveryError("is an entry whose name leads out of the archive", where=inside)
        if entry.flag_bits & 0x1:
            raise DeliveryError("is encrypted", where=inside)
        if entry.header_offset < end:
            raise DeliveryError("overlaps the entry before it: this is no honest zip", where=inside)
        end = entry.header_offset + entry.compress_size
        packed = max(entry.compress_size, 1)
        if entry.file_size > RATIO_COUNTS_FROM and entry.file_size / packed > MAX_RATIO:
            raise DeliveryError(f"would grow {entry.file_size // packed:,} times: this is a zip bomb", where=inside)
        if not _is_zip(entry.filename, b"") and entry.file_size > MAX_STREAM:
            raise DeliveryError(f"would hold {entry.file_size:,} bytes, more than a file may", where=inside)


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> IO[bytes]:
    try:
        return archive.open(entry)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise DeliveryError(f"is broken inside its zip ({error}); fetch the delivery again", where=where) from error


def _is_zip(name: str, head: bytes) -> bool:
    return name.lower().endswith(".zip") or head == b"PK\x03\x04"


def _ignored(name: str, ignore: tuple[str, ...]) -> bool:
    """Whether a name, or a folder it stands in, fits one of the shell patterns."""
    return any(fnmatch.fnmatchcase(part, pattern) for part in PurePosixPath(name).parts for pattern in ignore)


def packed_size(source: Path) -> int:
    """Bytes of a delivery as it lies on disk: the whole that progress counts towards."""
    if source.is_dir():
        return sum(file.stat().st_size for file in source.rglob("*") if file.is_file())
    return source.stat().st_size if source.exists() else 0
