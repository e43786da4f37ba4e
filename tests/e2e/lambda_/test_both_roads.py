"""Invoke's short road and the chain answer the same bytes."""

import http.client
import re

import pytest

from tests.e2e.conftest import Deploy, Server

AUTH = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
CODE = (
    "def handler(event, context):\n"
    "    if event == 1:\n        raise ValueError('one')\n"
    "    if event == 2:\n        return {'a': [1, 'ü']}\n"
    "    return event\n"
)


def raw(
    server: Server, path: str, body: bytes, tail: bool, kind: str = "RequestResponse"
) -> tuple[int, dict[str, str], bytes]:
    """One request by hand; ids and times are replaced by what they are."""
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=30)
    headers = {"Authorization": AUTH, "X-Amzn-Trace-Id": TRACE, **({"X-Amz-Log-Type": "Tail"} if tail else {})}
    if kind != "RequestResponse":
        headers["X-Amz-Invocation-Type"] = kind
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    seen = {name.lower(): value for name, value in answer.getheaders()}
    request_id = seen["x-amzn-requestid"]
    seen["x-amzn-requestid"] = seen["date"] = ""
    if tail:
        assert re.fullmatch(r"[A-Za-z0-9+/=]+", seen.pop("x-amz-log-result"))
    return answer.status, seen, content.replace(request_id.encode(), b"<id>")


@pytest.mark.parametrize("tail", [False, True])
@pytest.mark.parametrize("body", [b"1", b"2", b'"x"', b""])
def test_both_roads_give_the_same_bytes(server: Server, deploy: Deploy, body: bytes, tail: bool) -> None:
    name = deploy(CODE)
    path = f"/2015-03-31/functions/{name}/invocations"
    short = raw(server, path, body, tail)
    # A qualifier makes the request go through the chain; it shows in the context's ARN only.
    chain = raw(server, path + "?Qualifier=%24LATEST", body, tail)
    assert short == chain
    assert short[0] == 200


@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_a_longer_name_leads_to_the_chain_and_changes_nothing(server: Server, deploy: Deploy, kind: str) -> None:
    """What the short road leaves to the chain for another reason."""
    path = f"/2015-03-31/functions/{deploy(CODE)}/invocations"
    whole = path.replace("functions/", "functions/us-east-1%3A000000000000%3Afunction%3A")
    short, chain = raw(server, path, b"2", False, kind), raw(server, whole, b"2", False, kind)
    assert short == chain
    assert short[0] == (202 if kind == "Event" else 200)
