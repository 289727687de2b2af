"""How much memory this process takes, and how much it may take."""

from __future__ import annotations

import resource
from pathlib import Path


def address_space() -> int:
    """Bytes of address space in use: what `limit` limits."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def limit(size: int | None) -> None:
    """Let this process have no more than `size` bytes of address space; None is as much as it ever could."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard if size is None else size, hard))


def peak() -> int:
    """The most bytes of memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
