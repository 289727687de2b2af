"""`stelsel load`: fetches what is an address, makes the edition, and says what came of it."""

from __future__ import annotations

from datetime import date

import orjson

from stelsel.cli import console, reports
from stelsel.home import open_home
from stelsel.loading.register import read_register
from stelsel.loading.run import load
from stelsel.loading.sources import obtain
from stelsel.settings import Settings


def make(register: str, sources: list[str], settings: Settings, *, on: date | None, accept: bool, timing: bool) -> None:
    """Makes an edition from files, folders, zips and addresses. Raises InputError and StoreError."""
    home = open_home(settings.home)
    read_register(home, register)  # a name that is wrong is found before anything is fetched
    with console.progress() as move:
        paths = obtain(sources, settings, move)
        outcome = load(register, paths, home=home, settings=settings, accept=accept, progress=move, date=on)
    reports.loaded(outcome)
    if timing:
        console.say(orjson.dumps(outcome.seconds).decode())
