"""The estate's SQL as text: numbered migrations by folder. `datasources.migrate` applies them.

A file is `NNNN_what_it_does.sql`. A statement ends with a semicolon at the end of a line that isn't indented, as the
lines within a trigger are; no string in a migration may hold one there.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

FILE_NAME = re.compile(r"(\d{4})_\w+\.sql")
END_OF_STATEMENT = re.compile(r"(?![ \t]).*;[ \t]*")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file: its statements in order, without comments and final semicolons."""

    version: int
    name: str
    statements: tuple[str, ...]

    def checksum(self, statements: int) -> str:
        """SHA-256 of the first so many statements, in hexadecimal; tells that an applied one was changed."""
        return hashlib.sha256("\x00".join(self.statements[:statements]).encode()).hexdigest()


def migrations(folder: str) -> tuple[Migration, ...]:
    """The migrations of `iperform`, `magenta`, `clickhouse` or `clickhouse_company`, lowest number first.

    Raises ValueError when two files have the same number or the folder has none.
    """
    found = tuple(sorted(_read(folder), key=lambda migration: migration.version))
    if not found:
        raise ValueError(f"there are no migrations in sql/{folder}")
    if len({migration.version for migration in found}) < len(found):
        raise ValueError(f"two migrations in sql/{folder} have the same number")
    return found


def _read(folder: str) -> Iterator[Migration]:
    directory = files(__name__).joinpath(folder)
    for entry in directory.iterdir() if directory.is_dir() else ():
        if match := FILE_NAME.fullmatch(entry.name):
            yield Migration(int(match[1]), entry.name, tuple(_statements(entry.read_text("utf-8"))))


def _statements(text: str) -> Iterator[str]:
    statement: list[str] = []
    for line in (line for line in text.splitlines() if not line.lstrip().startswith("--")):
        statement.append(line)
        if END_OF_STATEMENT.fullmatch(line):
            yield "\n".join(statement).strip().removesuffix(";").rstrip()
            statement = []
    if rest := "\n".join(statement).strip():
        yield rest
