"""How long work says how far it is, without knowing who shows it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Gets what is being done, how much of it is done, and how much there is (0 of 0 where that is not known)."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Shows nothing."""
