"""Calling functions for an API: within its time, and with what went wrong as the API answers it."""

import re
from collections.abc import Mapping

from lambent.http_events.http_authorizers import Refused
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.invocation import Outcome, RestoreFailed, Throttled
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.door_findings import near, timed_out
from lambent.services.waiting import within
from lambent.wire.fault import Fault

NOT_PERMITTED = "api-gateway-not-permitted"
_URI = re.compile(r"arn:[^:]+:apigateway:[^:]+:lambda:path/\d{4}-\d\d-\d\d/functions/(.+)/invocations")
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


def function_of(uri: str, variables: Mapping[str, str]) -> str:
    """The ARN of the function that an integration's or authorizer's URI names, with the stage's variables in it."""
    text = filled(uri, variables)
    found = _URI.fullmatch(text)
    return found[1] if found is not None else text


def filled(uri: str, variables: Mapping[str, str]) -> str:
    """A URI with the stage's variables in it."""
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), uri)


def unavailable(why: str) -> Refused:
    """503."""
    return Refused(503, "Service Unavailable", why)


def broken(why: str) -> Refused:
    """500."""
    return Refused(500, "Internal Server Error", why)


async def call(ports: Ports, door: Door, call: Call, seconds: float) -> Outcome:
    """The function's outcome. Raises Refused: 503 after `seconds` of the platform's clock, while it runs on."""
    if len(call.payload) > ports.limits.sync_request_bytes:
        raise Refused(413, "Request Entity Too Large", f"the event is larger than {ports.limits.sync_request_bytes} B")
    try:
        outcome = await within(ports.clock, seconds, ports.functions.call(door, call))
        _notice_sizes(ports, call, outcome)
        return outcome
    except TimeoutError:
        own = ports.functions.timeout(door, call.function)
        ports.report(timed_out(call, door.source_arn, 503, seconds, own))
        raise unavailable(f"the function took longer than {seconds:g} s, and runs on") from None
    except NotPermitted as error:
        ports.report(_not_permitted(door, call))
        raise broken(f"The API has no permission to call the function: {error}") from error
    except (Throttled, RestoreFailed) as error:
        raise unavailable(f"the function was not run: {error}") from error
    except Fault as fault:
        raise broken(f"{fault.code}: {fault.message}") from fault


async def accept(ports: Ports, door: Door, call: Call) -> None:
    """Put the event into the function's queue. Raises Refused."""
    if len(call.payload) > ports.limits.async_request_bytes:
        raise Refused(413, "Request Entity Too Large", f"the event is larger than {ports.limits.async_request_bytes} B")
    try:
        await ports.functions.accept(door, call)
    except NotPermitted as error:
        ports.report(_not_permitted(door, call))
        raise broken(f"The API has no permission to call the function: {error}") from error
    except Fault as fault:
        raise broken(f"{fault.code}: {fault.message}") from fault


def trace_root(uuid: str) -> str:
    """A trace header that begins with a request's id."""
    digits = uuid.replace("-", "")
    return f"Root=1-{digits[:8]}-{digits[8:]}"


def _notice_sizes(ports: Ports, call: Call, outcome: Outcome) -> None:
    for what, size in (("An event from an API", len(call.payload)), ("An answer to an API", len(outcome.payload))):
        found = near(call.function, what, size, ports.limits.sync_request_bytes)
        if found is not None:
            ports.report(found)


def _not_permitted(door: Door, call: Call) -> Finding:
    return Finding(
        NOT_PERMITTED,
        call.function,
        f"{door.source_arn} may not call the function: its policy has no such permission. A client gets 500.",
        f"aws lambda add-permission --function-name {call.function} --statement-id api --action lambda:InvokeFunction "
        f"--principal {door.service} --source-arn '{door.source_arn.partition('/')[0]}/*'",
    )
