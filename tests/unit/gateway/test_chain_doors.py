"""The first steps of the chain: who may ask at all, and as whom."""

import asyncio

import orjson
import pytest

from lambent.gateway.chain import Gateway, account_of
from lambent.gateway.guard import Guard
from lambent.model.credentials import Held
from lambent.model.scope import Caller
from lambent.wire.http import Request, Response

OWN = Held("secret", "111111111111", "arn:aws:iam::111111111111:role/r")
KEYS = {"ASIAOWN": OWN}
AUTH = "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{}/aws4_request, SignedHeaders=host, Signature=x"
LISTED = "http://listed.test"


async def page(_request: Request) -> Response:
    return Response(200, [], b"page")


class Asked:
    """A gateway that forwards to nobody; `callers` are whose requests came through."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []
        names = ("health", "credentials", "code", "prometheus")
        self.gateway = Gateway(
            here={},
            pages=dict.fromkeys(names, page),
            forward=self._forward,
            account_of=account_of,
            trace_of=lambda _key: None,
            new_id=lambda: "id",
            held=KEYS.get,
            guard=Guard(origins=frozenset({LISTED})),
        )

    async def _forward(self, _request: Request, caller: Caller, _service: str) -> Response:
        self.callers.append(caller)
        return Response(200, [], b"forwarded")

    def __call__(self, method: str, path: str, inside: str = "", query: str = "", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(self.gateway(Request(method, path, query, named, b"", inside)))


def said(response: Response) -> str:
    assert isinstance(response.body, bytes)
    if response.body.startswith(b"{"):
        return str(orjson.loads(response.body).get("__type") or dict(response.headers)["x-amzn-ErrorType"])
    return response.body.decode()


@pytest.mark.parametrize(
    ("path", "headers", "answer"),
    [
        ("/_lambent/health", {}, "page"),
        ("/_lambent/health", {"host": "localhost:4566"}, "page"),
        ("/_lambent/health", {"host": "evil.test:4566"}, "AccessDeniedException"),
        ("/_lambent/health", {"origin": "http://evil.test"}, "AccessDeniedException"),
        ("/_lambent/health", {"origin": LISTED}, "page"),
        ("/_lambent/health", {"sec_fetch_site": "same-site"}, "AccessDeniedException"),
        ("/_lambent/health", {"host": "x.lambda-url.localhost"}, "NotImplementedException"),
        *(
            (path, {"host": host}, "NotImplementedException")
            for path in ("/", "/prod/x", "/2015-03-31/functions")
            for host in (
                *("x.lambda-url.us-east-1.on.aws", "x.lambda-url.us-east-1.localhost:4566"),
                *("x.execute-api.us-east-1.amazonaws.com", "x.execute-api.us-east-1.localhost:4566"),
            )
        ),
        ("/_lambent/nothing", {}, None),
    ],
)
def test_pages_and_names(path: str, headers: dict[str, str], answer: str | None) -> None:
    response = Asked()("GET", path, **headers)
    assert response.status == (404 if answer is None else response.status)
    assert answer is None or said(response) == answer


def test_a_listed_page_is_told_so_even_of_errors() -> None:
    asked = Asked()
    for path in ("/_lambent/health", "/_lambent/nothing"):
        assert ("Access-Control-Allow-Origin", LISTED) in asked("GET", path, origin=LISTED).headers
    preflight = asked("OPTIONS", "/2015-03-31/functions", origin=LISTED, access_control_request_method="POST")
    assert (preflight.status, asked.callers) == (200, [])


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("/_lambent/credentials", True),
        ("/_lambent/code/x.zip", True),
        ("/_lambent/health", False),
        ("/_lambent/nothing", False),
        ("/%5flambent/health", False),
        ("/moto-api/reset", False),
        ("/moto%2Dapi/reset", False),
        ("//moto-api/reset", False),
        ("/%2F/moto-api/reset", False),
        ("/latest/meta-data/iam/", False),
    ],
)
def test_which_pages_are_for_functions(path: str, reached: bool) -> None:
    response = Asked()("POST", path, "ASIAOWN", authorization=AUTH.format("ASIAOWN", "us-east-1", "s3"))
    assert (response.status == 200) is reached


@pytest.mark.parametrize(
    ("key", "inside", "account"),
    [
        ("222222222222", "", "222222222222"),
        ("test", "", "000000000000"),
        ("ASIAOWN", "", "111111111111"),
        ("ASIAOWN", "ASIAOWN", "111111111111"),
        ("222222222222", "ASIAOWN", None),
        ("test", "ASIAOWN", None),
        ("ASIAOWN", "ASIAGONE", None),
    ],
)
def test_as_whom(key: str, inside: str, account: str | None) -> None:
    asked = Asked()
    response = asked("GET", "/", inside, authorization=AUTH.format(key, "us-east-1", "dynamodb"))
    assert [caller.scope.account for caller in asked.callers] == ([account] if account else [])
    assert account or (response.status, said(response)) == (403, "UnrecognizedClientException")


def test_a_role_is_known_by_its_key() -> None:
    asked = Asked()
    asked("GET", "/", authorization=AUTH.format("ASIAOWN", "us-east-1", "s3"))
    asked("GET", "/", authorization=AUTH.format("test", "us-east-1", "s3"))
    assert [caller.role for caller in asked.callers] == [OWN.role, ""]


def test_an_unsigned_request_from_inside_is_s3s_in_the_own_account_or_refused() -> None:
    asked = Asked()
    assert said(asked("GET", "/bucket/key", "ASIAOWN")) == "forwarded"
    assert asked.callers[0].scope.account == "111111111111"
    response = asked("GET", "/", "ASIAOWN", "Action=ListTopics&Version=2010-03-31")
    assert response.status == 403
    assert "MissingAuthenticationToken" in said(response)


@pytest.mark.parametrize("region", ["..", "us-east-1/..", "a" * 300, "nowhere", "%2e%2e"])
def test_a_region_that_is_none_gets_nowhere(region: str) -> None:
    asked = Asked()
    response = asked("GET", "/", authorization=AUTH.format("222222222222", region, "dynamodb"))
    assert response.status == 403 or (response.status == 200 and asked.callers[0].scope.region == "us-east-1")
    assert all(caller.scope.region != region for caller in asked.callers)


@pytest.mark.parametrize(("key", "status"), [("222222222222", 403), ("ASIAOWN", 200)])
def test_a_key_of_signature_version_2_counts_as_any_other(key: str, status: int) -> None:
    assert Asked()("GET", "/bucket", "ASIAOWN", authorization=f"AWS {key}:c2lnbmVk").status == status


@pytest.mark.parametrize("path", ["/moto-api/data.json", "//moto-api/reset", "/moto%2Dapi/", "/%2Fmoto-api/reset-auth"])
def test_motos_own_pages_are_for_nobody(path: str) -> None:
    asked = Asked()
    response = asked("GET", path, authorization=AUTH.format("test", "us-east-1", "s3"))
    assert (response.status, said(response), asked.callers) == (403, "AccessDeniedException", [])


SCRAPE = "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"


@pytest.mark.parametrize(
    ("inside", "headers", "answer"),
    [
        ("", {}, "page"),
        ("ASIAOWN", {}, "AccessDeniedException"),
        ("", {"origin": "https://page.test"}, "AccessForbidden"),
        ("", {"sec_fetch_site": "cross-site"}, "AccessDeniedException"),
        ("", {"host": "page.test"}, "AccessDeniedException"),
        ("", {"accept": "*/*"}, "forwarded"),
    ],
)
def test_prometheus_is_answered_and_no_function_nor_page(inside: str, headers: dict[str, str], answer: str) -> None:
    response = Asked()("GET", "/metrics", inside, **{"accept": SCRAPE, **headers})
    body = response.body if isinstance(response.body, bytes) else b""
    assert answer.encode() in body or said(response) == answer
