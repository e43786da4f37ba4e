"""The Extensions API (2020-01-01) of one execution environment, without any I/O.

An extension registers, asks for the next event, and may say that it can't start or that it must end; what may follow
what is the table `TRANSITIONS`, anything else is refused as AWS refuses it and changes nothing. External extensions
are launched by us and known by the name of their file; whoever else registers does so from inside the runtime's
process, is an internal extension and can't have Shutdown events.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html; codes and texts of refusals are
those of AWS's open-source Runtime Interface Emulator.
"""

import enum
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from lambent.runtime_api.conversation import Refusal

MAX_EXTENSIONS = 10
INVOKE, SHUTDOWN = "INVOKE", "SHUTDOWN"
EVENTS = (INVOKE, SHUTDOWN)

INIT_ERROR = "Extension.InitError"
EXIT_ERROR = "Extension.ExitError"
LAUNCH_ERROR = "Extension.LaunchError"
CRASH = "Extension.Crash"


class State(enum.Enum):
    """Where an extension stands, in the words of AWS's EXTENSION lines."""

    STARTED = "Started"
    REGISTERED = "Registered"
    READY = "Ready"
    """It waits for an event."""
    RUNNING = "Running"
    """It has an event."""
    INIT_ERROR = "InitError"
    EXIT_ERROR = "ExitError"
    LAUNCH_ERROR = "LaunchError"


class Event(enum.Enum):
    """What can happen; the values are the states that AWS names when it refuses them."""

    REGISTER = "Registered"
    NEXT = "Ready"
    SENT = "Running"
    INIT_ERROR = "InitError"
    EXIT_ERROR = "Exited"
    LAUNCH_ERROR = "LaunchError"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.STARTED, Event.REGISTER): State.REGISTERED,
    (State.STARTED, Event.LAUNCH_ERROR): State.LAUNCH_ERROR,
    (State.REGISTERED, Event.NEXT): State.READY,
    (State.REGISTERED, Event.INIT_ERROR): State.INIT_ERROR,
    (State.REGISTERED, Event.EXIT_ERROR): State.EXIT_ERROR,
    (State.READY, Event.SENT): State.RUNNING,
    (State.READY, Event.EXIT_ERROR): State.EXIT_ERROR,
    (State.RUNNING, Event.NEXT): State.READY,
    (State.RUNNING, Event.EXIT_ERROR): State.EXIT_ERROR,
    (State.INIT_ERROR, Event.INIT_ERROR): State.INIT_ERROR,
    (State.EXIT_ERROR, Event.EXIT_ERROR): State.EXIT_ERROR,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON, unless `content_type` says otherwise, and headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


STATUS_OK = Reply(202, b'{"status":"OK"}\n')


@dataclass(frozen=True, slots=True)
class About:
    """What an extension is told of its function when it registers."""

    name: str
    version: str
    handler: str
    account: str


class Waiter(Protocol):
    """An unanswered GET next."""

    def answer_next(self, head: bytes, payload: bytes) -> None: ...


class ExtensionEvents(Protocol):
    """Who is told what extensions say. Called on the event loop; must neither block nor raise."""

    def on_registered(self) -> None:
        """Every external extension has registered."""

    def on_joined(self) -> None:
        """An internal extension has registered."""

    def on_ready(self) -> None:
        """Every extension waits for the next event."""


class Extension:
    """One extension of one environment."""

    __slots__ = ("error_type", "events", "external", "identifier", "name", "pending", "state", "waiter")

    def __init__(self, name: str, identifier: str, external: bool) -> None:
        self.name = name
        self.identifier = identifier
        self.external = external
        self.state = State.STARTED
        self.events: tuple[str, ...] = ()
        self.error_type = ""
        """What it says of its own failure, or why it could not be launched."""
        self.waiter: Waiter | None = None
        self.pending: bytes | None = None
        """An event that it has not asked for yet."""

    def move(self, event: Event, named: str) -> Refusal | None:
        """Note `event`, or say why not; `named` is how AWS names the extension then."""
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            text = f"State transition from {self.state.value} to {event.value} failed for extension {named}."
            return _invalid_state(f"{text} Error: State transition is not allowed")
        self.state = state
        return None


