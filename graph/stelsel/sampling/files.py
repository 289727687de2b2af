"""Plain files of a delivery: complete or not there."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

from stelsel.errors import DiskFull


def write_pieces(path: Path, pieces: Iterable[str]) -> Path:
    """Writes a text file from its pieces, and gives its path. It has its name only when it is complete.

    Raises DiskFull where there is no room for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(pieces)
        unfinished.replace(path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"{path}: the disk is full; the sample was not written") from error
        raise
    finally:
        unfinished.unlink(missing_ok=True)
    return path
