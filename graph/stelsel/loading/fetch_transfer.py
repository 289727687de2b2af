"""One try to get what an address holds: all of it, the rest of it, or that it has not changed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from typing import IO, Final
from urllib.parse import unquote

import httpx2

from stelsel.errors import DeliveryError
from stelsel.loading.fetch_asking import Limits, TryAgain, ask
from stelsel.loading.fetch_copies import Copies, Origin, Started, differs, digests

Progress = Callable[[str, int, int], None]

_OVER_SOON: Final = {408, 425, 429, 500, 502, 503, 504}
_SLOWEST: Final = 1_000  # bytes a second, over the time that a source may be silent: below it, it is as good as silent
_HEAD: Final = 512
_PAGE: Final = re.compile(rb"(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*(<!doctype\s+html|<html)", re.IGNORECASE | re.DOTALL)
_TITLE: Final = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_SUFFIXES: Final = {
    "application/geo+json": ".geojson",
    "application/geopackage+sqlite3": ".gpkg",
    "application/gml+xml": ".gml",
    "application/json": ".json",
    "application/ld+json": ".jsonld",
    "application/n-quads": ".nq",
    "application/n-triples": ".nt",
    "application/rdf+xml": ".rdf",
    "application/trig": ".trig",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "text/csv": ".csv",
    "text/turtle": ".ttl",
    "text/xml": ".xml",
}


def transfer(address: str, copies: Copies, limits: Limits, progress: Progress, attempt: int) -> Started | None:
    """Fills the partial file of `copies`, from where it is; gives what the source said of it once it is whole.

    None where the source says that the kept copy is still what it has. Raises TryAgain for what may be over in a
    moment, DeliveryError for what will not be, DiskFull.
    """
    going_on = copies.started()
    if going_on and going_on.total == copies.size:
        return _whole(copies, going_on)
    kept = None if going_on else copies.kept()
    with ask(address, _question(copies.size, going_on, kept), limits, attempt) as response:
        if response.status_code == 304 and kept:
            return None
        _judge_status(response, address, limits)
        if response.status_code == 206 and going_on and _follows(response, copies.size):
            started, mode = going_on, "ab"
        elif response.status_code == 200:
            started, mode = _started(response, address), "wb"
        else:
            copies.discard()
            raise TryAgain(f"answered {response.status_code} to the question for the rest; it is asked for all again")
        _judge_head(response, started, address, limits)
        if mode == "wb":
            copies.start(started)
        else:
            copies.make_room((started.total or 0) - copies.size)
        with copies.partial.open(mode) as file:
            _read(response, file, started, address, limits, progress)
    return _whole(copies, started)


def _question(size: int, going_on: Started | None, kept: Origin | None) -> dict[str, str]:
    """The headers that ask for the rest, for what has changed, or for all."""
    asked = {"Accept": "*/*"}
    if going_on:
        asked |= {"Range": f"bytes={size}-", "If-Range": going_on.validator}
    elif kept and kept.etag:
        asked["If-None-Match"] = kept.etag
    elif kept and kept.last_modified:
        asked["If-Modified-Since"] = kept.last_modified
    return asked


def _judge_status(response: httpx2.Response, address: str, limits: Limits) -> None:
    status = response.status_code
    if status in {200, 206, 416}:
        return
    if status in _OVER_SOON:
        after = _seconds(response.headers.get("retry-after", ""))
        if after and after > limits.patience:
            raise DeliveryError(f"answers {status}, and asks to come back in {after:,.0f} seconds", where=address)
        raise TryAgain(f"answers {status} {response.reason_phrase}", after)
    said = {
        401: "wants to know who asks (401): fetch the file yourself, and load it from disk",
        403: "is not for everyone (403): fetch the file yourself, and load it from disk",
        404: "is not there (404)",
        410: "is not there any more (410)",
    }
    raise DeliveryError(said.get(status, f"answers {status} {response.reason_phrase}"), where=address)


def _judge_head(response: httpx2.Response, started: Started, address: str, limits: Limits) -> None:
    """What the headers of an answer must say before a byte of it is written."""
    headers = response.headers
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise DeliveryError("answers compressed, which was not asked for and is not unpacked", where=address)
    if "content-length" not in headers and "chunked" not in headers.get("transfer-encoding", ""):
        raise DeliveryError("gives no length, so that its end cannot be told from a broken connection", where=address)
    if started.total is not None and started.total > limits.bytes:
        raise DeliveryError(f"holds {started.total:,} bytes, more than {_most(limits)}", where=address)


def _most(limits: Limits) -> str:
    return f"the {limits.bytes:,} of STELSEL_FETCH_BYTES"


def _started(response: httpx2.Response, address: str) -> Started:
    headers = response.headers
    length = headers.get("content-length", "")
    said = [headers.get(name, "") for name in ("digest", "content-digest", "repr-digest")]
    return Started(
        name=_name(response, address),
        etag=headers.get("etag", ""),
        last_modified=headers.get("last-modified", ""),
        date=headers.get("date", ""),
        total=int(length) if length.isdecimal() else None,
        digests=digests(said),
    )


def _follows(response: httpx2.Response, size: int) -> bool:
    """Whether a partial answer begins where the partial file ends."""
    found = _RANGE.fullmatch(response.headers.get("content-range", ""))
    return found is not None and int(found[1]) == size


def _read(
    response: httpx2.Response, file: IO[bytes], started: Started, address: str, limits: Limits, progress: Progress
) -> None:
    """Appends the body to a file, which keeps what came where it breaks off."""
    size, head, judged = file.seek(0, os.SEEK_END), b"", False
    fresh = size == 0
    mark, since = size, time.monotonic()
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > limits.bytes:
                raise DeliveryError(f"goes on beyond {_most(limits)}", where=address)
            if fresh and not judged:
                head += chunk
                if judged := len(head) >= _HEAD:
                    _refuse_page(kind, head, address)
            file.write(chunk)
            progress(f"Fetching {started.name}", size, started.total or 0)
            now = time.monotonic()
            if now - since > limits.silence:
                if size - mark < _SLOWEST * limits.silence:
                    raise TryAgain(f"gives less than {_SLOWEST:,} bytes a second")
                mark, since = size, now
    except httpx2.TransportError as error:
        raise TryAgain(f"broke off after {size:,} bytes: {str(error) or type(error).__name__}") from error
    finally:
        file.flush()
        os.fsync(file.fileno())
    if fresh and not judged:
        _refuse_page(kind, head, address)


def _refuse_page(kind: str, head: bytes, address: str) -> None:
    """A login, a licence to accept, or an error that says 200: a page for people where data was due."""
    if kind in {"text/html", "application/xhtml+xml"} or _PAGE.match(head):
        title = _TITLE.search(head)
        called = f" ({' '.join(title[1].decode('utf-8', 'replace').split())})" if title else ""
        raise DeliveryError(
            f"answers with a web page{called} where data was due; look at it in a browser: it may want a login, or a yes",
            where=address,
        )


def _whole(copies: Copies, started: Started) -> Started:
    """Raises TryAgain where the partial file is not what its source said it would be."""
    if not copies.size:
        raise TryAgain("answers with nothing")
    if started.total is not None and copies.size != started.total:
        size = copies.size
        if size > started.total:
            copies.discard()
        raise TryAgain(f"gave {size:,} bytes, and said {started.total:,}")
    if algorithm := differs(copies.partial, started.digests):
        copies.discard()
        raise TryAgain(f"gave a file that is not what its own checksum ({algorithm}) says")
    return started


def _seconds(text: str) -> float | None:
    """Retry-After in seconds, given so or as a moment (RFC 9110, 10.2.3); None where it says neither."""
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _name(response: httpx2.Response, address: str) -> str:
    """What to call the file: registers know some of theirs by name. Nothing that leads out of a folder."""
    message = Message()
    message["Content-Disposition"] = response.headers.get("content-disposition", "")
    paths = (message.get_filename() or "", response.url.path, httpx2.URL(address).path)
    names = [name for path in paths if (name := _plain(path))]
    named = next((name for name in names if PurePosixPath(name).suffix), None)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return named or (names or ["delivery"])[0] + _SUFFIXES.get(kind, "")


def _plain(path: str) -> str:
    r"""The last part of a path, of letters, digits and a few signs.

    >>> _plain("a/b%20c.zip"), _plain("..\\..\\x.csv"), _plain("a/..")
    ('b_c.zip', 'x.csv', '')
    """
    last = unquote(path).replace("\\", "/").rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w.+()-]+", "_", last).lstrip(".")[-120:]
