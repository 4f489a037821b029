"""File connections: the files of a lead, a company, a ticket or a report, each below its own prefix.

Names come from users and may hold anything; a prefix is always made here from ids, so that no name leads out of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from datasources.model import FilePage, StoredFile
from gateway.context import Request
from gateway.errors import bad_input
from gateway.resolvers.connection import Connection, Item, Page, page_arguments
from gateway.resolvers.cursor import fingerprint_of

SHORTEST_LINK = 1
USUAL_LINK = 300
LONGEST_LINK = 7 * 86_400
MOST_COUNTED = 10_000
STEP = 1_000

Fit: TypeAlias = Callable[[StoredFile], bool]


@dataclass(frozen=True)
class FileOfPrefix:
    """A file that the caller may have, because they see what its prefix belongs to."""

    stored: StoredFile


async def file_connection(
    request: Request, prefix: str | None, arguments: dict[str, Any], *, fit: Fit | None = None
) -> Connection:
    """A page of the files below a prefix that fit, in the order of their keys."""
    page = page_arguments(arguments)
    fingerprint = fingerprint_of("files", prefix)
    cursors = request.services.cursors
    after = None if page.after is None else cursors.decode(fingerprint, page.after, (str,))[0]

    async def total() -> int:
        whole = await _fitting(request, prefix, fit, after=None, limit=MOST_COUNTED)
        if whole.has_more:
            raise bad_input(
                f"There are more than {MOST_COUNTED} files; page through them instead of counting."
            )
        return len(whole.files)

    async def page_of_files() -> Page:
        found = await _fitting(request, prefix, fit, after=after, limit=page.size)
        request.access.reads.others("File", len(found.files))
        items = [Item(FileOfPrefix(stored), partial(cursor, stored.name)) for stored in found.files]
        return Page(items, next=found.has_more, previous=after is not None)

    def cursor(name: str) -> str:
        return cursors.encode(fingerprint, (name,))

    return Connection(page_of_files, total)


async def _fitting(
    request: Request, prefix: str | None, fit: Fit | None, *, after: str | None, limit: int
) -> FilePage:
    """At most `limit` files that fit; the store is asked on until there are so many, or no more."""
    if prefix is None or limit == 0:
        return FilePage()
    if fit is None:
        return await request.access.files(prefix, after=after, limit=limit)
    found: list[StoredFile] = []
    page = FilePage(has_more=True)
    # One more than asked for tells whether another fits.
    while page.has_more and len(found) <= limit:
        page = await request.access.files(prefix, after=after, limit=STEP)
        found += [stored for stored in page.files if fit(stored)]
        after = page.files[-1].name if page.files else after
    return FilePage(found[:limit], len(found) > limit)


def lead_prefix(lead_id: int, drive_location: str | None) -> str:
    """Where a lead's files are: its `drive_location` below `leads/`, or its id where that is empty or unfit.

    A location that begins with a number would be another lead's folder; one with `.` or `..` as a segment, or with
    an empty one, is none.
    """
    segments = (drive_location or "").strip("/").split("/")
    fit = all(segment not in {"", ".", ".."} and segment.isprintable() for segment in segments)
    if not fit or segments[0].isdecimal():
        return f"leads/{lead_id}/"
    return f"leads/{'/'.join(segments)}/"


async def lead_files(cells: tuple[Any, ...], request: Request, **arguments: Any) -> Connection:
    """Files of the lead with this id and drive location."""
    return await file_connection(request, lead_prefix(*cells), arguments)


async def company_files(cells: tuple[Any, ...], request: Request, **arguments: Any) -> Connection:
    """Files of the company with this id."""
    return await file_connection(request, f"companies/{cells[0]}/", arguments)


async def ticket_files(cells: tuple[Any, ...], request: Request, **arguments: Any) -> Connection:
    """Files of the ticket with this id."""
    return await file_connection(request, f"tickets/{cells[0]}/", arguments)


async def file_url(file: FileOfPrefix, request: Request, expiresIn: int | None = None) -> str:  # noqa: N803
    """A signed link to a file; a null is as if nothing were said, as it is for the arguments of pages."""
    seconds = USUAL_LINK if expiresIn is None else expiresIn
    if not SHORTEST_LINK <= seconds <= LONGEST_LINK:
        raise bad_input(f"`expiresIn` is in seconds, from {SHORTEST_LINK} to {LONGEST_LINK}.")
    return await request.access.file_link(file.stored.key, seconds=seconds)
