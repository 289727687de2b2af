"""`stelsel sample`: writes the deliveries, and says what came of it."""

from __future__ import annotations

from pathlib import Path

from stelsel.cli import console
from stelsel.sampling import REGISTERS, write_sample


def write(out: Path, *, addresses: int, seed: int, registers: list[str]) -> None:
    """Writes the deliveries of these registers, or of all. Raises SettingError and DiskFull."""
    with console.progress() as move:
        chosen = tuple(registers or REGISTERS)
        written = write_sample(out, addresses=addresses, seed=seed, progress=move, registers=chosen)
    for name, paths in written.items():
        files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        console.say(f"wrote {out / name}: {len(files)} file{'s' * (len(files) > 1)}, {size:,} bytes")
