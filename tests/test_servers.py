"""The real servers themselves: what other tests rely on when they start, pause, kill or address one."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from botocore.exceptions import ClientError

from tests.servers import catalogue, debian, mariadb, redis
from tests.servers.catalogue import ServerDescription
from tests.servers.chromium import ChromiumDriver
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.fixtures import count_use
from tests.servers.install import Origin, find, install, install_all
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.process import ServerFailedError, ServerProcess, run_to_end
from tests.servers.redis import RedisServer
from tests.servers.running import NotStartedHereError, RunningServer
from tests.servers.s3 import S3Server
from tests.servers.start import fresh_folder, start_server

FIXTURES = ["mariadb_server", "mysql_server", "clickhouse_server", "redis_server", "s3_server", "chromium"]


@pytest.fixture(params=FIXTURES)
def server(request: pytest.FixtureRequest) -> RunningServer:
    """Each server in turn."""
    running: RunningServer = request.getfixturevalue(request.param)
    count_use(request.node, running.description.name)
    return running


def test_a_server_says_its_version_and_it_is_one_that_fits(server: RunningServer) -> None:
    numbers = tuple(int(part) for part in server.version.split("-")[0].split(".")[:2])
    assert numbers >= server.description.minimum_version
    assert server.ask_version() == server.version


def test_a_server_listens_on_loopback_only(server: RunningServer) -> None:
    assert server.host == "127.0.0.1"
    listening = {
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    }
    addresses = {one.split(":")[0] for one in listening if int(one.split(":")[1], 16) == server.port}
    assert addresses <= {"0100007F", "00000000000000000000000001000000"}  # 127.0.0.1 and ::1
    assert "0100007F" in addresses


def test_a_paused_server_accepts_but_does_not_answer_until_it_is_resumed(server: RunningServer) -> None:
    answered = threading.Event()

    def ask() -> None:
        with socket.create_connection((server.host, server.port)):
            pass
        while not answered.is_set():
            try:
                server.ask_version()
            except Exception:  # a client's own time limit
                continue
            answered.set()

    server.pause()
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert not answered.wait(0.5)
    finally:
        server.resume()
    asking.join(60)
    assert answered.is_set()


def test_mysql_like_servers_offer_both_empty_databases_in_utf8mb4(
    mariadb_server: MySQLLikeServer, mysql_server: MySQLLikeServer
) -> None:
    for server in (mariadb_server, mysql_server):
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "select schema_name, default_character_set_name from information_schema.schemata"
                " where schema_name in ('iperform', 'magenta') order by schema_name"
            )
            assert list(cursor.fetchall()) == [("iperform", "utf8mb4"), ("magenta", "utf8mb4")]


def test_mysql_like_servers_write_their_binary_log_by_row(
    mariadb_server: MySQLLikeServer, mysql_server: MySQLLikeServer
) -> None:
    for server in (mariadb_server, mysql_server):
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("select @@log_bin, @@binlog_format, @@binlog_row_image")
            assert cursor.fetchone() == (1, "ROW", "FULL")


def test_mysql_like_servers_refuse_a_wrong_password(
    mariadb_server: MySQLLikeServer, mysql_server: MySQLLikeServer
) -> None:
    for server in (mariadb_server, mysql_server):
        stranger = MySQLLikeServer(
            server.description, Origin.ENVIRONMENT, server.host, server.port, password="guess"
        )
        with pytest.raises(Exception, match="Access denied"):
            stranger.connect()


def test_preparing_step_that_hangs_is_done_where_it_has_said_so(tmp_path: Path) -> None:
    log = tmp_path / "step.log"
    run_to_end(["/bin/sh", "-c", "echo made; exec sleep 60"], {}, log, said=b"made", seconds=4)
    assert log.read_text() == "made\n"


@pytest.mark.parametrize("said", [None, b"made"])
def test_preparing_step_that_hangs_before_it_has_said_so_fails_with_its_log(
    said: bytes | None, tmp_path: Path
) -> None:
    with pytest.raises(ServerFailedError, match="did not end in time:\nmaking"):
        run_to_end(
            ["/bin/sh", "-c", "echo making; exec sleep 60"], {}, tmp_path / "step.log", said=said, seconds=4
        )


def test_preparing_step_that_fails_fails_even_where_it_has_said_so(tmp_path: Path) -> None:
    with pytest.raises(ServerFailedError, match="ended with 3:\nmade"):
        run_to_end(["/bin/sh", "-c", "echo made; exit 3"], {}, tmp_path / "step.log", said=b"made")


def test_clickhouse_runs_in_utc(clickhouse_server: ClickHouseServer) -> None:
    address = f"http://{clickhouse_server.host}:{clickhouse_server.http_port}/?query=select%20timezone()"
    with build_opener(ProxyHandler({})).open(address, timeout=30) as answer:
        assert answer.read().decode().strip().removeprefix("Etc/") == "UTC"


def test_s3_keeps_an_object_whose_name_is_in_another_script(s3_server: S3Server) -> None:
    client = s3_server.client()
    client.put_object(Bucket=s3_server.bucket, Key="leads/7/प्रस्ताव ünï.pdf", Body=b"offer")
    body = client.get_object(Bucket=s3_server.bucket, Key="leads/7/प्रस्ताव ünï.pdf")["Body"]
    assert body.read() == b"offer"


def test_s3_refuses_a_wrong_secret(s3_server: S3Server) -> None:
    stranger = s3_server.client(secret_key="guess")
    with pytest.raises(ClientError) as refused:
        stranger.list_objects_v2(Bucket=s3_server.bucket)
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_s3_refuses_a_link_whose_name_was_changed(s3_server: S3Server) -> None:
    client = s3_server.client()
    for name in ("mine", "yours"):
        client.put_object(Bucket=s3_server.bucket, Key=f"links/{name}.txt", Body=name.encode())
    link = client.generate_presigned_url(
        "get_object", Params={"Bucket": s3_server.bucket, "Key": "links/mine.txt"}, ExpiresIn=60
    )
    assert _get(link) == (200, b"mine")
    assert _get(link.replace("mine", "yours"))[0] == 403


def test_chromium_shows_a_page(chromium: ChromiumDriver) -> None:
    session = _webdriver(chromium, "session", chromium.capabilities())["sessionId"]
    try:
        _webdriver(
            chromium, f"session/{session}/url", {"url": "data:text/html;charset=utf-8,<title>प्रस्ताव</title>"}
        )
        script = {"script": "return document.title", "args": []}
        assert _webdriver(chromium, f"session/{session}/execute/sync", script) == "प्रस्ताव"
    finally:
        _webdriver(chromium, f"session/{session}", None)


def _webdriver(chromium: ChromiumDriver, path: str, body: dict[str, Any] | None) -> Any:
    """POST a body, or DELETE without one."""
    request = Request(
        f"{chromium.address}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        method="DELETE" if body is None else "POST",
    )
    with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
        return json.load(answer)["value"]


def _get(address: str) -> tuple[int, bytes]:
    try:
        with build_opener(ProxyHandler({})).open(Request(address), timeout=30) as answer:
            return answer.status, answer.read()
    except HTTPError as refused:
        return refused.code, refused.read()


def test_a_killed_server_comes_back_on_its_port_with_its_data(
    mariadb_server: MySQLLikeServer,
) -> None:
    server = mariadb.start(install(catalogue.MARIADB), fresh_folder(catalogue.MARIADB))
    try:
        with server.connect("iperform") as connection, connection.cursor() as cursor:
            cursor.execute("create table kept (id int primary key)")
            cursor.execute("insert into kept values (7)")
            connection.commit()
        server.kill()
        with pytest.raises(Exception, match="refused"):
            server.connect()
        server.restart()
        with server.connect("iperform") as connection, connection.cursor() as cursor:
            cursor.execute("select id from kept")
            assert list(cursor.fetchall()) == [(7,)]
    finally:
        server.stop()


def test_a_server_takes_further_arguments(redis_server: RedisServer) -> None:
    server = redis.start(install(catalogue.REDIS), fresh_folder(catalogue.REDIS), ["--maxclients", "7"])
    try:
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(b"config get maxclients\r\n")
            assert connection.recv(100) == b"*2\r\n$10\r\nmaxclients\r\n$1\r\n7\r\n"
    finally:
        server.stop()


def test_a_stopped_server_leaves_no_process_and_no_data(redis_server: RedisServer) -> None:
    server = redis.start(install(catalogue.REDIS), fresh_folder(catalogue.REDIS))
    assert server.process is not None
    assert server.folder is not None
    pid = server.process.pid
    server.stop()
    assert not server.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_dies_with_the_process_that_started_it(redis_server: RedisServer) -> None:
    program = (
        "import time; from tests.servers import catalogue; from tests.servers.start import start_server;"
        "server = start_server(catalogue.REDIS);"
        "print(server.process.pid, server.folder, flush=True); time.sleep(60)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GATEWAY_TEST_REDIS"}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    ) as starter:
        assert starter.stdout is not None
        pid, folder = starter.stdout.readline().split()
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while _lives(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(int(pid))
    for left in Path(folder).iterdir():
        left.unlink()
    Path(folder).rmdir()


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_server_given_by_the_environment_is_used_and_left_alone(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_TEST_REDIS", redis_server.address)
    given = start_server(catalogue.REDIS)
    assert (given.origin, given.port, given.version) == (
        Origin.ENVIRONMENT,
        redis_server.port,
        redis_server.version,
    )
    with pytest.raises(NotStartedHereError, match="GATEWAY_TEST_REDIS"):
        given.kill()
    given.stop()
    assert redis_server.ask_version() == redis_server.version


def test_a_process_that_ends_at_its_start_is_reported_with_its_log(tmp_path: Path) -> None:
    process = ServerProcess(["/bin/sh", "-c", "echo no disk; exit 3"], {}, tmp_path / "server.log")
    with pytest.raises(ServerFailedError, match="no disk"):
        process.start(lambda: False)


def test_a_program_of_another_make_under_the_same_name_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impostor = tmp_path / "mysqld"
    impostor.write_text("#!/bin/sh\necho 'mysqld  Ver 11.4.2-MariaDB for Linux on x86_64 (Debian)'\n")
    impostor.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tests.servers.install.SYSTEM_FOLDERS", ())
    monkeypatch.setenv("GATEWAY_CACHE_DIR", str(tmp_path / "cache"))
    assert find(catalogue.MYSQL) is None
    found = find(catalogue.MARIADB)
    assert found is not None
    assert (found.origin, found.binary) == (Origin.PATH, impostor)


def test_an_unpacking_without_its_marker_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tests.servers.install.SYSTEM_FOLDERS", ())
    root = _fake_unpacking(tmp_path, catalogue.MYSQL, monkeypatch)
    assert find(catalogue.MYSQL) is not None
    (root / "complete.json").unlink()
    assert find(catalogue.MYSQL) is None


def _fake_unpacking(cache: Path, description: ServerDescription, monkeypatch: pytest.MonkeyPatch) -> Path:
    class FakePackages:
        def unpack(self, packages: tuple[str, ...], target: Path) -> list[str]:
            for path in ("usr/sbin/mysqld", "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                (target / path).touch()
            return ["mysql-server-core_9_amd64.deb"]

    from tests.servers import install as module

    module._unpack(FakePackages(), description, lambda line: None)  # type: ignore[arg-type]
    [root] = [path for path in cache.iterdir() if path.is_dir()]
    return root


def test_a_server_that_cannot_be_had_is_named_with_the_ways_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tests.servers.install.SYSTEM_FOLDERS", ())
    [missing] = install_all([catalogue.MYSQL])
    assert str(missing) == (
        "MySQL is missing (packages can only be unpacked where apt-get and dpkg are present): "
        "run `./run test` (or `python -m tests.servers install`) where Debian's packages can be reached, "
        "or set GATEWAY_TEST_MYSQL=mysql://root:password@127.0.0.1:3306, or put mysqld on the PATH, "
        "or run the tests with --allow-missing to leave out what needs it."
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("debian.list", "deb [signed-by=/k] http://mirror.test/debian SUITE main contrib\n"),
        (
            "debian.sources",
            "Types: deb\n# a comment\nURIs: http://mirror.test/debian\nSuites: SUITE SUITE-updates\n"
            "Components: main\nSigned-By: /k\n",
        ),
    ],
)
def test_the_mirror_is_the_one_that_the_machine_is_configured_with(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "another.list").write_text("deb http://vendor.test/apt SUITE-tools main\n")
    (folder / "disabled.sources").write_text(
        "Types: deb\nEnabled: no\nURIs: http://off.test/debian\nSuites: sid\nComponents: main\n"
    )
    (folder / name).write_text(text.replace("SUITE", "bookworm"))
    monkeypatch.setattr(debian, "APT_FOLDER", tmp_path)
    monkeypatch.setattr(debian, "own_suite", lambda: "bookworm")
    assert debian.mirror() == "http://mirror.test/debian"


@pytest.mark.parametrize(
    ("options", "outcome", "status"),
    [([], "MySQL is missing (packages can only be", 1), (["--allow-missing"], "1 skipped", 0)],
)
def test_a_missing_server_fails_its_test_unless_it_is_allowed_to_miss(
    options: list[str], outcome: str, status: int, tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.servers import install\n"
        "install.SYSTEM_FOLDERS = ()\n"
        "pytest_plugins = ['tests.servers.fixtures']\n"
    )
    (tmp_path / "test_one.py").write_text("def test_one(mysql_server): pass\n")
    environment = {
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "GATEWAY_CACHE_DIR": str(tmp_path / "cache"),
        "PATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "test_one.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert outcome in done.stdout
    [row] = [line for line in done.stdout.splitlines() if line.startswith("MySQL   ")]
    assert row.split() == ["MySQL", "missing", "-", "1"]
