"""What each real server is: its binary, the versions that fit, and the Debian packages that hold it.

Read by `install.py`, which finds or installs a server, and by the modules that start one.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ServerDescription:
    """One kind of server.

    `version_pattern` finds the version in what `binary --version` prints; a binary whose output does not
    match, or whose version is below `minimum_version`, is another program of that name and is passed over.
    """

    name: str
    title: str
    binaries: tuple[str, ...]
    """Names under which the program is looked for, best first."""
    version_pattern: re.Pattern[str]
    minimum_version: tuple[int, ...]
    variable: str | None
    """Environment variable that gives the address of a server that is already running."""
    variable_example: str
    packages: tuple[str, ...]
    suite: str | None
    """Debian suite whose packages are unpacked, run by their own loader. None: the machine's own suite,
    with the machine's own C library."""
    system_package: str | None
    """The package that `apt-get install` may put on the machine. Only packages that bring no service of
    their own qualify, so that nothing is ever left running."""
    companions: tuple[str, ...] = ()
    """Programs that must be there too, beside the binary or on the PATH."""
    library_folders: tuple[str, ...] = ()
    """Patterns of further folders with shared libraries, below the folder of the unpacked packages."""


MARIADB = ServerDescription(
    name="mariadb",
    title="MariaDB",
    binaries=("mariadbd", "mysqld"),
    version_pattern=re.compile(r"Ver (\d+\.\d+\.\d+)-MariaDB"),
    minimum_version=(10, 5),
    variable="GATEWAY_TEST_MARIADB",
    variable_example="mysql://root:password@127.0.0.1:3306",
    packages=("mariadb-server-core",),
    suite="bookworm",
    system_package="mariadb-server-core",
)

MYSQL = ServerDescription(
    name="mysql",
    title="MySQL",
    binaries=("mysqld",),
    # MariaDB installs a mysqld of its own, whose version ends in "-MariaDB".
    version_pattern=re.compile(r"^(?!.*MariaDB).*Ver (\d+\.\d+\.\d+)"),
    minimum_version=(8, 0),
    variable="GATEWAY_TEST_MYSQL",
    variable_example="mysql://root:password@127.0.0.1:3306",
    packages=("mysql-server-core",),
    suite="sid",
    system_package=None,
)

CLICKHOUSE = ServerDescription(
    name="clickhouse",
    title="ClickHouse",
    binaries=("clickhouse-server",),
    version_pattern=re.compile(r"ClickHouse server version (\d+\.\d+(?:\.\d+)*)"),
    minimum_version=(18, 16),
    variable="GATEWAY_TEST_CLICKHOUSE",
    variable_example="clickhouse://default:@127.0.0.1:9000",
    packages=("clickhouse-server",),
    suite="bookworm",
    # The only package with the program also registers a service.
    system_package=None,
)

REDIS = ServerDescription(
    name="redis",
    title="Redis",
    # Debian's redis-tools holds the server under the name redis-check-rdb: the program looks at its own name.
    # The package redis-server only adds a link and a service.
    binaries=("redis-server", "redis-check-rdb"),
    version_pattern=re.compile(r"Redis server v=(\d+\.\d+\.\d+)"),
    minimum_version=(6, 2),
    variable="GATEWAY_TEST_REDIS",
    variable_example="redis://127.0.0.1:6379",
    packages=("redis-tools",),
    suite="bookworm",
    system_package="redis-tools",
)

S3 = ServerDescription(
    name="s3",
    title="S3 (Ceph RGW)",
    binaries=("radosgw",),
    version_pattern=re.compile(r"ceph version (\d+\.\d+\.\d+)"),
    # The first release whose dbstore backend keeps objects in SQLite, without a Ceph cluster.
    minimum_version=(18, 2),
    variable="GATEWAY_TEST_S3",
    variable_example="http://access-key:secret-key@127.0.0.1:8333",
    packages=("radosgw",),
    suite="trixie",
    system_package=None,
    companions=("radosgw-admin",),
    library_folders=("usr/lib/*/ceph",),
)

CHROMIUM = ServerDescription(
    name="chromium",
    title="Chromium",
    binaries=("chromedriver",),
    version_pattern=re.compile(r"ChromeDriver (\d+\.\d+\.\d+\.\d+)"),
    minimum_version=(110,),
    variable=None,
    variable_example="",
    packages=("chromium", "chromium-driver"),
    suite=None,
    system_package="chromium-driver",
    companions=("chromium",),
)

ALL = (MARIADB, MYSQL, CLICKHOUSE, REDIS, S3, CHROMIUM)
BY_NAME = {description.name: description for description in ALL}
