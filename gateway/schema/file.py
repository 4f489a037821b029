"""File: an object in the estate's file store."""

from __future__ import annotations

from typing import Any

from gateway.context import Request
from gateway.resolvers.declarations import Argument, ObjectType, computed
from gateway.resolvers.files import USUAL_LINK, FileOfPrefix, file_url


def _name(file: FileOfPrefix, _: Request) -> str:
    return file.stored.name


def _size(file: FileOfPrefix, _: Request) -> int:
    return file.stored.size


def _content_type(file: FileOfPrefix, _: Request) -> str | None:
    return file.stored.content_type


def _last_modified(file: FileOfPrefix, _: Request) -> Any:
    return file.stored.last_modified


FILE = ObjectType(
    name="File",
    description="A file of a lead, a company, a ticket or a report.",
    fields=(
        computed("name", "String!", "The file's name below what it belongs to; it may hold slashes.", _name),
        computed("size", "Int!", "The file's size in bytes.", _size),
        computed("contentType", "String", "The file's media type, as far as it is known.", _content_type),
        computed("lastModified", "DateTime!", "When the file was last written.", _last_modified),
        computed(
            "url",
            "String!",
            "A link to the file that ends by itself. Whoever has the link can read the file until then.",
            file_url,
            arguments=(Argument("expiresIn", "Int", "For how many seconds the link is good.", USUAL_LINK),),
        ),
    ),
)
