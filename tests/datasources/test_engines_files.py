"""Both file stores: listing, links, and names from users that try to leave their prefix."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasources.base import SourceError, SourceTimeout, SourceUnavailable, Statement, TimeLimits
from datasources.engines.content_types import content_type_of
from datasources.engines.file_paths import folder_of_prefix, key_of_path, path_of_key
from datasources.engines.localfs import LINK_PATH, LinkRefused, LocalStore
from datasources.engines.s3 import Bucket, S3Store
from datasources.estate import open_files
from tests.datasources.patience import PATIENCE, PATIENT, seconds_past
from tests.examples import SAME
from tests.servers.fixtures import count_use
from tests.servers.s3 import S3Server

SECRET = b"a secret for tests"
NAMES = [
    "offer.pdf",
    "Offer.PDF",
    "offer",
    "offer/inner.txt",
    "../escape.txt",
    "..",
    ".",
    "../../../../etc/passwd",
    "a//b.txt",
    "/leading.txt",
    "trailing/",
    "back\\slash.txt",
    "नमस्ते 😀.png",
    "e\u0301.txt",
    "é.txt",
    "tab\tnew\nline.txt",
    "per%cent%2e%2e.txt",
    "plus+and&.txt",
    "quote'\".txt",
    "con",
    ".hidden",
    "long-" + "x" * 900,
    "जी" * 150,
]


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
async def local(folder: Path) -> AsyncIterator[LocalStore]:
    store = LocalStore("files", folder, secret=SECRET, limits=TimeLimits(), now=Clock())
    yield store
    await store.close()


@pytest.fixture(params=["local", "s3"])
async def store(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Any]:
    if request.param == "local":
        store = open_files(f"file://{folder}", secret=SECRET)
    else:
        count_use(request.node, "s3")
        server: S3Server = request.getfixturevalue("s3_server")
        store = open_files(server.dsn(), limits=PATIENT)
    yield store
    await store.close()


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    return f"leads/{abs(hash(request.node.nodeid))}/"


async def names_below(store: Any, prefix: str, limit: int = 500) -> list[str]:
    return [file.name for file in (await store.page(prefix, after=None, limit=limit)).files]


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, b""


async def test_every_name_is_listed_below_its_prefix_and_nowhere_else(store: Any, prefix: str) -> None:
    for number, name in enumerate(NAMES):
        await store.put(prefix + name, b"x" * number, None)
    await store.put(prefix.rstrip("/") + "0/other.txt", b"", None)
    page = await store.page(prefix, after=None, limit=500)
    assert [file.name for file in page.files] == sorted(NAMES)
    assert {file.name: file.size for file in page.files} == {
        name: number for number, name in enumerate(NAMES)
    }
    assert all(file.key == prefix + file.name for file in page.files)
    assert page.has_more is False


async def test_pages_follow_each_other_without_gap_or_overlap(store: Any, prefix: str) -> None:
    for name in NAMES:
        await store.put(prefix + name, b"", None)
    found: list[str] = []
    after = None
    while True:
        page = await store.page(prefix, after=after, limit=4)
        found += [file.name for file in page.files]
        if not page.has_more:
            break
        assert len(page.files) == 4
        after = found[-1]
    assert found == sorted(NAMES)


async def test_exactly_full_page_has_no_more(store: Any, prefix: str) -> None:
    for name in "abc":
        await store.put(prefix + name, b"", None)
    assert (await store.page(prefix, after=None, limit=3)).has_more is False
    assert (await store.page(prefix, after=None, limit=2)).has_more is True
    assert (await store.page(prefix, after="c", limit=2)).files == ()


async def test_mark_of_a_folder_is_no_file(store: Any, prefix: str) -> None:
    await store.put(prefix, b"", None)
    await store.put(prefix + "real.txt", b"12345", None)
    [file] = (await store.page(prefix, after=None, limit=5)).files
    assert (file.name, file.size, file.content_type) == ("real.txt", 5, "text/plain")
    assert abs((datetime.now(UTC) - file.last_modified).total_seconds()) < 60


async def test_prefix_without_files_is_an_empty_page(store: Any) -> None:
    page = await store.page("leads/0/", after=None, limit=5)
    assert (page.files, page.has_more) == ((), False)


async def test_prefix_must_end_in_a_slash(store: Any) -> None:
    with pytest.raises(ValueError, match="slash"):
        await store.page("leads/1", after=None, limit=5)


async def test_key_that_no_store_can_hold_is_refused(store: Any) -> None:
    for key in ("", "x" * 1025, "é" * 513):
        with pytest.raises(ValueError, match="bytes"):
            await store.put(key, b"", None)


async def test_version_names_what_answers(store: Any) -> None:
    assert await store.version()


# --- a local folder -----------------------------------------------------------------------------------------


@SAME
@given(st.text(min_size=1, max_size=300))
def test_key_has_one_path_inside_the_folder_and_back(key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError:
        return
    root = Path("/srv/files")
    path = path_of_key(root, key)
    assert key_of_path(root, path) == key
    assert os.path.normpath(path) == str(path)
    assert path.is_relative_to(root)
    assert path != root
    assert all(len(part) <= 255 for part in path.parts)


@SAME
@given(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.text(max_size=30))
def test_keys_of_a_prefix_are_exactly_those_below_its_folder(folders: list[str], name: str) -> None:
    prefix = "".join(f"{folder.replace('/', '')}/" for folder in folders)
    try:
        (prefix + name).encode()
    except UnicodeEncodeError:
        return
    root = Path("/srv/files")
    assert path_of_key(root, prefix + name).is_relative_to(folder_of_prefix(root, prefix))
    assert not path_of_key(root, f"x{prefix}{name}").is_relative_to(folder_of_prefix(root, prefix))


async def test_keys_that_differ_in_case_alone_have_paths_that_differ_in_more(folder: Path) -> None:
    paths = {str(path_of_key(folder, key)).lower() for key in ("a/B", "A/b", "a/b", "A/B")}
    assert len(paths) == 4


async def test_link_opens_its_file_until_it_ends(local: LocalStore, folder: Path) -> None:
    await local.put("leads/1/नमस्ते.pdf", b"content", None)
    link = await local.link("leads/1/नमस्ते.pdf", seconds=300)
    token = link.removeprefix(LINK_PATH)
    assert link == LINK_PATH + token
    assert "/" not in token
    key, path = local.open_link(token)
    assert (key, path.read_bytes()) == ("leads/1/नमस्ते.pdf", b"content")
    assert path.is_relative_to(folder)
    clock: Any = local._now
    clock.now += 299
    local.open_link(token)
    clock.now += 1
    with pytest.raises(LinkRefused, match="ended"):
        local.open_link(token)


async def test_link_that_was_changed_in_any_place_is_refused(local: LocalStore) -> None:
    await local.put("leads/1/a.txt", b"", None)
    token = (await local.link("leads/1/a.txt", seconds=300)).removeprefix(LINK_PATH)
    for place in range(len(token)):
        for other in "A", "_", ".", "é", "=":
            if token[place] != other:
                with pytest.raises(LinkRefused):
                    local.open_link(token[:place] + other + token[place + 1 :])
    for forged in ("", ".", "..", token + "=", token + "A", token.split(".")[0], "leads/1/a.txt", "\0"):
        with pytest.raises(LinkRefused):
            local.open_link(forged)


async def test_link_of_another_secret_is_refused(local: LocalStore, folder: Path) -> None:
    other = LocalStore("files", folder, secret=b"another", limits=TimeLimits(), now=local._now)
    await local.put("leads/1/a.txt", b"", None)
    token = (await other.link("leads/1/a.txt", seconds=300)).removeprefix(LINK_PATH)
    with pytest.raises(LinkRefused, match="signature"):
        local.open_link(token)
    await other.close()


async def test_link_to_an_absent_file_is_refused(local: LocalStore) -> None:
    token = (await local.link("leads/1/absent.txt", seconds=300)).removeprefix(LINK_PATH)
    with pytest.raises(LinkRefused, match="no such file"):
        local.open_link(token)


async def test_missing_folder_is_an_unavailable_source(tmp_path: Path) -> None:
    store = open_files(f"file://{tmp_path}/absent?secret=x")
    with pytest.raises(SourceUnavailable):
        await store.page("leads/1/", after=None, limit=1)
    await store.close()


async def test_listing_is_reported_and_a_link_is_not(folder: Path) -> None:
    seen: list[Statement] = []
    store = open_files(f"file://{folder}?secret=x", observers=[seen.append])
    await store.page("leads/1/", after=None, limit=1)
    await store.link("leads/1/a", seconds=1)
    assert [(statement.source, statement.text) for statement in seen] == [("files", "list files")]
    await store.close()


def test_content_type_goes_by_the_ending() -> None:
    assert content_type_of("Offer.PDF") == "application/pdf"
    assert content_type_of("folder.pdf/name") is None
    assert content_type_of("data:text/html,x") is None


# --- S3 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["offer.pdf", "../escape.txt", "a//b.txt", "नमस्ते 😀 +&?#%.png", "new\nline"])
async def test_presigned_link_reads_its_file_and_nothing_else(s3_server: S3Server, name: str) -> None:
    store = S3Store("files", _bucket(s3_server), limits=PATIENT)
    key = f"leads/77/{name}"
    await store.put(key, b"content", "text/plain")
    link = await store.link(key, seconds=60)
    assert await asyncio.to_thread(fetch, link) == (200, b"content")
    status, _ = await asyncio.to_thread(fetch, link.replace("leads/77", "leads/78"))
    assert status == 403
    assert s3_server.secret_key not in link
    await store.close()


async def test_presigned_link_ends(s3_server: S3Server) -> None:
    store = S3Store("files", _bucket(s3_server), limits=PATIENT)
    await store.put("leads/77/short.txt", b"content", None)
    link = await store.link("leads/77/short.txt", seconds=1)
    await asyncio.sleep(2.1)
    assert (await asyncio.to_thread(fetch, link))[0] == 403
    await store.close()


async def test_more_files_than_one_call_lists(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasources.engines.s3._MOST_KEYS_A_CALL", 3)
    store = S3Store("files", _bucket(s3_server), limits=PATIENT)
    for number in range(10):
        await store.put(f"leads/78/{number}", b"", None)
    page = await store.page("leads/78/", after="1", limit=7)
    assert ([file.name for file in page.files], page.has_more) == (list("2345678"), True)
    await store.close()


async def test_link_needs_no_server() -> None:
    store = open_files("s3://key:secret@127.0.0.1:1/bucket?tls=false")
    link = await store.link("leads/1/a b.txt", seconds=60)
    assert link.startswith("http://127.0.0.1:1/bucket/leads/1/a%20b.txt?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    await store.close()


async def test_link_to_amazon_names_the_bucket_as_host() -> None:
    for dsn in (
        "s3://key:secret@/bucket?region=ap-south-1",
        "s3://key:secret@amazonaws.com/bucket?region=ap-south-1",
    ):
        store = open_files(dsn)
        link = await store.link("leads/1/a.txt", seconds=60)
        assert link.startswith("https://bucket.s3.ap-south-1.amazonaws.com/leads/1/a.txt?")
        await store.close()


async def test_stopped_server_costs_the_limits_and_recovers(s3_server: S3Server) -> None:
    # Building the client takes its time too, and what goes well must have enough.
    limits = TimeLimits(connect=2, statement=2)
    store = S3Store("files", _bucket(s3_server), limits=limits)
    await store.page("leads/1/", after=None, limit=1)
    s3_server.pause()
    try:
        page = store.page("leads/1/", after=None, limit=1)
        failures = (SourceTimeout, SourceUnavailable)
        assert await seconds_past(limits.connect + limits.statement, page, failures) < 0.7
    finally:
        s3_server.resume()
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(SourceError):
                await store.page("leads/1/", after=None, limit=1)
                break
    await store.close()


async def test_server_that_is_down_is_an_unavailable_source() -> None:
    store = open_files("s3://key:secret@127.0.0.1:1/bucket?tls=false")
    with pytest.raises(SourceUnavailable) as caught:
        await store.page("leads/1/", after=None, limit=1)
    assert "secret" not in str(caught.value)
    await store.close()


async def test_wrong_secret_is_an_unavailable_source(s3_server: S3Server) -> None:
    wrong = s3_server.dsn().replace(s3_server.secret_key, "wrong")
    store = open_files(wrong)
    with pytest.raises(SourceUnavailable):
        await store.page("leads/1/", after=None, limit=1)
    await store.close()


def _bucket(server: S3Server) -> Bucket:
    return Bucket(server.bucket, server.region, server.endpoint, server.access_key, server.secret_key)
