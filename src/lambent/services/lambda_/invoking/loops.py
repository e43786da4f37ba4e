"""Functions that call themselves, directly or through others: seen by the lineage in the trace header.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from lambent.model import lineage
from lambent.model import loops as found
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import recursion
from lambent.services.lambda_.lookup import Target


def enter(env: LambdaEnv, target: Target, header: str, request_id: str) -> str:
    """The trace header for a synchronous invocation. Raises 400 for one round too many of a loop that is stopped; one
    that AWS does not see is reported."""
    function = target.function
    entered = lineage.advance(header, function.arn)
    if entered.in_all < lineage.ROUNDS or not recursion.stops(env, function.scope, function.name):
        return entered.header
    if entered.is_unseen_loop:
        env.report(found.unseen(function.arn, header))
        return entered.header
    env.count("RecursiveInvocationsDropped", function.scope, function.name)
    env.report(found.stopped(function.arn, request_id))
    raise faults.recursive_invocation()
