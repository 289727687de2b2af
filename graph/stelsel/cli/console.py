"""What the command line shows: progress with counts and rates, tables, ages, messages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)


class _Share(ProgressColumn):
    """How far, as a percentage; nothing where the whole is not known."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.percentage:>3.0f}%" if task.total else "")


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, and a function to move it: what is done, how far, out of how much (0: not known).

    Where the output is no terminal (a log, a pipe) it is silent: the command's own lines say what was done.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        _Share(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)

        def move(description: str, done: int, total: int) -> None:
            bar.update(task, description=escape(description), completed=done, total=total or None)

        yield move


def say(text: str) -> None:
    """A line for the person at the terminal. Markup in it is not read."""
    OUT.print(text, markup=False, soft_wrap=True)


def complain(text: str) -> None:
    """A line on standard error."""
    ERR.print(f"[bold red]stelsel:[/] {escape(text)}", soft_wrap=True)


def table(title: str, columns: list[str], rows: list[list[str]], *, names: int = 1) -> None:
    """A table; numbers to the right. The first `names` columns stay on one line, the others are folded, never cut."""
    grid = Table(title=title, title_justify="left", title_style="bold")
    for index, name in enumerate(columns):
        numeric = bool(rows) and all(row[index].replace(",", "").isdigit() for row in rows)
        side: Literal["right", "left"] = "right" if numeric else "left"
        grid.add_column(name, justify=side, no_wrap=numeric or index < names, overflow="fold")
    for row in rows:
        grid.add_row(*(escape(cell) for cell in row))
    OUT.print(grid)


def age(moment: date | datetime, now: datetime | None = None) -> str:
    """How old a date or a moment is, in the largest whole unit.

    >>> age(date(2026, 11, 1), datetime(2026, 11, 24, tzinfo=UTC))
    '23 days'
    """
    now = now or datetime.now(UTC)
    if not isinstance(moment, datetime):
        days = (now.date() - moment).days
        if days > 2 * 365:
            return f"{days // 365} years"
        return "today" if days == 0 else f"{days} day{'' if days == 1 else 's'}"
    seconds = int((now - moment).total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{max(seconds, 0)} seconds"


def write_bytes(content: bytes) -> None:
    """Bytes to standard output as they are: an answer in the format that was asked for."""
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
