"""The content type of a file by its name, the same on every machine. Called by the file stores.

A listing of S3 says nothing of content types, so both stores go by the name.
"""

from mimetypes import MimeTypes
from pathlib import PurePosixPath

# Python's own table: `mimetypes.guess_type` would add whatever the machine's configuration says.
_TYPES = MimeTypes().types_map[1]


def content_type_of(name: str) -> str | None:
    """`application/pdf` of `Offer.PDF`; None for a name without a known ending."""
    return _TYPES.get(PurePosixPath(name).suffix.lower())
