"""Where a key lies in a local folder: any Unicode, and never outside it. Called by `localfs.py`.

Everything but lower-case letters, digits, `-`, `_` and `.` is percent-encoded, so that no two keys share a
path on a file system that ignores case, and no segment is `.` or `..`. A folder's name ends in `+`, so that
the keys `a` and `a/b` live together; a segment too long for a file name goes on in a folder whose name ends
in `&`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
_FOLDER, _CONTINUED = "+", "&"
_EMPTY = "%"  # no encoding gives a lone percent sign
_LONGEST_PART = 200


def path_of_key(root: Path, key: str) -> Path:
    """The file that holds a key's object."""
    *folders, name = key.split("/")
    return root.joinpath(*_folder_parts(folders), *_parts(_encoded(name) or _EMPTY, ""))


def folder_of_prefix(root: Path, prefix: str) -> Path:
    """The folder below which exactly the objects of a prefix lie; the prefix ends in a slash."""
    *folders, _ = prefix.split("/")
    return root.joinpath(*_folder_parts(folders))


def key_of_path(root: Path, path: Path) -> str:
    """The key whose object a file holds."""
    return unquote("".join(_decoded(part) for part in path.relative_to(root).parts))


def _folder_parts(folders: list[str]) -> Iterator[str]:
    for folder in folders:
        yield from _parts(_encoded(folder), _FOLDER)


def _parts(text: str, ending: str) -> Iterator[str]:
    while len(text) > _LONGEST_PART:
        yield text[:_LONGEST_PART] + _CONTINUED
        text = text[_LONGEST_PART:]
    yield text + ending


def _encoded(segment: str) -> str:
    text = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in segment.encode())
    return f"%2e{text[1:]}" if text.startswith(".") else text


def _decoded(part: str) -> str:
    if part.endswith(_FOLDER):
        return f"{part[:-1]}/"
    if part == _EMPTY:
        return ""
    return part.removesuffix(_CONTINUED)
