"""The values of a field's arguments, as both executors have them. Called by `orderly.py` and `fetching.py`."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError
from graphql.execution.values import get_argument_values

from gateway.engine.wording import in_words_of_json
from gateway.errors import bad_input


def argument_values(*given: Any) -> dict[str, Any]:
    """As graphql-core's `get_argument_values`, to which all is passed on. Raises BAD_USER_INPUT.

    Validation lets some through that only their values tell: a variable that may be null where null may not be, if it
    has a default; and any `@oneOf`, which Strawberry refuses by a function of its own.
    """
    try:
        return get_argument_values(*given)
    except GraphQLError as error:
        raise bad_input(in_words_of_json(error.message)) from None
