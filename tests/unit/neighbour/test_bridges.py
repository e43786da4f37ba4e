"""What moto's process does in place of moto's own deliveries."""

import inspect
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from lambent.neighbour.bridges import events, handing, sns
from lambent.neighbour.bridges.handing import Gateway, Message, behind
from lambent.neighbour.bridges.places import PLACES, Place

EVENT = {
    "version": "0",
    "id": "i",
    "detail-type": "t",
    "time": 0,
    "detail": {"who": 'a "b"', "n": 1},
    "ingestion-time": 1,
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_moto_has_what_is_replaced_where_it_is_replaced(place: Place) -> None:
    assert tuple(inspect.signature(place.current()).parameters) == place.parameters


class Posted:
    """A gateway that keeps what it is posted, and answers with each of `statuses` in turn."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.statuses: list[int] = []
        posted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                posted.taken.append((self.path, json.loads(body)))
                self.send_response(posted.statuses.pop(0) if posted.statuses else 202)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Posted]:
    monkeypatch.setattr(handing, "PAUSES", (0.0, 0.0))
    made = Posted()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.005,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_message_is_handed_over_with_its_way_and_the_requests_header(posted: Posted) -> None:
    import flask

    app = flask.Flask("moto")
    with app.test_request_context(headers={"X-Amzn-Trace-Id": "Root=1"}), behind("events"):
        Gateway(posted.url).hand("sns", Message("o", "t", "b", {"a": ("String", "v")}, "g", "d", "l"))
    [(path, document)] = posted.taken
    assert path == "/_lambent/deliveries"
    assert document == {
        "origin": "o",
        "target": "t",
        "body": "b",
        "attributes": {"a": ["String", "v"]},
        "group": "g",
        "deduplication": "d",
        "dead_letter": "l",
        "problem": "",
        "through": ["events", "sns"],
        "trace": "Root=1",
    }


def test_every_subscription_of_a_topic_gets_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.sns.models import SNSBackend, Subscription

    backend = SNSBackend("us-east-1", "111111111111")
    monkeypatch.setattr(backend, "get_topic", lambda arn: backend.topics[arn])
    topic = backend.create_topic("t")
    for number in range(101):
        backend.subscribe(topic.arn, f"arn:aws:lambda:us-east-1:111111111111:function:f{number}", "lambda")
    got: list[tuple[Any, ...]] = []
    monkeypatch.setattr(Subscription, "publish", lambda _subscription, *said: got.append(said))
    message_id = sns.publish_to_all(Gateway(""), None)(topic, "m", subject="s", group_id="g")
    assert got == [("m", message_id, "s", None, "g", None, None)] * 101


def test_what_the_gateway_does_not_take_is_tried_again(posted: Posted, capsys: pytest.CaptureFixture[str]) -> None:
    posted.statuses = [500, 500]
    Gateway(posted.url).hand("s3", Message("o", "t"))
    assert (len(posted.taken), capsys.readouterr().err) == (3, "")
    posted.statuses = [500] * 3
    Gateway(posted.url).hand("s3", Message("o", "t"))
    assert "lost: a message of o to t: status 500" in capsys.readouterr().err


def test_a_gateway_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(handing, "PAUSES", ())
    Gateway("http://127.0.0.1:1").hand("s3", Message("o", "t"))
    assert "ConnectionRefusedError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        (
            '{"x": <who>, "y": "it is <who>", "n": <n>, "s": "<n>"}',
            {"x": 'a "b"', "y": 'it is a "b"', "n": 1, "s": "1"},
        ),
        ('"<who> and <unknown>"', 'a "b" and <unknown>'),
        ('"say \\"<n>\\""', 'say "1"'),
        ("<who> is <n>", 'a "b" is 1'),
        ("<aws.events.event.json>", {"id": "i"}),
        ('["<aws.events.rule-name>"]', ["r"]),
    ],
)
def test_templates(template: str, sent: Any) -> None:
    paths = {"who": "$.detail.who", "n": "$.detail.n"}
    reserved = {"aws.events.event.json": {"id": "i"}, "aws.events.rule-name": "r"}
    made = events.transformed({"InputPathsMap": paths, "InputTemplate": template}, EVENT, reserved)
    assert json.loads(made) == sent


def test_the_envelope_has_awss_fields_alone() -> None:
    assert events.envelope(EVENT) == {
        "version": "0",
        "id": "i",
        "detail-type": "t",
        "time": "1970-01-01T00:00:00Z",
        "detail": EVENT["detail"],
    }
