"""Starts an S3 server that checks signatures: Ceph's RADOS gateway on SQLite, without a Ceph cluster."""

import json
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit
from urllib.request import ProxyHandler, build_opener

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.servers.catalogue import S3
from tests.servers.install import Installation, Origin
from tests.servers.process import ServerProcess, free_port, run_to_end
from tests.servers.running import RunningServer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ANSWER_SECONDS = 10
USER_SECONDS = 15
REGION = "us-east-1"
BUCKET = "iperform"
ACCESS_KEY = "gateway-access"
SECRET_KEY = "gateway-secret"

CONFIGURATION = """[global]
rgw_backend_store = dbstore
rgw_config_store = dbstore
dbstore_db_dir = {folder}/store
dbstore_config_uri = file:{folder}/store/config.db
rgw_data = {folder}/data
run_dir = {folder}
log_file = {folder}/radosgw.log
admin_socket = {folder}/admin.sock
plugin_dir = {plugins}
rgw_frontends = beast endpoint=127.0.0.1:{port}
rgw_thread_pool_size = 64
"""


@dataclass
class S3Server(RunningServer):
    """A running S3 server with the empty bucket `bucket`."""

    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    bucket: str = BUCKET
    region: str = REGION

    @property
    def endpoint(self) -> str:
        """The address without the keys."""
        return f"http://{self.host}:{self.port}"

    @property
    def address(self) -> str:
        keys = f"{quote(self.access_key, safe='')}:{quote(self.secret_key, safe='')}"
        return f"http://{keys}@{self.host}:{self.port}"

    def dsn(self) -> str:
        """The address of the bucket in the form of GATEWAY_FILES_DSN."""
        keys = f"{quote(self.access_key, safe='')}:{quote(self.secret_key, safe='')}"
        return f"s3://{keys}@{self.host}:{self.port}/{self.bucket}?region={self.region}&tls=false"

    def client(self, *, secret_key: str | None = None) -> "S3Client":
        """A boto3 client with the server's keys, or with another secret."""
        client: S3Client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=ANSWER_SECONDS,
                read_timeout=ANSWER_SECONDS * 2,
                retries={"max_attempts": 0},
                proxies={},
            ),
        )
        return client

    def ask_version(self) -> str:
        with build_opener(ProxyHandler({})).open(self.endpoint, timeout=ANSWER_SECONDS) as answer:
            named = str(answer.headers.get("Server", "unnamed"))
        return self._socket_version() if self.folder is not None else named

    def prepare(self) -> None:
        client = self.client()
        try:
            client.head_bucket(Bucket=self.bucket)
        except ClientError:
            client.create_bucket(Bucket=self.bucket)

    def _socket_version(self) -> str:
        # S3 itself has no question for the version; Ceph's administration socket does.
        assert self.folder is not None
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(_socket_path(self.folder)))
            connection.sendall(json.dumps({"prefix": "version"}).encode() + b"\0")
            with connection.makefile("rb") as answer:
                [length] = struct.unpack(">I", answer.read(4))
                return str(json.loads(answer.read(length))["version"])


def start(installation: Installation, folder: Path) -> S3Server:
    """A running S3 server whose objects are in `folder`, with one user and one bucket."""
    for name in ("store", "data"):
        (folder / name).mkdir(parents=True)
    port = free_port()
    configuration = folder / "ceph.conf"
    configuration.write_text(
        CONFIGURATION.format(folder=folder, plugins=_plugin_folder(installation), port=port)
    )
    _make_user(installation, configuration, folder / "server.log")
    command = [*installation.command(), "-c", str(configuration), "-f", "--no-mon-config"]
    process = ServerProcess(command, installation.environment, folder / "server.log")
    server = S3Server(installation.description, installation.origin, "127.0.0.1", port, process, folder)
    server.start()
    return server


def given_server(address: str) -> S3Server:
    """The server at an address like http://access-key:secret-key@127.0.0.1:8333."""
    parts = urlsplit(address)
    return S3Server(
        S3,
        Origin.ENVIRONMENT,
        parts.hostname or "127.0.0.1",
        parts.port or 80,
        access_key=unquote(parts.username or ""),
        secret_key=unquote(parts.password or ""),
    )


def _make_user(installation: Installation, configuration: Path, log: Path) -> None:
    command = [
        *installation.command(installation.companion("radosgw-admin")),
        *("-c", str(configuration), "--no-mon-config", "user", "create"),
        *("--uid=gateway", "--display-name=gateway"),
        *(f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}"),
    ]
    # As it ends, it waits for its thread of garbage collection, which at times hasn't begun to wait for the
    # word to stop, and never hears it: 6 of 1,000 on a busy machine. It says the user once it has written it.
    run_to_end(command, installation.environment, log, said=b'"user_id": "gateway"', seconds=USER_SECONDS)


def _plugin_folder(installation: Installation) -> Path:
    root = installation.root or Path("/")
    return next(root.glob("usr/lib/*/ceph"), root / "usr/lib/ceph")


def _socket_path(folder: Path) -> Path:
    return folder / "admin.sock"
