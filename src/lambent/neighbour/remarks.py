"""What moto takes although nothing comes of it: a finding each.

What it is told to send to, and never does, is in `lambent.neighbour.unreached`.
"""

from collections.abc import Callable, Iterator

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.neighbour.request_model import Asked

NOT_LOGGED = "its executions are run, and nothing of them is written to its log group yet"
NOT_MATCHED = "moto keeps the Matcher of a target group of functions as it was when that was made: make another one"


def remarks(asked: Asked, scope: Scope) -> list[Finding]:
    """The findings about a request that moto has taken."""
    find = _ABOUT.get(asked.service)
    return list(find(asked, scope)) if find is not None else []


def _states(asked: Asked, scope: Scope) -> Iterator[Finding]:
    said = asked.params.get("loggingConfiguration") or {} if asked.operation.endswith("StateMachine") else {}
    if said.get("level", "OFF") != "OFF":
        name = asked.params.get("name") or str(asked.params.get("stateMachineArn")).rpartition(":")[2]
        resource = f"arn:aws:states:{scope.region}:{scope.account}:stateMachine:{name}"
        yield Finding("executions-not-logged", resource, NOT_LOGGED)


def _balancers(asked: Asked, _scope: Scope) -> Iterator[Finding]:
    if asked.operation == "ModifyTargetGroup" and asked.params.get("Matcher"):
        yield Finding("matcher-not-changed", str(asked.params.get("TargetGroupArn")), NOT_MATCHED)


_ABOUT: dict[str, Callable[[Asked, Scope], Iterator[Finding]]] = {
    "stepfunctions": _states,
    "elbv2": _balancers,
}
