"""Headless Chromium over the WebDriver protocol: what the tests of the GraphiQL page need and no more.

The page's own log and the list of what it requested come from Chromium's logs, so a test can assert on both.
Specification: https://www.w3.org/TR/webdriver2/
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from tests.servers.chromium import ChromiumDriver

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key under which WebDriver names an element
CONTROL, ENTER = "\ue009", "\ue007"
PATIENCE = 30.0  # seconds that a condition may take to come true on a busy machine
NOT_OVER_A_NETWORK = (
    "data:",
    "blob:",
    "about:",
    "chrome:",
    "chrome-untrusted:",
    "chrome-extension:",
    "devtools:",
)

# The network is off: no name resolves, and only the gateway's own address can be reached.
FLAGS = ("--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")

Result = TypeVar("Result")


class BrowserError(AssertionError):
    """WebDriver refused a command, or a condition didn't come true in time."""


@dataclass(frozen=True)
class Element:
    """One element of the page; stale as soon as the page has removed it."""

    browser: Browser
    reference: str

    @property
    def text(self) -> str:
        return str(self.browser.command("GET", f"/element/{self.reference}/text"))

    @property
    def label(self) -> str:
        """The accessible name, as a screen reader says it."""
        return str(self.browser.command("GET", f"/element/{self.reference}/computedlabel"))

    def click(self) -> None:
        self.browser.command("POST", f"/element/{self.reference}/click", {})

    def type(self, text: str) -> None:
        self.browser.command("POST", f"/element/{self.reference}/value", {"text": text})


@dataclass
class Browser:
    """One window with an empty profile."""

    client: httpx.Client
    session: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    """What Chromium's `Network.requestWillBeSent` told of each so far: `url`, `headers`, `postData`."""

    @classmethod
    def start(cls, driver: ChromiumDriver) -> Self:
        client = httpx.Client(base_url=driver.address, timeout=60.0, trust_env=False)
        created = _value(client.post("/session", json=driver.capabilities(*FLAGS)))
        return cls(client=client, session=str(created["sessionId"]))

    def command(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return _value(self.client.request(method, f"/session/{self.session}{path}", json=body))

    def open(self, url: str) -> None:
        self.command("POST", "/url", {"url": url})

    def open_tab(self, url: str) -> None:
        """Opens a page in one more tab, and looks at that from now on."""
        self.show_tab(str(self.command("POST", "/window/new", {"type": "tab"})["handle"]))
        self.open(url)

    def tab(self) -> str:
        """The tab that is looked at."""
        return str(self.command("GET", "/window"))

    def show_tab(self, tab: str) -> None:
        """Looks at another tab from now on."""
        self.command("POST", "/window", {"handle": tab})

    def find(self, selector: str) -> list[Element]:
        found = self.command("POST", "/elements", {"using": "css selector", "value": selector})
        return [Element(self, one[ELEMENT]) for one in found]

    def wait_for(self, selector: str, text: str = "") -> Element:
        """The first element that matches and contains the text, once there is one."""
        matching = f"an element {selector} with the text {text!r}"

        def seek() -> Element | None:
            return next((one for one in self.find(selector) if text in one.text), None)

        return self.wait_until(seek, matching)

    def wait_until(
        self, condition: Callable[[], Result | None], meaning: str, *, patience: float = PATIENCE
    ) -> Result:
        """The condition's first true result; an element that has just vanished counts as not yet."""
        deadline = time.monotonic() + patience
        while True:
            try:
                if result := condition():
                    return result
            except BrowserError as error:
                if "stale element reference" not in str(error):
                    raise
            if time.monotonic() > deadline:
                raise BrowserError(f"Not within {patience} s: {meaning}.\nThe page says:\n{self.page_text()}")
            time.sleep(0.1)

    def page_text(self) -> str:
        return str(self.run("return document.body.innerText"))

    def run(self, script: str, *arguments: object) -> Any:
        """The result of a script that a content security policy can't forbid, as the driver runs it."""
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def press(self, *keys: str) -> None:
        """Presses the keys together, on whatever has the focus."""
        self._act([_down(key) for key in keys] + [_up(key) for key in reversed(keys)])

    def type(self, text: str) -> None:
        """Types the text, on whatever has the focus."""
        self._act([stroke for key in text for stroke in (_down(key), _up(key))])

    def _act(self, strokes: list[dict[str, str]]) -> None:
        self.command("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": strokes}]})

    def devtools(self, command: str, **parameters: object) -> Any:
        return self.command("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def cookies(self) -> list[dict[str, Any]]:
        return list(self.command("GET", "/cookie"))

    def complaints(self) -> list[str]:
        """What the console has shown as a warning or an error since the last call."""
        entries = self.command("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in {"WARNING", "SEVERE"}]

    def requested(self) -> list[dict[str, Any]]:
        """All requests over a network since the start, those for the scripts of workers included."""
        for entry in self.command("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"])
            elif message["method"] == "Network.webSocketCreated":
                self.requests.append({"url": message["params"]["url"], "method": "GET", "headers": {}})
        return [one for one in self.requests if not one["url"].startswith(NOT_OVER_A_NETWORK)]

    def save_screenshot(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.command("GET", "/screenshot")))

    def close(self) -> None:
        self.command("DELETE", "")
        self.client.close()


@contextmanager
def open_browser(driver: ChromiumDriver) -> Iterator[Browser]:
    """A browser with an empty profile, which ends with the block."""
    browser = Browser.start(driver)
    try:
        yield browser
    finally:
        browser.close()


def _down(key: str) -> dict[str, str]:
    return {"type": "keyDown", "value": key}


def _up(key: str) -> dict[str, str]:
    return {"type": "keyUp", "value": key}


def _value(response: httpx.Response) -> Any:
    value = response.json()["value"]
    if response.is_error:
        raise BrowserError(f"{value['error']}: {value['message']}")
    return value
