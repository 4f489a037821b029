"""The errors that a client may see, and their codes. Everything else a client sees as INTERNAL.

Raised anywhere in the gateway; turned into GraphQL errors by `gateway/http/answers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Code(Enum):
    """`extensions.code` of an error: Apollo's names where one exists."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    THROTTLED = "THROTTLED"
    COST_LIMIT_EXCEEDED = "COST_LIMIT_EXCEEDED"
    FILTER_TOO_BROAD = "FILTER_TOO_BROAD"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    SLOW_CONSUMER = "SLOW_CONSUMER"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    TIMEOUT = "TIMEOUT"
    INTERNAL = "INTERNAL"


# The seconds after which asking again is worth it, in an error's `details`; over HTTP it is a header as well.
RETRY_AFTER = "retryAfter"
RETRYABLE = frozenset({Code.THROTTLED, Code.SLOW_CONSUMER, Code.SOURCE_UNAVAILABLE, Code.TIMEOUT})


class GatewayError(Exception):
    """An error with a code and a sentence that tells the client what to do.

    The message reaches clients as it is: it never holds the text of another exception, SQL or a host. Nor does
    `details`, which is further entries of the error's `extensions`, as JSON has them.
    """

    def __init__(self, code: Code, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}


def bad_input(message: str) -> GatewayError:
    """The client sent something that can't be carried out; `message` says what to send instead."""
    return GatewayError(Code.BAD_USER_INPUT, message)


def not_found(message: str = "There is nothing with that id.") -> GatewayError:
    """The row to be changed isn't there, or isn't visible: one sentence for both."""
    return GatewayError(Code.NOT_FOUND, message)


def forbidden(message: str) -> GatewayError:
    """The caller sees the row, and may not do this to it."""
    return GatewayError(Code.FORBIDDEN, message)


def unauthenticated(message: str = "Log in: the token is missing, or no longer good.") -> GatewayError:
    """Nobody is known to be asking. One sentence for every reason, so that it tells nothing apart."""
    return GatewayError(Code.UNAUTHENTICATED, message)


def too_broad(message: str) -> GatewayError:
    """A filter or an order would need more keys from another source than the budget allows."""
    return GatewayError(Code.FILTER_TOO_BROAD, message)
