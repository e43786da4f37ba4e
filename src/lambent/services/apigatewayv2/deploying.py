"""Deployments: snapshots that stages serve. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html

A stage with AutoDeploy gets a new one with every change of its API, in the transaction of that change.
"""

from typing import Any

from lambent.model.api_kinds import SNAPSHOT
from lambent.model.scope import Scope
from lambent.services.apigatewayv2 import faults
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Changes, Document
from lambent.services.apigatewayv2.kinds import API, BENEATH, DEPLOYED, DEPLOYMENT, ROUTE, STAGE, Kind
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

NO_ROUTE = "At least one route is required before deploying the Api."
AUTOMATIC = "Automatic deployment triggered by changes to the Api configuration"


def snapshot(env: ApiGatewayV2Env, scope: Scope, api_id: str, changes: Changes) -> Document:
    """Everything of an API that a deployment serves, as it will be when the changes are written."""
    api = changes.get(env.resources, API.stored, scope, "", api_id)
    assert api is not None
    taken: Document = {"Api": api.document}
    for kind in DEPLOYED:
        found = changes.children(env.resources, kind.stored, scope, api_id)
        taken[kind.many] = {one.name: _with_beneath(env, kind, one, changes) for one in found}
    return taken


def _with_beneath(env: ApiGatewayV2Env, kind: Kind, one: Resource, changes: Changes) -> Document:
    below = BENEATH.get(kind)
    if below is None:
        return one.document
    found = changes.children(env.resources, below.stored, one.scope, f"{one.parent}/{one.name}")
    return one.document | {below.many: [each.document for each in found]} if found else one.document


def deployment(env: ApiGatewayV2Env, scope: Scope, api_id: str, changes: Changes, **more: Any) -> Resource:
    """A new deployment, added to the changes. Raises 400 for an API without routes."""
    taken = snapshot(env, scope, api_id, changes)
    if not taken[ROUTE.many]:
        raise faults.bad_request(NO_ROUTE)
    document = {
        "AutoDeployed": False,
        "CreatedDate": env.wall(),
        "DeploymentId": env.new_name(DEPLOYMENT, scope, api_id),
        "DeploymentStatus": "DEPLOYED",
        **more,
        SNAPSHOT: taken,
    }
    made = env.made(DEPLOYMENT, scope, api_id, document)
    changes.inserts.append(made)
    return made


def deploy_automatically(env: ApiGatewayV2Env, scope: Scope, api_id: str, changes: Changes) -> None:
    """Give the API's stages with AutoDeploy a deployment of what the changes make of it. Their last one is dropped."""
    stages = [one for one in changes.children(env.resources, STAGE.stored, scope, api_id) if _automatic(one)]
    if not stages:
        return
    try:
        made = deployment(env, scope, api_id, changes, AutoDeployed=True, Description=AUTOMATIC)
    except Fault as fault:
        message = f"Deployment attempt failed: {fault.message}"
        _put_all(env, changes, stages, {"LastDeploymentStatusMessage": message})
        return
    message = f"Successfully deployed stage with deployment ID '{made.name}'"
    _put_all(env, changes, stages, {"DeploymentId": made.name, "LastDeploymentStatusMessage": message})
    _drop_superseded(env, scope, api_id, changes)


def _automatic(stage: Resource) -> bool:
    return bool(stage.document.get("AutoDeploy"))


def _put_all(env: ApiGatewayV2Env, changes: Changes, stages: list[Resource], members: Document) -> None:
    for stage in stages:
        put(env, changes, stage, stage.document | members | {"LastUpdatedDate": env.wall()})


def put(env: ApiGatewayV2Env, changes: Changes, resource: Resource, document: Document) -> Resource:
    """The resource with another document, whether it is new in these changes, changed by them, or neither."""
    new = resource.changed(env.new_id(), document)
    for at, one in enumerate(changes.inserts):
        if one.key == resource.key:
            changes.inserts[at] = new
            return new
    for at, (old, changed) in enumerate(changes.replaces):
        if changed.key == resource.key:
            changes.replaces[at] = old, new
            return new
    changes.replaces.append((resource, new))
    return new


def _drop_superseded(env: ApiGatewayV2Env, scope: Scope, api_id: str, changes: Changes) -> None:
    stages = changes.children(env.resources, STAGE.stored, scope, api_id)
    served = {one.document.get("DeploymentId") for one in stages}
    for one in env.resources.children(DEPLOYMENT.stored, scope, api_id):
        if one.document["AutoDeployed"] and one.name not in served and one not in changes.deletes:
            changes.deletes.append(one)
