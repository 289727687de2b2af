"""Folders that are made out of sight and then appear whole, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path

from stelsel.errors import DiskFull
from stelsel.storing.locks import seize

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def staging(data: Path, name: str) -> Iterator[Path]:
    """A fresh folder to make something in, on the disk of `data`. What is left of it on leaving is removed.

    What killed processes left behind is removed first. Raises DiskFull, in place of the OSError, when the disk fills.
    """
    root = data / "staging"
    with _disk_full(data):
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        with _owned(root, name) as folder:
            folder.mkdir()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def place(staged: Path, target: Path, *, kept: Container[str] = ()) -> None:
    """Moves a staged folder to where it will be found, all its files on disk first.

    `kept` names the files (relative to the folder) that are on disk already: hard links to those of another release.
    Raises FileExistsError where `target` is there already: nothing is ever put over an edition or a release.
    """
    for folder, _, files in os.walk(staged):
        for file in files:
            path = Path(folder, file)
            if not kept or path.relative_to(staged).as_posix() not in kept:
                _flush(path)
        _flush(Path(folder))
    _folder(target.parent)
    try:
        staged.rename(target)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise FileExistsError(errno.EEXIST, "is there already", str(target)) from error
        raise
    _flush(target.parent)


def discard(folder: Path, data: Path) -> None:
    """Removes a folder so that a crash halfway leaves no part of it in its place."""
    with staging(data, f"{folder.name}-removed") as aside:
        folder.rename(aside / folder.name)
        _flush(folder.parent)


def point(link: Path, to: Path, data: Path) -> None:
    """Makes `link` a relative symbolic link to `to`, in one move: a reader sees the old one or the new one."""
    _folder(link.parent)
    with staging(data, link.name) as staged:
        fresh = staged / link.name
        fresh.symlink_to(to.relative_to(link.parent))
        fresh.replace(link)
        _flush(link.parent)


@contextmanager
def _owned(root: Path, name: str) -> Iterator[Path]:
    """The path of a folder that is this process's, by a lock beside it that ends with the process."""
    while True:
        folder = root / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
        beside = root / f"{folder.name}.lock"
        with beside.open("x", encoding="ascii") as file:
            # Between open and lock another process's _sweep may have removed the file; then it guards nothing.
            if not seize(file.fileno()) or os.fstat(file.fileno()).st_nlink == 0:
                continue
            try:
                yield folder
            finally:
                beside.unlink(missing_ok=True)
            return


def _sweep(root: Path) -> None:
    """Removes the folders whose process is gone. The number in the name is for people: the lock is what counts."""
    for beside in root.glob("*.lock"):
        try:
            file = beside.open("r", encoding="ascii")
        except FileNotFoundError:
            continue
        with file:
            if seize(file.fileno()):
                shutil.rmtree(beside.with_suffix(""), ignore_errors=True)
                beside.unlink(missing_ok=True)
    for folder in root.iterdir():
        # The lock comes before the folder and goes after it, so that a folder without one is nobody's.
        if not folder.name.endswith(".lock") and not folder.with_name(f"{folder.name}.lock").exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk_full(data: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # pyoxigraph raises OSError without a number; the system's sentence is in its text.
        if error.errno not in _FULL and os.strerror(errno.ENOSPC) not in str(error):
            raise
        free = shutil.disk_usage(data).free
        raise DiskFull(
            f"the disk of {data.resolve()} is full ({free / 1e6:,.0f} MB free now that the unfinished work is removed); "
            "nothing that was there is lost: make room, for instance with `stelsel prune`, and run this again"
        ) from error


def _folder(path: Path) -> None:
    """Makes a folder, and those above it, known to the disk."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        _flush(folder.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
