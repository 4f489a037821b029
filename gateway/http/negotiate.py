"""Media types of GraphQL over HTTP: what a client sends, and what it accepts.

https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

from enum import Enum


class Media(Enum):
    """The media types that an answer can have."""

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"
    HTML = "text/html"


def accepted(header: str | None, offered: tuple[Media, ...]) -> Media | None:
    """The best of what is offered for an `Accept` header; the first for a client that takes anything."""
    if not header or not header.strip():
        return offered[0]
    best: tuple[float, int] | None = None
    chosen: Media | None = None
    for range_, quality in _ranges(header):
        for place, media in enumerate(offered):
            if quality > 0 and _fits(range_, media.value):
                rank = (quality, -place)
                if best is None or rank > best:
                    best, chosen = rank, media
    return chosen


def _ranges(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header.split(","):
        range_, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
            elif name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
                quality = 0.0
        found.append((range_, quality))
    return found


def _fits(range_: str, media: str) -> bool:
    return range_ in {"*/*", media} or (range_.endswith("/*") and media.startswith(range_[:-1]))


def is_json(content_type: str | None) -> bool:
    """Whether a body is JSON in UTF-8."""
    kind, *parameters = (piece.strip().lower() for piece in (content_type or "").split(";"))
    charsets = [
        value.strip('"')
        for name, _, value in (item.partition("=") for item in parameters)
        if name == "charset"
    ]
    return kind == "application/json" and all(charset in {"utf-8", "utf8"} for charset in charsets)
