"""What those who write one document share: choices, who asks, what the estate holds, and which names are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLInputType, is_non_null_type

from tests.choice import Choice
from tests.engine.callers import Caller
from tests.engine.document import ABSENT, Declared, Variable, literal
from tests.engine.values import ODD, Values


@dataclass
class Draft:
    """A document that is being written. `touched` learns what of the schema it asks for.

    `is_odd` says that something is wrong with the operation on purpose; `types_of_ids` are those of the ids that `node`
    and `nodes` were given.
    """

    choice: Choice
    caller: Caller
    values: Values
    touched: set[str]
    is_odd: bool = False
    declared: dict[str, Declared] = field(default_factory=dict)
    types_of_ids: list[str] = field(default_factory=list)
    _made: int = 0
    _in_variable: bool = False

    def next(self) -> int:
        """A number that no name has yet."""
        self._made += 1
        return self._made

    def note(self, what: str) -> None:
        """Remembers what is asked for."""
        self.touched.add(what)

    # --- variables ---

    def put(self, make: Callable[[], Any], type_: GraphQLInputType) -> Any:
        """A value for a place of this type: in the text, or by a variable."""
        if self._in_variable or not self.choice.chance(35):
            return make()
        named = str(type_)
        with self._within_variable():
            declared = Declared(named, make)
            if is_non_null_type(type_):
                # A default makes up for what the variable's own type allows.
                if self.choice.chance(15):
                    declared.type, declared.default = named.removesuffix("!"), make()
                elif self.choice.chance(15):
                    declared.default = make()
            elif self.choice.chance(20):
                declared.default = None if self.choice.chance(4) else make()
            elif self.choice.chance(20):
                declared.type = f"{named}!"
        return self.declare(declared)

    def declare(self, declared: Declared) -> Variable:
        """A new variable."""
        name = f"v{self.next()}"
        self.declared[name] = declared
        return Variable(name)

    def condition(self, *, usually: bool) -> str:
        """What a directive's `if` is, mostly this value."""
        value = usually is not self.choice.chance(30)
        if not self.choice.chance(60):
            return literal(value)
        known = [name for name, one in self.declared.items() if one.condition]
        if known and self.choice.chance(40):
            return f"${self.choice.one(known)}"
        declared = Declared("Boolean!", lambda: value, condition=True)
        if self.choice.chance(30):
            declared.default = self.choice.chance(50)
            declared.type = self.choice.one(("Boolean!", "Boolean"))
        return literal(self.declare(declared))

    def give(self, declared: Declared) -> None:
        """Chooses what is sent for a variable: a value, nothing, null, or what can't be."""
        with self._within_variable():
            kind = self.choice.number(0, 99)
            may_lack = not declared.type.endswith("!") or declared.default is not ABSENT
            if declared.list_key is not None:
                declared.given = ABSENT if kind < 80 else None
            elif kind >= 80 and self.is_odd:
                declared.given = self._odd_value(declared.type)
            elif kind >= 98 and not declared.type.endswith("!"):
                declared.given = None
            elif 70 <= kind < 80 and may_lack:
                declared.given = ABSENT
            else:
                declared.given = declared.make()

    @contextmanager
    def _within_variable(self) -> Iterator[None]:
        before, self._in_variable = self._in_variable, True
        try:
            yield
        finally:
            self._in_variable = before

    def _odd_value(self, type_name: str) -> Any:
        self.note("odd variables")
        named = type_name.strip("[]!")
        options = ODD.get(named, ("NOPE", 5, {"nope": 1}, [{}], None))
        value = self.choice.one(options)
        return [value] if type_name.startswith("[") and self.choice.chance(50) else value
