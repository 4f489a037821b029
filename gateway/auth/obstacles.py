"""The words of an explanation: what a row names, and why a ground doesn't hold on it. Pure; called by `explain.py`.

Each function gives a phrase that begins small and has no stop, so that phrases can stand in one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Table

from datasources.iperform import tables as iperform
from datasources.magenta import tables as magenta
from gateway.auth.policy import Follows, Held, Kind
from gateway.auth.roles import Caller
from gateway.auth.scope import Scope

NOUNS: Mapping[Kind, str] = {
    Kind.USER: "user",
    Kind.WARRIOR: "warrior",
    Kind.SALESPERSON: "salesperson",
    Kind.COMPANY: "company",
    Kind.CLIENT_USER: "client user",
    Kind.PARTNER_COMPANY: "partner company",
}
NOUN_OF_TABLE: Mapping[Table, str] = {
    iperform.leads: "lead",
    iperform.tickets: "ticket",
    iperform.user: "user",
    iperform.warrior: "warrior",
    iperform.salesperson: "salesperson",
    iperform.partner_company: "partner company",
    magenta.company: "company",
    magenta.user: "client user",
}
SHARED = iperform.leads.c.shared_salesperson_id


def sentence(phrase: str) -> str:
    """A phrase as a sentence."""
    return f"{phrase[:1].upper()}{phrase[1:]}."


def phrase(sentence: str) -> str:
    """A sentence as a phrase."""
    return f"{sentence[:1].lower()}{sentence[1:]}".removesuffix(".")


# --- what a row holds the id of -----------------------------------------------------------------------------


def what_it_names(ground: Held, ids: Sequence[int]) -> str:
    """Such as "its warrior 9", "it is shared with salesperson 2", "it is assigned to user 3"."""
    listed = ", ".join(map(str, ids))
    noun = NOUNS[ground.kind]
    if ground.column is SHARED:
        return (
            f"it is shared with {noun} {listed}"
            if len(ids) == 1
            else f"it is shared with salespeople {listed}"
        )
    deed = _deed(ground)
    return f"its {noun} {listed}" if deed is None else f"it is {deed} {noun} {listed}"


def names_nobody(ground: Held) -> str:
    """That the row holds no id there."""
    if ground.column is SHARED:
        return "it is shared with nobody"
    deed = _deed(ground)
    return f"it has no {NOUNS[ground.kind]}" if deed is None else f"it is {deed} nobody"


def not_the_callers(ground: Held, ids: Sequence[int], scope: Scope) -> str:
    """That what the row names isn't the caller's."""
    whose = _whose(ground, scope)
    if ground.column.primary_key:
        return f"it isn't {whose}"
    named = what_it_names(ground, ids)
    if scope.caller is Caller.PARTNER:
        return f"{named}, of whom this doesn't hold: {phrase(ground.says)}"
    if ground.column is SHARED:
        return f"{named}, " + (f"who isn't {whose}" if len(ids) == 1 else f"none of whom is {whose}")
    return f"{named} isn't {whose}" if _deed(ground) is None else f"{named}, who isn't {whose}"


def not_enough(ground: Held, ids: Sequence[int]) -> str:
    """That the row names something of the caller's, but the ground asks for more."""
    named = what_it_names(ground, ids)
    return f"{named} would be the caller's, but this must hold: {phrase(ground.says)}"


def not_there(ground: Held, named: int) -> str:
    """That the row names one that doesn't exist."""
    return f"{what_it_names(ground, [named])}, and there is no {NOUNS[ground.kind]} {named}"


def inactive(ground: Held, named: int) -> str:
    """That the row names one that is inactive."""
    if _deed(ground) is None and ground.column is not SHARED:
        return f"{what_it_names(ground, [named])} is inactive, which grants nothing"
    return f"{what_it_names(ground, [named])}, who is inactive, which grants nothing"


def reports_elsewhere(ground: Held, named: int, boss: int, scope: Scope) -> str:
    """That the one that the row names isn't the caller's, and whom it reports to."""
    who = ", who" if ground.column is SHARED else ""
    return f"{what_it_names(ground, [named])}{who} reports to salesperson {boss} and isn't {_whose(ground, scope)}"


def _deed(ground: Held) -> str | None:
    """`assigned to`, `created by`: what somebody has to do with a row, where the column's name says so."""
    name = str(ground.column.name)
    return name.replace("_", " ") if name.endswith(("_to", "_by")) else None


def _whose(ground: Held, scope: Scope) -> str:
    ids = ground.ids(scope)
    if ground.kind is Kind.USER and ids <= scope.user:
        return "the caller"
    in_team = scope.caller is Caller.MANAGER and ground.kind in {Kind.USER, Kind.WARRIOR, Kind.SALESPERSON}
    whose = "in the caller's team" if in_team else "the caller's"
    return whose if ids else f"{whose}, who has none"


# --- what a row follows -------------------------------------------------------------------------------------


def carried_by(ground: Follows, named: object) -> str:
    """How the row that carries another hangs on it: "its lead", "a lead of company 9", "a warrior who is user 3"."""
    noun = _followed(ground)
    if ground.target.primary_key:
        return f"its {noun}"
    return f"a {noun} {'who is' if _is_person(ground) else 'of'} {_noun(_table(ground))} {named}"


def belongs_to_none(ground: Follows) -> str:
    """That the row names none."""
    return f"it belongs to no {_followed(ground)}"


def carrier_not_there(ground: Follows, named: object) -> str:
    """That there is nothing that could carry it."""
    noun = _followed(ground)
    if ground.target.primary_key:
        return f"there is no {noun} {named}"
    return f"they are no {noun}" if _is_person(ground) else f"no {noun} is of it"


def no_visible_carrier(ground: Follows) -> str:
    """That of several that could carry it, the caller sees none."""
    noun = _followed(ground)
    if _is_person(ground):
        return f"they are a {noun}, but this must hold: {phrase(ground.says)}"
    return f"no {noun} of it is visible"


def carrier_not_visible(ground: Follows, key: int, reasons: Sequence[str]) -> str:
    """That the one row that could carry it isn't visible, and why."""
    return f"its {_followed(ground)} {key} isn't visible ({'; '.join(dict.fromkeys(reasons))})"


def _followed(ground: Follows) -> str:
    return _noun(ground.policy.table)


def _noun(table: Table) -> str:
    return NOUN_OF_TABLE.get(table, table.name.replace("_", " "))


def _table(ground: Follows) -> Table:
    table = ground.column.table
    assert isinstance(table, Table)
    return table


def _is_person(ground: Follows) -> bool:
    """Whether what carries a user is the same person, as a warrior or a salesperson."""
    return str(ground.target.name) == "user_id"
