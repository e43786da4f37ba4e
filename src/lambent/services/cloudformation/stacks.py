"""The life of stacks: made, changed, deleted."""

from dataclasses import replace
from typing import Any

from lambent.deploy import policy
from lambent.deploy.errors import AlreadyThere, NotBuilt, TemplateInvalid
from lambent.deploy.stack import SERVICE
from lambent.model.acting import forwarded
from lambent.model.scope import Caller
from lambent.services.cloudformation.env import CloudFormationEnv, check_name, deployment_of, wanted_of

UNBUILT = {
    "StackPolicyURL": "stack policies are read from requests alone",
    "StackPolicyDuringUpdateURL": "stack policies are read from requests alone",
    "ResourceTypes": "nobody's permissions are checked by type",
    "ResourcesToImport": "resources are not imported into stacks",
    "StackSetName": "there are no stack sets",
}
"""Members that are refused by name, whatever they say."""
VALUES = {
    "CallAs": ("SELF",),
    "ChangeSetType": ("CREATE", "UPDATE"),
    "DeploymentMode": (),
}
"""Members of which only these values are obeyed."""


async def create_stack(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CreateStack."""
    refuse(params)
    check_name(params["StackName"])
    if params.get("OnFailure") and params.get("DisableRollback") is not None:
        raise TemplateInvalid("Cannot specify both DisableRollback and OnFailure.")  # our wording
    wanted = replace(
        wanted_of(caller, params),
        on_failure=params.get("OnFailure") or "ROLLBACK",
        protected=bool(params.get("EnableTerminationProtection")),
        minutes=int(params.get("TimeoutInMinutes") or 0),
        policy=_policy(params, "StackPolicyBody"),
    )
    stack = await env.stacks.create(caller.scope, wanted)
    await env.settle(stack)
    return {"StackId": stack.arn, "OperationId": stack.operation}


async def update_stack(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateStack."""
    refuse(params)
    during = _policy(params, "StackPolicyDuringUpdateBody")
    wanted = replace(wanted_of(caller, params), policy=_policy(params, "StackPolicyBody"), during=during)
    stack = await env.stacks.update(caller.scope, wanted)
    await env.settle(stack)
    return {"StackId": stack.arn, "OperationId": stack.operation}


async def delete_stack(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteStack; FORCE_DELETE_STACK lets go of what can't be deleted."""
    deployment_of(params)
    forced = params.get("DeletionMode") == "FORCE_DELETE_STACK"
    retained = tuple(params.get("RetainResources") or ())
    token = params.get("ClientRequestToken") or ""
    by, role = forwarded(caller, SERVICE), params.get("RoleARN") or ""
    stack = env.stacks.records.find(caller.scope, params["StackName"])
    await env.stacks.delete(caller.scope, params["StackName"], retained, token, forced, by, role)
    await env.settle(stack)
    return {}


async def rollback_stack(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """RollbackStack."""
    deployment_of(params)
    by, role, token = forwarded(caller, SERVICE), params.get("RoleARN") or "", params.get("ClientRequestToken") or ""
    retain = bool(params.get("RetainExceptOnCreate"))
    stack = await env.stacks.roll_back(caller.scope, params["StackName"], token, by, role, retain)
    return {"StackId": stack.arn, "OperationId": stack.operation}


async def continue_update_rollback(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ContinueUpdateRollback."""
    skipped = tuple(params.get("ResourcesToSkip") or ())
    token = params.get("ClientRequestToken") or ""
    by, role, forced = forwarded(caller, SERVICE), params.get("RoleARN") or "", bool(params.get("ForceRollback"))
    if skipped and forced:
        raise TemplateInvalid("ForceRollback and ResourcesToSkip cannot both be specified.")  # our wording
    nested = [one for one in skipped if "." in one]
    if nested:
        raise NotBuilt(f"Lambent does not skip resources of nested stacks ({', '.join(nested)}) yet.")
    await env.stacks.continue_rollback(caller.scope, params["StackName"], token, skipped, by, role, forced)
    return {}


async def cancel_update_stack(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CancelUpdateStack."""
    env.stacks.cancel_update(caller.scope, params["StackName"])
    return {}


async def update_termination_protection(
    env: CloudFormationEnv, caller: Caller, params: dict[str, Any]
) -> dict[str, Any]:
    """UpdateTerminationProtection."""
    stack = env.stack(caller, params["StackName"])
    await env.stacks.records.change(stack, protected=bool(params["EnableTerminationProtection"]))
    return {"StackId": stack.arn}


async def set_stack_policy(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """SetStackPolicy."""
    refuse(params)
    text = _policy(params, "StackPolicyBody")
    await env.stacks.records.change(env.stack(caller, params["StackName"]), policy=text)
    return {}


def _policy(params: dict[str, Any], name: str) -> str:
    """A stack policy, "" for none. Raises TemplateInvalid."""
    text = str(params.get(name) or "")
    if text:
        policy.read(text)
    return text


async def get_stack_policy(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetStackPolicy."""
    return {"StackPolicyBody": env.stack(caller, params["StackName"]).policy or None}


async def signal_resource(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """SignalResource, for a wait condition with a creation policy."""
    stack = env.stack(caller, params["StackName"])
    made = env.stacks.records.resources(stack).get(params["LogicalResourceId"])
    said = {"Status": params["Status"], "UniqueId": params["UniqueId"]}
    if made is None or not await env.signals.say(caller.scope, made.name, said):
        raise TemplateInvalid(f"Resource {params['LogicalResourceId']} does not wait for signals.")  # our wording
    return {}


def refuse(params: dict[str, Any]) -> None:
    """Raises NotBuilt for members that nothing is made of."""
    for name, why in UNBUILT.items():
        if params.get(name):
            raise NotBuilt(f"Lambent does not support {name} of stacks yet: {why}.")
    for name, known in VALUES.items():
        if params.get(name) and params[name] not in known:
            raise NotBuilt(f"Lambent does not support {name} {params[name]} of stacks yet.")


async def set_alias(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """SetAlias: another name, by which every operation finds the stack."""
    stack, name = env.stack(caller, params["StackName"]), params["AliasName"]
    check_name(name, "aliasName")
    if stack.alias == name:
        return {}
    if stack.alias:
        raise TemplateInvalid(f"Stack [{stack.name}] already has the alias [{stack.alias}]")  # our wording
    if env.stacks.records.find(caller.scope, name) is not None:
        raise AlreadyThere(f"Stack [{name}] already exists")  # our wording
    await env.stacks.records.change(stack, alias=name)
    return {}


async def remove_alias(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """RemoveAlias."""
    stack = env.stacks.records.find(caller.scope, params["AliasName"])
    if stack is None or stack.alias != params["AliasName"]:
        raise TemplateInvalid(f"Alias [{params['AliasName']}] does not exist")  # our wording
    await env.stacks.records.change(stack, alias="")
    return {}
