"""What is said of functions that call themselves, directly or through others."""

from lambent.model import lineage
from lambent.model.finding import Finding

ALLOW = "If the loop is meant, PutFunctionRecursionConfig with RecursiveLoop Allow lets it run."
UNSEEN = "On AWS it runs, and costs, until somebody stops it. RecursiveLoop Allow says that it is meant."

PLAIN = "plain"
"""The way of a call that carries no trace header, as SDKs do that know nothing of lineages, and plain HTTP."""


def stopped(function_arn: str, request_id: str) -> Finding:
    """A loop was stopped; the round too many had that request id."""
    text = f"A recursive loop was stopped after {lineage.ROUNDS} rounds; the last one with request {request_id}."
    return Finding("recursive-loop", function_arn, text, ALLOW)


def unseen(function_arn: str, header: str) -> Finding:
    """A loop that AWS does not stop; `header` is the trace header of the latest round."""
    way = lineage.way_of(header)
    what = "calls that carry no trace header" if way == PLAIN else f"{way}, which AWS does not watch"
    text = (
        f"It calls itself: more than {lineage.ROUNDS} rounds in one chain of calls, through {what}. "
        "AWS does not stop this loop, and neither does Lambent."
    )
    return Finding("unseen-loop", function_arn, text, UNSEEN)
