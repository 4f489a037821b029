"""Media types of GraphQL over HTTP: what a client sends, and what it accepts.

https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

# Clients send few headers that differ; what is longer than this was made up, and isn't worth remembering.
_LONGEST_KEPT = 200
_KEPT = 256
_QUALITY = re.compile(r"[01](\.[0-9]{0,3})?")


class Media(Enum):
    """The media types that an answer can have."""

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"
    HTML = "text/html"
    EVENT_STREAM = "text/event-stream"

    # There is one object of each; Enum's own hash is that of the name, worked out by Python each time.
    __hash__ = object.__hash__


def accepted(header: str | None, offered: tuple[Media, ...]) -> Media | None:
    """The best of what is offered for an `Accept` header; the first for a client that takes anything."""
    if not header or not header.strip():
        return offered[0]
    return _known_best(header, offered) if len(header) <= _LONGEST_KEPT else _best(header, offered)


def _best(header: str, offered: tuple[Media, ...]) -> Media | None:
    ranges = _ranges(header)
    qualities = {media: _quality(media, ranges) for media in offered}
    # The first of equals: `max` keeps the order in which they are offered.
    chosen = max(offered, key=lambda media: qualities[media])
    return chosen if qualities[chosen] > 0 else None


_known_best = lru_cache(maxsize=_KEPT)(_best)


def _quality(media: Media, ranges: list[tuple[str, float]]) -> float:
    """How welcome a media type is: the most specific range that it fits decides (RFC 9110, 12.5.1)."""
    fitting = [(range_.count("*"), -quality) for range_, quality in ranges if _fits(range_, media.value)]
    return -min(fitting)[1] if fitting else 0.0


def _ranges(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header.split(","):
        range_, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name == "q":
                quality = float(value) if _QUALITY.fullmatch(value) else 0.0
            elif name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
                quality = 0.0
        found.append((range_, quality))
    return found


def _fits(range_: str, media: str) -> bool:
    return range_ in {"*/*", media} or (range_.endswith("/*") and media.startswith(range_[:-1]))


def is_json(content_type: str | None) -> bool:
    """Whether a body is JSON in UTF-8."""
    return content_type == Media.JSON.value or _is_json(content_type or "")


def _is_json(content_type: str) -> bool:
    kind, *parameters = (piece.strip().lower() for piece in content_type.split(";"))
    charsets = [
        value.strip('"')
        for name, _, value in (item.partition("=") for item in parameters)
        if name == "charset"
    ]
    return kind == "application/json" and all(charset in {"utf-8", "utf8"} for charset in charsets)
