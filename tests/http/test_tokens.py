"""Forged, edited and outdated tokens: all refused alike, whatever is wrong with them."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import jwt
import pytest

from tests.gateways import SECRET, RunningGateway
from tests.http.asking import ask, code, send

VIEWER = "{ viewer { role } }"


def _key(audience: str = "iperform-access", secret: str = SECRET) -> bytes:
    """The key of an audience, as the gateway derives it."""
    return hashlib.sha256(f"{audience}:{secret}".encode()).digest()


def _claims(gateway: RunningGateway, **changed: Any) -> dict[str, Any]:
    known = jwt.decode(gateway.login("salesperson"), options={"verify_signature": False})
    claims = {**known, **changed}
    return {name: value for name, value in claims.items() if value is not None}


def _signed(gateway: RunningGateway, **changed: Any) -> str:
    return jwt.encode(_claims(gateway, **changed), _key(), algorithm="HS256")


def _encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _forgeries(gateway: RunningGateway) -> dict[str, str]:
    good = gateway.login("salesperson")
    head, body, seal = good.split(".")
    now = int(time.time())
    claims = _claims(gateway)
    public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----"
    deep = base64.urlsafe_b64encode(b"[" * 2_500).decode().rstrip("=")
    return {
        "nothing": "",
        "rubbish": "x",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{seal}",
        "without a seal": f"{head}.{body}.",
        "with another seal": f"{head}.{body}.{seal[:-4]}AAAA",
        "with an edited body": f"{head}.{_encoded({**claims, 'sub': '1'})}.{seal}",
        "with a deep head": f"{deep}.{body}.{seal}",
        "longer than any": good + "A" * 5_000,
        "alg none": f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "alg None with the seal": f"{_encoded({'alg': 'None'})}.{body}.{seal}",
        "alg HS512": jwt.encode(claims, _key() * 2, algorithm="HS512"),
        "alg EdDSA": f"{_encoded({'alg': 'EdDSA', 'jwk': public})}.{body}.{seal}",
        "a key of its own": jwt.encode(claims, b"a key of somebody else, long enough", algorithm="HS256"),
        "the refresh key": jwt.encode(claims, _key("iperform-refresh"), algorithm="HS256"),
        "the bare secret": jwt.encode(claims, SECRET, algorithm="HS256"),
        "another audience": _signed(gateway, aud="iperform-refresh"),
        "several audiences": _signed(gateway, aud=["somebody", "else"]),
        "no audience": _signed(gateway, aud=None),
        "another issuer": _signed(gateway, iss="somebody-else"),
        "no issuer": _signed(gateway, iss=None),
        "expired": _signed(gateway, exp=now - 1),
        "no expiry": _signed(gateway, exp=None),
        "an expiry of text": _signed(gateway, exp="tomorrow"),
        "not yet good": _signed(gateway, nbf=now + 60),
        "issued later": _signed(gateway, iat=now + 60),
        "no subject": _signed(gateway, sub=None),
        "a subject of text": _signed(gateway, sub="admin"),
        "another subject": _signed(gateway, sub="1"),
        "no session": _signed(gateway, sid=None),
        "another session": _signed(gateway, sid=2**31 - 1),
        "a session past every number": _signed(gateway, sid=10**30),
        "a session of text": _signed(gateway, sid="all"),
    }


def test_every_bad_token_is_refused_with_the_same_bytes(every_gateway: RunningGateway) -> None:
    expected = ask(every_gateway, VIEWER, token="forged")
    assert (expected.status_code, code(expected)) == (401, "UNAUTHENTICATED")
    for name, token in _forgeries(every_gateway).items():
        answer = ask(every_gateway, VIEWER, token=token)
        assert (answer.status_code, answer.content) == (401, expected.content), name


def test_the_same_claims_signed_as_they_should_be_are_taken(gateway: RunningGateway) -> None:
    # Without this, the test above might refuse each for another reason.
    assert ask(gateway, VIEWER, token=_signed(gateway)).json() == {
        "data": {"viewer": {"role": "SALESPERSON"}}
    }


def test_a_claim_of_a_role_or_of_scopes_means_nothing(gateway: RunningGateway) -> None:
    token = _signed(gateway, role="ADMIN", roles=["ADMIN"], scope="leads:read", scopes=["*"], admin=True)
    assert ask(gateway, VIEWER, token=token).json() == {"data": {"viewer": {"role": "SALESPERSON"}}}


@pytest.mark.parametrize("scheme", ["Basic", "Token", "JWT", ""])
def test_other_schemes_are_refused(gateway: RunningGateway, scheme: str) -> None:
    header = {"authorization": f"{scheme} {gateway.login('salesperson')}".strip()}
    assert send(gateway, headers=header).status_code == 401


def test_the_name_of_the_scheme_is_read_in_any_case(gateway: RunningGateway) -> None:
    header = {"authorization": f"bEaReR {gateway.login('salesperson')}"}
    assert send(gateway, headers=header).status_code == 200


def test_a_token_is_taken_from_the_header_alone(gateway: RunningGateway) -> None:
    token = gateway.login("salesperson")
    by_url = send(
        gateway, "GET", address=f"/graphql?query={{viewer{{role}}}}&access_token={token}&token={token}"
    )
    assert by_url.json() == {"data": {"viewer": None}}
    by_cookie = send(
        gateway,
        body=b'{"query":"{ viewer { role } }"}',
        headers={"cookie": f"authorization=Bearer {token}; token={token}"},
    )
    assert by_cookie.json() == {"data": {"viewer": None}}


def test_a_header_of_a_role_means_nothing(gateway: RunningGateway) -> None:
    headers = {"x-hasura-role": "ADMIN", "x-role": "ADMIN", "x-user-id": "1", "x-forwarded-user": "admin"}
    answer = send(gateway, body=b'{"query":"{ viewer { role } }"}', headers=headers)
    assert answer.json() == {"data": {"viewer": None}}
