"""How the events of a function, version or alias are handled: what its settings say at this moment.

Settings count when an event is run, not when it was accepted (recorded: events that wait run the code of an update).
"""

from lambent.model.async_event import AGE_SECONDS, RETRIES, Handling, Policy
from lambent.model.function import LATEST
from lambent.model.names import FunctionRef, function_arn
from lambent.model.scope import Scope
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import event_invoke_config, recursion
from lambent.services.lambda_.lookup import routed


def handling(env: LambdaEnv, scope: Scope, function: str, qualifier: str) -> Handling | None:
    """The handling of an event that was sent to a qualifier ("" for none); None when there is nothing to run it."""
    ref = FunctionRef(scope, function, qualifier or None)
    record = routed(env, ref)
    if record is None:
        return None
    config = env.resources.get(event_invoke_config.KIND, scope, function, qualifier or LATEST)
    said = {} if config is None else config.document
    targets = said.get("DestinationConfig", {})
    return Handling(
        function=record.running,
        arn=ref.arn,
        record_arn=function_arn(scope, function, qualifier or LATEST),
        policy=Policy(
            int(said.get("MaximumRetryAttempts", RETRIES)),
            float(said.get("MaximumEventAgeInSeconds", AGE_SECONDS)),
            on_success=targets.get("OnSuccess", {}).get("Destination", ""),
            on_failure=targets.get("OnFailure", {}).get("Destination", ""),
            dead_letter=record.configuration.get("DeadLetterConfig", {}).get("TargetArn", ""),
        ),
        ready=record.configuration["State"] == "Active",
        disabled=concurrency.reserved(env, scope, function) == 0,
        stops_loops=recursion.stops(env, scope, function),
    )
