"""The small process that forks workers and ends them: `python -m stelsel.storing.forker FD [door]`.

It has one thread and no event loop, so forking is safe; it is the parent of the workers, so a process id that it
signals cannot have become another's; and it gives up the network before the engine is loaded. Its standard error
is the server's.

Messages come over FD, a SOCK_SEQPACKET, as JSON: {"fork": N, "store": PATH} with the worker's
socket, {"end": N}. It answers
{"network": "none" | "open"} at the start, with the socket of the door where one is wanted, and {"exit": N, "signal": S, "words": "..."} for each worker that ended.
When FD closes, everything ends.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import json
import os
import resource
import selectors
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

_NEWUSER: Final = 0x10000000
_NEWNET: Final = 0x40000000
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 0x1
_IFF_RUNNING: Final = 0x40
_IFREQ: Final = struct.Struct("16sH22x")  # struct ifreq: the interface, and its flags
_NICE: Final = 5  # the server hears, answers and ends queries before workers compute
_WORDS: Final = 2000  # bytes of a dead worker's last words that are passed on


def main() -> None:
    """Serve the pool at the other end of FD."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # the server drains first; this process ends when it does
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    network = leave_network()
    door = open_door() if "door" in sys.argv[2:] else None
    from stelsel.storing import worker  # noqa: F401, PLC0415 - the engine comes after the network has gone

    gc.freeze()
    control = socket.socket(fileno=int(sys.argv[1]))
    message = [json.dumps({"network": network}).encode()]
    if door is None:
        control.sendmsg(message)
    else:
        with door:
            socket.send_fds(control, message, [door.fileno()])
    _Forker(control).run()


def leave_network() -> str:
    """Move to a network namespace without interfaces: `none` where the system allows it, else `open`.

    Root does it at once; another user needs a user namespace of its own, in which it stays itself where it may say so
    (files open by who one is outside of it, so nothing hangs on that).
    """
    user, group = os.geteuid(), os.getegid()
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    if unshare(_NEWNET) == 0:
        return "none"
    if unshare(_NEWUSER | _NEWNET) != 0:
        return "open"
    with suppress(OSError):
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_text(text, encoding="ascii")
    return "none"


def open_door() -> socket.socket | None:
    """A socket that listens where workers can connect to it: on the loopback interface of their network.

    The server gets it, and answers from where it stands itself: so workers reach the server, and nothing else. None
    where the system does not let the interface be brought up.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            fcntl.ioctl(plain, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", _IFF_UP | _IFF_RUNNING))
    except OSError:
        if not _answers():
            return None
    return socket.create_server(("127.0.0.1", 0))


def _answers() -> bool:
    """Whether loopback is up as it is: in a network that was not left, and that is not ours to change."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex(listening.getsockname()) == 0


class _Forker:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._workers: dict[int, int] = {}  # number -> process id
        self._words: dict[int, int] = {}  # number -> file with its standard error

    def run(self) -> None:
        """Fork, end and bury until the pool goes away."""
        awake, alarm = socket.socketpair()
        awake.setblocking(False)
        alarm.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(awake, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if awake in ready:
                    awake.recv(4096)
                    self._bury()
                if self._control in ready and not self._obey():
                    break
        for process in self._workers.values():
            os.kill(process, signal.SIGKILL)

    def _obey(self) -> bool:
        data, handles, _, _ = socket.recv_fds(self._control, 4096, 1)
        if not data:
            return False
        match json.loads(data):
            case {"fork": int(number), "store": str(store)}:
                self._fork(number, socket.socket(fileno=handles[0]), Path(store))
            case {"end": int(number)} if number in self._workers:
                os.kill(self._workers[number], signal.SIGKILL)
        return True

    def _fork(self, number: int, line: socket.socket, store: Path) -> None:
        words = os.memfd_create(f"worker-{number}")
        process = os.fork()
        if process == 0:
            os.dup2(words, 2)
            self._control.close()
            _work(line, store)
        line.close()
        self._workers[number], self._words[number] = process, words

    def _bury(self) -> None:
        numbers = {process: number for number, process in self._workers.items()}
        while numbers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            number = numbers.pop(process)
            del self._workers[number]
            words = self._words.pop(number)
            said = os.pread(words, _WORDS, 0).decode(errors="replace")
            os.close(words)
            code = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            with suppress(ConnectionError):  # the pool has gone, and so does everything here
                self._control.send(json.dumps({"exit": number, "signal": code, "words": said}).encode())


def _work(line: socket.socket, store: Path) -> NoReturn:
    """The rest of a worker's life."""
    from stelsel.storing.worker import serve  # noqa: PLC0415 - loaded before the fork

    os.nice(_NICE)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Python's own handlers would wait for the engine to come back; the default ends the process at once.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    code = 1
    try:
        serve(line, store)
        code = 0
    except ConnectionError:
        code = 0  # the pool has closed the line: nobody waits for the answer
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
