"""What is loaded, as paths: what is on disk stays there, what is an address is fetched first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import httpx2
import orjson

from stelsel.loading.fetch import fetch
from stelsel.loading.fetch_asking import is_address, limits
from stelsel.loading.fetch_odata import fetch_odata, is_service
from stelsel.loading.fetch_transfer import Progress
from stelsel.settings import Settings

FOLDER: Final = "fetched"
"""Where in the data directory it goes: a folder an address, which is asked again only whether it has changed."""

# Names of parameters that let their holder in: an address that was signed for one user is not published.
_SECRET: Final = re.compile(
    r"sig|signature|token|key|apikey|api[_-]key|code|password|secret|x-amz-.*|se|sp|sv", re.IGNORECASE
)


def obtain(sources: list[str], settings: Settings, progress: Progress) -> list[Path]:
    """The path of each source: itself, or what its address holds; of an OData service the folder with its pages.

    Raises DeliveryError where an address does not give a whole delivery, DiskFull, Locked.
    """
    return [_fetched(text, settings, progress) if is_address(text) else Path(text) for text in sources]


def _fetched(address: str, settings: Settings, progress: Progress) -> Path:
    folder, allowed = settings.data / FOLDER, limits(settings)
    file = fetch(address, folder, limits=allowed, progress=progress)
    return fetch_odata(address, folder, limits=allowed, progress=progress) if is_service(file) else file


def origin(path: Path) -> str:
    """The address that a file was fetched from, fit to publish; empty for one that was not fetched.

    The address loses what would let others in: parameters such as a signature or a key.
    """
    for parent in path.parents:
        if parent.name == "delivery" and parent.parent.parent.name == FOLDER:
            for name in ("table.json", "origin.json"):
                if (parent.parent / name).is_file():
                    return _citable(str(orjson.loads((parent.parent / name).read_bytes())["address"]))
    return ""


def _citable(address: str) -> str:
    """An address without the parameters that are secret.

    >>> _citable("https://data.example.nl/x.zip?year=2024&sig=abc")
    'https://data.example.nl/x.zip?year=2024'
    """
    url = httpx2.URL(address)
    kept = [(name, value) for name, value in url.params.multi_items() if not _SECRET.fullmatch(name)]
    return str(url.copy_with(params=kept)) if kept else str(url.copy_with(query=None))
