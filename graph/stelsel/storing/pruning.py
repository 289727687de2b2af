"""Old releases and editions removed, and nothing that is served, held or needed."""

from __future__ import annotations

from pathlib import Path

from stelsel.errors import NoRelease, SettingError
from stelsel.storing.editions import Access, edition_path, editions, registers
from stelsel.storing.locks import claim, lock
from stelsel.storing.releases import AUDIENCES, Release, current, release_path, releases
from stelsel.storing.staging import discard


def prune(data: Path, keep: int) -> list[str]:
    """Removes all but the newest `keep` releases of each audience, and the newest `keep` editions of each register.

    Never the current release, nor one that a server holds (see `locks.hold`), nor an edition that a release which
    stays was built from. Gives what was removed, as paths below the data directory. Raises Locked, and SettingError
    for a `keep` below 1.
    """
    if keep < 1:
        raise SettingError(f"prune keeps at least 1 release, and {keep} was asked for")
    with lock(data):
        removed = [
            name for audience in AUDIENCES for name in _prune_releases(data, audience, releases(data, audience)[:-keep])
        ]
        needed = _needed(data)
        return removed + [
            name for register in registers(data) for name in _prune_editions(data, register, keep, needed)
        ]


def prune_changes(data: Path, audience: Access, register: str, keep: int) -> list[str]:
    """Removes the oldest releases that a steward's changes made, and the editions of `register` that kept those changes.

    Nothing, until there are twice as many as are kept; then all but the newest `keep` of each, with the exceptions of
    `prune`. Releases that were built are left alone. The caller has the lock.
    """
    made = [release for release in releases(data, audience) if release.after is not None]
    if len(made) <= 2 * keep:
        return []
    removed = _prune_releases(data, audience, made[:-keep])
    return removed + _prune_editions(data, register, keep, _needed(data))


def _needed(data: Path) -> set[tuple[str, str]]:
    """Register and id of the editions that releases were built from."""
    return {pair for audience in AUDIENCES for release in releases(data, audience) for pair in release.editions.items()}


def _prune_releases(data: Path, audience: Access, old: list[Release]) -> list[str]:
    removed = []
    for release in old:
        path = release_path(data, audience, release.id)
        with claim(path) as free:
            # Looked up while the release is claimed: a switch holds it first, so it cannot become current any more.
            if free and not _is_current(data, release):
                discard(path, data)
                removed.append(path.relative_to(data).as_posix())
    return removed


def _is_current(data: Path, release: Release) -> bool:
    try:
        return current(data, release.audience).id == release.id
    except NoRelease:
        return False


def _prune_editions(data: Path, register: str, keep: int, needed: set[tuple[str, str]]) -> list[str]:
    old = [edition for edition in editions(data, register)[:-keep] if (register, edition.id) not in needed]
    paths = [edition_path(data, edition) for edition in old]
    for path in paths:
        discard(path, data)
    return [path.relative_to(data).as_posix() for path in paths]
