"""Says which layout the rows of each table in the log have, at the point to which the log has been read.

Where the log names the columns, it is as the log says. Else it is the last one that is known, until a definition in the
log may have changed it. Then the server is asked, which tells how the table is *now*: that is believed once the log has
been read up to there without another change. What was read meanwhile is on trial, and held back by `mysql_binlog.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasources.changes import HistoryLost, Wanted
from datasources.engines.mysql_binlog_place import Layouts
from datasources.engines.mysql_layout import Layout, fits, layout_of_map
from datasources.engines.mysql_log_server import LogEnd
from datasources.engines.mysql_row_image import RowImages

AskLayout = Callable[[str], tuple[Layout | None, LogEnd]]


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a table map of the log says: the columns by the library, their names where the log has them."""

    table: str
    columns: Sequence[Any]
    names: Sequence[str]


class LogLayouts:
    """The layouts of the wanted tables. `ask` gives a table's present one, and where the log ended then."""

    def __init__(self, known: Layouts, wanted: Mapping[str, Wanted], ask: AskLayout) -> None:
        self.known = known
        self._wanted = wanted
        self._ask = ask
        self._maps: dict[int, Mapped] = {}
        self._images: dict[int, RowImages] = {}
        self._trials: dict[str, int] = {}

    @property
    def on_trial(self) -> bool:
        """Whether something was read by a layout that isn't sure yet."""
        return bool(self._trials)

    def mapped(self, table_id: int, mapped: Mapped) -> None:
        """The log has said what is behind a number."""
        self._maps[table_id] = mapped
        self._images.pop(table_id, None)

    def images(self, table_id: int) -> RowImages:
        """What reads the rows of a table. Raises `HistoryLost` where it can't be known what their columns are."""
        found = self._images.get(table_id)
        if found is None:
            mapped = self._maps[table_id]
            layout = self._layout(mapped)
            found = RowImages(mapped.columns, layout, self._wanted[mapped.table].columns)
            self._images[table_id] = found
        return found

    def table(self, table_id: int) -> str:
        """The table behind a number."""
        return self._maps[table_id].table

    def defined_anew(self, table: str) -> None:
        """A definition in the log may have changed the table."""
        if self._trials.pop(table, None) is not None:
            raise HistoryLost(
                f"{table} was changed again before the log was read up to where its columns are known"
            )
        self.known = self.known.with_one(table, None)
        for table_id in [number for number, mapped in self._maps.items() if mapped.table == table]:
            self._images.pop(table_id, None)

    def forget_numbers(self) -> None:
        """Another file of the log begins: it says anew what is behind its numbers."""
        self._maps.clear()
        self._images.clear()

    def read_up_to(self, order: int) -> None:
        """All of the log has been read up to there."""
        if self._trials:
            self._trials = {table: end for table, end in self._trials.items() if end > order}

    def _layout(self, mapped: Mapped) -> Layout:
        layout = layout_of_map(mapped.names, mapped.columns)
        if layout is not None:
            self._trials.pop(mapped.table, None)
            if self.known.of.get(mapped.table) != layout:
                self.known = self.known.with_one(mapped.table, layout)
            return layout
        return self._fitting(mapped, self.known.of.get(mapped.table) or self._asked(mapped.table))

    def _asked(self, table: str) -> Layout | None:
        layout, end = self._ask(table)
        self._trials[table] = end.order
        self.known = self.known.with_one(table, layout)
        return layout

    def _fitting(self, mapped: Mapped, layout: Layout | None) -> Layout:
        if layout is None or not fits(layout, mapped.columns):
            raise HistoryLost(f"the log has rows of {mapped.table} with other columns than are known of it")
        return layout
