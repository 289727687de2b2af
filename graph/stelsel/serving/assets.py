"""The files that pages use: read once, served from memory, and named by their content so that browsers keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from stelsel.errors import NotFound

_FOLDER = Path(__file__).parent / "static"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class Asset:
    """A file, its media type, and a hash of its content."""

    content: bytes
    media_type: str
    version: str


def read_assets(folder: Path = _FOLDER) -> Mapping[str, Asset]:
    """Every file that pages may use, by its path in the folder."""
    return {
        file.relative_to(folder).as_posix(): _read(file)
        for file in sorted(folder.rglob("*"))
        if file.suffix in _MEDIA_TYPES
    }


def answer(assets: Mapping[str, Asset], name: str) -> Response:
    """The answer with a file. Raises NotFound: what is not in the table is not on the disk either, as far as clients go."""
    asset = assets.get(name)
    if asset is None:
        raise NotFound(f"There is no file {name[:200]!r} here")
    # The address of a file carries its hash, so what stands at an address never changes.
    headers = {"cache-control": "public, max-age=31536000, immutable", "etag": f'"{asset.version}"'}
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def _read(file: Path) -> Asset:
    content = file.read_bytes()
    return Asset(content, _MEDIA_TYPES[file.suffix], hashlib.sha256(content).hexdigest()[:16])
