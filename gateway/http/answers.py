"""Answers as bytes: what a client sees of a result or of an error, and with which status."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import orjson
import structlog
from graphql import ExecutionResult, GraphQLError

from gateway.engine.documents import RequestRefused
from gateway.errors import RETRY_AFTER, RETRYABLE, Code, GatewayError
from gateway.http.negotiate import Media

log = structlog.get_logger(__name__)

LONGEST_MESSAGE = 500
CLIENT_GONE = 499
UNEXPECTED = "Something went wrong on our side; quote the requestId when you report it."
STATUS = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.THROTTLED: 429,
    Code.SOURCE_UNAVAILABLE: 503,
    Code.TIMEOUT: 503,
    Code.INTERNAL: 500,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL answer, before it is known in which media type it goes out.

    `executed` says whether there is a `data` entry, even if it is null; `codes` are those of its errors, each once, and
    `code` is that of a refused request, `retry_after` the seconds after which it may be sent again, if they are known.
    """

    body: bytes
    executed: bool
    codes: Sequence[str] = ()
    code: Code | None = None
    retry_after: int | None = None

    @property
    def errors(self) -> bytes:
        """The list of errors of what wasn't executed."""
        return self.body.removeprefix(_ERRORS).removesuffix(b"}")


_ERRORS = b'{"errors":'


def status_of(answer: Answer, media: Media) -> int:
    """The HTTP status of an answer, with which a request is audited however it came."""
    if answer.executed or answer.code is None:
        return 200
    if answer.code in STATUS:
        return STATUS[answer.code]
    return 400 if media is Media.GRAPHQL else 200


def of_result(result: ExecutionResult, request_id: str) -> Answer:
    """What the executor gave."""
    return of_data(_json(result.data), result.errors or (), request_id)


def answer_to_event(result: ExecutionResult, request_id: str) -> bytes:
    """What a subscriber is given for an event."""
    return of_result(result, request_id).body


def of_data(data: bytes, errors: Sequence[GraphQLError], request_id: str) -> Answer:
    """What an executor gave that writes the JSON of `data` itself."""
    if not errors:
        return Answer(b'{"data":%b}' % data, executed=True)
    entries = [_formatted(error, _code_of(error), request_id) for error in sorted(errors, key=_place)]
    return Answer(b'{"data":%b,"errors":%b}' % (data, _json(entries)), executed=True, codes=_codes(entries))


def with_extensions(answer: Answer, extensions: Mapping[str, Any]) -> Answer:
    """An answer with more beside its data and errors."""
    return replace(answer, body=b'%b,"extensions":%b}' % (answer.body[:-1], _json(extensions)))


def of_refusal(refusal: RequestRefused, request_id: str) -> Answer:
    """A request that couldn't be executed."""
    return _without_data(
        [_formatted(error, refusal.code, request_id) for error in refusal.errors], refusal.code
    )


def of_error(error: GatewayError, request_id: str) -> Answer:
    """A request that ended before anything was executed."""
    entry = _entry(error.message, error.code, request_id)
    entry["extensions"] |= error.details
    return replace(_without_data([entry], error.code), retry_after=error.details.get(RETRY_AFTER))


def of_unexpected(request_id: str) -> Answer:
    """A request that failed for a reason that only the log may hold."""
    return of_error(GatewayError(Code.INTERNAL, UNEXPECTED), request_id)


def _without_data(entries: Sequence[Mapping[str, Any]], code: Code) -> Answer:
    return Answer(b"%b%b}" % (_ERRORS, _json(entries)), executed=False, codes=_codes(entries), code=code)


def _codes(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({entry["extensions"]["code"] for entry in entries})


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # What orjson has no place for: integers past 64 bits, text with half a surrogate pair.
        return json.dumps(_without_nan(value), separators=(",", ":")).encode()


def _without_nan(value: Any) -> Any:
    """The value with null for the numbers that JSON has no word for, as orjson has it."""
    match value:
        case float():
            return value if isfinite(value) else None
        case dict():
            return {key: _without_nan(item) for key, item in value.items()}
        case list() | tuple():
            return [_without_nan(item) for item in value]
    return value


def _place(error: GraphQLError) -> list[tuple[bool, int, str]]:
    """Where an error stands among others: by its path, whichever of the reads that failed side by side was first."""
    return [
        (isinstance(part, str), part if isinstance(part, int) else 0, str(part)) for part in error.path or ()
    ]


def _code_of(error: GraphQLError) -> Code:
    original = error.original_error
    if isinstance(original, GatewayError):
        return original.code
    return Code.INTERNAL if original is not None else Code.BAD_USER_INPUT


def _formatted(error: GraphQLError, code: Code, request_id: str) -> dict[str, Any]:
    message = error.message
    original = error.original_error
    if code is Code.INTERNAL:
        log.error("a field failed", request_id=request_id, path=error.path, exc_info=original)
        message = UNEXPECTED
    elif isinstance(original, GatewayError):
        message = original.message
    locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    entry = _entry(message, code, request_id, locations, error.path)
    if isinstance(original, GatewayError):
        entry["extensions"] |= original.details
    return entry


def _entry(
    message: str,
    code: Code,
    request_id: str,
    locations: Sequence[Any] = (),
    path: Sequence[Any] | None = None,
) -> dict[str, Any]:
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE] + " …"
    entry: dict[str, Any] = {"message": message}
    if locations:
        entry["locations"] = locations
    if path is not None:
        entry["path"] = list(path)
    entry["extensions"] = {"code": code.value, "requestId": request_id, "retryable": code in RETRYABLE}
    return entry
