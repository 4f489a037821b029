"""What a store must do to be filled with generated rows. One module per kind of store implements it."""

from typing import Protocol

from datasources.seed.rows import Chunk


class NotEmptyError(Exception):
    """The store already holds rows; seeding would mix with them. The message says what to do."""


class Sink(Protocol):
    """A store of one source, open for filling."""

    source: str

    def first_filled_table(self) -> str | None:
        """The name of a table with a row in it; None if there is none."""
        ...

    def empty(self) -> None:
        """Deletes every row of the source's tables."""
        ...

    def write(self, chunk: Chunk) -> None:
        """Takes rows; they may wait until `finish`."""
        ...

    def finish(self) -> None:
        """Writes what waits, and commits."""
        ...


def make_ready(sink: Sink, *, replace: bool) -> None:
    """Refuses a store that isn't empty, or empties it when told to. Raises NotEmptyError."""
    if replace:
        sink.empty()
    elif table := sink.first_filled_table():
        raise NotEmptyError(
            f"{sink.source}: the table {table} already has rows, so nothing was written; "
            "to delete all rows of the estate and seed it anew, seed with `--replace`"
        )
