"""What clients have spent, in memory that the server processes of one machine share.

A client is one number: the moment at which all it spent will have been refilled (the generic cell rate algorithm, GCRA).
When that moment has passed there is nothing to remember, so the table is of a fixed size: a new client takes the place
of the one that is nearest to having nothing left to pay, and flooding the table with addresses frees no debtor.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import secrets
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final, Self

_WAYS: Final = 8  # clients that a row has place for
_ROWS: Final = 8192  # 65,536 clients in one megabyte
_ROW: Final = struct.Struct(f"={'Qd' * _WAYS}")
_ENTRY: Final = struct.Struct("=Qd")
_HEADER: Final = struct.Struct("=16s36s12x")  # a secret for the hashes; the boot that the moments count from
_SIZE: Final = _HEADER.size + _ROWS * _ROW.size
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Buckets:
    """A table in this process's own memory; `shared` gives one that processes have in common."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self._file: int | None = None
        self._secret = secrets.token_bytes(16)

    @classmethod
    def shared(cls, path: Path) -> Self:
        """The table in a file, made when it is not there or is not of this boot. Raises OSError; also when the file is
        another user's, who could read and write what clients have spent.
        """
        table = cls()
        table._file = file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.fstat(file).st_uid != os.geteuid():
            table.close()
            raise PermissionError(errno.EPERM, "the file belongs to another user", str(path))
        with table._alone():
            header = os.pread(file, _HEADER.size, 0)
            boot = _BOOT.read_bytes().strip() if _BOOT.exists() else b""
            if os.fstat(file).st_size != _SIZE or _HEADER.unpack(header)[1].rstrip(b"\0") != boot:
                os.ftruncate(file, 0)
                os.ftruncate(file, _SIZE)
                os.pwrite(file, _HEADER.pack(table._secret, boot), 0)
                header = os.pread(file, _HEADER.size, 0)
        table._secret = _HEADER.unpack(header)[0]
        table._memory.close()
        table._memory = mmap.mmap(file, _SIZE)
        return table

    def add(self, client: str, wait: float, *, longest: float) -> float:
        """Put `wait` seconds of refilling on a client's account; gives how many there are to wait now.

        0 asks and changes nothing; a negative number gives back. Nobody owes more than `longest`.
        """
        key = int.from_bytes(blake2b(client.encode(), digest_size=8, key=self._secret).digest()) | 1
        offset = _HEADER.size + (key >> 1) % _ROWS * _ROW.size
        if self._file is None:
            return self._add(offset, key, wait, longest)
        with self._alone():
            return self._add(offset, key, wait, longest)

    def close(self) -> None:
        """Let go of the memory and the file."""
        self._memory.close()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _add(self, offset: int, key: int, wait: float, longest: float) -> float:
        row = _ROW.unpack_from(self._memory, offset)
        keys, moments = row[::2], row[1::2]
        place = keys.index(key) if key in keys else None
        now = time.monotonic()
        moment = now if place is None else max(now, moments[place])
        if wait:
            moment = max(now, min(now + longest, moment + wait))
            if place is None:
                place = moments.index(min(moments))
            _ENTRY.pack_into(self._memory, offset + place * _ENTRY.size, key, moment)
        return moment - now

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While it lasts no other process touches the table; in this one there is one thread. A microsecond."""
        assert self._file is not None
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
