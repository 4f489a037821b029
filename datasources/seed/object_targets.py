"""Puts generated files into the object store: a local folder or a bucket."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import boto3
from botocore.config import Config

from datasources.engines.file_paths import path_of_key
from datasources.seed.objects import StoredFile
from datasources.seed.sinks import NotEmptyError


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """A local folder, laid out as the gateway's own store of files reads it."""

    path: Path

    def fill(self, stored: Iterable[StoredFile], *, replace: bool) -> int:
        """Writes the files, with their times, and returns how many. Raises NotEmptyError."""
        self.path.mkdir(parents=True, exist_ok=True)
        if not replace and any(self.path.iterdir()):
            raise NotEmptyError(
                "files: the folder isn't empty, so nothing was written; to replace what is there, seed with `--replace`"
            )
        count = 0
        for file in stored:
            self._write(file)
            count += 1
        return count

    def _write(self, file: StoredFile) -> None:
        path = path_of_key(self.path, file.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.body)
        # A naive time has no zone of its own: UTC makes it the same on every machine.
        moment = file.modified.replace(tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))


@dataclass(frozen=True, slots=True)
class S3Target:
    """A bucket that exists, at any S3 server; without an endpoint, at AWS in that region."""

    bucket: str
    endpoint: str | None
    access_key: str
    secret_key: str
    region: str = "us-east-1"

    def fill(self, stored: Iterable[StoredFile], *, replace: bool) -> int:
        """Uploads the files and returns how many; the server sets their times. Raises NotEmptyError."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(connect_timeout=5, read_timeout=30, s3={"addressing_style": "path"}),
        )
        if not replace and client.list_objects_v2(Bucket=self.bucket, MaxKeys=1).get("KeyCount"):
            raise NotEmptyError(
                "files: the bucket isn't empty, so nothing was written; to replace what is there, seed with `--replace`"
            )
        count = 0
        for file in stored:
            client.put_object(Bucket=self.bucket, Key=file.key, Body=file.body, ContentType=file.content_type)
            count += 1
        return count
