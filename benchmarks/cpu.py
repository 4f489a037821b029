"""The processor time of whole process trees, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of_trees(roots: Iterable[int]) -> float:
    """Seconds of processor time that processes and all below them have used so far, in user and kernel mode."""
    return sum(_seconds(pid) for root in roots for pid in tree(root))


def tree(root: int) -> list[int]:
    """A process and its descendants."""
    found = [root]
    for pid in found:
        found.extend(_children(pid))
    return found


def memory_of_tree(root: int) -> int:
    """Resident bytes of a process and its descendants; pages that they share count for each."""
    return sum(_resident(pid) for pid in tree(root))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.extend(map(int, path.read_text().split()))
        except OSError:  # the thread has ended meanwhile
            continue
    return found


def _seconds(pid: int) -> float:
    try:
        # The name of the program, in parentheses, may hold spaces.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def machine_busy_seconds() -> float:
    """Seconds that all cores together have worked since the machine started."""
    fields = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    user, nice, system, _idle, _wait, interrupt, soft, stolen = fields
    return (user + nice + system + interrupt + soft + stolen) / TICKS
