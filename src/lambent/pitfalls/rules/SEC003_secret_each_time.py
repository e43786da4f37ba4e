"""A secret asked for again and again."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.clients import called_at_import, is_cached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.finding import Hit, Rule

OPERATIONS = {("secretsmanager", "get_secret_value"), ("ssm", "get_parameter"), ("ssm", "get_parameters"),
              ("ssm", "get_parameters_by_path")}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Secrets and parameters read in what the handler reaches, with no cache."""
    written = [call for function in project.functions for call in effects.calling(function, "ssm", "put_parameter")]
    for function in project.functions:
        for call in effects.calls(function):
            if call.service == "ssm" and any(_may_be(call, one) for one in written):
                continue  # the project's own state, not a setting
            wanted = (call.service, call.operation) in OPERATIONS and not call.library  # which keeps it for a while
            if wanted and not _depends(call) and not _cached(call.where):
                yield Hit(call.place, f"{call.operation} is called in every invocation", function)


def _may_be(read: SdkCall, written: SdkCall) -> bool:
    """Whether a parameter that is read may be one that is written."""
    one, other = read.fold("Name"), written.fold("Name")
    return one == other or not isinstance(one, str) or not isinstance(other, str)


def _depends(call: SdkCall) -> bool:
    """Whether what is read depends on the event."""
    handler = call.where.module.package.handler
    if handler is None or call.where.node is not handler.node or not handler.node.args.args:
        return False
    event = handler.node.args.args[0].arg
    return any(isinstance(n, ast.Name) and n.id == event for a in call.arguments.values() for n in ast.walk(a))


def _cached(one: Reached) -> bool:
    if is_cached(one) or any(isinstance(node, ast.Global) for node in one.nodes) or one.owner is not None:
        return True
    names = one.module.module_names
    if any(
        isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) and chain(n.value) in names for n in one.nodes
    ):
        return True
    return _kept_by_callers(one)


def _kept_by_callers(one: Reached) -> bool:
    """Whether it is called at import, or its callers keep what it returns in a global."""
    if called_at_import(one):
        return True
    for caller in one.module.package.reached:
        kept = {name for node in caller.nodes if isinstance(node, ast.Global) for name in node.names}
        calls = any(isinstance(n, ast.Call) and chain(n.func).rpartition(".")[2] == one.node.name for n in caller.nodes)
        if calls and (kept or is_cached(caller)):
            return True
    return False


RULE = Rule(
    code="SEC003",
    title="A secret or parameter is read in every invocation",
    level="warning",
    reliability="certain",
    production="Tens of milliseconds more each time, $0.05 per 10,000 calls of Secrets Manager, and throttling (Parameter"
    " Store: 40 a second) under load.",
    mend="keep it at module level with an age, or use Powertools' parameters or the AWS extension",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html",),
    seeds="001, 004",
    silent="which one is read depends on the event, a cache is there, or the project's own code writes it",
)
