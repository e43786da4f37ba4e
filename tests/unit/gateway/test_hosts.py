"""Which Host headers name the platform."""

import pytest

from lambent.gateway.hosts import Hosts, site_of

OWN = [
    *(
        None,
        "localhost",
        "localhost:4566",
        "LOCALHOST:4566",
        "localhost.:4566",
        "127.0.0.1:4566",
        "127.0.0.1",
        "127.1.2.3:1",
    ),
    *("[::1]:4566", "[::1]", "bucket.localhost:4566", "abc.lambda-url.us-east-1.localhost:4566", "127.0.0.1:65535"),
    *("s3.amazonaws.com", "bucket.s3.eu-west-1.amazonaws.com", "lambda.us-east-1.amazonaws.com:443"),
    *("sqs.cn-north-1.amazonaws.com.cn", "abc.lambda-url.us-east-1.on.aws", "lambda.us-east-1.api.aws"),
    *("lambent.test", "lambent.test:80", "a.b.internal:4566", "sync-127.0.0.1:4566", "api.127.0.0.1:4566"),
]
FOREIGN = [
    *(
        "",
        " ",
        "evil.test",
        "evil.test:4566",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "sync-127.0.0.1.evil.test",
        "amazonaws.com.evil.test",
    ),
    *(
        "evilamazonaws.com",
        "notlocalhost",
        "10.0.0.1",
        "192.168.1.7:4566",
        "169.254.169.254",
        "[2001:db8::1]:4566",
        "0.0.0.0",
    ),
    *(
        "localhost, evil.test",
        "evil.test, localhost",
        "localhost@evil.test",
        "localhost/evil",
        "localhost:",
        "localhost:99999999",
    ),
    *("internal", "x.lambent.test", "é.localhost", "2130706433", "0x7f000001", "a" * 100_000, "[::1", "::1"),
]


@pytest.mark.parametrize("host", OWN)
def test_own_names(host: str | None) -> None:
    hosts = Hosts(("lambent.test", "*.internal"))
    assert hosts.is_own(host)
    assert hosts.is_own(host)  # as it is remembered


@pytest.mark.parametrize("host", FOREIGN, ids=lambda host: host[:40])
def test_foreign_names(host: str) -> None:
    assert not Hosts(("lambent.test", "*.internal")).is_own(host)


def test_what_is_remembered_is_bounded() -> None:
    hosts = Hosts()
    assert all(hosts.is_own(f"b{number}.localhost") for number in range(10_000))
    assert len(hosts._known) < 1_000


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("abc.lambda-url.us-east-1.on.aws", ("lambda-url", "abc", "us-east-1")),
        ("ABC.lambda-url.us-east-1.localhost:4566", ("lambda-url", "abc", "us-east-1")),
        ("abc.execute-api.eu-west-1.amazonaws.com", ("execute-api", "abc", "eu-west-1")),
        ("abc.execute-api.eu-west-1.amazonaws.com.localhost:1", ("execute-api", "abc", "eu-west-1")),
        ("lb-1.us-east-1.elb.amazonaws.com", ("elb", "lb-1", "us-east-1")),
        ("lb-1.us-east-1.elb.localhost:4566", ("elb", "lb-1", "us-east-1")),
        ("elb.us-east-1.amazonaws.com", None),
        ("lambda.us-east-1.amazonaws.com", None),
        ("bucket.localhost:4566", None),
        ("lambda-url.localhost", None),
        ("execute-api.us-east-1.amazonaws.com", None),
        (None, None),
    ],
)
def test_the_sites_that_a_host_name_is_for(host: str | None, what: tuple[str, str, str] | None) -> None:
    assert site_of(host) == what
    assert Hosts().is_endpoint(host) is (what is None)
