"""What an address on the web holds, on disk: whole, checked, and not fetched again where it has not changed.

A transfer that breaks off goes on where it was, in this run or in a later one. Only one process fetches an address.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from stelsel.errors import DeliveryError, DiskFull, Locked
from stelsel.loading.fetch_asking import Limits, TryAgain
from stelsel.loading.fetch_copies import Copies, Origin, Started, checksum, copies_of
from stelsel.loading.fetch_transfer import Progress, transfer
from stelsel.storing.locks import seize

_GAIN = 1 << 16  # bytes that make a broken transfer one that gets somewhere
_WAIT = wait_random_exponential(multiplier=1, max=60)


def fetch(address: str, folder: Path, *, limits: Limits, progress: Progress) -> Path:
    """The file that an http(s) address holds, under the name that its source gives it, in a folder of its own in `folder`.

    Beside it stands `origin.json`: address, SHA-256, size, ETag, Last-Modified, and when it was fetched. A copy that is
    there is asked about first (RFC 9110, 13), and used where the source says that it still holds. Raises DeliveryError
    where the source does not give a whole file, DiskFull, and Locked where another process is fetching it.
    """
    copies = copies_of(address, folder)
    with (copies.folder / "lock").open("a+b") as lock:
        if not seize(lock.fileno()):
            raise Locked(f"another process is fetching {address}; wait until it is done, or stop it")
        try:
            return _fetched(address, copies, limits, progress)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise DiskFull(f"{folder}: the disk is full; what came of {address} is kept, to go on with") from error


def _fetched(address: str, copies: Copies, limits: Limits, progress: Progress) -> Path:
    started = _retrying(lambda attempt: transfer(address, copies, limits, progress, attempt), copies, limits, address)
    if started is None:
        kept = copies.origin()
        assert kept is not None  # transfer has just looked, and nobody else has the lock
        return copies.delivery / kept.name
    return copies.keep(_origin(address, copies, started))


def origin(file: Path) -> Origin | None:
    """Where a file that `fetch` gave came from; None for any other."""
    copies = Copies(file.parent.parent)
    return copies.origin() if file.parent == copies.delivery else None


def _origin(address: str, copies: Copies, started: Started) -> Origin:
    return Origin(
        address=address,
        name=started.name,
        sha256=checksum(copies.partial, "sha256").hex(),
        bytes=copies.size,
        etag=started.etag,
        last_modified=started.last_modified,
        fetched=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _retrying(attempt: Callable[[int], Started | None], copies: Copies, limits: Limits, address: str) -> Started | None:
    """Tries until it works, or until as many tries in a row as `limits.attempts` brought nothing that can be kept."""
    best, idle, tries = copies.size, 0, 0

    def spent(_: RetryCallState) -> bool:
        nonlocal best, idle
        gained = copies.size >= best + _GAIN
        idle = 0 if gained else idle + 1
        best = max(best, copies.size)
        return idle >= limits.attempts

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        after = error.after if isinstance(error, TryAgain) else None
        return _WAIT(state) if after is None else after

    def numbered() -> Started | None:
        nonlocal tries
        tries += 1
        return attempt(tries - 1)

    retrying = Retrying(
        retry=retry_if_exception_type(TryAgain), stop=spent, wait=wait, sleep=limits.sleep, reraise=True
    )
    try:
        return retrying(numbered)
    except TryAgain as error:
        raise DeliveryError(f"{error}; tried {tries} times, and gave up", where=address) from error