class Extensions:
    """The extensions of one environment. `new_id` makes UUIDs."""

    def __init__(self, about: About, events: ExtensionEvents, new_id: Callable[[], str]) -> None:
        self._about = about
        self._events = events
        self._new_id = new_id
        self._by_name: dict[str, Extension] = {}
        self._by_id: dict[str, Extension] = {}
        self._open = True
        self.first_error = ""
        """AWS's type of the first failure that an extension reported itself."""

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def __iter__(self) -> Iterator[Extension]:
        return iter(self._by_name.values())

    def subscribed(self, event: str) -> list[Extension]:
        """Those that asked for `event`."""
        return [one for one in self if event in one.events]

    # --- the server's side

    def launch(self, name: str) -> None:
        """An external extension is being started; it may register from now on."""
        self._add(name, external=True)

    def launch_failed(self, name: str, error_type: str) -> None:
        """It could not be started: "PermissionDenied", "TooManyExtensions" or "UnknownError"."""
        extension = self._by_name[name]
        extension.move(Event.LAUNCH_ERROR, name)
        extension.error_type = error_type

    def close(self) -> None:
        """The runtime has asked for its first invocation: nobody can register any more."""
        self._open = False

    def send(self, event: str, payload: bytes) -> None:
        """Send `event` to all who asked for it, now or when they ask."""
        for extension in self.subscribed(event):
            extension.pending = payload
            self._hand_over(extension)

    def reset(self) -> None:
        """Forget all: nothing of them runs any more."""
        self._by_name.clear()
        self._by_id.clear()
        self._open = True
        self.first_error = ""

    def lost(self, waiter: object) -> None:
        """A connection ended. An extension whose GET next it was may ask again."""
        for extension in self:
            if extension.waiter is waiter:
                extension.waiter = None

    # --- what extensions ask

    def register(self, name: str, features: str, body: bytes) -> Reply | Refusal:
        """POST /extension/register."""
        if not name:
            return Refusal(403, "Extension.InvalidExtensionName", "Empty extension name")
        events = _events(body)
        if isinstance(events, Refusal):
            return events
        extension = self._by_name.get(name)
        if extension is not None and extension.external:
            refusal = _unknown_event(events, EVENTS) or extension.move(Event.REGISTER, name)
        else:
            refusal = _unknown_event(events, (INVOKE,)) or self._refused_internal(name)
            extension = None if refusal is not None else self._add(name, external=False)
        if refusal is not None:
            return refusal
        assert extension is not None
        extension.events = events
        self._registered(extension)
        return self._welcome(extension, features)

    def next(self, identifier: str, waiter: Waiter) -> Refusal | None:
        """GET /extension/event/next: answered by `waiter`, now or later."""
        extension = self._find(identifier, f"Unknown extension {identifier}")
        if isinstance(extension, Refusal):
            return extension
        again = extension.state is State.READY and extension.waiter is None
        if not again and (refusal := extension.move(Event.NEXT, identifier)) is not None:
            return refusal
        extension.waiter = waiter
        if extension.pending is not None:
            self._hand_over(extension)
        elif not again and all(one.state is State.READY for one in self):
            self._events.on_ready()
        return None

    def init_error(self, identifier: str, error_type: str) -> Reply | Refusal:
        """POST /extension/init/error. The environment fails when the extension's process ends."""
        return self._error(Event.INIT_ERROR, INIT_ERROR, identifier, error_type)

    def exit_error(self, identifier: str, error_type: str) -> Reply | Refusal:
        """POST /extension/exit/error. The environment fails when the extension's process ends."""
        return self._error(Event.EXIT_ERROR, EXIT_ERROR, identifier, error_type)

    def identified(self, identifier: str) -> Extension | Refusal:
        """The extension of that identifier, for the other APIs that extensions use."""
        return self._find(identifier, f"Unknown extension {identifier}")

    # --- inside

    def _add(self, name: str, external: bool) -> Extension:
        extension = Extension(name, self._new_id(), external)
        if not external:
            extension.state = State.REGISTERED
        self._by_name[name] = self._by_id[extension.identifier] = extension
        return extension

    def _refused_internal(self, name: str) -> Refusal | None:
        if not self._open:
            return Refusal(403, "Extension.RegistrationClosed", "Extension registration closed already")
        if len(self._by_name) >= MAX_EXTENSIONS:
            return Refusal(403, "Extension.TooManyExtensions", f"Extension limit ({MAX_EXTENSIONS}) reached")
        if name in self._by_name:
            return _invalid_state("Extension with this name already registered")
        return None

    def _registered(self, extension: Extension) -> None:
        if not extension.external:
            self._events.on_joined()
        elif all(one.state is not State.STARTED for one in self):
            self._events.on_registered()

    def _welcome(self, extension: Extension, features: str) -> Reply:
        about = self._about
        told = {"functionName": about.name, "functionVersion": about.version, "handler": about.handler}
        if "accountId" in (feature.strip() for feature in features.split(",")):
            told["accountId"] = about.account
        return Reply(200, _json(told), (("Lambda-Extension-Identifier", extension.identifier),))

    def _error(self, event: Event, fatal: str, identifier: str, error_type: str) -> Reply | Refusal:
        extension = self._find(identifier, "Unknown Lambda-Extension-Identifier")
        if isinstance(extension, Refusal):
            return extension
        if not error_type:
            name = "Lambda-Extension-Function-Error-Type"
            return Refusal(403, "Extension.MissingHeader", f"{name} not found")
        if (refusal := extension.move(event, identifier)) is not None:
            return refusal
        extension.error_type = extension.error_type or error_type
        self.first_error = self.first_error or fatal
        return STATUS_OK

    def _find(self, identifier: str, unknown: str) -> Extension | Refusal:
        if not identifier:
            text = "Missing Lambda-Extension-Identifier header"
            return Refusal(403, "Extension.MissingExtensionIdentifier", text)
        try:
            known = str(uuid.UUID(identifier))
        except ValueError:
            text = "Invalid Lambda-Extension-Identifier"
            return Refusal(403, "Extension.InvalidExtensionIdentifier", text)
        extension = self._by_id.get(known)
        return extension or Refusal(403, "Extension.UnknownExtensionIdentifier", unknown)

    def _hand_over(self, extension: Extension) -> None:
        """The pending event to the extension if it waits."""
        waiter, payload = extension.waiter, extension.pending
        if waiter is None or payload is None:
            return
        extension.waiter = extension.pending = None
        extension.move(Event.SENT, extension.identifier)
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Lambda-Extension-Event-Identifier: {self._new_id()}\r\nContent-Length: {len(payload)}\r\n\r\n"
        )
        waiter.answer_next(head.encode(), payload)


