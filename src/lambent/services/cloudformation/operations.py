"""The operations answered here, and those that are refused by name."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from lambent.deploy.errors import DeployError
from lambent.deploy.ports import Refused
from lambent.model.scope import Caller
from lambent.services.cloudformation import change_sets, events, reading, stacks
from lambent.services.cloudformation.env import CloudFormationEnv
from lambent.services.cloudformation.faults import fault_of, of_service

Operation = Callable[[CloudFormationEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]


def worded(operation: Operation) -> Operation:
    """The operation with what stacks refuse as the caller's fault."""

    @functools.wraps(operation)
    async def run(env: CloudFormationEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return await operation(env, caller, params)
        except DeployError as error:
            raise fault_of(error) from error
        except Refused as error:
            raise of_service(error) from error

    return run


_OPERATIONS: dict[str, Operation] = {
    "CancelUpdateStack": stacks.cancel_update_stack,
    "ContinueUpdateRollback": stacks.continue_update_rollback,
    "CreateChangeSet": change_sets.create_change_set,
    "CreateStack": stacks.create_stack,
    "DeleteChangeSet": change_sets.delete_change_set,
    "DeleteStack": stacks.delete_stack,
    "DescribeAccountLimits": reading.describe_account_limits,
    "DescribeChangeSet": change_sets.describe_change_set,
    "DescribeChangeSetHooks": change_sets.describe_change_set_hooks,
    "DescribeEvents": events.describe_events,
    "DescribeStackEvents": reading.describe_stack_events,
    "DescribeStackResource": reading.describe_stack_resource,
    "DescribeStackResources": reading.describe_stack_resources,
    "DescribeStacks": reading.describe_stacks,
    "ExecuteChangeSet": change_sets.execute_change_set,
    "GetStackPolicy": stacks.get_stack_policy,
    "GetTemplate": reading.get_template,
    "GetTemplateSummary": reading.get_template_summary,
    "ListChangeSets": change_sets.list_change_sets,
    "ListExports": reading.list_exports,
    "ListImports": reading.list_imports,
    "ListStackResources": reading.list_stack_resources,
    "ListStacks": reading.list_stacks,
    "RemoveAlias": stacks.remove_alias,
    "RollbackStack": stacks.rollback_stack,
    "SetAlias": stacks.set_alias,
    "SetStackPolicy": stacks.set_stack_policy,
    "SignalResource": stacks.signal_resource,
    "UpdateStack": stacks.update_stack,
    "UpdateTerminationProtection": stacks.update_termination_protection,
    "ValidateTemplate": reading.validate_template,
}
OPERATIONS = {name: worded(operation) for name, operation in _OPERATIONS.items()}

_DRIFT = "nothing compares stacks with what is there: no drift is detected"
_SETS = "stacks are made in the account and region of the request: there are no stack sets"
_TYPES = "types are those of docs/deploy.md: there is no registry of others"
_HOOKS = "types are those of docs/deploy.md: no hooks are registered"
_SCANS = "what stands outside of stacks is not scanned, and no template is made of it"
_REFACTOR = "resources are not moved between stacks"
_PRICE = "the calculator that AWS's answer leads to is not here: docs/cost.md says what invocations cost"

REFUSED = {
    "EstimateTemplateCost": _PRICE,
    **dict.fromkeys(("GetHookResult", "ListHookResults"), _HOOKS),
    **dict.fromkeys(
        (
            *("CreateGeneratedTemplate", "DeleteGeneratedTemplate", "DescribeGeneratedTemplate"),
            *("DescribeResourceScan", "GetGeneratedTemplate", "ListGeneratedTemplates", "ListResourceScans"),
            *("ListResourceScanRelatedResources", "ListResourceScanResources", "StartResourceScan"),
            "UpdateGeneratedTemplate",
        ),
        _SCANS,
    ),
    **dict.fromkeys(
        (
            *("CreateStackRefactor", "DescribeStackRefactor", "ExecuteStackRefactor", "ListStackRefactors"),
            "ListStackRefactorActions",
        ),
        _REFACTOR,
    ),
    **dict.fromkeys(
        (
            *("DescribeStackDriftDetectionStatus", "DescribeStackResourceDrifts", "DetectStackDrift"),
            "DetectStackResourceDrift",
        ),
        _DRIFT,
    ),
    **dict.fromkeys(
        (
            *("CreateStackInstances", "CreateStackSet", "DeleteStackInstances", "DeleteStackSet", "DescribeStackSet"),
            *("DescribeStackInstance", "DescribeStackSetOperation", "DetectStackSetDrift", "ImportStacksToStackSet"),
            *("ListStackInstanceResourceDrifts", "ListStackInstances", "ListStackSetAutoDeploymentTargets"),
            *("ListStackSetOperationResults", "ListStackSetOperations", "ListStackSets", "StopStackSetOperation"),
            *("UpdateStackInstances", "UpdateStackSet", "ActivateOrganizationsAccess", "DescribeOrganizationsAccess"),
            "DeactivateOrganizationsAccess",
        ),
        _SETS,
    ),
    **dict.fromkeys(
        (
            *("ActivateType", "BatchDescribeTypeConfigurations", "DeactivateType", "DeregisterType", "DescribeType"),
            *(
                "DescribePublisher",
                "DescribeTypeRegistration",
                "ListTypeRegistrations",
                "ListTypeVersions",
                "ListTypes",
            ),
            *("PublishType", "RegisterPublisher", "RegisterType", "SetTypeConfiguration", "SetTypeDefaultVersion"),
            *("TestType", "RecordHandlerProgress"),
        ),
        _TYPES,
    ),
}
"""Operation -> why it is refused."""
