"""What is kept of an address on disk: the file, where it came from, and the part of a transfer that broke off."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import shutil
from dataclasses import asdict, dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path

import orjson

from stelsel.errors import DiskFull

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Origin:
    """Where a kept file came from, and what its source said of it."""

    address: str
    name: str
    sha256: str
    bytes: int
    etag: str = ""
    last_modified: str = ""
    fetched: str = ""
    """The moment, UTC."""


@dataclass(frozen=True)
class Started:
    """What the source said when a transfer began, which may have broken off since."""

    name: str
    etag: str = ""
    last_modified: str = ""
    date: str = ""
    total: int | None = None
    digests: dict[str, str] = field(default_factory=dict)
    """Algorithm -> checksum in base64, as Repr-Digest gives them (RFC 9530)."""

    @property
    def validator(self) -> str:
        """What If-Range may carry (RFC 9110, 13.1.5): a strong ETag, or a Last-Modified that is strong (8.8.2.2)."""
        if self.etag:
            return "" if self.etag.startswith("W/") else self.etag
        try:
            older = parsedate_to_datetime(self.last_modified) < parsedate_to_datetime(self.date)
        except (TypeError, ValueError):
            return ""
        return self.last_modified if older else ""


class Copies:
    """The folder of one address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.delivery = folder / "delivery"
        self.partial = folder / "partial"

    def origin(self) -> Origin | None:
        """What the whole copy came from; None where there is none."""
        try:
            return Origin(**orjson.loads((self.folder / "origin.json").read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def kept(self) -> Origin | None:
        """As `origin`, where the copy is still what was fetched: it is read whole for that."""
        origin = self.origin()
        if origin is None:
            return None
        file = self.delivery / origin.name
        if not file.is_file() or file.stat().st_size != origin.bytes or checksum(file, "sha256").hex() != origin.sha256:
            return None
        return origin

    def started(self) -> Started | None:
        """What was said of the partial file; None where there is none that can be gone on with."""
        try:
            started = Started(**orjson.loads((self.folder / "partial.json").read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        size = self.size
        if not size or not started.validator or (started.total is not None and size > started.total):
            return None
        return started

    @property
    def size(self) -> int:
        """Bytes of the partial file."""
        return self.partial.stat().st_size if self.partial.is_file() else 0

    def start(self, started: Started) -> None:
        """Forgets the partial file, and notes what a new one will be of. Raises DiskFull where it will not fit."""
        self.discard()
        self.make_room(started.total or 0)
        self._write("partial.json", orjson.dumps(asdict(started)))

    def make_room(self, size: int) -> None:
        """Raises DiskFull where so many bytes more do not fit."""
        free = shutil.disk_usage(self.folder).free
        if size > free:
            raise DiskFull(f"{self.folder} has room for {free:,} bytes, and {size:,} are to come")

    def discard(self) -> None:
        """Forgets the partial file."""
        self.partial.unlink(missing_ok=True)
        (self.folder / "partial.json").unlink(missing_ok=True)

    def keep(self, origin: Origin) -> Path:
        """Makes the partial file the kept one. Never is a file there with the origin of another."""
        (self.folder / "origin.json").unlink(missing_ok=True)
        shutil.rmtree(self.delivery, ignore_errors=True)
        self.delivery.mkdir()
        file = self.partial.rename(self.delivery / origin.name)
        self._write("origin.json", orjson.dumps(asdict(origin), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        self.discard()
        return file

    def _write(self, name: str, content: bytes) -> None:
        staged = self.folder / f"{name}.new"
        with staged.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self.folder / name)


def copies_of(address: str, folder: Path) -> Copies:
    """The copies of an address: a folder of its own in `folder`, named by a hash, which is made."""
    own = folder / hashlib.sha256(address.encode()).hexdigest()[:16]
    own.mkdir(parents=True, exist_ok=True)
    return Copies(own)


def checksum(file: Path, algorithm: str) -> bytes:
    """The checksum of a file, read bit by bit."""
    digest = hashlib.new(algorithm)
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.digest()


def digests(headers: list[str]) -> dict[str, str]:
    """SHA checksums in Repr-Digest, Content-Digest or Digest headers: algorithm -> base64. Others are left alone.

    >>> digests(["sha-256=:YWJj:, md5=:eA==:", "SHA-512=eHl6"])
    {'sha-256': 'YWJj', 'sha-512': 'eHl6'}
    """
    found = {}
    for header in headers:
        for part in header.split(","):
            algorithm, _, value = part.strip().partition("=")
            if algorithm.lower() in {"sha-256", "sha-512"}:
                found[algorithm.lower()] = value.strip().strip(":")
    return found


def differs(file: Path, said: dict[str, str]) -> str:
    """The algorithm by which a file is not what its source says it is; empty where it is."""
    for algorithm, value in said.items():
        try:
            expected = base64.b64decode(value, validate=True)
        except binascii.Error:
            return algorithm
        if checksum(file, algorithm.replace("-", "")) != expected:
            return algorithm
    return ""
