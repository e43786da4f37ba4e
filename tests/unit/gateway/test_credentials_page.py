"""The role's credentials, and until when they are good."""

import asyncio
import json

from lambent.gateway.credentials import LIFETIME, CredentialsPage
from lambent.model.credentials import Credentials
from lambent.wire.http import Request

KNOWN = {"token": Credentials("ASIA", "secret", "token")}


def asked(page: CredentialsPage, token: str) -> tuple[int, dict[str, str]]:
    response = asyncio.run(page(Request("GET", "/", "", {"authorization": token})))
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)


def test_they_are_given_for_a_token_alone() -> None:
    page = CredentialsPage(KNOWN.get, lambda: 0.0)
    assert asked(page, "token") == (
        200,
        {"AccessKeyId": "ASIA", "SecretAccessKey": "secret", "Token": "token", "Expiration": "1970-01-01T06:00:00Z"},
    )
    assert asked(page, "another")[0] == 401


def test_on_a_fast_clock_they_last_as_long_for_real_and_on_one_that_stands_or_creeps_no_less() -> None:
    for speed, hours in ((4, "1970-01-02T00"), (1, "1970-01-01T06"), (0.01, "1970-01-01T06")):
        assert asked(CredentialsPage(KNOWN.get, lambda: 0.0, speed), "token")[1]["Expiration"].startswith(hours)
    assert LIFETIME == 6 * 3600
