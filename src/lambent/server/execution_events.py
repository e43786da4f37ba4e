"""Executions of Step Functions that begin and end, told to the default bus of their account when moto says so."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from lambent.model.delivery import Delivery
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.wire.http import Request, Response

KIND = "Step Functions Execution Status Change"
SOURCE = "aws.states"
EXECUTION = re.compile(r"arn:aws[a-z-]*:states:([a-z0-9-]{1,32}):([0-9]{12}):execution:[\w.-]{1,80}:[\w.-]{1,80}")
ARN = re.compile(
    r"arn:aws[a-z-]*:states:([a-z0-9-]{1,32}):([0-9]{12}):(?:execution|express):([\w.-]{1,80}(?:/[\w.-]{1,80})?)(?::[\w.-]{1,80}){1,2}"
)
"""Of any execution, a map run's and an express one too."""
UNHEARD = "execution-not-told"


@dataclass(frozen=True, slots=True)
class ExecutionEvents:
    """`deliver` sends, and answers why it could not."""

    deliver: Callable[[Delivery], Awaitable[str | None]]
    report: Callable[[Finding], None]

    async def answer(self, request: Request) -> Response:
        """The page that moto tells."""
        try:
            said = orjson.loads(request.body)
            arn, body = str(said["execution"]), orjson.dumps(said["detail"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return Response(400)
        found = EXECUTION.fullmatch(arn)
        if found is None:
            return Response(400)
        bus = f"arn:aws:events:{found[1]}:{found[2]}:event-bus/default"
        scope = Scope(found[2], found[1])
        delivery = Delivery(scope, bus, body, "", arn, "", detail_type=KIND, source=SOURCE)
        refused = await self.deliver(delivery)
        if refused:
            self.report(Finding(UNHEARD, arn, f"The event that it has changed did not come to {bus}: {refused}"))
        return Response(200, [("content-type", "application/json")], b"{}")
