"""A bucket of S3 or of a server that speaks its protocol, through boto3 in a few threads.

Opened by `datasources/estate.py`. Links are presigned by Signature Version 4, without asking the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from functools import cached_property
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, parse_qs, unquote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from datasources.base import SourceError, SourceTimeout, SourceUnavailable, StatementObserver, TimeLimits
from datasources.engines.content_types import content_type_of
from datasources.engines.file_store import ThreadedFileStore, checked_key
from datasources.model import FilePage, StoredFile

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_CONNECTIONS = 8
_MOST_KEYS_A_CALL = 1000
_AMAZON = ("", "amazonaws.com", "s3.amazonaws.com")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is and who asks; the secret stays out of the text form. No `endpoint` means Amazon."""

    name: str
    region: str
    endpoint: str | None
    access_key: str | None
    secret_key: str | None = field(repr=False)

    @classmethod
    def of(cls, parts: SplitResult) -> Bucket:
        """The bucket in a DSN `s3://key:secret@host:port/bucket?region=us-east-1&tls=false`."""
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        scheme = "http" if options.get("tls", "true").lower() in ("false", "0", "no") else "https"
        host = parts.netloc.rpartition("@")[2]
        return cls(
            name=unquote(parts.path.strip("/")),
            region=options.get("region", "us-east-1"),
            endpoint=None if host in _AMAZON else f"{scheme}://{host}",
            access_key=unquote(parts.username) if parts.username else None,
            secret_key=unquote(parts.password) if parts.password else None,
        )


class S3Store(ThreadedFileStore):
    """A `FileStore` over one bucket."""

    def __init__(
        self, name: str, bucket: Bucket, *, limits: TimeLimits, observers: Iterable[StatementObserver] = ()
    ) -> None:
        super().__init__(name, limits, observers)
        self._bucket = bucket
        self._making = Lock()

    async def link(self, key: str, *, seconds: int) -> str:
        """A presigned URL for reading one file. Needs no network."""
        parameters = {"Bucket": self._bucket.name, "Key": checked_key(key)}
        return await self._run(
            lambda: self._client().generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)
        )

    def _version(self) -> str:
        headers = self._client().head_bucket(Bucket=self._bucket.name)["ResponseMetadata"]["HTTPHeaders"]
        return f"S3 ({headers.get('server', 'unnamed server')})"

    def _page(self, prefix: str, after: str, limit: int) -> FilePage:
        # One more than wanted tells whether there are more.
        files = list(islice(self._files(prefix, after, limit + 1), limit + 1))
        return FilePage(files=tuple(files[:limit]), has_more=len(files) > limit)

    def _files(self, prefix: str, after: str, wanted: int) -> Iterator[StoredFile]:
        while True:
            answer = self._client().list_objects_v2(
                Bucket=self._bucket.name,
                Prefix=prefix,
                StartAfter=after,
                MaxKeys=min(wanted + 1, _MOST_KEYS_A_CALL),
            )
            # Amazon begins after the key; Ceph's own store repeats it, which is why one more is asked for.
            fresh = [entry for entry in answer.get("Contents", ()) if entry["Key"] > after]
            yield from (_stored_file(entry, prefix) for entry in fresh)
            if not answer["IsTruncated"] or not fresh:
                return
            after = fresh[-1]["Key"]

    def _put(self, key: str, data: bytes, content_type: str | None) -> None:
        options: Any = {"ContentType": content_type} if content_type else {}
        self._client().put_object(Bucket=self._bucket.name, Key=key, Body=data, **options)

    def _client(self) -> S3Client:
        # Building a client takes a tenth of a second and is not safe in two threads at once.
        with self._making:
            return self._built_client

    @cached_property
    def _built_client(self) -> S3Client:
        bucket = self._bucket
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name=bucket.region,
            aws_access_key_id=bucket.access_key,
            aws_secret_access_key=bucket.secret_key,
            config=_config(self._limits, path_style=bucket.endpoint is not None),
        )
        return cast("S3Client", client)

    def _translated(self, error: Exception) -> SourceError | None:
        if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
            return SourceTimeout(self.name, str(error))
        if isinstance(error, BotoCoreError | ClientError):
            return SourceUnavailable(self.name, str(error))
        return None


def _config(limits: TimeLimits, *, path_style: bool) -> Config:
    return Config(
        signature_version="s3v4",
        connect_timeout=limits.connect,
        read_timeout=limits.statement,
        retries={"total_max_attempts": 2, "mode": "standard"},
        max_pool_connections=_CONNECTIONS,
        # A server of one's own seldom has a host name for each bucket.
        s3={"addressing_style": "path" if path_style else "virtual"},
        # The newer checksums are unknown to some servers.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _stored_file(entry: Any, prefix: str) -> StoredFile:
    name = entry["Key"][len(prefix) :]
    return StoredFile(
        key=entry["Key"],
        name=name,
        size=entry["Size"],
        content_type=content_type_of(name),
        last_modified=entry["LastModified"].astimezone(UTC),
    )
