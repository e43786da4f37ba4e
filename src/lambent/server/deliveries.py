"""Whether what Lambda and S3 send arrives: the policies are asked at each delivery, not only when it was configured.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html (the execution role's right),
https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html (the target's policy).
"""

from lambent.events.runs import Resolve
from lambent.events.sending import Send
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope
from lambent.permissions import roles
from lambent.permissions.gate import Gate
from lambent.permissions.lacking import lacking
from lambent.server import permissions

OWN_BUS = "arn:aws:events:"
"""A bus that S3's events come to without anybody's leave."""


def of_functions(gate: Gate, resolve: Resolve, send: Send) -> Send:
    """Sends what became of a function's events and records, as its role may. Raises DeliveryFailed."""

    async def deliver(message: Delivery) -> None:
        _, _, _, region, account, _, name, *qualifier = message.arn.split(":")
        scope, version = Scope(account, region), "".join(qualifier).replace("$LATEST", "")
        handling = resolve(scope, name, version) if gate.mode != "off" else None
        if handling is not None:
            needs = roles.sending(message.target, "destination-not-reached")
            lacks = await lacking(gate, handling.function.role, name, needs, scope)
            if lacks is not None and gate.mode == "enforce":
                raise DeliveryFailed(lacks.refusal, passing=False)
        await send(message)

    return deliver


def of_buckets(gate: Gate, send: Send) -> Send:
    """Sends what a bucket is configured to, as the target's policy lets it. Raises DeliveryFailed."""

    async def deliver(message: Delivery) -> None:
        own = message.target.split(":")[4] in ("", message.scope.account)
        if own and not message.target.startswith(OWN_BUS):  # between accounts it is asked in every mode
            reason = await permissions.may_send(gate, "s3", message.arn, message.scope.account, message.target)
            if reason:
                raise DeliveryFailed(reason, passing=False)
        await send(message)

    return deliver
