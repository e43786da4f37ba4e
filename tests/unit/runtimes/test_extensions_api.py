"""The Extensions API without any I/O: who may say what when, and in which words he is refused."""

import itertools
import json
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambent.runtime_api.conversation import Refusal
from lambent.runtime_api.extensions import (
    About,
    Extensions,
    Reply,
    State,
    invoke_event,
    shutdown_event,
)

ABOUT = About("f", "$LATEST", "app.handler", "123456789012")
UNKNOWN = "00000000-0000-4000-8000-00000000ffff"


@dataclass
class Told:
    """What the server is told, and what waits."""

    said: list[str] = field(default_factory=list)
    answers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def on_registered(self) -> None:
        self.said.append("registered")

    def on_joined(self) -> None:
        self.said.append("joined")

    def on_ready(self) -> None:
        self.said.append("ready")

    def answer_next(self, head: bytes, payload: bytes) -> None:
        self.answers.append((head, payload))


def made(*names: str) -> tuple[Extensions, Told]:
    told, numbers = Told(), itertools.count(1)
    extensions = Extensions(ABOUT, told, lambda: f"00000000-0000-4000-8000-{next(numbers):012}")
    for name in names:
        extensions.launch(name)
    return extensions, told


def registered(extensions: Extensions, name: str, *events: str, features: str = "") -> str:
    """The identifier."""
    reply = extensions.register(name, features, json.dumps({"events": events}).encode())
    assert isinstance(reply, Reply), reply
    return dict(reply.headers)["Lambda-Extension-Identifier"]


def refusal(answer: object) -> tuple[int, str, str]:
    assert isinstance(answer, Refusal), answer
    return answer.status, answer.error_type, answer.message


def state_of(extensions: Extensions, name: str) -> State:
    return next(one.state for one in extensions if one.name == name)


def test_registering_answers_what_the_function_is() -> None:
    extensions, told = made("a")
    reply = extensions.register("a", "accountId, other", b'{"events": ["INVOKE", "SHUTDOWN", "INVOKE"]}')
    assert isinstance(reply, Reply)
    assert json.loads(reply.body) == {
        "functionName": "f",
        "functionVersion": "$LATEST",
        "handler": "app.handler",
        "accountId": "123456789012",
    }
    assert told.said == ["registered"]
    assert next(iter(extensions)).events == ("INVOKE", "SHUTDOWN")
    extensions, _ = made("a")
    reply = extensions.register("a", "", b"{}")
    assert isinstance(reply, Reply)
    assert "accountId" not in json.loads(reply.body)


def test_all_external_extensions_have_registered_with_the_last_one() -> None:
    extensions, told = made("a", "b")
    registered(extensions, "a")
    assert told.said == []
    registered(extensions, "b")
    assert told.said == ["registered"]


def test_ready_is_when_everybody_waits() -> None:
    extensions, told = made("a")
    first = registered(extensions, "a", "INVOKE")
    second = registered(extensions, "inside", "INVOKE")
    assert told.said == ["registered", "joined"]
    assert extensions.next(first, told) is None
    assert extensions.next(second, told) is None
    assert told.said[2:] == ["ready"]


def test_events_go_to_those_who_asked_for_them() -> None:
    extensions, told = made("a", "b")
    for name, events in (("a", ("INVOKE", "SHUTDOWN")), ("b", ("SHUTDOWN",))):
        extensions.next(registered(extensions, name, *events), told)
    extensions.send("INVOKE", invoke_event("r", 5, "arn", "Root=1"))
    ((head, body),) = told.answers
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Lambda-Extension-Event-Identifier: " in head
    assert json.loads(body) == {
        "eventType": "INVOKE",
        "deadlineMs": 5,
        "requestId": "r",
        "invokedFunctionArn": "arn",
        "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=1"},
    }
    assert (state_of(extensions, "a"), state_of(extensions, "b")) == (State.RUNNING, State.READY)
    extensions.send("SHUTDOWN", shutdown_event("timeout", 7))
    assert len(told.answers) == 2  # a has not asked again
    extensions.next(next(one.identifier for one in extensions if one.name == "a"), told)
    assert [json.loads(body)["eventType"] for _, body in told.answers] == ["INVOKE", "SHUTDOWN", "SHUTDOWN"]
    assert json.loads(told.answers[-1][1]) == {"eventType": "SHUTDOWN", "deadlineMs": 7, "shutdownReason": "timeout"}


@pytest.mark.parametrize(
    ("body", "error_type"),
    [
        (b"", "InvalidRequestFormat"),
        (b"[]", "InvalidRequestFormat"),
        (b'{"events": "INVOKE"}', "InvalidRequestFormat"),
        (b'{"events": [1]}', "InvalidRequestFormat"),
        (b'{"events": ["INVOKE"', "InvalidRequestFormat"),
        (b"[" * 200_000, "InvalidRequestFormat"),
        (b'{"configurationKeys": ["A"]}', "InvalidRequestFormat"),
        (b'{"events": ["invoke"]}', "Extension.InvalidEventType"),
        (b'{"events": ["INVOKE", "FREEZE"]}', "Extension.InvalidEventType"),
    ],
)
def test_a_registration_that_can_not_be_read_is_refused(body: bytes, error_type: str) -> None:
    extensions, told = made("a")
    assert refusal(extensions.register("a", "", body))[:2] == (403, error_type)
    assert (state_of(extensions, "a"), told.said) == (State.STARTED, [])


