"""Deployments: created, shown, stopped; hooks that say how they went."""

from dataclasses import asdict
from typing import Any

from lambent.engine.traffic_shift import Phase, Said, Shift, Stop, events
from lambent.model.scope import Caller, Scope
from lambent.services.codedeploy import applications, configs, faults, revisions
from lambent.services.codedeploy.env import APPLICATION, DEPLOYMENT, GROUP, CodeDeployEnv, acting
from lambent.services.codedeploy.running import alarms_of
from lambent.store.resources import Resource

MACHINES = ("targetInstances", "updateOutdatedInstancesOnly", "ec2DeploymentOptions", "deploymentMode")


async def create_deployment(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CreateDeployment: one at a time of a group."""
    application, scope = params["applicationName"], caller.scope
    env.find(APPLICATION, scope, application)
    name = params.get("deploymentGroupName")
    if not name:
        raise faults.of("DeploymentGroupNameRequiredException", "Deployment group name is required")
    group = env.find(GROUP, scope, name, application).document
    given = [one for one in MACHINES if params.get(one)]
    if given:
        raise faults.unsupported(", ".join(given), "functions alone are deployed here")
    for one in env.deployments.of_group(scope, application, name):
        if one.document["shift"]["phase"] != Phase.ENDED:
            text = f"The Deployment Group '{name}' already has an active Deployment '{one.name}'"
            raise faults.of("DeploymentLimitExceededException", text)
    if not params.get("revision"):
        raise faults.of("RevisionRequiredException", "The revision is required")
    document = await _document(env, scope, group, params)
    return {"deploymentId": await env.deployments.start(scope, application, document)}


async def _document(env: CodeDeployEnv, scope: Scope, group: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    role = group.get("serviceRoleArn", "")
    function, hooks = await revisions.read(env.asks(acting(scope, role)), scope, params["revision"])
    config = params.get("deploymentConfigName") or group["deploymentConfigName"]
    alarms = params.get("overrideAlarmConfiguration") or group.get("alarmConfiguration") or {}
    last = {"deploymentId": env.deployments.fresh_id(), "createTime": env.now(), "creator": "user",
            "description": params.get("description"), "deploymentConfigName": config,
            "revision": params["revision"]}  # fmt: skip
    return {
        "last": last, "group": params["deploymentGroupName"], "role": role, "function": function, "hooks": hooks,
        "plan": asdict(configs.plan(configs.info(env, scope, config), hooks)), "shift": Shift(times={}).document(),
        "calls": {}, "called": [], "rollback": "", "alarms": list(alarms_of(alarms)),
        "deaf": bool(alarms.get("ignorePollAlarmFailure")),
        "autoRollback": params.get("autoRollbackConfiguration") or group.get("autoRollbackConfiguration") or {},
    }  # fmt: skip


def find(env: CodeDeployEnv, scope: Scope, name: str | None) -> Resource:
    """The deployment. Raises DeploymentDoesNotExistException."""
    if not name:
        raise faults.of("DeploymentIdRequiredException", "The deployment ID is required")
    found = env.deployments.find(scope, name)
    if found is None:
        raise faults.absent("Deployment", name)
    return found


def info(deployment: Resource) -> dict[str, Any]:
    """A deployment as it is shown."""
    document, last = deployment.document, deployment.document["last"]
    shift = Shift.of(document["shift"])
    times = dict(shift.times)
    shown = {
        "applicationName": deployment.parent, "deploymentGroupName": document["group"], **last,
        "status": shift.status if times else "Created", "computePlatform": "Lambda",
        "deploymentStyle": applications.STYLE, "deploymentOverview": _overview(shift),
        "ignoreApplicationStopFailures": False, "updateOutdatedInstancesOnly": False,
        "instanceTerminationWaitTimeStarted": False, "rollbackInfo": _rollback(document),
        "autoRollbackConfiguration": document["autoRollback"] or None,
        "startTime": min((one[0] for one in times.values()), default=None),
        "completeTime": times[Phase.ENDED][0] if Phase.ENDED in times else None,
        "errorInformation": {"code": shift.code, "message": shift.message} if shift.code else None,
    }  # fmt: skip
    return {name: one for name, one in shown.items() if one is not None}


def _overview(shift: Shift) -> dict[str, int]:
    counted = {"Stopped": "Skipped"}.get(shift.status, shift.status)
    return {name: int(name == counted) for name in ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")}


def _rollback(document: dict[str, Any]) -> dict[str, str] | None:
    if document["rollback"]:
        said = f"Deployment {document['rollback']} was stopped or has failed: this one brings back what was before it."
        return {"rollbackTriggeringDeploymentId": document["rollback"], "rollbackMessage": said}
    if document.get("rolled"):
        return {"rollbackDeploymentId": document["rolled"], "rollbackMessage": f"Rolled back by {document['rolled']}."}
    return None


async def get_deployment(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetDeployment."""
    return {"deploymentInfo": info(find(env, caller.scope, params["deploymentId"]))}


async def batch_get_deployments(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """BatchGetDeployments."""
    return {"deploymentsInfo": [info(find(env, caller.scope, name)) for name in params["deploymentIds"]]}


async def list_deployments(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListDeployments, the newest first."""
    application, group = params.get("applicationName"), params.get("deploymentGroupName")
    if application:
        env.find(APPLICATION, caller.scope, application)
    wanted, between = params.get("includeOnlyStatuses") or (), params.get("createTimeRange") or {}
    found = []
    for one in sorted(env.resources.all(DEPLOYMENT, caller.scope), key=lambda one: -one.document["last"]["createTime"]):
        fits = application in (None, one.parent) and group in (None, one.document["group"])
        at = one.document["last"]["createTime"]
        inside = _seconds(between.get("start"), 0.0) <= at <= _seconds(between.get("end"), float("inf"))
        if fits and inside and (not wanted or info(one)["status"] in wanted):
            found.append(one.name)
    return {"deployments": found}


def _seconds(moment: Any, default: float) -> float:
    return default if moment is None else float(getattr(moment, "timestamp", lambda: moment)())


async def stop_deployment(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """StopDeployment; with autoRollbackEnabled what was is brought back, whatever the group says."""
    deployment = find(env, caller.scope, params["deploymentId"])
    if deployment.document["shift"]["phase"] == Phase.ENDED:
        text = f"The deployment {deployment.name} is already completed"
        raise faults.of("DeploymentAlreadyCompletedException", text)
    said = Stop("MANUAL_STOP", "The deployment was stopped by a request.")
    await env.deployments.hear(deployment, said, bool(params.get("autoRollbackEnabled")))
    return {
        "status": "Succeeded",
        "statusMessage": "No more commands will be scheduled for execution in the deployment",
    }


async def put_lifecycle_event_hook_execution_status(
    env: CodeDeployEnv, caller: Caller, params: dict[str, Any]
) -> dict[str, Any]:
    """PutLifecycleEventHookExecutionStatus: a hook's function says how it went."""
    deployment = find(env, caller.scope, params.get("deploymentId"))
    execution = params.get("lifecycleEventHookExecutionId")
    phase = next((phase for phase, one in deployment.document["calls"].items() if one == execution), None)
    if phase is None:
        text = f"No lifecycle event hook of {deployment.name} has the execution id {execution}"
        raise faults.invalid("LifecycleEventHookExecutionId", text)
    status = params.get("status")
    if status not in ("Succeeded", "Failed"):
        raise faults.invalid("LifecycleEventHookExecutionStatus", "The status must be Succeeded or Failed")
    if deployment.document["shift"]["phase"] != phase:
        text = f"The lifecycle event {phase} of {deployment.name} is over"
        raise faults.of("LifecycleEventAlreadyCompletedException", text)
    await env.deployments.hear(deployment, Said(phase, status == "Succeeded"))
    return {"lifecycleEventHookExecutionId": execution}


# --- targets -------------------------------------------------------------------------------------------------


async def list_deployment_targets(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListDeploymentTargets: the one function."""
    return {"targetIds": [_target_id(find(env, caller.scope, params.get("deploymentId")))]}


async def get_deployment_target(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetDeploymentTarget."""
    return {"deploymentTarget": _target(find(env, caller.scope, params["deploymentId"]), params["targetId"])}


async def batch_get_deployment_targets(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """BatchGetDeploymentTargets."""
    deployment = find(env, caller.scope, params.get("deploymentId"))
    return {"deploymentTargets": [_target(deployment, one) for one in params.get("targetIds") or []]}


def _target_id(deployment: Resource) -> str:
    of = deployment.document["function"]
    return f"{of['Name']}:{of['Alias']}"


def _target(deployment: Resource, wanted: str) -> dict[str, Any]:
    if wanted != _target_id(deployment):
        raise faults.absent("DeploymentTarget", wanted)
    of, shift, scope = deployment.document["function"], Shift.of(deployment.document["shift"]), deployment.scope
    status = {"Stopped": "Skipped"}.get(shift.status, shift.status)
    arn = f"arn:aws:lambda:{scope.region}:{scope.account}:function:{wanted}"
    return {"deploymentTargetType": "LambdaTarget", "lambdaTarget": {
        "deploymentId": deployment.name, "targetId": wanted, "targetArn": arn, "status": status,
        "lastUpdatedAt": max((moment or 0.0 for one in shift.times.values() for moment in one), default=0.0),
        "lifecycleEvents": [_event(one) for one in events(shift)],
        "lambdaFunctionInfo": {
            "functionName": of["Name"], "functionAlias": of["Alias"], "currentVersion": of["CurrentVersion"],
            "targetVersion": of["TargetVersion"], "targetVersionWeight": shift.weight / 100,
        },
    }}  # fmt: skip


def _event(one: dict[str, Any]) -> dict[str, Any]:
    times = {"startTime": one["began"] or None, "endTime": one["ended"] or None}
    return {"lifecycleEventName": one["name"], "status": one["status"], **{k: v for k, v in times.items() if v}}
