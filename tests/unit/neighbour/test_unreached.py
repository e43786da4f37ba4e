import pytest

from lambent.neighbour.unreached import targets_named
from lambent.wire.http import Request

QUEUE = "arn:aws:sqs:eu-west-1:111111111111:q.fifo"
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:f:live"


@pytest.mark.parametrize("service", ["cognito-identity", "firehose", "iot", "pipes"])
def test_targets_are_named_by_what_should_send_to_them(service: str) -> None:
    body = f'{{"Arn":"{QUEUE}","Other":"{FUNCTION}"}}'.encode()
    assert targets_named(service, Request("POST", "/", "", {}, body)) == [FUNCTION, QUEUE]


def test_what_only_speaks_of_them_or_does_send_names_none() -> None:
    body = f'{{"Resource":"{QUEUE}"}}'.encode()
    assert targets_named("iam", Request("POST", "/", "", {}, body)) == []
    assert targets_named("sns", Request("POST", "/", "", {}, body)) == []
    assert targets_named("pipes", Request("GET", "/", "", {}, body)) == []
