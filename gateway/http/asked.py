"""What a client asks for, from the body or the address of its request, or why that is no GraphQL request."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import QueryParams

from gateway.errors import Code, GatewayError
from gateway.http.incoming import Incoming
from gateway.http.negotiate import is_json

LONGEST_QUERY = 200_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Refused(GatewayError):
    """A request that ends with an HTTP status of its own, whichever media type the answer has."""

    def __init__(
        self, code: Code, message: str, status: int, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.headers = dict(headers or {})


class BadRequest(Refused):
    """A request that is no GraphQL request; `status` says in which way."""

    def __init__(self, message: str, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(Code.BAD_REQUEST, message, status, headers)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for: a text, or the hash of one that is kept; the text may come with its hash, to be kept."""

    query: str | None
    operation_name: str | None
    variables: Mapping[str, Any]
    hash: str | None = None


def query_parameters(incoming: Incoming) -> QueryParams:
    """What stands in the address after the question mark."""
    return QueryParams(incoming.scope["query_string"])


def asked_in_address(incoming: Incoming) -> Asked:
    """What a GET asks for. Raises BadRequest."""
    given: dict[str, Any] = dict(query_parameters(incoming))
    for name in ("variables", "extensions"):
        if name in given:
            try:
                given[name] = orjson.loads(given[name])
            except orjson.JSONDecodeError:
                raise BadRequest(f"`{name}` in the address must be JSON.") from None
    return asked_of(given)


async def asked_in_body(incoming: Incoming, most: int) -> Asked:
    """What a POST asks for, with at most so many bytes. Raises BadRequest, or ClientDisconnect."""
    if not is_json(incoming.header(b"content-type")):
        raise BadRequest("Send JSON, with `Content-Type: application/json`.", 415)
    encoding = incoming.header(b"content-encoding")
    if encoding is not None and encoding.strip().lower() != "identity":
        raise BadRequest("Send the body as it is, without a `Content-Encoding`.", 415)
    announced = int(incoming.header(b"content-length") or "0")
    body = await incoming.body(most) if announced <= most else None
    if body is None:
        raise BadRequest(f"The body is larger than {most} bytes.", 413, {"connection": "close"})
    return _asked_in(body)


def _asked_in(body: bytes) -> Asked:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("The body must be JSON in UTF-8, nested no more than 1,000 deep.") from None
    if isinstance(given, list):
        raise BadRequest("Batches aren't served; send one operation, it may have many fields.")
    if not isinstance(given, dict):
        raise BadRequest('The body is an object such as {"query": "{ viewer { role } }"}.')
    return asked_of(given)


def asked_of(given: Mapping[str, Any]) -> Asked:
    """What a client asks for, from the members of its request. Raises BadRequest."""
    query, name, variables = given.get("query"), given.get("operationName"), given.get("variables")
    if query is not None and not isinstance(query, str):
        raise BadRequest("`query` must be a text: the GraphQL document.")
    if query and len(query) > LONGEST_QUERY:
        raise BadRequest(f"`query` has more than {LONGEST_QUERY} characters.", 413)
    if name is not None and not isinstance(name, str):
        raise BadRequest("`operationName` must be a text.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("`variables` must be an object.")
    named = _hash_in(given.get("extensions"), query or None)
    if not query and named is None:
        raise BadRequest("`query` must be a text: the GraphQL document.")
    return Asked(query or None, name, variables or {}, named)


def _hash_in(extensions: Any, query: str | None) -> str | None:
    """The hash in `extensions.persistedQuery`, which is that of the text where there is one."""
    if extensions is None:
        return None
    if not isinstance(extensions, dict):
        raise BadRequest("`extensions` must be an object.")
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict):
        raise BadRequest("`extensions.persistedQuery` must be an object.")
    version, named = persisted.get("version"), persisted.get("sha256Hash")
    if type(version) is not int or version != 1:
        raise BadRequest("`extensions.persistedQuery.version` must be 1.")
    if not isinstance(named, str) or _SHA256.fullmatch(named) is None:
        raise BadRequest(
            "`extensions.persistedQuery.sha256Hash` must be 64 hexadecimal digits in lower case."
        )
    if query is not None and named != hashlib.sha256(query.encode()).hexdigest():
        raise BadRequest("`extensions.persistedQuery.sha256Hash` isn't the SHA-256 of `query`.")
    return named