def invoke_event(request_id: str, deadline_ms: int, function_arn: str, trace_id: str) -> bytes:
    """What extensions are told of an invocation. `deadline_ms` is Unix time in milliseconds."""
    return _json(
        {
            "eventType": INVOKE,
            "deadlineMs": deadline_ms,
            "requestId": request_id,
            "invokedFunctionArn": function_arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": trace_id},
        }
    )


def shutdown_event(reason: str, deadline_ms: int) -> bytes:
    """What extensions are told of the environment's end; `reason` "spindown", "timeout" or "failure"."""
    return _json({"eventType": SHUTDOWN, "deadlineMs": deadline_ms, "shutdownReason": reason})


def _events(body: bytes) -> tuple[str, ...] | Refusal:
    """The events of a registration, each once; none is allowed."""
    try:
        said = json.loads(body)
        listed = said.get("events") or []
        if isinstance(listed, list) and all(isinstance(one, str) for one in listed):
            if said.get("configurationKeys"):
                text = "configurationKeys are deprecated; use environment variables instead"
                return Refusal(403, "InvalidRequestFormat", text)
            return tuple(dict.fromkeys(listed))
    except (ValueError, AttributeError, RecursionError):
        pass
    # AWS hands on what its JSON parser (Go's) says; this text is ours.
    text = 'the body must be a JSON object such as {"events": ["INVOKE", "SHUTDOWN"]}'
    return Refusal(403, "InvalidRequestFormat", text)


def _unknown_event(events: tuple[str, ...], allowed: tuple[str, ...]) -> Refusal | None:
    for event in events:
        if event not in allowed:
            reason = "ShutdownEventNotSupportedForInternalExtension" if event == SHUTDOWN else "ErrorInvalidEventType"
            return Refusal(403, "Extension.InvalidEventType", f"{event}: {reason}")
    return None


def _invalid_state(message: str) -> Refusal:
    return Refusal(403, "Extension.InvalidExtensionState", message)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
