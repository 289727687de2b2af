"""Engines that answer over HTTP, started for a test: Oxigraph's server, Virtuoso, and servers that misbehave on purpose."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import pytest

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
MaxClientConnections = 10
CheckpointInterval = 60
DirsAllowed = .
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
MaxQueryMem = 300M
ThreadsPerQuery = 1
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
MaxClientConnections = 10
ServerThreads = 10
MaxKeepAlives = 10
KeepAliveTimeout = 10
[SPARQL]
{sparql}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextmanager
def running(command, folder, address, query="ASK { ?s ?p ?o }"):
    """A server process that answers at `address`; it is killed at the end."""
    with (
        (folder / "server.log").open("ab") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process,
    ):
        try:
            _await_answer(process, address, query)
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def _await_answer(process, address, query):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert process.poll() is None, "the server has ended"
        try:
            if httpx2.get(address, params={"query": query}, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail("the server does not answer")


@contextmanager
def oxigraph(folder, *options):
    """`oxigraph serve` on a free port; gives the address of its endpoint and its process."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/query"
    command = [
        Path(sys.executable).parent / "oxigraph",
        "serve",
        "--bind",
        f"127.0.0.1:{port}",
        "--location",
        folder / "db",
    ]
    with running([*command, *options], folder, address) as process:
        yield address, process


@contextmanager
def virtuoso(folder, sparql=""):
    """Virtuoso 7 on free ports; gives the address of its endpoint and its process."""
    if shutil.which("virtuoso-t") is None:
        pytest.skip("Virtuoso is not installed; Debian has it as virtuoso-opensource-7")
    http = free_port()
    (folder / "virtuoso.ini").write_text(_VIRTUOSO.format(sql=free_port(), http=http, sparql=sparql))
    address = f"http://127.0.0.1:{http}/sparql"
    with running(["virtuoso-t", "+foreground", "+configfile", "virtuoso.ini"], folder, address) as process:
        yield address, process


@asynccontextmanager
async def scripted(*answers):
    """A server that gives these bytes, one a connection (the last one for ever), whatever it is asked, and then closes.

    Gives its address and the list of what it was asked.
    """
    asked = []

    async def serve(reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            asked.append(head + await reader.readexactly(length))
            answer = answers[min(len(asked), len(answers)) - 1]
            for part in answer if isinstance(answer, (list, tuple)) else [answer]:
                if isinstance(part, (int, float)):
                    await asyncio.sleep(part)
                else:
                    writer.write(part)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/sparql", asked
    finally:
        server.close()


def said(body, *, type="application/sparql-results+json", status="200 OK", headers=""):
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body
