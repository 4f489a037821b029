"""What the command line says of the side table of shared leads: what `gateway doctor` found, what a repair changed."""

from __future__ import annotations

import asyncio

from sqlalchemy.exc import DBAPIError

from datasources.sharing import Repair, SharingState, check_sharing
from gateway.settings import MYSQL_TABLES

REPAIR = "run `gateway repair-sharing`"


async def examine_sharing(dsn: str, *, table_advice: str) -> tuple[list[str], bool]:
    """What a check of the `iperform` database found, in lines, and whether all is well. Reads every lead once."""
    try:
        state = await asyncio.to_thread(check_sharing, dsn)
    except DBAPIError:
        return ["It can't be checked: may the account read `leads` and `gateway_lead_sharing`?"], False
    return describe(state, table_advice=table_advice), state.well


def describe(state: SharingState, *, table_advice: str = MYSQL_TABLES) -> list[str]:
    """A finding in sentences that say what to do."""
    if not state.table:
        return [
            f"The table `gateway_lead_sharing` is absent: {table_advice}, and if it stays away, {REPAIR}."
        ]
    lines = []
    if state.triggers is None:
        lines.append("The triggers can't be seen: ask with an account that has the privilege `trigger`.")
    elif state.triggers:
        lines.append(
            f"Triggers on `leads` that are absent or changed: {', '.join(state.triggers)}; {REPAIR}."
        )
    if state.missing:
        lines.append(
            f"Shares that aren't found: {state.missing}, whose leads are hidden from somebody; {REPAIR}."
        )
    if state.surplus:
        lines.append(f"Rows of no list: {state.surplus}, which show nobody anything but cost time; {REPAIR}.")
    return lines or ["The side table holds what the lists of the leads say."]


def describe_repair(repair: Repair) -> str:
    """What a repair changed."""
    made = [f"Made anew: {', '.join(repair.objects)}."] if repair.objects else []
    if not repair.added and not repair.removed:
        return " ".join([*made, "Every row was right already."])
    return " ".join([*made, f"Rows added: {repair.added}; rows removed: {repair.removed}."])
