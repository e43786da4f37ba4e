"""Which access keys count, where signatures do (`enforce`) and where they don't."""

import asyncio

import orjson
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lambent.gateway.chain import Gateway, account_of
from lambent.gateway.duplex import Peer
from lambent.model.credentials import Held
from lambent.model.scope import Caller
from lambent.wire.http import Request, Response

USER = "arn:aws:iam::111111111111:user/al"
KEYS = {
    "AKIAINACTIVEAAAAAAAA": Held("s", "111111111111", user=USER, inactive=True),
    "ASIAOWNAAAAAAAAAAAAA": Held("own", "000000000000", "arn:aws:iam::000000000000:role/r"),
}
UNKNOWN, INACTIVE, OWN = "AKIAIOSFODNN7EXAMPLE", *KEYS
AUTH = "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=x"


class World:
    """A gateway that forwards to nobody."""

    def __init__(self, signed: bool) -> None:
        self.callers: list[Caller] = []
        self.doubted: list[tuple[str, Held | None]] = []
        self.gateway = Gateway(
            {}, {}, self._forward, account_of, lambda _key: None, lambda: "id", KEYS.get, signed=signed,
            doubted=lambda key, held: self.doubted.append((key, held)),
        )  # fmt: skip

    async def _forward(self, _request: Request, caller: Caller, _service: str) -> Response:
        self.callers.append(caller)
        return Response(200, [], b"forwarded")

    def ask(self, key: str, service: str = "dynamodb", inside: str = "", query: str = "") -> tuple[int, str]:
        headers = {"authorization": AUTH.format(key, service)} if key else {}
        request = Request("GET", "/bucket/key", query, headers, b"", inside, client=Peer(asyncio.Transport()))
        response = asyncio.run(self.gateway(request))
        assert isinstance(response.body, bytes)
        if response.body.startswith(b"{"):
            said = dict(response.headers) | orjson.loads(response.body)
            return response.status, str(said.get("__type") or said["x-amzn-ErrorType"])
        return response.status, response.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


def _signed(secret: str) -> dict[str, str]:
    asked = AWSRequest("GET", "http://127.0.0.1/bucket/key", {"host": "127.0.0.1"})
    S3SigV4Auth(Credentials(INACTIVE, secret), "s3", "us-east-1").add_auth(asked)
    return {name.lower(): value for name, value in asked.headers.items()}


@pytest.mark.parametrize("key", ["test", "111111111111", "123456789012"])
def test_a_key_that_names_an_account_counts_everywhere(key: str) -> None:
    for signed in (True, False):
        world = World(signed)
        assert (world.ask(key)[0], world.doubted) == (200, [])


@pytest.mark.parametrize("key", [UNKNOWN, "ASIAQAAAAAAAAAAAAAAA", "dummy", "12345678901", "١٢٣٤٥٦٧٨٩٠١٢"])
@pytest.mark.parametrize(
    ("service", "code"),
    [("dynamodb", "UnrecognizedClientException"), ("s3", "InvalidAccessKeyId"), ("iam", "InvalidClientTokenId")],
)
def test_any_other_is_refused_where_signatures_count(key: str, service: str, code: str) -> None:
    world = World(signed=True)
    assert (world.ask(key, service), world.callers, world.doubted) == ((403, code), [], [])


def test_an_inactive_key_is_refused_whoever_signed_with_it() -> None:
    headers = {"host": "127.0.0.1"} | _signed("s")
    world = World(signed=True)
    response = asyncio.run(world.gateway(Request("GET", "/bucket/key", "", headers, b"")))
    assert (response.status, b"InvalidAccessKeyId" in bytes(response.body), world.callers) == (403, True, [])


@pytest.mark.parametrize("key", [UNKNOWN, INACTIVE, "dummy"])
def test_any_other_counts_and_is_told_of_elsewhere(key: str) -> None:
    world = World(signed=False)
    assert (world.ask(key)[0], world.doubted) == (200, [(key, KEYS.get(key))])
    assert world.callers[0].held == KEYS.get(key)


def test_a_request_that_nobody_signed_is_s3s_alone_where_signatures_count() -> None:
    world = World(signed=True)
    assert world.ask("")[0] == 200
    assert world.ask("", query="Action=ListUsers&Version=2010-05-08")[0] == 403
    request = Request("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.ListTables"}, b"{}")
    request.client = Peer(asyncio.Transport())
    assert asyncio.run(world.gateway(request)).status == 403
    assert asyncio.run(World(signed=False).gateway(request)).status == 200


def test_a_function_makes_no_links_in_the_accounts_name_where_signatures_count() -> None:
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
    query += "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=x"
    assert World(signed=True).ask("", "s3", OWN, query) == (403, "InvalidAccessKeyId")
    assert World(signed=False).ask("", "s3", OWN, query)[0] == 200
