"""`Lead.sharedSalespeople`: the salespeople that a comma-separated list names."""

from __future__ import annotations

from typing import Any

from gateway.auth.scope import listed_ids
from gateway.context import Request


def shared_salespeople(cells: tuple[Any, ...], _: Request) -> list[int]:
    """The ids in the list, in their order as numbers; rubbish names nobody."""
    return sorted(listed_ids(cells[0]))
