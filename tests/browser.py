"""Drives headless Chromium over its debugging pipe: two file descriptors and JSON, no driver and no library."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_PATIENCE = 20.0  # seconds
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
    *("--disable-default-apps", "--disable-extensions", "--metrics-recording-only", "--mute-audio"),
    "--remote-debugging-pipe",
    # Nothing but this machine is ever asked for anything: a page that wants a foreign file shows an error.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


class Browser:
    """One browser with one page. `complaints` are the console's errors and warnings, and requests that failed."""

    def __init__(self) -> None:
        # Its own, with a short name: Chromium makes sockets there, and the path of a socket has 108 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True)
        # Chromium reads commands from descriptor 3 and writes answers to 4 (--remote-debugging-pipe).
        mine_in, theirs_out = os.pipe()
        theirs_in, mine_out = os.pipe()
        command = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            [
                "bash",
                "-c",
                command,
                "bash",
                CHROMIUM or "chromium",
                *_FLAGS,
                f"--user-data-dir={self._folder.name}",
                "about:blank",
            ],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": self._folder.name},
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._in, self._out, self._read, self._last, self._session = mine_in, mine_out, b"", 0, ""
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._folder.cleanup()

    def look(self, *, width: int, height: int = 900, scheme: str = "light", language: str = "nl") -> None:
        """How the page is looked at from now on."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})

    def go(self, address: str) -> None:
        """Open an address, and wait until it is there."""
        self.complaints.clear()
        self._loaded = False
        self._call("Page.navigate", url=address)
        self._until(lambda: self._loaded)

    def run(self, script: str) -> Any:
        """What a JavaScript expression gives, after any promise."""
        found = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + _PATIENCE
        while not self.run(f"Boolean({script})"):
            if time.monotonic() > end:
                raise TimeoutError(script)
            time.sleep(0.05)

    def press(self, key: str, code: int, *, modifiers: int = 0) -> None:
        """Press a key; modifiers are 1 Alt, 2 Ctrl, 4 Meta, 8 Shift."""
        text = {"Enter": "\r"}.get(key, "") if not modifiers else ""
        keys = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self._call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **keys)
        self._call("Input.dispatchKeyEvent", type="keyUp", **keys)

    def shoot(self, file: Path) -> None:
        """A picture of the whole page."""
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        sent = self._last
        message = {"id": sent, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answers: list[dict[str, Any]] = []

        def answered() -> bool:
            return bool(answers)

        self._until(answered, lambda found: answers.append(found) if found.get("id") == sent else None)
        if "error" in answers[0]:
            raise RuntimeError(f"{method}: {answers[0]['error']}")
        result: dict[str, Any] = answers[0]["result"]
        return result

    def _until(self, done: Any, take: Any = lambda _: None) -> None:
        end = time.monotonic() + _PATIENCE
        while not done():
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._in, 1 << 16)
            if not part:
                raise ConnectionError("the browser has stopped")
            *messages, self._read = (self._read + part).split(b"\0")
            for message in map(json.loads, messages):
                self._notice(message)
                take(message)

    def _notice(self, message: dict[str, Any]) -> None:
        found = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Log.entryAdded" if found["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(f"{found['entry']['text']} {found['entry'].get('url', '')}")
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(found["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if found["type"] in {"error", "warning", "assert"}:
                self.complaints.append(json.dumps(found["args"]))
            case "Network.loadingFailed":
                self.complaints.append(found["errorText"])
