"""What graphql-core says of values that don't fit, in the words of who sent them: null and true, not None and True.

Used where variables and arguments are coerced.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from graphql.pyutils import inspect

_NONE, _NULL = "not to be None.", "not to be null."


def shown(value: Any) -> str:
    """A value as JSON; what is none, such as a type, as graphql-core shows it."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return inspect(value)


def in_words_of_json(message: str) -> str:
    """A message without the word None that graphql-core ends it with."""
    return message.removesuffix(_NONE) + _NULL if message.endswith(_NONE) else message


# Each takes it from its module, and has no other way to be told. A function hides the last of them by its name.
for _module in ("type.definition", "type.scalars", "utilities.validate_input_value"):
    import_module(f"graphql.{_module}").inspect = shown  # type: ignore[attr-defined]
