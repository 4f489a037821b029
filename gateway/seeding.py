"""Where `gateway seed` and `gateway demo` put generated data: the stores that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict
from urllib.parse import unquote, urlsplit

from datasources.engines.s3 import Bucket
from datasources.seed import FolderTarget, S3Target
from gateway.settings import Settings, SettingsError


class Target(TypedDict):
    """The stores to fill, as `load_estate` takes them."""

    iperform: str
    magenta: str
    analytics: str | None
    files: FolderTarget | S3Target


def target_of(settings: Settings) -> Target:
    """The stores that the settings name."""
    return Target(
        iperform=settings.iperform_dsn,
        magenta=settings.magenta_dsn,
        analytics=settings.analytics_dsn,
        files=files_target(settings.files_dsn),
    )


def files_target(dsn: str) -> FolderTarget | S3Target:
    """The file store to fill. Raises SettingsError where its keys are needed and absent."""
    parts = urlsplit(dsn)
    if parts.scheme == "file":
        return FolderTarget(Path(unquote(parts.path)))
    bucket = Bucket.of(parts)
    if bucket.access_key is None or bucket.secret_key is None:
        raise SettingsError(
            "GATEWAY_FILES_DSN must have the keys of the bucket, s3://key:secret@…, to fill it"
        )
    return S3Target(
        bucket=bucket.name,
        endpoint=bucket.endpoint,
        access_key=bucket.access_key,
        secret_key=bucket.secret_key,
        region=bucket.region,
    )
