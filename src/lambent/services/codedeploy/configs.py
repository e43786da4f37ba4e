"""Deployment configurations: how traffic is shifted. Those of AWS are there, others are made.

Source: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
"""

from typing import Any

from lambent.engine.traffic_shift import ALL_AT_ONCE, CANARY, LINEAR, Plan
from lambent.model.scope import Caller, Scope
from lambent.services.codedeploy import faults
from lambent.services.codedeploy.env import CONFIG, CodeDeployEnv

PREFIX = "CodeDeployDefault."
DEFAULT = f"{PREFIX}LambdaAllAtOnce"
OTHERS = (
    *("AllAtOnce", "HalfAtATime", "OneAtATime", "ECSAllAtOnce"),
    *("ECSCanary10Percent5Minutes", "ECSCanary10Percent15Minutes"),
    *("ECSLinear10PercentEvery1Minutes", "ECSLinear10PercentEvery3Minutes"),
)
"""Of other platforms: listed, and of no use here."""
MEMBERS = {
    CANARY: ("timeBasedCanary", "canaryPercentage", "canaryInterval"),
    LINEAR: ("timeBasedLinear", "linearPercentage", "linearInterval"),
}


def _routing(kind: str, percentage: int = 0, minutes: int = 0) -> dict[str, Any]:
    if kind == ALL_AT_ONCE:
        return {"type": kind}
    name, share, interval = MEMBERS[kind]
    return {"type": kind, name: {share: percentage, interval: minutes}}


PREDEFINED = {
    DEFAULT: _routing(ALL_AT_ONCE),
    **{f"{PREFIX}LambdaCanary10Percent{n}Minutes": _routing(CANARY, 10, n) for n in (5, 10, 15, 30)},
    **{f"{PREFIX}LambdaLinear10PercentEvery{n}Minute{'s' * (n > 1)}": _routing(LINEAR, 10, n) for n in (1, 2, 3, 10)},
}


async def create_deployment_config(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDeploymentConfig."""
    name = params["deploymentConfigName"]
    if params.get("computePlatform", "Server") != "Lambda":
        raise faults.unsupported("the platforms Server and ECS", "functions alone are deployed here")
    if name.startswith(PREFIX):
        raise faults.invalid("DeploymentConfigName", f"{PREFIX}* is reserved for AWS's own configurations")
    about = {
        "deploymentConfigId": env.new_id(), "createTime": env.now(), "computePlatform": "Lambda",
        "trafficRoutingConfig": _checked(params.get("trafficRoutingConfig") or {}),
    }  # fmt: skip
    await env.add(CONFIG, caller.scope, name, about)
    return {"deploymentConfigId": about["deploymentConfigId"]}


def _checked(said: dict[str, Any]) -> dict[str, Any]:
    kind = said.get("type", ALL_AT_ONCE)
    if kind == ALL_AT_ONCE:
        return _routing(kind)
    name, share, interval = MEMBERS[kind]
    inner = said.get(name) or {}
    percentage, minutes = inner.get(share), inner.get(interval)
    if percentage is None or minutes is None or not 0 < percentage < 100 or not 0 < minutes <= 2880:
        text = f"{kind} needs a {share} of 1 to 99 and a {interval} of 1 to 2880 minutes"
        raise faults.invalid("TrafficRoutingConfiguration", text)
    return _routing(kind, percentage, minutes)


async def get_deployment_config(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetDeploymentConfig."""
    return {"deploymentConfigInfo": info(env, caller.scope, params["deploymentConfigName"])}


async def list_deployment_configs(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListDeploymentConfigs."""
    own = [f"{PREFIX}{one}" for one in OTHERS]
    return {"deploymentConfigsList": [*own, *PREDEFINED, *env.names(CONFIG, caller.scope)]}


async def delete_deployment_config(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteDeploymentConfig; one that is not there is no error, one that a group uses is."""
    from lambent.services.codedeploy.env import GROUP

    name, scope = params["deploymentConfigName"], caller.scope
    if name.startswith(PREFIX):
        raise faults.invalid("Operation", f"{name} can't be deleted")
    if any(one.document["deploymentConfigName"] == name for one in env.resources.all(GROUP, scope)):
        raise faults.of("DeploymentConfigInUseException", f"The deployment configuration {name} is in use")
    found = env.resources.get(CONFIG, scope, "", name)
    if found is not None:
        await env.resources.discard(found)
    return {}


def info(env: CodeDeployEnv, scope: Scope, name: str) -> dict[str, Any]:
    """A configuration. Raises DeploymentConfigDoesNotExistException."""
    if name in PREDEFINED:
        routing = PREDEFINED[name]
        about = {"deploymentConfigId": f"00000000-0000-0000-0000-{sorted(PREDEFINED).index(name):012}",
                 "createTime": 0.0, "computePlatform": "Lambda", "trafficRoutingConfig": routing}  # fmt: skip
    else:
        about = env.find(CONFIG, scope, name).document
    return {"deploymentConfigName": name, **about}


def plan(about: dict[str, Any], hooks: dict[str, str]) -> Plan:
    """How a configuration shifts traffic."""
    routing = about["trafficRoutingConfig"]
    if routing["type"] == ALL_AT_ONCE:
        return Plan(hooks=hooks)
    name, share, interval = MEMBERS[routing["type"]]
    return Plan(routing["type"], routing[name][share], 60.0 * routing[name][interval], hooks)
