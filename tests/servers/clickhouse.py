"""Starts ClickHouse's server on a fresh data folder, in UTC, for the native protocol and HTTP."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.servers.catalogue import CLICKHOUSE
from tests.servers.install import Installation, Origin
from tests.servers.process import ServerProcess, free_ports
from tests.servers.running import RunningServer

ANSWER_SECONDS = 10
HELLO = 0
CLIENT_REVISION = 54401
"""The oldest revision of the protocol whose greeting carries the whole version."""

SERVER_CONFIGURATION = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>{native_port}</tcp_port>
  <http_port>{http_port}</http_port>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/temporary/</tmp_path>
  <user_files_path>{folder}/user_files/</user_files_path>
  <format_schema_path>{folder}/format_schemas/</format_schema_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <mark_cache_size>67108864</mark_cache_size>
  <max_connections>{max_connections}</max_connections>
</yandex>
"""

USERS_CONFIGURATION = """<?xml version="1.0"?>
<yandex>
  <profiles><default><load_balancing>random</load_balancing></default></profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
  </users>
</yandex>
"""


@dataclass
class ClickHouseServer(RunningServer):
    """A running ClickHouse; `port` speaks the native protocol."""

    http_port: int | None = None
    """None for a server given by the environment."""
    user: str = "default"
    password: str = ""

    @property
    def address(self) -> str:
        return f"clickhouse://{quote(self.user)}:{quote(self.password, safe='')}@{self.host}:{self.port}"

    def dsn(self, database: str = "default") -> str:
        """The address of one database, for asynch."""
        return f"{self.address}/{database}"

    def ask_version(self) -> str:
        greeting = b"".join(
            [
                _number(HELLO),
                _text("gateway tests"),
                *map(_number, (1, 0, CLIENT_REVISION)),
                *map(_text, ("default", self.user, self.password)),
            ]
        )
        with socket.create_connection((self.host, self.port), ANSWER_SECONDS) as connection:
            connection.sendall(greeting)
            with connection.makefile("rb") as answer:
                return _read_greeting(answer)


def start(installation: Installation, folder: Path, max_connections: int = 1024) -> ClickHouseServer:
    """A running ClickHouse whose data is in `folder`; what an earlier start has left there is served again."""
    for name in ("data", "temporary", "user_files", "format_schemas"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    native_port, http_port = free_ports(2)
    configuration = folder / "config.xml"
    configuration.write_text(
        SERVER_CONFIGURATION.format(
            native_port=native_port,
            http_port=http_port,
            folder=escape(str(folder)),
            max_connections=max_connections,
        )
    )
    (folder / "users.xml").write_text(USERS_CONFIGURATION)
    # A multi-call binary of a newer release looks at its name, which the unpacked one does not need.
    command = [*installation.command(), f"--config-file={configuration}"]
    process = ServerProcess(command, installation.environment, folder / "server.log")
    server = ClickHouseServer(
        installation.description, installation.origin, "127.0.0.1", native_port, process, folder, http_port
    )
    server.start()
    return server


def given_server(address: str) -> ClickHouseServer:
    """The server at an address like clickhouse://default:@127.0.0.1:9000."""
    parts = urlsplit(address)
    return ClickHouseServer(
        CLICKHOUSE,
        Origin.ENVIRONMENT,
        parts.hostname or "127.0.0.1",
        parts.port or 9000,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
    )


def _number(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _number(len(encoded)) + encoded


def _read_greeting(answer: BinaryIO) -> str:
    if _read_number(answer) != HELLO:
        raise ConnectionError("ClickHouse refused the greeting")
    name = _read_text(answer)
    major, minor, _revision = (_read_number(answer) for _ in range(3))
    _time_zone, _display_name = _read_text(answer), _read_text(answer)
    if name != "ClickHouse":
        raise ConnectionError(f"{name} answered in place of ClickHouse")
    return f"{major}.{minor}.{_read_number(answer)}"


def _read_number(answer: BinaryIO) -> int:
    value = shift = 0
    while True:
        [byte] = answer.read(1)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7


def _read_text(answer: BinaryIO) -> str:
    return answer.read(_read_number(answer)).decode()
