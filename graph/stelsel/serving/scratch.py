"""A folder for what need not outlive the service, on this machine alone."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from stelsel.storing.locks import seize

_PREFIX: Final = "stelsel-"
_LOCK: Final = "in-use.lock"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that nobody else can read; gone afterwards. What killed services have left is cleared away first.

    Raises OSError where there is no place for it.
    """
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    seize(descriptor)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _sweep(place: Path) -> None:
    """Remove folders of ours that no process holds. One without a lock yet is being made just now."""
    for left in place.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):  # another sweeps too, or the folder is another user's
            if left.parent.lstat().st_uid != os.getuid() or left.parent.is_symlink():
                continue
            descriptor = os.open(left, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if seize(descriptor):
                    shutil.rmtree(left.parent, ignore_errors=True)
            finally:
                os.close(descriptor)
