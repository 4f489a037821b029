"""The search order for a server: an address in the environment, a program on the PATH or unpacked earlier in
the cache folder, `apt-get install` when root, packages unpacked into the cache folder without root.

Called by `start.py` and by `python -m tests.servers`.
"""

import enum
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import debian
from tests.servers.catalogue import ServerDescription

SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin")
"""Looked through after the PATH, which for ordinary users has no folders of daemons."""
MARKER = "complete.json"


class Origin(enum.Enum):
    """Where a server came from, as the table at the end of a test run says it."""

    ENVIRONMENT = "environment"
    PATH = "PATH"
    APT = "apt-get"
    CACHE = "cache"


class ServerMissingError(Exception):
    """A server is neither here nor to be had; the text names it and says how to get it."""


@dataclass(frozen=True)
class Installation:
    """A program that can be started."""

    description: ServerDescription
    origin: Origin
    binary: Path
    root: Path | None = None
    """The folder of unpacked packages that stands for `/`; None for a program of the machine."""
    launcher: tuple[str, ...] = ()
    """What comes before the program: the unpacked C library's loader and where its libraries are."""
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, program: Path | str | None = None) -> list[str]:
        """The beginning of a command line for the server's program or a companion."""
        return [*self.launcher, str(program or self.binary)]

    def companion(self, name: str) -> Path:
        """The path of another program of the same server."""
        beside = self.binary.parent / name
        if beside.exists():
            return beside
        return next(_programs_named(name))


def cache_folder() -> Path:
    """Where packages are unpacked: GATEWAY_CACHE_DIR, else a folder of this project in the user's cache."""
    chosen = os.environ.get("GATEWAY_CACHE_DIR")
    if chosen:
        return Path(chosen).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "iperform-gateway" / "servers"


def given_address(description: ServerDescription) -> str | None:
    """The address that the environment gives for this server, if it does."""
    return os.environ.get(description.variable) if description.variable is not None else None


def find(description: ServerDescription) -> Installation | None:
    """The program if it is here already: on the PATH, or unpacked in the cache folder."""
    return _find_on_path(description, Origin.PATH) or _find_unpacked(description)


def install(description: ServerDescription) -> Installation:
    """The program, installed if need be. Raises ServerMissingError."""
    [outcome] = install_all([description])
    if isinstance(outcome, ServerMissingError):
        raise outcome
    return outcome


def install_all(
    descriptions: Sequence[ServerDescription],
    report: Callable[[str], None] = lambda line: None,
) -> list[Installation | ServerMissingError]:
    """Find or install several programs, the suites side by side; one answer each, in the given order."""
    outcomes: dict[str, Installation | ServerMissingError] = {**_find_all(descriptions)}
    if len(outcomes) < len(descriptions):
        with _only_installer():
            outcomes |= _find_all(descriptions)  # another process may have installed it meanwhile
            missing = [one for one in descriptions if one.name not in outcomes]
            outcomes |= _install_missing(missing, report)
    return [outcomes[description.name] for description in descriptions]


def _find_all(descriptions: Sequence[ServerDescription]) -> dict[str, Installation]:
    found = {description.name: find(description) for description in descriptions}
    return {name: installation for name, installation in found.items() if installation is not None}


@contextmanager
def _only_installer() -> Iterator[None]:
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install_missing(
    missing: list[ServerDescription], report: Callable[[str], None]
) -> dict[str, Installation | ServerMissingError]:
    by_suite: dict[str | None, list[ServerDescription]] = defaultdict(list)
    for_apt = []
    for description in missing:
        if description.system_package is not None and os.geteuid() == 0:
            for_apt.append(description)
        else:
            by_suite[description.suite].append(description)
    outcomes: dict[str, Installation | ServerMissingError] = {}
    with ThreadPoolExecutor(4) as pool:
        suites = [pool.submit(_unpack_suite, suite, group, report) for suite, group in by_suite.items()]
        for description in for_apt:  # one after the other: apt-get holds a lock
            outcomes[description.name] = _install_on_machine(description, report)
        for suite in suites:
            outcomes |= suite.result()
    return outcomes


def _install_on_machine(
    description: ServerDescription, report: Callable[[str], None]
) -> Installation | ServerMissingError:
    assert description.system_package is not None
    report(f"{description.title}: apt-get install {description.system_package}")
    try:
        debian.install_on_machine(description.system_package)
    except (debian.PackagesUnavailableError, OSError, subprocess.TimeoutExpired) as problem:
        report(f"{description.title}: {problem}")
    found = _find_on_path(description, Origin.APT)
    return found or _unpack_suite(description.suite, [description], report)[description.name]


