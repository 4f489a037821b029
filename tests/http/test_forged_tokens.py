"""Whatever is wrong with who somebody says they are, the whole answer is the same, headers included.

`test_tokens.py` has the plain forgeries; here are those that take a library by its tricks, headers that are no
bearer's, and sessions and tokens that were good until the database said otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_curve_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import delete, update

from datasources.iperform.tables import all_session, role
from gateway.settings import Settings, environment_name
from tests.gateways import REQUEST_ID, SECRET, RunningGateway
from tests.http.accounts import PASSWORD, Account, account_in
from tests.http.asking import ask, bearer
from tests.http.partners import partner_in
from tests.servers.process import free_port

VIEWER = "{ viewer { role } }"
BODY = json.dumps({"query": VIEWER}).encode()
LOGIN = (
    "mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken refreshToken } }"
)
# A session is believed for this long at most.
NOTICED = 2.0

Shown = tuple[int, list[tuple[str, str]], bytes]


def _shown(answer: httpx.Response) -> Shown:
    """All that a client can see of an answer, but for the moment."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name != "date")
    return answer.status_code, headers, answer.content


def _with_header(gateway: RunningGateway, *values: bytes) -> Shown:
    """The answer to a request with these `Authorization` headers."""
    headers = [(b"content-type", b"application/json"), (b"x-request-id", REQUEST_ID.encode())]
    sent = [*headers, *((b"authorization", value) for value in values)]
    return _shown(gateway.client.post("/graphql", content=BODY, headers=sent))


def _with_token(gateway: RunningGateway, token: str) -> Shown:
    return _with_header(gateway, f"Bearer {token}".encode())


