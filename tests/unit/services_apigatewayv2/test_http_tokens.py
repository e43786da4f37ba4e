"""JWT authorizers: tokens signed by a key made here, an issuer that is a function."""

import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.unit.services_apigatewayv2.http_kit import NOW, Api, document, with_api

ISSUER = "https://issuer.test"
KEY = RSAKey.generate_key(2048, {"kid": "k1"})
OTHER = RSAKey.generate_key(2048, {"kid": "k1"})
CLAIMS = {"iss": ISSUER, "aud": "me", "exp": NOW + 100, "scope": "read write", "groups": ["a", "b"], "n": 1}


def token(key: RSAKey = KEY, **claims: Any) -> str:
    said = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return str(jwt.encode({"alg": "RS256", "kid": "k1"}, said, key))


def issuer(asked: list[str]) -> Any:
    def web(_method: str, url: str, *_: Any) -> Any:
        asked.append(url)
        if url.endswith("openid-configuration"):
            return 200, [], orjson.dumps({"jwks_uri": f"{ISSUER}/keys"})
        return 200, [], orjson.dumps({"keys": [KEY.as_dict(private=False)]})

    return web


async def guarded(api: Api, **more: Any) -> str:
    made = await api.empty()
    authorizer = await api.call(
        "CreateAuthorizer", ApiId=made, Name="j", AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"], JwtConfiguration={"Issuer": ISSUER, "Audience": ["me"]},
    )  # fmt: skip
    await api.route(made, "GET /a", AuthorizationType="JWT", AuthorizerId=authorizer["AuthorizerId"], **more)
    return made


def test_a_token_is_let_in_and_its_claims_are_told(tmp_path: Path) -> None:
    asked: list[str] = []

    async def scene(api: Api) -> None:
        api.web = issuer(asked)
        made = await guarded(api, AuthorizationScopes=["read"])
        answer = await api.ask(made, "/a", Authorization=f"Bearer {token()}")
        said = document(answer)["requestContext"]["authorizer"]["jwt"]
        assert said["scopes"] == ["read", "write"]
        assert (said["claims"]["groups"], said["claims"]["n"], said["claims"]["aud"]) == ("[a b]", "1", "me")
        assert (await api.ask(made, "/a", Authorization=token())).status == 200
        assert asked == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"], "keys are kept"

    with_api(tmp_path, scene)


@pytest.mark.parametrize(
    "bad",
    [
        token(OTHER), token(exp=NOW), token(exp=None), token(iss="https://other.test"), token(aud="you"),
        token(nbf=NOW + 10), token(iat=NOW + 10), "x", "a.b.c", token()[:-4] + "AAAA",
        str(jwt.encode({"alg": "HS256"}, {}, __import__("joserfc.jwk").jwk.OctKey.import_key("s" * 32))),
    ],
)  # fmt: skip
def test_a_token_that_does_not_hold_is_refused(tmp_path: Path, bad: str) -> None:
    async def scene(api: Api) -> None:
        api.web = issuer([])
        made = await guarded(api)
        answer = await api.ask(made, "/a", Authorization=f"Bearer {bad}")
        assert (answer.status, document(answer)) == (401, {"message": "Unauthorized"})
        assert 'error="invalid_token"' in dict(answer.headers)["www-authenticate"]
        assert api.functions.calls == []

    with_api(tmp_path, scene)


def test_without_a_token_or_its_scope(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        api.web = issuer([])
        made = await guarded(api, AuthorizationScopes=["admin"])
        answer = await api.ask(made, "/a")
        assert (answer.status, dict(answer.headers)["www-authenticate"]) == (401, "Bearer")
        answer = await api.ask(made, "/a", Authorization=f"Bearer {token()}")
        assert (answer.status, document(answer)) == (403, {"message": "Forbidden"})
        assert 'error="insufficient_scope"' in dict(answer.headers)["www-authenticate"]

    with_api(tmp_path, scene)


def test_an_issuer_that_is_gone_lets_nobody_in(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        def gone(*_: Any) -> Any:
            raise OSError("out of\r\nreach")

        api.web = gone
        made = await guarded(api)
        answer = await api.ask(made, "/a", Authorization=f"Bearer {token()}")
        assert answer.status == 401 and "\r" not in dict(answer.headers)["www-authenticate"]

    with_api(tmp_path, scene)


def test_a_user_pools_keys_are_asked_for_where_cognito_is(tmp_path: Path) -> None:
    pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x"

    async def scene(api: Api) -> None:
        api.keys["eu-west-1_x"] = {"keys": [KEY.as_dict(private=False)]}
        made = await api.empty()
        authorizer = await api.call(
            "CreateAuthorizer", ApiId=made, Name="j", AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"], JwtConfiguration={"Issuer": pool, "Audience": ["c"]},
        )  # fmt: skip
        await api.route(made, "GET /a", AuthorizationType="JWT", AuthorizerId=authorizer["AuthorizerId"])
        access = token(iss=pool, aud=None, client_id="c", auth_time=int(time.time()))
        assert (await api.ask(made, "/a", Authorization=f"Bearer {access}")).status == 200

    with_api(tmp_path, scene)


def test_tokens_that_do_not_fit_make_the_server_ask_once_a_minute(tmp_path: Path) -> None:
    asked: list[str] = []

    async def scene(api: Api) -> None:
        api.web = issuer(asked)
        made = await guarded(api)
        for _ in range(5):
            assert (await api.ask(made, "/a", Authorization=f"Bearer {token(OTHER)}")).status == 401
        assert len(asked) == 2
        await api.clock.advance(60)
        assert (await api.ask(made, "/a", Authorization=f"Bearer {token(OTHER)}")).status == 401
        assert len(asked) == 4

    with_api(tmp_path, scene)
