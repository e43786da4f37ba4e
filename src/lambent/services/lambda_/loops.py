"""Functions that call themselves, directly or through others: seen by the lineage in the trace header.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from lambent.model import lineage
from lambent.model.finding import Finding
from lambent.services.lambda_ import faults, recursion
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import Target


def enter(env: LambdaEnv, target: Target, header: str) -> str:
    """The trace header for a synchronous invocation. Raises 400 for one round too many of a loop that is stopped."""
    function = target.function
    advanced, rounds = lineage.advance(header, function.arn)
    if rounds >= lineage.ROUNDS and recursion.stops(env, function.scope, function.name):
        env.count("RecursiveInvocationsDropped", function.scope, function.name)
        text = f"A recursive loop was stopped after {lineage.ROUNDS} rounds."
        hint = "If the loop is meant, PutFunctionRecursionConfig with RecursiveLoop Allow lets it run."
        env.report(Finding("recursive-loop", function.arn, text, hint))
        raise faults.recursive_invocation()
    return advanced