def test_registering_is_refused_in_aws_s_words() -> None:
    extensions, _ = made("a")
    assert refusal(extensions.register("", "", b"{}")) == (
        403, "Extension.InvalidExtensionName", "Empty extension name",
    )  # fmt: skip
    registered(extensions, "a")
    assert refusal(extensions.register("a", "", b"{}")) == (
        403,
        "Extension.InvalidExtensionState",
        "State transition from Registered to Registered failed for extension a. Error: State transition is not allowed",
    )
    assert refusal(extensions.register("x", "", b'{"events": ["SHUTDOWN"]}'))[2].startswith("SHUTDOWN: Shutdown")
    registered(extensions, "x")
    assert refusal(extensions.register("x", "", b"{}"))[2] == "Extension with this name already registered"
    for number in range(8):
        registered(extensions, f"more{number}")
    assert refusal(extensions.register("eleventh", "", b"{}")) == (
        403, "Extension.TooManyExtensions", "Extension limit (10) reached",
    )  # fmt: skip
    extensions.close()
    assert refusal(extensions.register("late", "", b"{}")) == (
        403, "Extension.RegistrationClosed", "Extension registration closed already",
    )  # fmt: skip


def test_identifiers_are_checked_in_aws_s_words() -> None:
    extensions, told = made("a")
    for call in (
        lambda identifier: extensions.next(identifier, told),
        lambda identifier: extensions.init_error(identifier, "E"),
        lambda identifier: extensions.exit_error(identifier, "E"),
    ):
        assert refusal(call(""))[1:] == (
            "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header",
        )  # fmt: skip
        assert refusal(call("nonsense"))[1] == "Extension.InvalidExtensionIdentifier"
        assert refusal(call(UNKNOWN))[1] == "Extension.UnknownExtensionIdentifier"
    assert refusal(extensions.next(UNKNOWN, told))[2] == f"Unknown extension {UNKNOWN}"


def test_asking_twice_at_once_is_refused_and_asking_again_is_not() -> None:
    extensions, told = made("a")
    identifier = registered(extensions, "a", "INVOKE")
    assert extensions.next(identifier, told) is None
    assert refusal(extensions.next(identifier, told))[2].startswith("State transition from Ready to Ready failed")
    extensions.lost(told)
    assert extensions.next(identifier, told) is None
    assert told.said.count("ready") == 1
    extensions.send("INVOKE", b"{}")
    assert len(told.answers) == 1


def test_errors_are_kept_with_the_first_one_s_type() -> None:
    extensions, told = made("a", "b")
    first, second = registered(extensions, "a"), registered(extensions, "b")
    assert refusal(extensions.init_error(first, ""))[1:] == (
        "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found",
    )  # fmt: skip
    assert isinstance(extensions.init_error(first, "Mine.A"), Reply)
    assert isinstance(extensions.init_error(first, "Mine.B"), Reply)
    assert isinstance(extensions.exit_error(second, "Mine.C"), Reply)
    assert [one.error_type for one in extensions] == ["Mine.A", "Mine.C"]
    assert extensions.first_error == "Extension.InitError"
    assert refusal(extensions.next(first, told))[1] == "Extension.InvalidExtensionState"
    assert refusal(extensions.init_error(second, "E"))[1] == "Extension.InvalidExtensionState"


def test_after_a_reset_everybody_registers_anew() -> None:
    extensions, _ = made("a")
    old = registered(extensions, "a")
    extensions.close()
    extensions.reset()
    assert not extensions
    extensions.launch("a")
    assert registered(extensions, "a") != old
    assert extensions.first_error == ""


@pytest.mark.parametrize("seed", range(50))
def test_no_order_of_calls_breaks_it_or_gives_an_event_to_the_wrong_one(seed: int) -> None:
    chance = random.Random(seed)
    extensions, told = made("a", "b")
    known = ["", "x", UNKNOWN]

    def calls() -> Any:
        identifier = chance.choice(known)
        return chance.choice(
            [
                lambda: extensions.register(chance.choice("abc"), "", b'{"events": ["INVOKE"]}'),
                lambda: extensions.next(identifier, told),
                lambda: extensions.init_error(identifier, "E"),
                lambda: extensions.exit_error(identifier, "E"),
                lambda: extensions.send("INVOKE", b"{}"),
                lambda: extensions.lost(told),
                extensions.close,
            ]
        )

    for _ in range(100):
        answer = calls()()
        if isinstance(answer, Reply) and answer.headers:
            known.append(dict(answer.headers)["Lambda-Extension-Identifier"])
        for one in extensions:
            assert one.waiter is None or one.state in (State.READY, State.EXIT_ERROR)
