"""A local folder that behaves like a bucket, for the embedded estate. Opened by `datasources/estate.py`.

Links are signed and end by themselves; the gateway's route for them calls `open_link`. How a key becomes a
path is in `file_paths.py`.
"""

from __future__ import annotations

import hmac
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from datasources.base import SourceError, SourceUnavailable, StatementObserver, TimeLimits
from datasources.engines.content_types import content_type_of
from datasources.engines.file_paths import folder_of_prefix, key_of_path, path_of_key
from datasources.engines.file_store import ThreadedFileStore, checked_key
from datasources.model import FilePage, StoredFile

LINK_PATH = "/files/"
_EXPIRY_BYTES = 8
# What the signature is for: a secret that also signs other things never makes one valid as a link.
_PURPOSE = b"file link\0"


class LinkRefused(Exception):
    """A link is forged, has ended, or names a file that is no longer there."""


class LocalStore(ThreadedFileStore):
    """A `FileStore` over one folder of this machine."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        secret: bytes,
        limits: TimeLimits,
        observers: Iterable[StatementObserver] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name, limits, observers)
        self._folder = folder
        self._secret = secret
        self._now = now

    async def link(self, key: str, *, seconds: int) -> str:
        """A path on the gateway itself, good for `seconds`."""
        expiry = int(self._now()) + seconds
        return LINK_PATH + self._sealed(expiry.to_bytes(_EXPIRY_BYTES, "big") + checked_key(key).encode())

    def open_link(self, token: str) -> tuple[str, Path]:
        """The key and the file of a link's last part. Raises `LinkRefused`."""
        content = self._unsealed(token)
        if int.from_bytes(content[:_EXPIRY_BYTES], "big") <= self._now():
            raise LinkRefused("the link has ended")
        key = content[_EXPIRY_BYTES:].decode()
        path = path_of_key(self._folder, key)
        if not path.is_file():
            raise LinkRefused("there is no such file")
        return key, path

    def _sealed(self, content: bytes) -> str:
        return f"{_base64(content)}.{_base64(self._signature(content))}"

    def _unsealed(self, token: str) -> bytes:
        content, _, signature = token.partition(".")
        try:
            opened, signed = _unbase64(content), _unbase64(signature)
        except (BadBase64, ValueError) as error:
            raise LinkRefused("the link is malformed") from error
        # Base64 has several spellings of some bytes: only the one that was given out counts.
        if not hmac.compare_digest(self._signature(opened), signed) or self._sealed(opened) != token:
            raise LinkRefused("the link's signature is wrong")
        return opened

    def _signature(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, _PURPOSE + content, sha256)

    def _version(self) -> str:
        if not self._folder.is_dir():
            raise FileNotFoundError(self._folder)
        return "local folder"

    def _page(self, prefix: str, after: str, limit: int) -> FilePage:
        paths = {key_of_path(self._folder, path): path for path in _files_below(self._folder, prefix)}
        keys = sorted(key for key in paths if key > after)
        files = tuple(_stored_file(paths[key], key, prefix) for key in keys[:limit])
        return FilePage(files=files, has_more=len(keys) > limit)

    def _put(self, key: str, data: bytes, content_type: str | None) -> None:
        del content_type  # told from the name, as on S3
        path = path_of_key(self._folder, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
            file.write(data)
        os.replace(file.name, path)

    def _translated(self, error: Exception) -> SourceError | None:
        return SourceUnavailable(self.name, str(error)) if isinstance(error, OSError) else None


def _files_below(root: Path, prefix: str) -> Iterator[Path]:
    if not root.is_dir():
        raise FileNotFoundError(root)
    for folder, _, names in os.walk(folder_of_prefix(root, prefix)):
        yield from (Path(folder, name) for name in names)


def _stored_file(path: Path, key: str, prefix: str) -> StoredFile:
    status = path.stat()
    name = key[len(prefix) :]
    return StoredFile(
        key=key,
        name=name,
        size=status.st_size,
        content_type=content_type_of(name),
        last_modified=datetime.fromtimestamp(int(status.st_mtime), UTC),
    )


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