def _unpack_suite(
    suite: str | None, descriptions: list[ServerDescription], report: Callable[[str], None]
) -> dict[str, Installation | ServerMissingError]:
    try:
        with debian.open_suite(suite, cache_folder()) as packages:
            return {one.name: _unpack(packages, one, report) for one in descriptions}
    except (debian.PackagesUnavailableError, OSError, subprocess.TimeoutExpired) as problem:
        return {one.name: ServerMissingError(missing_text(one, str(problem))) for one in descriptions}


def _unpack(
    packages: debian.SuitePackages, description: ServerDescription, report: Callable[[str], None]
) -> Installation:
    root = _unpacked_root(description)
    report(f"{description.title}: unpacking {', '.join(description.packages)} into {root}")
    shutil.rmtree(root, ignore_errors=True)  # an unpacking that was interrupted
    files = packages.unpack(description.packages, root)
    found = _unpacked_installation(description, root)
    if found is None:
        raise debian.PackagesUnavailableError(f"no {description.binaries[0]} in {', '.join(files)}")
    (root / MARKER).write_text(json.dumps(files, indent=1))
    return found


def missing_text(description: ServerDescription, problem: str = "") -> str:
    """A message that names the missing server and says how to get it."""
    ways = ["run `./run test` (or `python -m tests.servers install`) where Debian's packages can be reached"]
    if description.variable is not None:
        ways.append(f"or set {description.variable}={description.variable_example}")
    ways.append(f"or put {description.binaries[0]} on the PATH")
    ways.append("or run the tests with --allow-missing to leave out what needs it")
    reason = f" ({problem})" if problem else ""
    return f"{description.title} is missing{reason}: {', '.join(ways)}."


def _find_on_path(description: ServerDescription, origin: Origin) -> Installation | None:
    if any(next(_programs_named(name), None) is None for name in description.companions):
        return None
    for name in description.binaries:
        for program in _programs_named(name):
            if _fits(description, program):
                return Installation(description, origin, program)
    return None


def _programs_named(name: str) -> Iterator[Path]:
    folders = dict.fromkeys([*os.environ.get("PATH", "").split(os.pathsep), *SYSTEM_FOLDERS])
    for folder in folders:
        program = Path(folder) / name
        if folder and program.is_file() and os.access(program, os.X_OK):
            yield program


def _fits(description: ServerDescription, program: Path) -> bool:
    try:
        # A program that serves under several names looks at its own: it is given the one that we mean.
        answer = subprocess.run(
            [description.binaries[0], "--version"],
            executable=program,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    match = description.version_pattern.search(answer.stdout + answer.stderr)
    return match is not None and _numbers(match.group(1)) >= description.minimum_version


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _unpacked_root(description: ServerDescription) -> Path:
    suite = description.suite or debian.own_suite()
    recipe = hashlib.sha256(repr((suite, description.packages)).encode()).hexdigest()[:8]
    return cache_folder() / f"{description.name}-{suite}-{recipe}"


def _find_unpacked(description: ServerDescription) -> Installation | None:
    try:
        root = _unpacked_root(description)
    except (debian.PackagesUnavailableError, OSError):
        return None
    return _unpacked_installation(description, root) if (root / MARKER).exists() else None


def _unpacked_installation(description: ServerDescription, root: Path) -> Installation | None:
    candidates = (root / "usr" / folder / name for name in description.binaries for folder in ("bin", "sbin"))
    binary = next((path for path in candidates if path.is_file()), None)
    if binary is None:
        return None
    libraries = os.pathsep.join(str(folder) for folder in _library_folders(description, root))
    if description.suite is None:
        return Installation(
            description, Origin.CACHE, binary, root, environment={"LD_LIBRARY_PATH": libraries}
        )
    launcher = (str(_loader(root)), "--library-path", libraries)
    time_zones = {"TZDIR": str(root / "usr/share/zoneinfo")} if (root / "usr/share/zoneinfo").exists() else {}
    return Installation(description, Origin.CACHE, binary, root, launcher, time_zones)


def _loader(root: Path) -> Path:
    # Not lib64: the link there is an absolute path, so it leads to the machine's own loader.
    for pattern in ("lib/*/ld-linux*.so.*", "usr/lib/*/ld-linux*.so.*"):
        for loader in root.glob(pattern):
            return loader
    raise debian.PackagesUnavailableError(f"no C library was unpacked in {root}")


def _library_folders(description: ServerDescription, root: Path) -> list[Path]:
    patterns = ("lib/*-linux-gnu*", "usr/lib/*-linux-gnu*", *description.library_folders)
    return [folder for pattern in patterns for folder in sorted(root.glob(pattern)) if folder.is_dir()]
