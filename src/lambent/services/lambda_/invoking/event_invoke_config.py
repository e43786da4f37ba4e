"""Event invoke configs: what happens to an asynchronous invocation that fails, or succeeds.

One for each function, version and alias. Texts are recorded unless a comment says otherwise.
"""

import re
from collections.abc import Mapping
from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import FunctionRef, function_arn, parse
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import version_of
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

KIND = "event-invoke-config"
SETTINGS = ("DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")

_TARGETS = re.compile(
    r"arn:[^:]+:(sqs:[^:]+:\d{12}:[^:]+|sns:[^:]+:\d{12}:[^:]+|lambda:[^:]+:\d{12}:function:[^:]+(:[^:]+)?"
    r"|events:[^:]+:\d{12}:event-bus/.+|s3:::[^:]+)"
)


def meant(caller: Caller, params: Mapping[str, Any]) -> FunctionRef:
    """The function, version or alias of a request, $LATEST by default."""
    ref = refer(caller.scope, params["FunctionName"], params.get("Qualifier"))
    return FunctionRef(ref.scope, ref.name, ref.version)


def require_target(env: LambdaEnv, ref: FunctionRef) -> None:
    """Raise 404 when there is no such function, version or alias. Words not recorded."""
    if version_of(env, ref.scope, ref.name, ref.version) is None:
        raise faults.not_found("The function doesn't exist.")


def find(env: LambdaEnv, ref: FunctionRef) -> Resource:
    """The config. Raises 404 in the same words whether the function is there or not."""
    config = env.resources.get(KIND, ref.scope, ref.name, ref.version)
    if config is None:
        raise faults.not_found(f"The function {ref.arn} doesn't have an EventInvokeConfig")
    return config


def check_given(params: Mapping[str, Any]) -> None:
    """Raise Fault when nothing is set. Words not recorded."""
    if not any(member in params for member in SETTINGS):
        raise faults.invalid("You must specify at least one of error handling or destination setting.")


def check_destinations(env: LambdaEnv, ref: FunctionRef, params: Mapping[str, Any]) -> None:
    """Raise Fault when a destination can't be one. Source of the words: https://github.com/aws/aws-cdk/pull/37115"""
    config = params.get("DestinationConfig") or {}
    wanted = {outcome: (config.get(outcome) or {}).get("Destination") for outcome in ("OnSuccess", "OnFailure")}
    for destination in wanted.values():
        if destination and ":lambda:" in destination:
            _check_function(env, ref, destination)
    if not all(_can_be(outcome, destination) for outcome, destination in wanted.items() if destination):
        success, failure = (f"{outcome}(destination={to})" if to else "null" for outcome, to in wanted.items())
        raise faults.invalid(
            f"The provided destination config DestinationConfig(onSuccess={success}, onFailure={failure}) is invalid."
        )


def _can_be(outcome: str, destination: str) -> bool:
    """A standard queue or topic, another function, an event bus, or for failures a bucket.

    Source: developer guide, "Adding a destination" (invocation-async-retain-records).
    """
    if not _TARGETS.fullmatch(destination) or destination.endswith(".fifo"):
        return False
    return outcome == "OnFailure" or not destination.startswith("arn:aws:s3:")


def _check_function(env: LambdaEnv, ref: FunctionRef, destination: str) -> None:
    name = parse(destination)
    if function_arn(ref.scope, ref.name) == destination.removesuffix(f":{name.qualifier}"):
        raise faults.invalid("You can't specify the function as a destination for itself.")
    ours = (name.account, name.region) == (ref.scope.account, ref.scope.region)
    if ours and version_of(env, ref.scope, name.name, name.qualifier or LATEST) is None:
        raise _invalid(destination)


def _invalid(destination: str) -> Fault:
    return faults.invalid(f"The destination ARN {destination} is invalid.")


def document(before: Mapping[str, Any], params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The config `before` with the settings that were sent; both destinations are always shown."""
    said = dict(before) | {member: params[member] for member in SETTINGS if params.get(member) is not None}
    config = said.get("DestinationConfig") or {}
    said["DestinationConfig"] = {outcome: _shown(config.get(outcome)) for outcome in ("OnSuccess", "OnFailure")}
    return said | {"LastModified": now}


def _shown(outcome: Mapping[str, Any] | None) -> dict[str, str]:
    destination = (outcome or {}).get("Destination")
    return {"Destination": destination} if destination else {}


def answer(config: Resource) -> dict[str, Any]:
    """FunctionEventInvokeConfig."""
    return config.document | {"FunctionArn": function_arn(config.scope, config.parent, config.name)}