def _refusal(gateway: RunningGateway) -> Shown:
    """What everybody gets who isn't known."""
    refused = _with_token(gateway, "forged")
    error = json.loads(refused[2])["errors"][0]
    assert (refused[0], error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    return refused


def _is_good(gateway: RunningGateway, token: str) -> bool:
    return ask(gateway, VIEWER, token=token).status_code == 200


# --- forgeries ----------------------------------------------------------------------------------------------


def _key(audience: str = "iperform-access") -> bytes:
    """The key of an audience, as the gateway derives it."""
    return hashlib.sha256(f"{audience}:{SECRET}".encode()).digest()


def _encoded(part: Any) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _sealed(head: Any, body: Any, key: bytes, digest: Callable[..., Any] = hashlib.sha256) -> str:
    """A token of this head and body, sealed by HMAC whatever its head says."""
    text = f"{_encoded(head)}.{_encoded(body)}"
    return f"{text}.{_encoded(hmac.digest(key, text.encode(), digest))}"


def _forgeries(good: str) -> dict[str, str]:
    claims = jwt.decode(good, options={"verify_signature": False})
    head, body, seal = good.split(".")
    rsa, curve = new_rsa_key(public_exponent=65537, key_size=2048), new_curve_key(SECP256R1())
    public = rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    hs256 = {"alg": "HS256", "typ": "JWT"}
    own_key = {"kty": "oct", "k": _encoded(b"a key of somebody else, long enough")}
    elsewhere = "http://127.0.0.1/key"
    as_admin = {**claims, "sub": "1", "role": "ADMIN"}
    return {
        "HS384 by the right key": _sealed({**hs256, "alg": "HS384"}, claims, _key(), hashlib.sha384),
        "HS512 by the right key": _sealed({**hs256, "alg": "HS512"}, claims, _key(), hashlib.sha512),
        "HS384 said, HS256 done": _sealed({**hs256, "alg": "HS384"}, claims, _key()),
        "HS256 in small letters": _sealed({**hs256, "alg": "hs256"}, claims, _key()),
        "no algorithm": _sealed({"typ": "JWT"}, claims, _key()),
        "an algorithm that is a list": _sealed({**hs256, "alg": ["HS256"]}, claims, _key()),
        "an algorithm that is null": _sealed({**hs256, "alg": None}, claims, _key()),
        "a head that is a list": _sealed(["HS256"], claims, _key()),
        "a head that is no JSON": _sealed(b"HS256", claims, _key()),
        "RS256 by a key of its own": jwt.encode(claims, rsa, algorithm="RS256"),
        "RS256 sealed by its public key": _sealed({**hs256, "alg": "RS256"}, claims, public),
        "HS256 sealed by a public key": _sealed(hs256, claims, public),
        "ES256 by a key of its own": jwt.encode(claims, curve, algorithm="ES256"),
        "PS256 by a key of its own": jwt.encode(claims, rsa, algorithm="PS256"),
        "an empty key": _sealed(hs256, claims, b""),
        "a key id that is an empty file": _sealed({**hs256, "kid": "/dev/null"}, claims, b""),
        "a key id that is a path": _sealed({**hs256, "kid": "../../../../dev/null"}, claims, b"\0"),
        "a key id that is SQL": _sealed({**hs256, "kid": "' union select 'k' -- "}, claims, b"k"),
        "a key id that is a list": _sealed({**hs256, "kid": ["a"]}, claims, _key()),
        "a key id of the other audience": _sealed(
            {**hs256, "kid": "iperform-refresh"}, claims, _key("iperform-refresh")
        ),
        "a key that it brings along": _sealed(
            {**hs256, "jwk": own_key}, claims, b"a key of somebody else, long enough"
        ),
        "a key at an address": _sealed({**hs256, "jku": elsewhere, "x5u": elsewhere}, claims, b"k"),
        "something critical": _sealed({**hs256, "crit": ["exp"], "exp": 1}, claims, _key()),
        "a body that isn't encoded": _sealed({**hs256, "crit": ["b64"], "b64": False}, claims, _key()),
        "encrypted": f"{_encoded({'alg': 'dir', 'enc': 'A128GCM'})}..{body}.{body}.{seal}",
        "an edited head": f"{_encoded({**hs256, 'kid': '1'})}.{body}.{seal}",
        "an edited body": f"{head}.{_encoded(as_admin)}.{seal}",
        "a seal cut short": f"{head}.{body}.{seal[:-2]}",
        "a seal and more": f"{head}.{body}.{seal}AA",
        "a seal with padding": f"{good}=",
        "a seal in another spelling": good[:-1] + chr(ord(good[-1]) + 1),
        "a space within": f"{head}. {body}.{seal}",
        "a line within": f"{head}.\t{body}.{seal}",
        "in quotes": f'"{good}"',
        "another alphabet": f"{head}.{body}.{seal}".replace("-", "+").replace("_", "/") + "+",
        "a body that is a list": _sealed(hs256, [claims], _key()),
        "a body that is no JSON": _sealed(hs256, b"{", _key()),
        "an expiry that is no number": _sealed(hs256, b'{"exp":NaN}', _key()),
        "a beginning past every date": _sealed(hs256, {**claims, "nbf": 10**40}, _key()),
        "a subject that is true": _sealed(hs256, {**claims, "sub": True}, _key()),
        "a subject that is a list": _sealed(hs256, {**claims, "sub": [claims["sub"]]}, _key()),
        "a subject that is no whole number": _sealed(hs256, {**claims, "sub": claims["sub"] + ".5"}, _key()),
        "a session that isn't": _sealed(hs256, {**claims, "sid": None}, _key()),
        "the session of somebody else": _sealed(hs256, {**claims, "sub": "1"}, _key()),
        "ended a second ago": _sealed(hs256, {**claims, "exp": int(time.time()) - 1}, _key()),
        "good in a minute": _sealed(hs256, {**claims, "nbf": int(time.time()) + 60}, _key()),
        "for another audience": _sealed(hs256, {**claims, "aud": "iperform-refresh"}, _key()),
        "marked as a partner's": f"ipgw_{good}",
    }  # fmt: skip


def test_every_forgery_is_refused_with_the_same_answer(every_gateway: RunningGateway) -> None:
    expected = _refusal(every_gateway)
    good = every_gateway.login("salesperson")
    for name, token in _forgeries(good).items():
        assert _with_token(every_gateway, token) == expected, name
    # What they were made of is good: each was refused for what is wrong with it.
    assert _is_good(every_gateway, _sealed({"alg": "HS256", "typ": "JWT"}, _claims(good), _key()))


def _claims(good: str) -> dict[str, Any]:
    return dict(jwt.decode(good, options={"verify_signature": False}))


def test_the_schemas_text_is_refused_to_a_forgery_as_well(gateway: RunningGateway) -> None:
    def text(token: str) -> Shown:
        return _shown(gateway.client.get("/schema.graphql", headers=bearer(token)))

    expected = text("forged")
    assert expected[0] == 401
    for name, token in _forgeries(gateway.login("salesperson")).items():
        assert text(token) == expected, name


def test_a_forgery_is_refused_before_any_database_is_asked(gateway: RunningGateway) -> None:
    forgeries = _forgeries(gateway.login("salesperson"))
    named = {"the session of somebody else"}
    with gateway.counted() as statements:
        for name in forgeries.keys() - named:
            _with_token(gateway, forgeries[name])
    assert statements == []


# --- headers that are no bearer's ----------------------------------------------------------------------------


def test_every_odd_header_is_refused_with_the_same_answer(gateway: RunningGateway) -> None:
    good = gateway.login("salesperson").encode()
    expected = _refusal(gateway)
    odd = {
        "empty": (b"",),
        "the token alone": (good,),
        "the scheme alone": (b"Bearer",),
        "the scheme twice": (b"Bearer Bearer " + good,),
        "another scheme": (b"Basic " + good,),
        "a password": (b"Basic " + base64.b64encode(b"admin:demo"),),
        "a digest": (b'Digest username="admin", realm="x", nonce="y", response="z"',),
        "a tab for the space": (b"Bearer\t" + good,),
        "a colon": (b"Bearer: " + good,),
        "something after it": (b"Bearer " + good + b" x",),
        "a parameter": (b"Bearer " + good + b", realm=x",),
        "two good ones": (b"Bearer " + good, b"Bearer " + good),
        "a good one first": (b"Bearer " + good, b"Bearer x"),
        "a good one last": (b"Bearer x", b"Bearer " + good),
        "a good one and nothing": (b"Bearer " + good, b""),
        "UTF-8": (b"Bearer " + "пароль".encode(),),
        "Latin 1": (b"Bearer " + "é".encode("latin-1") * 9,),
        "no text in any encoding": (b"Bearer \xff\xfe\x80",),
        "UTF-8 within": (b"Bearer " + good[:40] + "é".encode() + good[40:],),
        "a scheme in UTF-8": ("Вearer ".encode() + good,),
        "4 kB": (b"Bearer " + b"x" * 4_097,),
        "60 kB": (b"Bearer " + b"x" * 60_000,),
        "1 MB": (b"Bearer " + b"x" * 1_000_000,),
    }
    for name, values in odd.items():
        assert _with_header(gateway, *values) == expected, name
    assert _with_header(gateway, b"bearer  " + good)[0] == 200


# --- what was good until the database said otherwise ----------------------------------------------------------


@pytest.fixture
def account(every_gateway: RunningGateway) -> Iterator[Account]:
    """An account of nobody else's, in each estate."""
    with account_in(every_gateway, "to be refused") as made:
        yield made


def _session(account: Account) -> dict[str, str]:
    answer = ask(account.gateway, LOGIN, {"u": account.name, "p": PASSWORD}).json()
    found: dict[str, str] = answer["data"]["login"]
    return found


def _wait_until(condition: Callable[[], bool], seconds: float = NOTICED) -> float:
    """How long after now the last look began at which the condition didn't hold yet.

    By when a look begins: how long the machine takes to answer it isn't how long a token is believed. A little more
    than allowed is waited for, so that a failure says by how much.
    """
    started = began = time.monotonic()
    last = 0.0
    while not condition():
        last = began - started
        assert last < seconds + 3
        time.sleep(0.05)
        began = time.monotonic()
    return last


def _in_database(account: Account, statement: Any) -> None:
    with account.engine.begin() as connection:
        connection.execute(statement)


def _end_session(account: Account) -> None:
    _in_database(account, update(all_session).where(all_session.c.user_id == account.id).values(active=False))


def _forget_session(account: Account) -> None:
    _in_database(account, delete(all_session).where(all_session.c.user_id == account.id))


def _make_inactive(account: Account) -> None:
    account.change(active=False)


def _make_active_unknown(account: Account) -> None:
    account.change(active=None)


REASONS: dict[str, Callable[[Account], None]] = {
    "ended": _end_session,
    "no longer there": _forget_session,
    "of somebody inactive": _make_inactive,
    "of somebody neither active nor inactive": _make_active_unknown,
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_session_that_the_database_no_longer_confirms_ends(account: Account, reason: str) -> None:
    gateway, session = account.gateway, _session(account)
    assert _is_good(gateway, session["accessToken"])
    expected = _refusal(gateway)
    REASONS[reason](account)
    refused = _wait_until(lambda: not _is_good(gateway, session["accessToken"]))
    assert refused <= NOTICED
    assert _with_token(gateway, session["accessToken"]) == expected
    assert _with_token(gateway, session["refreshToken"]) == expected


def test_a_role_that_the_database_no_longer_knows_grants_nothing(account: Account) -> None:
    gateway, token = account.gateway, _session(account)["accessToken"]
    expected = _refusal(gateway)
    with account.engine.begin() as connection:
        connection.execute(role.insert().values(id=77, role_name="OWNER"))
    try:
        account.change(role_id=77)
        assert _wait_until(lambda: not _is_good(gateway, token)) <= NOTICED
        assert _with_token(gateway, token) == expected
    finally:
        account.become("SALESPERSON")
        _in_database(account, delete(role).where(role.c.id == 77))
    assert _is_good(gateway, token)


def test_a_claimed_role_is_believed_only_as_far_as_the_database_says_so(account: Account) -> None:
    gateway, claims = account.gateway, _claims(_session(account)["accessToken"])
    claimed = _sealed({"alg": "HS256", "typ": "JWT"}, {**claims, "role": "ADMIN", "scopes": ["*"]}, _key())

    def role_of(token: str) -> Any:
        return ask(gateway, VIEWER, token=token).json()["data"]["viewer"]["role"]

    assert role_of(claimed) == "SALESPERSON"
    # The schema of a role is built when it is first asked for, which isn't what is measured here.
    assert role_of(gateway.login("warrior")) == "WARRIOR"
    account.become("WARRIOR")
    assert _wait_until(lambda: bool(role_of(claimed) == "WARRIOR")) <= NOTICED
    # What the new role hasn't got isn't there, on any token of the session.
    answer = ask(gateway, "{ requestLogs { totalCount } }", token=claimed).json()
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_partner_tokens_are_refused_as_forged_sessions_are(every_gateway: RunningGateway) -> None:
    expected = _refusal(every_gateway)
    with partner_in(every_gateway) as partner:
        good, revoked = partner.issue(), partner.issue()
        assert partner.lets_in(revoked["token"])
        partner.change(revoked, revoked_on=partner.row(revoked).created_on)
        assert _wait_until(lambda: not partner.lets_in(revoked["token"])) <= NOTICED
        expired = partner.issue()
        partner.change(expired, expires_at=partner.row(expired).created_on)
        edited = good["token"][:-1] + ("x" if good["token"][-1] != "x" else "y")
        for token in (revoked["token"], expired["token"], edited, good["prefix"], "ipgw_"):
            assert _with_token(every_gateway, token) == expected
        twice = f"Bearer {good['token']}".encode()
        assert _with_header(every_gateway, twice, twice) == expected
        assert partner.lets_in(good["token"])


# --- two processes --------------------------------------------------------------------------------------------


@contextmanager
def _worker(settings: Settings, folder: Path) -> Iterator[httpx.Client]:
    """Another process that serves the same estate."""
    port = free_port()
    given = {
        environment_name(item): str(getattr(settings, item.name))
        for item in settings.__dataclass_fields__.values()
        if item.name not in {"demo", "port"}
    }
    environment = {**os.environ, **given, "GATEWAY_PORT": str(port)}
    with (folder / "worker.txt").open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "serve"], env=environment, stdout=written, stderr=written
        )
        try:
            # A new process builds the schema of whoever asks first, which takes a while on a busy machine.
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                _wait_until(lambda: _lives(client, process), 60)
                yield client
        finally:
            process.terminate()
            process.wait(60)


def _lives(client: httpx.Client, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False


def test_what_ends_in_one_process_ends_in_the_others(account: Account, tmp_path: Path) -> None:
    session = _session(account)
    with (
        _worker(account.gateway.settings, tmp_path) as worker,
        partner_in(account.gateway) as partner,
    ):
        token = partner.issue()

        def answer(given: str) -> httpx.Response:
            return worker.post("/graphql", json={"query": VIEWER}, headers=bearer(given))

        refused = answer("forged")
        assert refused.status_code == 401
        # The other process has looked at both, and remembers them.
        assert [answer(given).status_code for given in (session["accessToken"], token["token"])] == [200] * 2
        assert ask(account.gateway, "mutation { logout }", token=session["accessToken"]).json() == {
            "data": {"logout": True}
        }
        assert _wait_until(lambda: answer(session["accessToken"]).status_code == 401) <= NOTICED
        assert partner.revoke(token["id"]).json() == {"data": {"revokePartnerToken": True}}
        assert _wait_until(lambda: answer(token["token"]).status_code == 401) <= NOTICED
        for given in (session["accessToken"], session["refreshToken"], token["token"]):
            assert answer(given).content == refused.content
