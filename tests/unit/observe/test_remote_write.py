"""Remote write's requests, read by protobuf's own library, and what is sent again."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import cramjam
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from lambent.model.delivery import DeliveryFailed
from lambent.observe.prometheus import GAUGE, Family, Point, single
from lambent.observe.remote_write import SERIES_AT_ONCE, bodies
from lambent.server import remote_write
from lambent.server.remote_write import SECONDS, TRIES, RemoteWrite, open_remote_write
from lambent.settings import Settings, StartError

MESSAGES = {
    "Label": (("name", 1, "string", ""), ("value", 2, "string", "")),
    "Sample": (("value", 1, "double", ""), ("timestamp", 2, "int64", "")),
    "TimeSeries": (("labels", 1, "message*", "Label"), ("samples", 2, "message*", "Sample")),
    "WriteRequest": (("timeseries", 1, "message*", "TimeSeries"),),
}
"""https://github.com/prometheus/prometheus/blob/main/prompb/remote.proto and types.proto, what is used of them."""
DENIED = DeliveryFailed("it answered 400", passing=False)
AWAY = DeliveryFailed("no answer", passing=True)


def write_request() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="remote.proto", package="p", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of in fields:
            one = message.field.add(name=field, number=number)
            one.type = getattr(one, f"TYPE_{kind.rstrip('*').upper()}")
            one.label = one.LABEL_REPEATED if kind.endswith("*") else one.LABEL_OPTIONAL
            if of:
                one.type_name = f".p.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.WriteRequest"))


def series_of(said: Sequence[bytes]) -> list[Any]:
    read = write_request().FromString
    return [one for body in said for one in read(bytes(cramjam.snappy.decompress_raw(body))).timeseries]


def test_a_request_has_each_value_with_sorted_labels_and_its_time() -> None:
    functions = Family("lambent_duration_seconds", "summary", "", [Point({"function": "f" * 200}, 0.5, "_sum")])
    said = bodies([functions, single("up", GAUGE, "", 1)], 1_790_000_000.123, {"job": "lambent", "a": ""})
    first, second = series_of(list(said))
    labels = [(one.name, one.value) for one in first.labels]
    assert labels == [("__name__", "lambent_duration_seconds_sum"), ("function", "f" * 200), ("job", "lambent")]
    assert [(one.value, one.timestamp) for one in first.samples] == [(0.5, 1_790_000_000_123)]
    assert second.labels[0].value == "up"


def test_many_series_are_more_requests() -> None:
    many = Family("f", GAUGE, "", [Point({"n": str(number)}, number) for number in range(SERIES_AT_ONCE + 1)])
    said = list(bodies([many], 1.0, {}))
    assert len(said) == 2 and len(series_of(said)) == SERIES_AT_ONCE + 1


def sent(*answers: Exception | None) -> tuple[list[bytes], list[str], list[float]]:
    """What one round posts, tells and waits, when the place answers so."""
    posted: list[bytes] = []
    told: list[str] = []
    waited: list[float] = []

    async def make() -> list[bytes]:
        return [b"one", b"two"]

    async def post(body: bytes) -> None:
        posted.append(body)
        if len(posted) <= len(answers) and (error := answers[len(posted) - 1]) is not None:
            raise error

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if seconds == SECONDS:
            raise EOFError

    sender = RemoteWrite(make, post, lambda failed: told.append(str(failed)), sleep)
    with pytest.raises(EOFError):
        asyncio.run(sender.run())
    return posted, told, waited


def test_what_may_be_taken_another_time_is_tried_again_and_what_is_refused_is_told() -> None:
    assert sent() == ([b"one", b"two"], [], [SECONDS])
    assert sent(AWAY) == ([b"one", b"one", b"two"], [], [1, SECONDS])
    assert sent(DENIED) == ([b"one"], ["it answered 400"], [SECONDS])
    assert sent(*[AWAY] * TRIES) == ([b"one"] * TRIES, ["no answer"], [1, 2, SECONDS])


def opened(**more: Any) -> None:
    open_remote_write(AsyncExitStack(), Settings(**more), SimpleNamespace(url="http://localhost:1"), print, list)  # type: ignore[arg-type]


def test_what_is_missing_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    with pytest.raises(StartError, match="signed"):
        opened(remote_write="https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write")
    find: Callable[[str], None] = lambda _name: None  # noqa: E731
    monkeypatch.setattr(remote_write.importlib.util, "find_spec", find)
    with pytest.raises(StartError, match="remote-write"):
        opened(remote_write="http://localhost:9090/api/v1/write")


def test_aws_is_signed_for_and_a_password_is_not_reported() -> None:
    url = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"
    headers = remote_write._signing(Settings(remote_write=url, endpoint_access_key="AK", endpoint_secret_key="s"))(b"")
    assert "/eu-west-1/aps/aws4_request" in headers["Authorization"] and headers["Content-Encoding"] == "snappy"
    told: list[Any] = []
    remote_write._tell(told.append, "http://me:secret@localhost:9090/w", DENIED)
    assert told[0].resource == "http://localhost:9090/w" and "secret" not in told[0].message
