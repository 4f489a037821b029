"""Starts ChromeDriver, through which a test drives headless Chromium by the WebDriver protocol."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from tests.servers.install import Installation
from tests.servers.process import ServerProcess, free_port
from tests.servers.running import RunningServer

ANSWER_SECONDS = 10
BROWSER_NAMES = ("chromium", "chromium-browser")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--window-size=1400,1000",
)


@dataclass
class ChromiumDriver(RunningServer):
    """A running ChromeDriver; each WebDriver session that a test opens is a browser of its own."""

    browser: Path = Path("chromium")

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def capabilities(self, *flags: str) -> dict[str, Any]:
        """The body of WebDriver's `POST /session`: a headless browser with a new profile and more flags."""
        options = {"binary": str(self.browser), "args": [*FLAGS, *flags]}
        logged = {"browser": "ALL", "performance": "ALL"}
        return {
            "capabilities": {
                "alwaysMatch": {
                    "browserName": "chrome",
                    "goog:chromeOptions": options,
                    "goog:loggingPrefs": logged,
                }
            }
        }

    def ask_version(self) -> str:
        with build_opener(ProxyHandler({})).open(f"{self.address}/status", timeout=ANSWER_SECONDS) as answer:
            status = json.load(answer)["value"]
        return str(status["build"]["version"]).split(" ", 1)[0]


def start(installation: Installation, folder: Path) -> ChromiumDriver:
    """A running ChromeDriver; profiles of its browsers are in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [*installation.command(), f"--port={port}"]
    environment = {**installation.environment, "TMPDIR": str(folder)}
    process = ServerProcess(command, environment, folder / "server.log")
    server = ChromiumDriver(
        installation.description,
        installation.origin,
        "127.0.0.1",
        port,
        process,
        folder,
        browser=_browser(installation),
    )
    server.start()
    return server


def _browser(installation: Installation) -> Path:
    if installation.root is not None:
        # The package's /usr/bin/chromium is a script that knows only the place where apt puts the program.
        return installation.root / "usr/lib/chromium/chromium"
    found = (
        shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + os.defpath)
        for name in BROWSER_NAMES
    )
    return Path(next(path for path in found if path is not None))
