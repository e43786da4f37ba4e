"""Applications and their deployment groups."""

from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.codedeploy import configs, faults
from lambent.services.codedeploy.env import APPLICATION, DEPLOYMENT, GROUP, CodeDeployEnv

STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
KEPT = (
    "deploymentConfigName", "serviceRoleArn", "triggerConfigurations", "alarmConfiguration",
    "autoRollbackConfiguration", "deploymentStyle",
)  # fmt: skip
MACHINES = (
    "ec2TagFilters", "onPremisesInstanceTagFilters", "autoScalingGroups", "loadBalancerInfo", "ec2TagSet",
    "ecsServices", "onPremisesTagSet", "blueGreenDeploymentConfiguration", "terminationHookEnabled",
)  # fmt: skip


async def create_application(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CreateApplication."""
    if params.get("computePlatform", "Server") != "Lambda":
        raise faults.unsupported("the platforms Server and ECS", "functions alone are deployed here")
    about = {"applicationId": env.new_id(), "createTime": env.now(), "linkedToGitHub": False,
             "computePlatform": "Lambda", "tags": params.get("tags") or []}  # fmt: skip
    await env.add(APPLICATION, caller.scope, params["applicationName"], about)
    return {"applicationId": about["applicationId"]}


def _application(env: CodeDeployEnv, scope: Scope, name: str) -> dict[str, Any]:
    about = {key: one for key, one in env.find(APPLICATION, scope, name).document.items() if key != "tags"}
    return {"applicationName": name, **about}


async def get_application(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetApplication."""
    return {"application": _application(env, caller.scope, params["applicationName"])}


async def batch_get_applications(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """BatchGetApplications."""
    return {"applicationsInfo": [_application(env, caller.scope, name) for name in params["applicationNames"]]}


async def list_applications(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListApplications."""
    return {"applications": env.names(APPLICATION, caller.scope)}


async def delete_application(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteApplication, with its groups and deployments; one that is not there is no error."""
    name, scope = params["applicationName"], caller.scope
    found = env.resources.get(APPLICATION, scope, "", name)
    if found is not None:
        children = [one for kind in (GROUP, DEPLOYMENT) for one in env.resources.children(kind, scope, name)]
        for one in children:
            env.deployments.forget(one)
        await env.resources.write(deletes=[*children, found])
    return {}


async def create_deployment_group(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDeploymentGroup."""
    application, name, scope = params["applicationName"], params["deploymentGroupName"], caller.scope
    env.find(APPLICATION, scope, application)
    about = {"deploymentGroupId": env.new_id(), "computePlatform": "Lambda", "deploymentStyle": STYLE,
             "deploymentConfigName": configs.DEFAULT, "tags": params.get("tags") or []}  # fmt: skip
    about |= await _settings(env, scope, params)
    await env.add(GROUP, scope, name, about, application)
    return {"deploymentGroupId": about["deploymentGroupId"]}


async def _settings(env: CodeDeployEnv, scope: Scope, params: dict[str, Any]) -> dict[str, Any]:
    given = [name for name in MACHINES if params.get(name)]
    if given:
        raise faults.unsupported(", ".join(given), "functions alone are deployed here")
    said = {name: params[name] for name in KEPT if params.get(name) is not None}
    if said.get("deploymentStyle", STYLE) != STYLE:
        raise faults.invalid("DeploymentStyle", "For Lambda deployments the style is BLUE_GREEN WITH_TRAFFIC_CONTROL")
    if "deploymentConfigName" in said:
        configs.info(env, scope, said["deploymentConfigName"])
    name = params.get("deploymentGroupName") or params.get("currentDeploymentGroupName")
    arn = f"arn:aws:codedeploy:{scope.region}:{scope.account}:deploymentgroup:{params['applicationName']}/{name}"
    if "serviceRoleArn" in said and await env.unassumable(said["serviceRoleArn"], scope, arn):
        raise faults.invalid("Role", "Cannot assume role provided.")
    return said


def group(env: CodeDeployEnv, scope: Scope, application: str, name: str) -> dict[str, Any]:
    """A group as it is shown. Raises DeploymentGroupDoesNotExistException, ApplicationDoesNotExistException."""
    env.find(APPLICATION, scope, application)
    about = env.find(GROUP, scope, name, application).document
    made = [one.document for one in env.deployments.of_group(scope, application, name)]
    last = {"lastAttemptedDeployment": _last(made[:1])}
    last["lastSuccessfulDeployment"] = _last([one for one in made if one["shift"]["status"] == "Succeeded"][:1])
    shown = {key: one for key, one in about.items() if key != "tags"}
    return {"applicationName": application, "deploymentGroupName": name, **shown,
            **{key: one for key, one in last.items() if one}}  # fmt: skip


def _last(made: list[dict[str, Any]]) -> dict[str, Any] | None:
    return made[0]["last"] | {"status": made[0]["shift"]["status"]} if made else None


async def get_deployment_group(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetDeploymentGroup."""
    return {"deploymentGroupInfo": group(env, caller.scope, params["applicationName"], params["deploymentGroupName"])}


async def batch_get_deployment_groups(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """BatchGetDeploymentGroups."""
    application = params["applicationName"]
    return {"deploymentGroupsInfo": [group(env, caller.scope, application, one)
                                     for one in params["deploymentGroupNames"]]}  # fmt: skip


async def list_deployment_groups(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListDeploymentGroups."""
    name = params["applicationName"]
    env.find(APPLICATION, caller.scope, name)
    return {"applicationName": name, "deploymentGroups": env.names(GROUP, caller.scope, name)}


async def update_deployment_group(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateDeploymentGroup."""
    application, scope = params["applicationName"], caller.scope
    env.find(APPLICATION, scope, application)
    name = params["currentDeploymentGroupName"]
    found = env.find(GROUP, scope, name, application)
    document = {**found.document, **await _settings(env, scope, params)}
    new = params.get("newDeploymentGroupName") or name
    if new == name:
        await env.put(GROUP, scope, name, document, application)
    else:
        await env.add(GROUP, scope, new, document, application)
        await env.resources.discard(found)
    return {"hooksNotCleanedUp": []}


async def delete_deployment_group(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteDeploymentGroup; one that is not there is no error."""
    name = params["deploymentGroupName"]
    found = env.resources.get(GROUP, caller.scope, params["applicationName"], name)
    if found is not None:
        await env.resources.discard(found)
    return {"hooksNotCleanedUp": []}
