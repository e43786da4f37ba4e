"""Outputs of stacks that name something by AWS's host names."""

import pytest

from lambent.cli.stacks.addresses import here

LOCAL, TEAM = "http://127.0.0.1:4566", "https://lambent.internal:4567"


@pytest.mark.parametrize(
    ("value", "endpoint", "url"),
    [
        (
            "https://a1.execute-api.eu-west-1.amazonaws.com/Prod/hello/",
            LOCAL,
            "http://a1.execute-api.eu-west-1.localhost:4566/Prod/hello/",
        ),
        ("wss://a1.execute-api.eu-west-1.amazonaws.com/dev", LOCAL, "ws://a1.execute-api.eu-west-1.localhost:4566/dev"),
        (
            "wss://a1.execute-api.eu-west-1.amazonaws.com/dev",
            TEAM,
            "wss://lambent.internal:4567/_aws/execute-api/a1/dev",
        ),
        ("https://u1.lambda-url.eu-west-1.on.aws/", LOCAL, "http://u1.lambda-url.eu-west-1.localhost:4566/"),
        ("web-12.eu-west-1.elb.amazonaws.com", LOCAL, "http://web-12.eu-west-1.elb.localhost:4566/"),
        ("web-12.eu-west-1.elb.amazonaws.com", TEAM, "https://lambent.internal:4567/_aws/elb/web-12/"),
    ],
)
def test_what_aws_names_is_found_here(value: str, endpoint: str, url: str) -> None:
    assert here({"Api": value}, endpoint) == {"Api": url}


@pytest.mark.parametrize(
    "value",
    ["", "a1", "https://sqs.eu-west-1.amazonaws.com/000000000000/q", "http://u1.lambda-url.eu-west-1.localhost:4566/"],
)
def test_other_outputs_are_as_they_are(value: str) -> None:
    assert here({"Value": value}, LOCAL) == {}
