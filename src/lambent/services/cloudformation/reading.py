"""What is asked about stacks."""

import asyncio
from typing import Any

from lambent.deploy import transforms
from lambent.deploy.blueprint import examine, read_template
from lambent.deploy.capabilities import needed
from lambent.deploy.errors import StackMissing, TemplateInvalid
from lambent.deploy.goals import UNRECOGNIZED
from lambent.deploy.resources.facts import facts_of
from lambent.deploy.sources import template_text
from lambent.deploy.stack import SERVICE, Goal, Stack, StackResource
from lambent.deploy.stacks import MOST
from lambent.deploy.template import parameters
from lambent.deploy.template.template import parse
from lambent.model.acting import forwarded
from lambent.model.constraints import NOT_NULL, NULL, broken
from lambent.model.scope import Caller
from lambent.services.cloudformation import shown
from lambent.services.cloudformation.env import CloudFormationEnv, source_of
from lambent.services.cloudformation.paging import page
from lambent.services.cloudformation.stacks import refuse


async def describe_stacks(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeStacks; a deleted stack by its id alone."""
    name = params.get("StackName")
    if name:
        return {"Stacks": [shown.stack(env.stack(caller, name))]}
    found = [one for one in env.stacks.records.stacks(caller.scope) if shown.is_alive(one)]
    return page("Stacks", [shown.stack(one) for one in found], params.get("NextToken"))


async def list_stacks(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListStacks, deleted ones too."""
    wanted = params.get("StackStatusFilter")
    found = [one for one in env.stacks.records.stacks(caller.scope) if not wanted or one.status in wanted]
    return page("StackSummaries", [shown.summary(one) for one in found], params.get("NextToken"))


async def describe_stack_events(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeStackEvents, newest first."""
    stack = _named(env, caller, params.get("StackName"))
    found = [shown.event(stack, one) for one in env.stacks.records.events(stack)]
    return page("StackEvents", found, params.get("NextToken"))


async def describe_stack_resource(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeStackResource."""
    stack = env.stacks.records.find(caller.scope, params["StackName"])
    if stack is None:
        raise StackMissing(f"Stack '{params['StackName']}' does not exist")
    name = params["LogicalResourceId"]
    one = env.stacks.records.resources(stack).get(name)
    if one is None:
        raise TemplateInvalid(f"Resource {name} does not exist for stack {stack.name}")
    detail = {
        "StackName": stack.name,
        "StackId": stack.arn,
        "LastUpdatedTimestamp": shown.time(one.updated),
        "Metadata": _text(one.metadata),
        **shown.resource(one),
    }
    return {"StackResourceDetail": detail}


async def describe_stack_resources(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeStackResources, by stack or by a physical id."""
    physical = params.get("PhysicalResourceId")
    stack = _by_physical(env, caller, physical) if physical else env.stack(caller, _given(params.get("StackName")))
    only = params.get("LogicalResourceId")
    found = [
        {"StackName": stack.name, "StackId": stack.arn, "Timestamp": shown.time(one.updated), **shown.resource(one)}
        for name, one in env.stacks.records.resources(stack).items()
        if not only or name == only
    ]
    return {"StackResources": found}


async def list_stack_resources(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListStackResources."""
    stack = env.stack(caller, params["StackName"])
    found = [
        {"LastUpdatedTimestamp": shown.time(one.updated), **shown.resource(one)}
        for one in env.stacks.records.resources(stack).values()
    ]
    return page("StackResourceSummaries", found, params.get("NextToken"))


async def get_template(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetTemplate of a stack or a change set, as it was sent or as its transforms made it."""
    goal: Goal
    if params.get("ChangeSetName"):
        _, change_set = env.change_set(caller, params)
        goal = Goal.from_document(change_set.goal)
    else:
        goal = env.stack(caller, _given(params.get("StackName"))).target
    processed = params.get("TemplateStage") == "Processed"
    text = goal.processed or goal.template if processed else goal.template
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


async def validate_template(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ValidateTemplate."""
    text = await _template(env, caller, params)
    said = await _summary(text)
    unknown = _unrecognized(env, said)
    if unknown:
        raise TemplateInvalid(UNRECOGNIZED.format(", ".join(unknown)))
    names = ("Parameters", "Description", "Capabilities", "CapabilitiesReason", "DeclaredTransforms")
    found = {name: said[name] for name in names if name in said}
    members = ("ParameterKey", "DefaultValue", "NoEcho", "Description")
    found["Parameters"] = [{key: one[key] for key in members if key in one} for one in said["Parameters"]]
    return found


async def get_template_summary(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetTemplateSummary of a template, or of a stack's."""
    refuse(params)
    if params.get("StackName"):
        text = env.stack(caller, params["StackName"]).target.template
    else:
        text = await _template(env, caller, params)
    said = await _summary(text)
    unknown = _unrecognized(env, said)
    if unknown and not (params.get("TemplateSummaryConfig") or {}).get("TreatUnrecognizedResourceTypesAsWarnings"):
        raise TemplateInvalid(UNRECOGNIZED.format(", ".join(unknown)))
    return said | ({"Warnings": {"UnrecognizedResourceTypes": unknown}} if unknown else {})


def _unrecognized(env: CloudFormationEnv, said: dict[str, Any]) -> list[str]:
    """Of the types of a summary; what transforms make of a template's own is not known yet."""
    return [] if said["DeclaredTransforms"] else env.stacks.ports.unrecognized(said["ResourceTypes"])


async def _summary(text: str) -> dict[str, Any]:
    document = await asyncio.to_thread(read_template, text)
    own = transforms.parameters_of(document)
    parameters.declared(own)
    names = transforms.used(document)
    found: dict[str, Any] = {
        "Parameters": [_declared(name, said) for name, said in own.parameters.items()],
        "Description": document.get("Description"),
        "DeclaredTransforms": names or None,
        "Version": document.get("AWSTemplateFormatVersion"),
        "Metadata": _text(document.get("Metadata")),
        "ResourceIdentifierSummaries": _identifiers(document),
    }
    if names:
        found["Capabilities"] = ["CAPABILITY_AUTO_EXPAND"]
        found["CapabilitiesReason"] = f"The following resource(s) require capabilities: [{', '.join(names)}]"
        found["ResourceTypes"] = _types(document)
        return found
    template = parse(document)
    examine(template)
    capability, types = needed(template)
    if capability:
        found["Capabilities"] = [capability]
        found["CapabilitiesReason"] = f"The following resource(s) require capabilities: [{', '.join(types)}]"
    found["ResourceTypes"] = list(dict.fromkeys(one.type for one in template.resources.values()))
    return found


def _identifiers(document: Any) -> list[dict[str, Any]]:
    """By which properties the resources of each type could be told."""
    by_type: dict[str, list[str]] = {}
    for name, one in (document.get("Resources") or {}).items():
        if isinstance(one, dict) and facts_of(str(one.get("Type"))).primary:
            by_type.setdefault(str(one["Type"]), []).append(name)
    return [
        {"ResourceType": name, "LogicalResourceIds": ids, "ResourceIdentifiers": list(facts_of(name).primary)}
        for name, ids in by_type.items()
    ]


def _types(document: Any) -> list[str]:
    resources = document.get("Resources") or {}
    return list(
        dict.fromkeys(str(one["Type"]) for one in resources.values() if isinstance(one, dict) and "Type" in one)
    )


def _declared(name: str, said: Any) -> dict[str, Any]:
    one: dict[str, Any] = {
        "ParameterKey": name,
        "ParameterType": said["Type"],
        "NoEcho": parameters.is_hidden(said),
        "ParameterConstraints": {},
    }
    if "Default" in said:
        one["DefaultValue"] = parameters.as_text(said["Default"])
    if "Description" in said:
        one["Description"] = str(said["Description"])
    if "AllowedValues" in said:
        one["ParameterConstraints"] = {"AllowedValues": [parameters.as_text(value) for value in said["AllowedValues"]]}
    return one


async def list_exports(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListExports."""
    found = [
        {"ExportingStackId": stack.arn, "Name": name, "Value": value}
        for name, (value, stack) in sorted(env.stacks.records.exports(caller.scope).items())
    ]
    return page("Exports", found, params.get("NextToken"))


async def list_imports(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListImports."""
    name = params["ExportName"]
    found = env.stacks.records.importers(caller.scope, name)
    if not found:
        raise TemplateInvalid(f"Export '{name}' is not imported by any stack.")
    return page("Imports", found, params.get("NextToken"))


async def describe_account_limits(_env: CloudFormationEnv, _caller: Caller, _params: dict[str, Any]) -> dict[str, Any]:
    """DescribeAccountLimits: AWS's numbers, of which none is reached here."""
    return {"AccountLimits": [{"Name": "StackLimit", "Value": MOST}, {"Name": "StackOutputsLimit", "Value": 200}]}


async def _template(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> str:
    """The text that a request gives, fetched as who asks where it is a link."""
    return await template_text(env.stacks.ports.asks(forwarded(caller, SERVICE)), caller.scope, source_of(params), None)


def _given(name: str | None) -> str:
    if not name:
        raise TemplateInvalid(broken(NULL, "stackName", NOT_NULL))
    return name


def _named(env: CloudFormationEnv, caller: Caller, name: str | None) -> Stack:
    found = env.stacks.records.find(caller.scope, _given(name))
    if found is None:
        raise StackMissing(f"Stack [{name}] does not exist")
    return found


def _by_physical(env: CloudFormationEnv, caller: Caller, physical: str) -> Stack:
    for stack in env.stacks.records.stacks(caller.scope):
        if shown.is_alive(stack) and any(_is(one, physical) for one in env.stacks.records.resources(stack).values()):
            return stack
    raise StackMissing(f"Stack for {physical} does not exist")


def _is(one: StackResource, physical: str) -> bool:
    return one.physical_id == physical and one.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")


def _text(value: Any) -> str | None:
    import json

    return None if value is None else json.dumps(value)
