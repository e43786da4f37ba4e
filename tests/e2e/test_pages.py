"""What pages of the web try, as docs/isolation.md has it, sent to a real server."""

import http.client
import json
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import boto3
import pytest

from tests.e2e.conftest import Server, start
from tools import pages
from tools.pages import APP, ATTEMPTS, BUCKET, CLOSED, LISTED, Attempt


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with pages and names that are listed, and with buckets."""
    settings = ("--origins", LISTED, "--host-names", "lambent.example")
    running = start(tmp_path_factory.mktemp("pages"), *settings)
    s3 = running.client("s3")
    s3.create_bucket(Bucket=CLOSED)
    s3.create_bucket(Bucket=BUCKET)
    rule = {"AllowedOrigins": [APP], "AllowedMethods": ["PUT", "POST", "GET"], "AllowedHeaders": ["*"]}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule | {"ExposeHeaders": ["ETag"]}]})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    yield running
    assert running.stop() == 0, "".join(running.output)


Send = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture
def send(server: Server) -> Send:
    def run(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(urlsplit(server.endpoint).netloc, timeout=30)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, names, answer.read()
        finally:
            connection.close()

    return run


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_each_attempt_is_answered_as_the_page_says(send: Send, attempt: Attempt) -> None:
    status, headers, body = send(attempt.method, attempt.path, attempt.headers, attempt.body)
    assert status == attempt.status, body
    origin = attempt.headers.get("origin")
    assert headers.get("access-control-allow-origin") == (origin if status < 300 else None)


def test_nothing_of_moto_s_tells_a_browser_that_a_page_may_read(send: Send) -> None:
    status, headers, _ = send("GET", "/", {"authorization": "AWS4-HMAC-SHA256 " + pages.SCOPE.format("s3")[6:]})
    assert status == 200
    assert not [name for name in headers if name.startswith("access-control-")]


def test_a_browser_s_form_uploads_where_the_bucket_lets_it(server: Server, send: Send) -> None:
    post = server.client("s3").generate_presigned_post(BUCKET, "from-a-form")
    boundary = "----form"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in post["fields"].items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--{boundary}--'
    )
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    for origin, status in ((pages.EVIL, 403), (APP, 204)):
        assert send("POST", f"/{BUCKET}", kind | {"origin": origin}, "".join(parts).encode())[0] == status
    assert server.client("s3").get_object(Bucket=BUCKET, Key="from-a-form")["Body"].read() == b"hello"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("abc.execute-api.us-east-1.amazonaws.com", {"message": "Forbidden"}),
        ("abc.execute-api.localhost:4566", {"message": "Forbidden"}),
        ("abc.lambda-url.us-east-1.on.aws", {"Message": None}),
        ("abc.lambda-url.us-east-1.localhost:4566", {"Message": None}),
    ],
)
def test_a_site_that_is_not_there_is_forbidden(send: Send, host: str, said: dict[str, str | None]) -> None:
    status, _, body = send("GET", "/", {"host": host, "origin": pages.EVIL})
    assert (status, json.loads(body)) == (403, said)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("lambda-core", "list_runtimes"),
        ("lambda-microvms", "list_microvms"),
        ("lambda-web", "list_web_functions"),
    ],
)
def test_services_that_sign_as_lambda_are_refused_by_their_own_names(
    server: Server, service: str, operation: str
) -> None:
    if service not in boto3.Session().get_available_services():
        pytest.skip("the installed botocore is older")
    client = server.client(service)
    name = client.meta.method_to_api_mapping[operation]
    with pytest.raises(client.exceptions.ClientError, match=f"does not support {service}:{name} yet"):
        getattr(client, operation)()
