"""Random operations over the whole of a caller's schema: whatever the types, fields and arguments of it are.

Values come from the estate, so that answers hold something. A few things are wrong on purpose: cursors, ids, values of
variables. Later requests of an example send the same text with other variables, and cursors from the answer before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from tests.choice import Choice
from tests.engine.callers import Caller
from tests.engine.document import ABSENT, Declared
from tests.engine.draft import Draft
from tests.engine.selections import SelectionWriter
from tests.engine.sides import GRAPHQL_MEDIA, JSON_MEDIA, Asked
from tests.engine.values import RUBBISH_CURSORS, Values

_VARIABLE = re.compile(r"\$(\w+)")
OTHER = "query Other { viewer { role } again: __typename }"
# Cursors that are tried of those in an answer.
MOST_CURSORS = 12


@dataclass
class Written:
    """A document and the variables that were sent with it, to be asked again in another way."""

    text: str
    operation_name: str | None
    media: str
    declared: dict[str, Declared] = field(repr=False)

    def asked(self) -> Asked:
        """The request."""
        given = {name: one.given for name, one in self.declared.items() if one.given is not ABSENT}
        return Asked(self.text, given, self.operation_name, self.media)


@st.composite
def operations(draw: st.DrawFn, caller: Caller, values: Values, touched: set[str]) -> Written:
    """An operation that a caller may send. `touched` learns what of the schema was asked for."""
    return _Document(Draft(Choice(draw), caller, values, touched)).written()


@st.composite
def other_variables(draw: st.DrawFn, written: Written, answer: bytes) -> Asked:
    """The same text with other values: cursors from the answer, conditions turned round, other numbers."""
    choice = Choice(draw)
    found = json.loads(answer)
    given = {}
    for name, one in written.declared.items():
        value = _other_value(choice, one, found)
        if value is not ABSENT:
            given[name] = value
    return replace(written.asked(), variables=given)


def _other_value(choice: Choice, declared: Declared, answer: Any) -> Any:
    if declared.list_key is not None:
        cursors = list(dict.fromkeys(_cursors_below(answer, declared.list_key)))
        if cursors and choice.chance(85):
            return choice.one(cursors[:MOST_CURSORS])
        return choice.one((ABSENT, None, *RUBBISH_CURSORS))
    if declared.condition and isinstance(declared.given, bool):
        return declared.given is choice.chance(40)
    is_number = declared.type.startswith("Int") and isinstance(declared.given, int)
    return choice.one((declared.given, 1, 3)) if is_number else declared.given


def _cursors_below(found: Any, key: str) -> Iterator[str]:
    """The cursors of the lists that stand under a response key, wherever that is."""
    if isinstance(found, list):
        for one in found:
            yield from _cursors_below(one, key)
    elif isinstance(found, dict):
        for name, value in found.items():
            if name == key:
                yield from _cursors_in(value, 3)
            yield from _cursors_below(value, key)


def _cursors_in(found: Any, depth: int) -> Iterator[str]:
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for name, value in items:
        if isinstance(value, str) and isinstance(name, str) and "ursor" in name:
            yield value
        elif depth:
            yield from _cursors_in(value, depth - 1)


class _Document:
    """Puts a document together."""

    def __init__(self, draft: Draft) -> None:
        self._draft, self._choice = draft, draft.choice

    def written(self) -> Written:
        draft, choice = self._draft, self._choice
        kind = "mutation" if draft.caller.schema.mutation_type and choice.chance(3) else "query"
        draft.is_odd = choice.chance(10)
        selections = SelectionWriter(draft)
        text = selections.operation(kind)
        # Nothing may be declared that isn't used.
        used = set(_VARIABLE.findall(" ".join([text, *selections.texts])))
        draft.declared = {name: one for name, one in draft.declared.items() if name in used}
        for one in draft.declared.values():
            draft.give(one)
        named, operations = self._beside(self._head(kind) + text)
        media = GRAPHQL_MEDIA if choice.chance(10) else JSON_MEDIA
        return Written(" ".join([*operations, *selections.texts]), named, media, draft.declared)

    def _head(self, kind: str) -> str:
        """What stands before the selections: nothing, where that will do."""
        variables = ", ".join(one.text(name) for name, one in self._draft.declared.items())
        if not variables and kind == "query" and self._choice.chance(50):
            return ""
        return f"{kind} Main{f'({variables})' if variables else ''} "

    def _beside(self, text: str) -> tuple[str | None, list[str]]:
        """The operation's name as it is sent, and the document's operations: another one besides, now and then."""
        if text.startswith("{"):
            return None, [text]
        kind = self._choice.number(0, 99)
        if kind < 80:
            return ("Main" if kind >= 60 else None), [text]
        self._draft.note("several operations")
        named = "Main" if kind < 96 else self._choice.one(("Other", None, "Nothing", ""))
        return named, [text, OTHER] if self._choice.chance(50) else [OTHER, text]
