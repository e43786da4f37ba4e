from urllib.parse import urlencode

from lambent.neighbour.unreached import queues_named
from lambent.wire.http import Request

QUEUE = "arn:aws:sqs:eu-west-1:111111111111:q.fifo"


def test_queues_are_named_by_what_sends_to_them() -> None:
    form = {"Action": "Subscribe", "Protocol": "sqs", "Endpoint": QUEUE}
    assert queues_named("sns", Request("POST", "/", "", {}, urlencode(form).encode())) == [QUEUE]
    assert queues_named("events", Request("POST", "/", "", {}, f'{{"Arn":"{QUEUE}"}}'.encode())) == [QUEUE]
    put = Request("PUT", "/bucket", "notification", {}, f"<Queue>{QUEUE}</Queue>".encode())
    assert queues_named("s3", put) == [QUEUE]


def test_what_only_speaks_of_queues_names_none() -> None:
    body = f'{{"Resource":"{QUEUE}"}}'.encode()
    assert queues_named("iam", Request("POST", "/", "", {}, body)) == []
    assert queues_named("s3", Request("PUT", "/bucket/key", "", {}, body)) == []
    assert queues_named("sns", Request("GET", "/", "", {}, body)) == []
