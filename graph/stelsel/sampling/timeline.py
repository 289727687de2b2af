"""The two times of the BAG: when something is valid, and when that became known (to the gemeente, then to the LV)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

FIRST_LOAD = date(2010, 11, 26).toordinal()
"""The day on which the invented gemeente joined the BAG: nothing was registered before."""

_OFFICE_OPENS = 8 * 3_600_000
_STEP = 600_000  # milliseconds between two registrations of one object on one day


class Step(NamedTuple):
    """One state in the life of an object, as days (proleptic ordinals, as `date.toordinal` gives)."""

    begin: int
    status: str
    registered: int | None = None
    """Where the gemeente did not register it in the days after it began."""
    end: int | None = None
    """Where it does not end when the next one begins."""
    withdrawn: bool = False
    """It was wrong, and was made inactive when the next step was registered."""


@dataclass(frozen=True, slots=True)
class Life:
    """The times of one voorkomen (BAG 2.0, Historie:Voorkomen), in the form in which they are delivered."""

    number: int
    begin: str
    registered: str
    registered_lv: str
    end: str | None = None
    end_registered: str | None = None
    end_lv: str | None = None
    inactive: str | None = None
    inactive_lv: str | None = None
    niet_bag_lv: str | None = None


def iso(day: int) -> str:
    """A day as `2024-02-29`."""
    return date.fromordinal(day).isoformat()


def stamp(day: int, milliseconds: int) -> str:
    """A moment without zone, as the BAG has it.

    >>> stamp(date(2024, 2, 29).toordinal(), 8 * 3_600_000 + 61_005)
    '2024-02-29T08:01:01.005'
    """
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{date.fromordinal(day).isoformat()}T{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def lives(steps: Sequence[Step], chance: int) -> list[Life]:
    """The voorkomens of an object that goes through `steps`, in order and numbered from 1.

    Registrations never go back in time. `chance` moves them within the days and hours after the state began.
    """
    base = _OFFICE_OPENS + chance % 20_000_000
    known: list[tuple[str, str]] = []
    day = 0
    for position, step in enumerate(steps):
        wanted = step.begin + (chance >> (4 * position) & 3) if step.registered is None else step.registered
        day = max(day, wanted, FIRST_LOAD)
        moment = base + position * _STEP
        known.append((stamp(day, moment), stamp(day, moment + 240_000 + (chance >> 16) % 300_000)))
    result = []
    for position, step in enumerate(steps):
        registered, registered_lv = known[position]
        following = known[position + 1] if position + 1 < len(steps) else None
        number, begin = position + 1, iso(step.begin)
        if step.withdrawn and following:
            inactive, inactive_lv = following
            life = Life(number, begin, registered, registered_lv, inactive=inactive, inactive_lv=inactive_lv)
        elif following:
            end = steps[position + 1].begin if step.end is None else step.end
            life = Life(number, begin, registered, registered_lv, iso(end), following[0], following[1])
        elif step.end is not None:
            # An end without a successor was registered as a change of its own.
            moment = base + len(steps) * _STEP
            life = Life(
                number,
                begin,
                registered,
                registered_lv,
                iso(step.end),
                stamp(day, moment),
                stamp(day, moment + 300_000),
            )
        else:
            life = Life(number, begin, registered, registered_lv)
        result.append(life)
    return result
