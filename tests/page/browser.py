# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium in a locked root, asked over its pipe (Chrome DevTools Protocol, 1.3)."""

from __future__ import annotations

import base64
import json
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tools.root.enter import Entry, command_line

_PAGES = "/pages"
_LIMIT_S = 120.0
_END = b"\0"
# The debugger's pipe is descriptors 3 and 4; those that come in here are 0 and 1.
_START = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null'
_CHROMIUM = (
    "/usr/lib/chromium/chromium-headless-shell",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--user-data-dir=/tmp/profile",
    "about:blank",
)


class BrowserError(Exception):
    """The browser did not do what it was asked; the text has its words."""


class Browser:
    """One page of one browser, which sees the files of a folder, and no network.

    said: what the page told its console, warnings and errors alike.
    """

    def __init__(self, root: Path, pages: Path) -> None:
        entry = Entry(root, {_PAGES: pages}, environment={"HOME": "/tmp"})
        self._process = subprocess.Popen(
            command_line(entry, ["/usr/bin/dash", "-c", _START, "dash", *_CHROMIUM]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.said: list[str] = []
        self._number, self._session, self._rest = 0, "", b""
        self._events: list[dict[str, Any]] = []
        targets = self._ask("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in targets if each["type"] == "page")
        found = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self._ask(f"{domain}.enable")
        self._ask("Performance.enable", timeDomain="threadTicks")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, name: str, address: str = "") -> float:
        """Opens a file of the folder; returns the seconds until it was loaded, by its own clock.

        Raises:
            BrowserError: it cannot be opened.
        """
        self.said.clear()
        self._ask("Page.navigate", url="about:blank")
        found = self._ask("Page.navigate", url=f"file://{_PAGES}/{name}{address}")
        if found.get("errorText"):
            raise BrowserError(f"{name}: {found['errorText']}")
        self.until("document.readyState === 'complete' && location.protocol === 'file:'")
        return (
            float(
                self.value("performance.timing.loadEventEnd - performance.timing.navigationStart")
            )
            / 1e3
        )

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page, promises kept.

        Raises:
            BrowserError: it threw.
        """
        found = self._ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise BrowserError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits until an expression is true, looking once a frame.

        Raises:
            BrowserError: it did not become so.
        """
        deadline = time.monotonic() + _LIMIT_S
        while not self.value(f"new Promise(done => setTimeout(() => done(!!({expression})), 15))"):
            if time.monotonic() > deadline:
                raise BrowserError(f"{expression} did not become true within {_LIMIT_S:.0f} s")

    def emulate(self, width: int, height: int, *, dark: bool = False, media: str = "") -> None:
        """The size of the window, and what the user's system prefers."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", media=media, features=[feature])

    def press(self, key: str) -> None:
        """A key, where the focus is."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self._ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, **text)
        self._ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """The mouse, from one place of the window to another, with its button down."""
        for kind, place, buttons in (
            ("mouseMoved", start, 0),
            ("mousePressed", start, 1),
            ("mouseMoved", end, 1),
            ("mouseReleased", end, 0),
        ):
            self._ask(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="left" if kind != "mouseMoved" or buttons else "none",
                buttons=buttons,
                clickCount=int(kind in ("mousePressed", "mouseReleased")),
            )

    def cpu_s(self) -> float:
        """CPU seconds of the page's main thread since it began, whatever else the machine does."""
        metrics = self._ask("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "ThreadTime"))

    def picture(self, *, whole: bool = False) -> bytes:
        """A PNG of the window, or of the whole page."""
        found = self._ask("Page.captureScreenshot", captureBeyondViewport=whole, format="png")
        return base64.b64decode(found["data"])

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self._ask("Page.printToPDF", printBackground=True)["data"])

    def readable(self) -> list[tuple[str, str]]:
        """Role and name of each thing that a screen reader comes upon, in order."""
        nodes = self._ask("Accessibility.getFullAXTree")["nodes"]
        return [
            (str(node["role"]["value"]), str(node.get("name", {}).get("value", "")))
            for node in nodes
            if not node.get("ignored")
        ]

    def requests(self) -> list[str]:
        """The addresses that the page asked for, itself left out."""
        found = [
            str(each["params"]["request"]["url"])
            for each in self._events
            if each["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in found if not url.startswith((f"file://{_PAGES}/", "about:"))]

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + _END)
        self._process.stdin.flush()
        while True:
            heard = self._hear()
            if heard.get("id") == self._number:
                if "error" in heard:
                    raise BrowserError(f"{method}: {heard['error']}")
                result: dict[str, Any] = heard["result"]
                return result
            self._take(heard)

    def _take(self, event: dict[str, Any]) -> None:
        self._events.append(event)
        words = _words(event)
        if words:
            self.said.append(words)

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        deadline = time.monotonic() + _LIMIT_S
        while _END not in self._rest:
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise BrowserError(f"the browser said nothing for {_LIMIT_S:.0f} s")
            piece = self._process.stdout.read1(1 << 20)  # type: ignore[attr-defined]
            if not piece:
                raise BrowserError(f"the browser ended with {self._process.wait()}")
            self._rest += piece
        message, _, self._rest = self._rest.partition(_END)
        heard: dict[str, Any] = json.loads(message)
        return heard


def _words(event: Mapping[str, Any]) -> str:
    parameters = event.get("params", {})
    match event["method"]:
        case "Runtime.exceptionThrown":
            return str(parameters["exceptionDetails"])
        case "Log.entryAdded":
            return str(parameters["entry"]["text"])
        case "Runtime.consoleAPICalled":
            return f"{parameters['type']}: {parameters['args']}"
    return ""
