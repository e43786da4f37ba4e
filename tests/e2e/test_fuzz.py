"""The wire, fuzzed over a real socket: never a hang, never a 500 without an id, never a dead server."""

import http.client
import json
import random
import urllib.request

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.conftest import Server

SERVICES = ("lambda", "logs", "s3", "sqs", "nonsense", "")
PATHS = (
    "/", "//", "/2015-03-31/functions", "/2015-03-31/functions/", "/2015-03-31/functions/f/invocations",
    "/2015-03-31/functions/%00/invocations", "/2015-03-31/functions/%F0%28%8C%28", "/2017-03-31/tags/x",
    "/_lambent/", "/_lambent/code/../../state.db", "/_lambent/health/x", "/../../etc/passwd", "/a/b?c=%zz",
    "/2015-03-31/functions/arn%3Aaws%3Alambda/configuration", "/?Action=ListQueues&Version=2012-11-05",
)  # fmt: skip
HEADERS = (
    "X-Amz-Target", "Content-Type", "X-Amz-Invocation-Type", "X-Amz-Log-Type", "X-Amz-Client-Context",
    "Content-Encoding", "X-Amz-Date", "Accept", "X-Amzn-Trace-Id",
)  # fmt: skip
VALUES = (
    "Logs_20140328.DescribeLogGroups", "Logs_20140328.Nope", "application/x-amz-json-1.1", "gzip", "Tail", "Event",
    "application/x-www-form-urlencoded", "\xff\xfe", "", "a" * 5000, "{}", "RequestResponse",
)  # fmt: skip
token = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
header_value = st.sampled_from(VALUES) | token
bodies = st.binary(max_size=300) | st.sampled_from(
    [b"", b"{}", b"[]", b"null", b'{"FunctionName":1}', b'{"Code":{"ZipFile":"!"}}', b"{" * 5000, b"<a/>", b"a=b&c"]
)
requests = st.tuples(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]),
    st.sampled_from(PATHS) | token.map(lambda text: "/" + text.replace("#", "")),
    st.sampled_from(SERVICES),
    st.dictionaries(st.sampled_from(HEADERS), header_value, max_size=3),
    bodies,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests)
def test_whatever_is_sent_is_answered(server: Server, request: tuple[str, str, str, dict[str, str], bytes]) -> None:
    method, path, service, headers, body = request
    if service:
        scope = f"test/20261121/us-east-1/{service}/aws4_request"
        headers = {**headers, "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    assert answer.status != 500 or answer.getheader("x-amzn-RequestId") or service not in {"lambda", "logs"}
    assert b"Traceback" not in content or service not in {"lambda", "logs"}


def test_garbage_on_the_socket_ends_the_connection_only(server: Server) -> None:
    import socket

    host, port = server.endpoint.removeprefix("http://").split(":")
    chance = random.Random(7)
    for _ in range(100):
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.settimeout(10)
            connection.sendall(chance.randbytes(chance.randrange(1, 400)) + b"\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    with urllib.request.urlopen(f"{server.endpoint}/_lambent/health", timeout=10) as answer:
        assert json.load(answer)["version"]
