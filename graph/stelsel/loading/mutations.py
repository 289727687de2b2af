"""A mutation delivery applied to the rows of the edition before it.

A change fits when the record is what the delivery says it was. One that has been applied before changes nothing. The
changes of one group (`ml:mutatieGroep`) belong together: if one does not fit, none is applied, and it is reported. A
record of another area than the edition's is passed over and counted.

The rows are read twice: once to find the records that the delivery speaks of, once to write them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import orjson

from stelsel.loading.changes import Changes, Step
from stelsel.loading.mapping import Problem, key_of
from stelsel.loading.parts import RowsPart
from stelsel.loading.register import Register
from stelsel.loading.rows import read_lines

STRETCH = 10_000  # rows a part: what an official file holds at most


@dataclass
class Tally:
    """What became of the changes of a delivery."""

    applied: int = 0
    already: int = 0
    elsewhere: int = 0
    """About a record of another area than the edition's."""
    problems: list[Problem] = field(default_factory=list)


def merged(
    register: Register, previous: Path, changes: Changes, replaced: set[str], areas: tuple[str, ...], tally: Tally
) -> Iterator[RowsPart]:
    """The rows of the edition in `previous` with the changes applied, in parts; `tally` is filled on the way.

    Tables in `replaced` are left out: the delivery brings them whole. `areas` are the edition's; none is the country.
    """
    touched = {
        name: changes.keys(name) for name in register.tables if name in changes.tables() and name not in replaced
    }
    known = _find(register, previous, changes, touched)
    _apply(register, changes, known if areas else None, areas, tally)
    for name in register.tables:
        if name in replaced:
            continue
        lines = _lines(previous, name)
        if name in touched:
            lines = _written(register, name, lines, changes, touched[name])
        yield from _parts(name, lines)


def _find(register: Register, previous: Path, changes: Changes, touched: dict[str, set[str]]) -> set[str]:
    """Notes what each record is that the delivery speaks of; gives the objects among them that the edition has."""
    objects = {_object(key) for keys in touched.values() for key in keys}
    known: set[str] = set()
    for name, keys in touched.items():
        for line in _lines(previous, name):
            key = key_of(register.tables[name], orjson.loads(line))
            if _object(key) in objects:
                known.add(_object(key))
            if key in keys:
                changes.put(name, key, line)
    return known


def _apply(register: Register, changes: Changes, known: set[str] | None, areas: tuple[str, ...], tally: Tally) -> None:
    done: dict[tuple[str, str], int] = {}
    for group in changes.groups():
        steps = []
        for step in group:
            belongs = known is None or _object(step.key) in known or _inside(register, step, areas)
            if belongs is None:
                tally.problems.append(
                    _problem(step, "whether this record belongs to the edition's area cannot be told")
                )
            elif not belongs:
                tally.elsewhere += 1
            else:
                place = (step.table, step.key)
                done.setdefault(place, changes.done(*place))
                steps.append(step)
        fresh = [step for step in steps if step.number > done[step.table, step.key]]
        tally.already += len(steps) - len(fresh)
        if _fit(changes, fresh, tally):
            tally.applied += len(fresh)


def _fit(changes: Changes, steps: list[Step], tally: Tally) -> bool:
    """Applies a group, or reports the first change that does not fit and applies none of it."""
    after: dict[tuple[str, str], bytes | None] = {}
    for step in steps:
        place = (step.table, step.key)
        now = after[place] if place in after else changes.state(*place)
        if now != step.was:
            found = "is not what the delivery says it was" if step.was else "is there already, and differs"
            if now is None:
                found = "is not in the edition"
            with_it = (
                f"; the {len(steps)} changes of its group were left out" if len(steps) > 1 else "; it was left out"
            )
            tally.problems.append(_problem(step, f"the record {found}{with_it}"))
            return False
        after[place] = step.becomes
    for (table, key), line in after.items():
        changes.put(table, key, line)
    return True


def _inside(register: Register, step: Step, areas: tuple[str, ...]) -> bool | None:
    """Whether a record that is new to the edition belongs to its area; None where that cannot be told.

    It belongs where its identification was given out: BAG identifications begin with the gemeente of then.
    """
    pattern = register.tables[step.table].area
    fit = re.fullmatch(pattern, _object(step.key)) if pattern else None
    return None if fit is None else fit[1] in areas


def _written(
    register: Register, name: str, lines: Iterator[bytes], changes: Changes, keys: set[str]
) -> Iterator[bytes]:
    waiting = set(keys)
    for line in lines:
        key = key_of(register.tables[name], orjson.loads(line))
        if key in keys:
            waiting.discard(key)
            changed = changes.state(name, key)
            if changed is not None:
                yield changed
        else:
            yield line
    for key in sorted(waiting):
        added = changes.state(name, key)
        if added is not None:
            yield added


def _problem(step: Step, message: str) -> Problem:
    return Problem(step.table, step.key, "mutatie", message, step.place, refused=False)


def _object(key: str) -> str:
    """The identification in a key: its first word."""
    return key.split(" ", 1)[0]


def _lines(edition: Path, table: str) -> Iterator[bytes]:
    file = edition / "rows" / f"{table}.jsonl.zst"
    return read_lines(file) if file.is_file() else iter(())


def _parts(name: str, lines: Iterator[bytes]) -> Iterator[RowsPart]:
    number = 0
    while content := b"".join(islice(lines, STRETCH)):
        number += 1
        yield RowsPart(f"rows of {name}, stretch {number}", name, content, len(content))
