"""Puts what stands between the commits of a binary log together: which changes a transaction has made for good.

Fed by `mysql_binlog.py` with what it reads; knows nothing of connections, positions or layouts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from datasources.changes import RowChange
from datasources.engines.mysql_binlog_statements import Meaning, Meant

Changes = tuple[RowChange, ...]


@dataclass
class OpenTransaction:
    """The transaction that is being read, and the XA transactions that are prepared and not yet decided."""

    changes: list[RowChange] = field(default_factory=list)
    inside: bool = False
    prepared: dict[str, Changes] = field(default_factory=dict)
    _savepoints: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """What follows belongs together."""
        self.inside = True
        self.changes.clear()
        self._savepoints.clear()

    def commit(self) -> Changes:
        """Ends it; what it has changed."""
        changes = tuple(self.changes)
        self.abandon()
        return changes

    def abandon(self) -> None:
        """Ends it, as if it had not been."""
        self.inside = False
        self.changes.clear()
        self._savepoints.clear()

    def prepare(self, name: str) -> None:
        """Ends it for now: what becomes of an XA transaction is said later."""
        if self.changes:
            self.prepared[name] = tuple(self.changes)
        self.abandon()

    def take(self, statement: Meant) -> Changes | None:
        """What a statement of the frame ends for good; None where it ends nothing."""
        match statement.meaning:
            case Meaning.BEGIN:
                self.begin()
            case Meaning.SAVEPOINT:
                self._savepoints[statement.name] = len(self.changes)
            case Meaning.ROLLBACK_TO:
                del self.changes[self._savepoints.get(statement.name, 0) :]
            case Meaning.COMMIT:
                return self.commit()
            case Meaning.ROLLBACK:
                self.abandon()
                return ()
            case Meaning.XA_COMMIT:
                return self.prepared.pop(statement.name, ())
            case Meaning.XA_ROLLBACK:
                self.prepared.pop(statement.name, None)
                return ()
            case Meaning.DEFINITION | Meaning.HARMLESS if not self.inside:
                return ()
        return None
