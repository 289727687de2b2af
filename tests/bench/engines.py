"""The engines that are measured, started for as long as a block takes: Stelsel, Oxigraph's server, Virtuoso 7."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from material import BIN, Material, once

_GRAPH = "http://localhost:8000/graph"
# What is held in memory is a fifth of what Virtuoso advises for this machine, and all of ten million triples.
_VIRTUOSO = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
MaxCheckpointRemap = 2000
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
CaseMode = 2
MaxClientConnections = 20
CheckpointInterval = 0
DirsAllowed = .
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
MaxQueryMem = 2G
ThreadsPerQuery = 2
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
MaxClientConnections = 50
ServerThreads = 50
MaxKeepAlives = 50
KeepAliveTimeout = 60
"""


@dataclass(frozen=True)
class Engine:
    """A service that runs: its name in tables, the address of its endpoint, and its (first) process."""

    name: str
    address: str
    pid: int

    @property
    def base(self) -> str:
        """The address without the path of the endpoint."""
        place = urlsplit(self.address)
        return f"{place.scheme}://{place.netloc}"


@contextmanager
def stelsel(data: Path, name: str = "stelsel", **settings: object) -> Iterator[Engine]:
    """Stelsel, as anyone starts it, with the settings that are given."""
    given = {"data": data, "port": 0, "budget_seconds": 0, "query_seconds": 60, **settings}
    environ = {key: value for key, value in os.environ.items() if not key.startswith("STELSEL_")}
    environ |= {f"STELSEL_{key.upper()}": str(value) for key, value in given.items()}
    with tempfile.TemporaryFile() as log:  # written, as in earnest
        with _ended(
            subprocess.Popen([BIN / "stelsel", "serve"], stdout=subprocess.PIPE, stderr=log, text=True, env=environ)
        ) as process:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", said)
            if found is None:
                log.seek(0)
                raise RuntimeError(log.read().decode())
            yield Engine(name, found[0] + "/sparql", process.pid)
        log.seek(0)
        broken = [line for line in log.read().decode(errors="replace").splitlines() if "Traceback" in line]
        if broken:
            print(f"the log of {name} has {len(broken)} tracebacks")


@contextmanager
def oxigraph(store: Path, *options: str, name: str = "oxigraph") -> Iterator[Engine]:
    """`oxigraph serve-read-only`."""
    port = _free_port()
    command = [BIN / "oxigraph", "serve-read-only", "--location", store, "--bind", f"127.0.0.1:{port}", *options]
    with _ended(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)) as process:
        _await(process, port)
        yield Engine(name, f"http://127.0.0.1:{port}/query", process.pid)


@contextmanager
def virtuoso(made: Material) -> Iterator[Engine | None]:
    """Virtuoso 7 with the same data as one graph, loaded where it is not yet. None, and a message, where it is not installed."""
    if shutil.which("virtuoso-t") is None or shutil.which("isql-vt") is None:
        print("Virtuoso is not installed, so it is left out; Debian has it as virtuoso-opensource-7")
        yield None
        return
    folder = made.folder / "virtuoso"
    once(folder, lambda path: _load(path, made.triples))
    with ExitStack() as running:
        engine, _ = running.enter_context(_virtuoso(folder))
        yield engine


@contextmanager
def _virtuoso(folder: Path) -> Iterator[tuple[Engine, int]]:
    """Gives the port for SQL, too."""
    http, sql = _free_port(), _free_port()
    (folder / "virtuoso.ini").write_text(_VIRTUOSO.format(sql=sql, http=http), "utf-8")
    (folder / "virtuoso.lck").unlink(missing_ok=True)
    command = ["virtuoso-t", "+foreground", "+configfile", "virtuoso.ini"]
    with _ended(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)) as process:
        _await(process, http)
        yield Engine("virtuoso", f"http://127.0.0.1:{http}/sparql", process.pid), sql


def _load(folder: Path, triples: Path) -> None:
    """A database with the triples as one graph, by Virtuoso's own bulk loader, two files at a time."""
    parts = folder / "parts"
    parts.mkdir(parents=True)
    subprocess.run(["split", "-n", "l/8", "--additional-suffix=.nt", triples, parts / "part-"], check=True)
    with _virtuoso(folder) as (_, sql):
        ask = ["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", "ERRORS=STDOUT", "VERBOSE=OFF"]
        subprocess.run([*ask, f"exec=ld_dir('parts', '*.nt', '{_GRAPH}');"], check=True, capture_output=True)
        loaders = [
            subprocess.Popen([*ask, "exec=rdf_loader_run();"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(2)
        ]
        for loader in loaders:
            loader.wait()
        state = "select count(*) from DB.DBA.LOAD_LIST where ll_state <> 2 or ll_error is not null;"
        failed = subprocess.run([*ask, f"exec={state}"], check=True, capture_output=True, text=True).stdout
        if failed.split()[-1:] != ["0"]:  # below its heading
            raise RuntimeError(f"Virtuoso did not load all of its files: {failed}")
        subprocess.run([*ask, "exec=checkpoint;"], check=True, capture_output=True)
    shutil.rmtree(parts)


@contextmanager
def _ended(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[str]]:
    """A process that is asked to stop at the end, and made to when it does not."""
    try:
        yield process  # type: ignore[misc] # of those without text the output is not read
    finally:
        process.terminate()
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _await(process: subprocess.Popen[str], port: int) -> None:
    """Wait until a process listens. Raises RuntimeError where it ends or does not."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("a server did not start")
