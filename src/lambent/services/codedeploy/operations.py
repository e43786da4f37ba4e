"""The operations answered here, and those that are refused by name."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.codedeploy import applications, configs, deployments, tags
from lambent.services.codedeploy.env import CodeDeployEnv

Operation = Callable[[CodeDeployEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "BatchGetApplications": applications.batch_get_applications,
    "BatchGetDeploymentGroups": applications.batch_get_deployment_groups,
    "BatchGetDeploymentTargets": deployments.batch_get_deployment_targets,
    "BatchGetDeployments": deployments.batch_get_deployments,
    "CreateApplication": applications.create_application,
    "CreateDeployment": deployments.create_deployment,
    "CreateDeploymentConfig": configs.create_deployment_config,
    "CreateDeploymentGroup": applications.create_deployment_group,
    "DeleteApplication": applications.delete_application,
    "DeleteDeploymentConfig": configs.delete_deployment_config,
    "DeleteDeploymentGroup": applications.delete_deployment_group,
    "GetApplication": applications.get_application,
    "GetDeployment": deployments.get_deployment,
    "GetDeploymentConfig": configs.get_deployment_config,
    "GetDeploymentGroup": applications.get_deployment_group,
    "GetDeploymentTarget": deployments.get_deployment_target,
    "ListApplications": applications.list_applications,
    "ListDeploymentConfigs": configs.list_deployment_configs,
    "ListDeploymentGroups": applications.list_deployment_groups,
    "ListDeploymentTargets": deployments.list_deployment_targets,
    "ListDeployments": deployments.list_deployments,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PutLifecycleEventHookExecutionStatus": deployments.put_lifecycle_event_hook_execution_status,
    "StopDeployment": deployments.stop_deployment,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateDeploymentGroup": applications.update_deployment_group,
}
_MACHINES = "functions alone are deployed here: there are no instances"
_GITHUB = "nothing is fetched from GitHub"
_REVISIONS = "revisions are not kept: each deployment is given its AppSpec"
REFUSED = {
    **dict.fromkeys(
        (
            *("AddTagsToOnPremisesInstances", "BatchGetDeploymentInstances", "BatchGetOnPremisesInstances"),
            *("ContinueDeployment", "DeregisterOnPremisesInstance", "GetDeploymentInstance", "GetOnPremisesInstance"),
            *("ListDeploymentInstances", "ListOnPremisesInstances", "RegisterOnPremisesInstance"),
            *("RemoveTagsFromOnPremisesInstances", "SkipWaitTimeForInstanceTermination"),
        ),
        _MACHINES,
    ),
    **dict.fromkeys(("DeleteGitHubAccountToken", "ListGitHubAccountTokenNames"), _GITHUB),
    **dict.fromkeys(
        (
            *("BatchGetApplicationRevisions", "GetApplicationRevision", "ListApplicationRevisions"),
            "RegisterApplicationRevision",
        ),
        _REVISIONS,
    ),
    "DeleteResourcesByExternalId": "no other service deploys through this one",
    "UpdateApplication": "an application is not renamed: make another one",
}
"""Operation -> why it is refused."""
