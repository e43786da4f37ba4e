"""Change sets: planned, shown, executed."""

from dataclasses import replace
from typing import Any

from lambent.deploy.blueprint import secrets_of
from lambent.deploy.changes import detailed
from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.planning import Asked, arn_of
from lambent.deploy.stack import SERVICE, Goal
from lambent.model.acting import forwarded
from lambent.model.scope import Caller
from lambent.services.cloudformation import shown
from lambent.services.cloudformation.env import CloudFormationEnv, check_name, wanted_of
from lambent.services.cloudformation.paging import page
from lambent.services.cloudformation.stacks import refuse


async def create_change_set(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CreateChangeSet: planned when it answers. With ImportExistingResources, which the CDK always says, a resource of
    a custom name that is there already fails like any other: none is imported."""
    refuse(params)
    kind = params.get("ChangeSetType") or "UPDATE"
    if kind == "CREATE" and not params["StackName"].startswith("arn:"):
        check_name(params["StackName"])
    failure = params.get("OnStackFailure") or ""
    if failure == "DELETE" and kind != "CREATE":
        raise TemplateInvalid("OnStackFailure DELETE is only valid for change sets that create stacks.")  # our wording
    wanted = wanted_of(caller, params)
    wanted = replace(wanted, disable_rollback=wanted.disable_rollback or failure == "DO_NOTHING")
    asked = Asked(
        params["ChangeSetName"],
        kind,
        params.get("Description") or "",
        failure,
        bool(params.get("IncludeNestedStacks")),
        bool(params.get("ImportExistingResources")),
    )
    stack, change_set = await env.change_sets.plan(caller.scope, wanted, asked)
    return {"Id": arn_of(stack, change_set), "StackId": stack.arn}


async def describe_change_set(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeChangeSet; what properties were and are to be with IncludePropertyValues."""
    stack, change_set = env.change_set(caller, params)
    said = shown.change_set(stack, change_set)
    if params.get("IncludePropertyValues"):
        secrets = secrets_of(Goal.from_document(change_set.goal), stack.target)
        said["Changes"] = detailed(change_set.changes, secrets)
    return {**said, **page("Changes", said["Changes"], params.get("NextToken"))}


async def list_change_sets(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListChangeSets."""
    stack = env.stack(caller, params["StackName"])
    members = (
        *("StackId", "StackName", "ChangeSetId", "ChangeSetName", "ExecutionStatus", "Status", "StatusReason"),
        *("CreationTime", "Description", "IncludeNestedStacks", "ImportExistingResources"),
    )
    found = []
    for one in env.stacks.records.change_sets(stack):
        said = shown.change_set(stack, one)
        found.append({name: said[name] for name in members})
    return page("Summaries", found, params.get("NextToken"))


async def execute_change_set(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ExecuteChangeSet."""
    stack, change_set = env.change_set(caller, params)
    disable = params.get("DisableRollback")
    if disable is not None and change_set.on_failure:
        raise TemplateInvalid("Cannot specify both DisableRollback and OnStackFailure.")  # our wording
    token, retain = params.get("ClientRequestToken") or "", bool(params.get("RetainExceptOnCreate"))
    by = forwarded(caller, SERVICE)
    await env.change_sets.execute(stack, change_set, disable, token, by, retain)
    await env.settle(stack)
    return {}


async def delete_change_set(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteChangeSet; one that is not there is no error of a stack that is."""
    stack, change_set = env.change_set(caller, params)
    if change_set.execution == "EXECUTE_IN_PROGRESS":
        raise TemplateInvalid("The change set is being executed.")  # our wording
    await env.stacks.records.drop_change_sets(stack, [change_set])
    return {}


async def describe_change_set_hooks(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeChangeSetHooks: there are no hooks here, for none can be registered."""
    stack, change_set = env.change_set(caller, params)
    said = shown.change_set(stack, change_set)
    names = ("ChangeSetId", "ChangeSetName", "StackId", "StackName")
    return {**{name: said[name] for name in names}, "Hooks": [], "Status": "PLANNED"}
