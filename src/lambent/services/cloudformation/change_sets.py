"""Change sets: planned, shown, executed."""

from dataclasses import replace
from typing import Any

from lambent.deploy.errors import NotBuilt, TemplateInvalid
from lambent.deploy.planning import arn_of
from lambent.deploy.stack import SERVICE
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
    if kind == "IMPORT" or params.get("ResourcesToImport"):
        raise NotBuilt("Lambent does not import resources into stacks yet.")
    if kind == "CREATE" and not params["StackName"].startswith("arn:"):
        check_name(params["StackName"])
    failure = params.get("OnStackFailure") or ""
    wanted = replace(
        wanted_of(caller, params),
        disable_rollback=failure == "DO_NOTHING",
        on_failure=failure if failure == "DELETE" else "",
    )
    stack, change_set = await env.change_sets.plan(
        caller.scope, wanted, params["ChangeSetName"], kind, params.get("Description") or ""
    )
    return {"Id": arn_of(stack, change_set), "StackId": stack.arn}


async def describe_change_set(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeChangeSet."""
    stack, change_set = env.change_set(caller, params)
    said = shown.change_set(stack, change_set)
    return {**said, **page("Changes", said["Changes"], params.get("NextToken"))}


async def list_change_sets(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListChangeSets."""
    stack = env.stack(caller, params["StackName"])
    members = (
        *("StackId", "StackName", "ChangeSetId", "ChangeSetName", "ExecutionStatus", "Status", "StatusReason"),
        *("CreationTime", "Description", "IncludeNestedStacks"),
    )
    found = []
    for one in env.stacks.records.change_sets(stack):
        said = shown.change_set(stack, one)
        found.append({name: said[name] for name in members})
    return page("Summaries", found, params.get("NextToken"))


async def execute_change_set(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ExecuteChangeSet."""
    stack, change_set = env.change_set(caller, params)
    if params.get("RetainExceptOnCreate"):
        raise NotBuilt("Lambent does not support RetainExceptOnCreate of requests yet: use DeletionPolicy.")
    token = params.get("ClientRequestToken") or ""
    by = forwarded(caller, SERVICE)
    await env.change_sets.execute(stack, change_set, params.get("DisableRollback"), token, by)
    await env.settle(stack)
    return {}


async def delete_change_set(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteChangeSet; one that is not there is no error of a stack that is."""
    stack, change_set = env.change_set(caller, params)
    if change_set.execution == "EXECUTE_IN_PROGRESS":
        raise TemplateInvalid("The change set is being executed.")  # our wording
    await env.stacks.records.drop_change_sets(stack, [change_set])
    return {}
