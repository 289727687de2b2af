"""A table of an OData service, on disk: every page of every entity, as JSON, under the entity's name.

OData 3 (`odata.nextLink`, and windows of `$top` and `$skip` where a service gives no links) and OData 4
(`@odata.nextLink`), as Statistics Netherlands publishes its tables.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
import orjson

from stelsel.errors import DeliveryError, Locked
from stelsel.loading.fetch import fetch
from stelsel.loading.fetch_asking import Limits
from stelsel.loading.fetch_copies import copies_of
from stelsel.loading.fetch_transfer import Progress
from stelsel.storing.locks import seize

WINDOW: Final = (
    2_000  # rows that one question asks for in OData 3, of which CBS gives 10,000 at most; a row may have 4 kB
)
_LARGEST: Final = 200_000_000  # bytes of a page, which is read whole; one of 2,000 regions has about 8 MB
_SKIPPED: Final = {"UntypedDataSet"}  # the same as TypedDataSet, with all numbers as text
_DATA: Final = (
    "TypedDataSet"  # asked for until there is no more: a service that gives less than was asked would end early
)
_STAMPS: Final = ("TableInfos", "Properties")  # which say when the table was changed
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,100}")


@dataclass
class _Service:
    """One table, and the folder to which its pages go."""

    root: httpx2.URL
    folder: Path
    scratch: Path
    limits: Limits
    progress: Progress
    version: int = 4
    entities: tuple[str, ...] = ()
    size: int = 0
    seen: set[bytes] = field(default_factory=set)

    @property
    def address(self) -> str:
        return str(self.root)


def is_service(file: Path) -> bool:
    """Whether a file that an address gave is the front page of an OData service, in JSON or in Atom."""
    if file.stat().st_size > 1_000_000:
        return False
    content = file.read_bytes()
    if b"http://www.w3.org/2007/app" in content[:2_000]:
        return b"<service" in content[:2_000]
    try:
        page = orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(page, dict) and _context(page).endswith("$metadata")


def fetch_odata(address: str, folder: Path, *, limits: Limits, progress: Progress) -> Path:
    """The folder with the pages of the table that an OData service gives: `<table>/DataProperties.json`, and
    `<table>/TypedDataSet.0001.json` and on where an entity has more than one.

    What is there is used where the table says that it has not changed; a fetch that broke off goes on with the next page.
    Raises DeliveryError where the service does not give whole pages, gives one twice, or changes its table meanwhile;
    Locked where another process is fetching it.
    """
    root = httpx2.URL(address.rstrip("/"))
    own = copies_of(f"odata {address}", folder).folder  # the address itself holds the front page
    table = root.path.rpartition("/")[2]
    if not _NAME.fullmatch(table):
        raise DeliveryError("does not end in the name of a table", where=address)
    with (own / "lock").open("a+b") as lock:
        if not seize(lock.fileno()):
            raise Locked(f"another process is fetching {address}; wait until it is done, or stop it")
        service = _Service(root, own / "pages" / table, own / "scratch", limits, progress)
        _open(service)
        stamp = _stamp(service)
        delivered, said = own / "delivery" / table, own / "table.json"
        if stamp and _read(said) == {"address": address, "stamp": stamp} and delivered.is_dir():
            return delivered
        _prepare(service, own, stamp)
        for entity in service.entities:
            _entity(service, entity)
        if _stamp(service) != stamp:
            shutil.rmtree(own / "pages")
            raise DeliveryError("changed its table while it was being fetched; fetch it again", where=address)
        said.unlink(missing_ok=True)
        shutil.rmtree(own / "delivery", ignore_errors=True)
        (own / "pages").rename(own / "delivery")
        said.write_bytes(orjson.dumps({"address": address, "stamp": stamp}))
    return delivered


def _open(service: _Service) -> None:
    """Finds out the version and the entities of a service."""
    asked = {"$format": "json"}
    page = _ask(service, f"{service.address}?{urlencode(asked, safe='$')}")
    context = _context(page)
    if not context.endswith("$metadata") or not isinstance(page.get("value"), list):
        raise DeliveryError("is no OData service of a table: it has no list of entities", where=service.address)
    service.version = 3 if "odata.metadata" in page else 4
    names = [str(entry.get("name", "")) for entry in page["value"] if isinstance(entry, dict)]
    for name in names:
        if not _NAME.fullmatch(name):
            raise DeliveryError(f"has an entity {name[:80]!r}", where=service.address)
    service.entities = tuple(name for name in names if name not in _SKIPPED)


def _stamp(service: _Service) -> str:
    """What changes when the table does: a hash of what it says of itself; empty where it says nothing."""
    told = next((name for name in _STAMPS if name in service.entities), None)
    if told is None:
        return ""
    page = _ask(service, _first(service, told, 0))
    return hashlib.sha256(orjson.dumps(page, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _prepare(service: _Service, own: Path, stamp: str) -> None:
    """Keeps the pages of a fetch that broke off where they are of this very table, else starts without any."""
    noted = own / "pages.json"
    if not stamp or _read(noted) != {"stamp": stamp}:
        shutil.rmtree(own / "pages", ignore_errors=True)
    service.folder.mkdir(parents=True, exist_ok=True)
    noted.write_bytes(orjson.dumps({"stamp": stamp}))


def _entity(service: _Service, entity: str) -> None:
    """Fetches the pages of an entity that are not there yet."""
    service.seen.clear()
    following: str | None = _first(service, entity, 0)
    asked: set[str] = set()
    number, rows, window = 0, 0, 0
    while following is not None:
        if following in asked:
            raise DeliveryError(f"{entity} links to a page that has been: it would never end", where=following)
        asked.add(following)
        number += 1
        page = _page(service, entity, number, following)
        found = page.get("value")
        count = len(found) if isinstance(found, list) else 1
        rows, window = rows + count, window + count
        following = _next(service, page)
        more = count > 0 if entity == _DATA else window == WINDOW
        if following is None and service.version == 3 and more:
            following, window = _first(service, entity, rows), 0
        elif number > 1 and not count:
            (service.folder / f"{entity}.{number:04d}.json").unlink()
            number -= 1
    first = service.folder / f"{entity}.0001.json"
    if number == 1 and first.is_file():
        first.rename(service.folder / f"{entity}.json")


def _page(service: _Service, entity: str, number: int, address: str) -> dict[str, Any]:
    """A page, from disk where an earlier run got it."""
    file, only = service.folder / f"{entity}.{number:04d}.json", service.folder / f"{entity}.json"
    if number == 1 and only.is_file():
        file = only
    page = _read(file)
    if not page:
        page = _ask(service, address, keep=file)
    service.size += file.stat().st_size
    if service.size > service.limits.bytes:
        raise DeliveryError(f"goes on beyond the {service.limits.bytes:,} of STELSEL_FETCH_BYTES", where=address)
    content = hashlib.sha256(orjson.dumps(page.get("value", page))).digest()
    if page.get("value", page) and content in service.seen:
        file.unlink()
        raise DeliveryError(f"{entity} gives the same page twice, so that its end cannot be found", where=address)
    service.seen.add(content)
    return page


def _ask(service: _Service, address: str, keep: Path | None = None) -> dict[str, Any]:
    """A page of JSON from the service, and the file itself under a name to keep it by."""
    limits = replace(service.limits, bytes=min(service.limits.bytes, _LARGEST))
    file = fetch(address, service.scratch, limits=limits, progress=service.progress)
    try:
        page = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise DeliveryError(f"is no JSON: {error}", where=address) from error
    else:
        if not isinstance(page, dict):
            raise DeliveryError("is no page of OData: it is no JSON object", where=address)
        for key in ("odata.error", "error"):
            if key in page:
                raise DeliveryError(f"answers with an error: {str(page[key])[:300]}", where=address)
        if keep is not None:
            file.replace(keep)
        return page
    finally:
        shutil.rmtree(service.scratch)


def _first(service: _Service, entity: str, skip: int) -> str:
    """The address of the first page of an entity, or of the window that begins after so many rows."""
    if service.version == 4:
        return f"{service.address}/{entity}"
    asked = {"$format": "json", "$top": str(WINDOW), "$skip": str(skip)}
    return f"{service.address}/{entity}?{urlencode(asked, safe='$')}"


def _next(service: _Service, page: dict[str, Any]) -> str | None:
    """The address of the next page, on the service's own host: CBS links to http from https."""
    link = next((page[key] for key in ("odata.nextLink", "@odata.nextLink") if page.get(key)), None)
    if link is None:
        return None
    target = service.root.join(str(link))
    if target.host != service.root.host:
        raise DeliveryError(f"links to a next page on {target.host}, which is another host", where=service.address)
    return str(service.root.copy_with(raw_path=target.raw_path))


def _context(page: dict[str, Any]) -> str:
    return str(page.get("odata.metadata") or page.get("@odata.context") or "")


def _read(file: Path) -> dict[str, Any]:
    """What an earlier run left in a file; empty where it left nothing whole."""
    try:
        content = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}
