"""Debian packages: installed with `apt-get`, or downloaded and unpacked into a folder without root.

`install.py` calls it. What is unpacked is found by an apt configuration of its own in a temporary folder: the
machine's mirror, Debian's keys, and an empty list of installed packages, so that every library comes along.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

APT_FOLDER = Path("/etc/apt")
C_LIBRARY = "libc6_"
COMMAND_SECONDS = 900
LOCK_SECONDS = 120


class PackagesUnavailableError(Exception):
    """The packages can't be had here; the text says what was tried and what it answered."""


def own_suite() -> str:
    """The code name of the machine's own Debian release."""
    match = re.search(r"^VERSION_CODENAME=\"?(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    if match is None:
        raise PackagesUnavailableError("this machine's release has no code name in /etc/os-release")
    return match.group(1)


def mirror() -> str:
    """The address of the Debian archive that this machine's apt is configured with."""
    suites = {own_suite(), "stable", "testing", "unstable", "sid"}
    found = [
        address
        for address, suite, components in _configured_sources()
        if suite in suites and "main" in components and address.rstrip("/").endswith("/debian")
    ]
    if not found:
        raise PackagesUnavailableError("no Debian mirror is configured in /etc/apt/sources.list*")
    return found[0]


def _configured_sources() -> Iterator[tuple[str, str, list[str]]]:
    folder = APT_FOLDER / "sources.list.d"
    for path in [APT_FOLDER / "sources.list", *sorted(folder.glob("*.list"))]:
        if path.is_file():
            yield from _one_line_sources(path.read_text())
    for path in sorted(folder.glob("*.sources")):
        yield from _deb822_sources(path.read_text())


def _one_line_sources(text: str) -> Iterator[tuple[str, str, list[str]]]:
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if match:
            yield match.group(1), match.group(2), match.group(3).split()


def _deb822_sources(text: str) -> Iterator[tuple[str, str, list[str]]]:
    uncommented = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", uncommented):
        fields = {
            name.lower(): value.split()
            for name, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t]+.*)*)", stanza, re.MULTILINE)
        }
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        for address in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield address, suite, fields.get("components", [])


def install_on_machine(package: str) -> None:
    """`apt-get install` one package that brings no service. Needs root; removes and upgrades nothing.

    Raises PackagesUnavailableError when apt refuses.
    """
    options = ["--yes", "--no-install-recommends", "--no-remove", "--no-upgrade", "-qq"]
    wait = ["-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}"]
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        _run(["apt-get", *wait, "install", *options, package], environment)
    except PackagesUnavailableError:  # most often the lists of packages are old or were never fetched
        _run(["apt-get", *wait, "update", "-qq"], environment)
        _run(["apt-get", *wait, "install", *options, package], environment)


@dataclass(frozen=True)
class SuitePackages:
    """One suite's packages, as apt sees them in a temporary folder. Made by `open_suite`."""

    folder: Path
    options: tuple[str, ...]
    with_c_library: bool

    def unpack(self, packages: tuple[str, ...], target: Path) -> list[str]:
        """Download the packages and all they depend on, and unpack them into `target`.

        Answers the names of the package files.
        """
        archives = Path(tempfile.mkdtemp(prefix="archives-", dir=self.folder))
        (archives / "partial").mkdir()
        install = ["install", "--yes", "--download-only", "--no-install-recommends", "-qq"]
        _run(["apt-get", *self.options, "-o", f"Dir::Cache::archives={archives}", *install, *packages])
        files = [
            file
            for file in sorted(archives.glob("*.deb"))
            if self.with_c_library or not file.name.startswith(C_LIBRARY)
        ]
        target.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda file: _run(["dpkg", "-x", str(file), str(target)]), files))
        shutil.rmtree(archives)
        return [file.name for file in files]


@contextmanager
def open_suite(suite: str | None, scratch: Path) -> Iterator[SuitePackages]:
    """Fetch the lists of packages of a suite into a folder below `scratch`, removed at the end.

    With `suite=None` it is the machine's own suite, and the C library is left out: programs then run with the
    machine's, which must fit the machine's loader.
    Raises PackagesUnavailableError where there is no apt, mirror, key or network.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise PackagesUnavailableError("packages can only be unpacked where apt-get and dpkg are present")
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="apt-", dir=scratch) as name:
        folder = Path(name)
        options = _write_configuration(folder, suite)
        _run(["apt-get", *options, "update", "-qq"])
        yield SuitePackages(folder, options, with_c_library=suite is not None)


def _write_configuration(folder: Path, suite: str | None) -> tuple[str, ...]:
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    status = folder / "status"
    status.touch()
    sources = folder / "sources.list"
    sources.write_text(f"deb [signed-by={_archive_keys()}] {mirror()} {suite or own_suite()} main\n")
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State": folder,
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": status,
        "Dir::Cache": folder,
        "Dir::Log": folder,
        "Acquire::Languages": "none",
        # As root, apt fetches as a user that may not enter root's cache folder.
        "APT::Sandbox::User": "root",
    }
    return tuple(part for name, value in settings.items() for part in ("-o", f"{name}={value}"))


def _archive_keys() -> Path:
    for path in sorted(Path("/usr/share/keyrings").glob("debian-archive-keyring.*")):
        return path
    raise PackagesUnavailableError("Debian's keys are not on this machine: install debian-archive-keyring")


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, "LC_ALL": "C", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        answer = (done.stderr or done.stdout).strip().splitlines()
        raise PackagesUnavailableError(f"`{command[0]} … {command[-1]}` failed: {' '.join(answer[-3:])}")
