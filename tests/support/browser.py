"""A headless Chromium, driven over its DevTools protocol: no library, no port, no network."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Page", "chromium", "open_page"]

_SECONDS = 60


def chromium() -> str | None:
    """Return where a Chromium is, None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


class Page:
    """One open page, with everything that it logged and asked for."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, back: int) -> None:
        self._process = process
        self._to = to
        self._back = back
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        self.logged: list[str] = []
        self.requests: list[str] = []
        self._loaded = 0

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found

    def attach(self) -> None:
        """Begin to listen to a new page."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def go(self, url: str) -> None:
        """Load an address and wait until it is there."""
        loaded = self._loaded
        self.send("Page.navigate", url=url)
        until = time.monotonic() + _SECONDS
        while self._loaded == loaded:
            if time.monotonic() > until:
                raise TimeoutError(f"{url} did not load")
            self._read()

    def js(self, code: str) -> Any:
        """Return the value of an expression on the page."""
        answer = self.send(
            "Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{code}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def key(self, key: str, code: str, number: int, text: str = "") -> None:
        """Press a key and let it go."""
        common = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        down = {**common, "text": text} if text else common
        self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **down)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text: str) -> None:
        """Write a text into what has the focus."""
        self.send("Input.insertText", text=text)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._back], [], [], _SECONDS)[0]:
                raise TimeoutError("Chromium says nothing")
            found = os.read(self._back, 1 << 20)
            if not found:
                raise RuntimeError(f"Chromium ended: {self._process.poll()}")
            self._rest += found
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, about: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded += 1
        elif method == "Runtime.consoleAPICalled":
            self.logged.append(" ".join(str(item.get("value")) for item in about["args"]))
        elif method == "Runtime.exceptionThrown":
            self.logged.append(about["exceptionDetails"]["text"])
        elif method == "Log.entryAdded":
            self.logged.append(about["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])


@contextmanager
def open_page(profile: Path) -> Iterator[Page]:
    """Start a Chromium and open an empty page.

    Args:
        profile: an empty folder for what it keeps.
    """
    program = chromium()
    if program is None:
        raise RuntimeError("no Chromium")
    (its_in, to), (back, its_out) = os.pipe(), os.pipe()

    def third_and_fourth() -> None:
        # Chromium reads commands from 3 and answers on 4.
        spare_in, spare_out = os.dup(its_in), os.dup(its_out)
        os.dup2(spare_in, 3)
        os.dup2(spare_out, 4)

    process = subprocess.Popen(
        [
            program,
            "--headless=new",
            "--remote-debugging-pipe",
            "--no-sandbox",  # tests may run as root
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
            f"--user-data-dir={profile}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=third_and_fourth,
    )
    os.close(its_in)
    os.close(its_out)
    page = Page(process, to, back)
    try:
        page.attach()
        yield page
    finally:
        process.terminate()
        process.wait(_SECONDS)
        os.close(to)
        os.close(back)
