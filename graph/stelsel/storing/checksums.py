"""SHA-256 of every file of an edition or a release: a flipped bit in a store opens and answers as if nothing happened."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from stelsel.errors import Damaged
from stelsel.storing.progress import Progress, silent

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal, read as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path, progress: Progress = silent, *, kept: Mapping[str, str] | None = None) -> None:
    """Writes `SHA256SUMS` (as `sha256sum -c` reads it) of every other file; progress counts bytes.

    `kept` has the checksums of files that are known not to have changed (see `unchanged`), which are not read again.
    """
    kept = kept or {}
    sizes = {name: (folder / name).stat().st_size for name in _files(folder)}
    lines, done = [], 0
    for name, size in sizes.items():
        lines.append(f"{kept.get(name) or sha256(folder / name)}  {name}\n")
        done += size
        progress("writing checksums", done, sum(sizes.values()))
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def unchanged(before: Path, after: Path) -> dict[str, str]:
    """File name -> SHA-256 of the files of `after` that are hard links to those of `before`, a sealed folder.

    Raises Damaged as `sums` does.
    """
    return {
        name: digest
        for name, digest in sums(before).items()
        if (after / name).is_file() and (after / name).samefile(before / name)
    }


def sums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256, as `SHA256SUMS` says. Raises Damaged where it is missing or is not a list of checksums."""
    path = folder / SUMS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        raise Damaged(f"{path} is missing") from None
    except UnicodeDecodeError:
        raise Damaged(f"{path} is not a list of checksums") from None
    found = {match[2]: match[1] for line in lines if (match := _LINE.fullmatch(line))}
    if not found or len(found) != len(lines):
        raise Damaged(f"{path} is not a list of checksums")
    return found


def verify(folder: Path) -> None:
    """Reads every file of an edition or a release. Raises Damaged naming the file that is missing, changed or added.

    Reading also fills the page cache, without which the first lookups take fifty times as long.
    """
    expected = sums(folder)
    for name, digest in expected.items():
        check(folder / name, digest)
    for name in _files(folder):
        if name not in expected:
            raise Damaged(f"{folder / name} does not belong there: {SUMS} does not name it")


def check(path: Path, digest: str) -> None:
    """Raises Damaged where one file is not what its checksum says."""
    try:
        found = sha256(path)
    except FileNotFoundError:
        raise Damaged(f"{path} is missing") from None
    if found != digest:
        raise Damaged(f"{path} has changed since it was made: its SHA-256 is not the one in {SUMS}")


def _files(folder: Path) -> list[str]:
    """Names of all files below a folder, relative to it, sorted, without `SHA256SUMS` itself."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(name for path in paths if (name := path.relative_to(folder).as_posix()) != SUMS)
