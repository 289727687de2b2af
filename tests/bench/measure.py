"""Time, memory, files and processor time of a command or a service and all its processes, for the benchmarks."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """What a command took: wall seconds, and the most memory that it and its children held at one moment, in bytes."""

    seconds: float
    memory: int
    output: str


@dataclass(frozen=True)
class Held:
    """What a family of processes holds at one moment: how many they are, bytes of memory (PSS), and open files."""

    processes: int
    memory: int
    files: int


@dataclass
class Samples:
    """What was seen of a family of processes, with the seconds since the first look."""

    seen: list[tuple[float, Held]] = field(default_factory=list)

    @property
    def memory(self) -> int:
        """The most bytes at one moment."""
        return max(held.memory for _, held in self.seen)


def run(command: list[str], *, interval: float = 0.05) -> Measured:
    """Runs a command and samples its processes. Memory is PSS: what processes share counts once. Raises where it fails."""
    started = time.perf_counter()
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        while process.poll() is None:
            peak = max(peak, sum(_pss(pid) for pid in family(process.pid)))
            time.sleep(interval)
        output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output}")
    return Measured(time.perf_counter() - started, peak, output)


@contextmanager
def sampled(pid: int, *, interval: float = 0.25) -> Iterator[Samples]:
    """Looks at a process and all that come from it for as long as the block takes, the moment of leaving included."""
    samples, stop = Samples(), threading.Event()
    began = time.monotonic()

    def look() -> None:
        while True:
            samples.seen.append((time.monotonic() - began, held(family(pid))))
            if stop.wait(interval):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()
        samples.seen.append((time.monotonic() - began, held(family(pid))))


def held(pids: list[int]) -> Held:
    """What these processes hold now."""
    return Held(len(pids), sum(map(_pss, pids)), sum(map(_files, pids)))


def family(pid: int) -> list[int]:
    """A process and all that come from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in family(int(child)))]


def servers(pid: int) -> list[int]:
    """The processes of a Stelsel that live as long as it does: those that answer, and those that fork workers."""
    found = []
    for member in family(pid):
        with suppress(OSError):  # it has ended meanwhile
            words = _command(member)
            parent = int(_stat(member)[1])
            # A worker is a fork of its forker: it has the same command line, and that one for a parent.
            if "stelsel.storing.forker" not in words or "stelsel.storing.forker" not in _command(parent):
                found.append(member)
    return found


def memory(pids: list[int]) -> dict[str, int]:
    """Bytes (PSS) that each of these processes holds, by what it is and its number."""
    return {f"{_name(pid)} {pid}": _pss(pid) for pid in pids}


def processor(pid: int) -> float:
    """Seconds of processor time that a family has used, those that ended before included once they are buried."""
    total = 0
    for member in family(pid):
        with suppress(OSError):
            total += sum(map(int, _stat(member)[11:15]))
    return total / _TICKS


@contextmanager
def alone(say: Callable[[str], object] = print) -> Iterator[None]:
    """Tells how busy others kept this machine while the block took: figures under such a load are of little worth."""
    began, busy, ours = time.monotonic(), _busy(), processor(os.getpid())
    yield
    seconds = time.monotonic() - began
    others = max(0.0, (_busy() - busy - processor(os.getpid()) + ours) / seconds)
    say(f"(others kept {others:.2f} of {os.cpu_count()} cores busy meanwhile)")


def table(title: str, head: list[str], rows: list[list[str]]) -> None:
    """Prints figures under each other."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    print(f"\n{title}")
    for row in [head, ["-" * width for width in widths], *rows]:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)), flush=True)


def part(values: list[float], share: float) -> float:
    """The value below which this share of them lies; 1.0 is the largest."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _busy() -> float:
    """Seconds of processor time that everything on this machine has used."""
    user, nice, system, _, _, irq, soft = map(int, Path("/proc/stat").read_text("ascii").split()[1:8])
    return (user + nice + system + irq + soft) / _TICKS


def _stat(pid: int) -> list[str]:
    """The fields of a process' stat, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rsplit(")", 1)[1].split()


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8")


def _name(pid: int) -> str:
    """The module that a process runs, or its program."""
    try:
        words = _command(pid).split("\0")
    except OSError:
        return "gone"
    module = next((word for word in words if word.startswith("stelsel.")), "")
    return module or next((Path(word).name for word in words[1:] if word and not word.startswith("-")), words[0])


def _files(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:  # it has ended meanwhile
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
