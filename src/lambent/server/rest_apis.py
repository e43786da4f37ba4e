"""API Gateway's REST APIs: what is configured, and the door that serves it."""

import functools
from dataclasses import dataclass

from botocore.model import Shape

from lambent.gateway.signers import KnownSigners
from lambent.gateway.sites import Sites
from lambent.model.scope import Scope
from lambent.server.api_ports import Outside, add_door
from lambent.server.base import Base, new_id
from lambent.server.running import Running
from lambent.services.apigateway import findings as api_findings
from lambent.services.apigateway.env import ApiGatewayEnv
from lambent.services.apigateway.serving.door import RestDoor
from lambent.services.apigateway.serving.ports import Ports
from lambent.services.apigateway.serving.trials import Trials
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.open import Store
from lambent.wire import service


@dataclass(frozen=True, slots=True)
class RestApis:
    """What the operations work with, and the door."""

    env: ApiGatewayEnv
    door: RestDoor

    def add_to(self, sites: Sites) -> None:
        """Answer requests to APIs and to the domain names of the user's, which are none of the platform's."""
        self.env.is_own = sites.is_own
        add_door(sites, self.door.serve, self.door.apis.domain, self.door.apis.knows)


def open_rest_apis(
    store: Store, base: Base, env: LambdaEnv, running: Running, outside: Outside, signers: KnownSigners
) -> RestApis:
    """What is configured, and the door."""
    findings, tracing = running.findings, running.tracing
    ports = Ports(
        resources=store.resources,
        clock=base.clock,
        functions=outside.functions,
        verify=signers,
        may=signers.may,
        ask=outside.ask,
        acting=outside.roles.acting,
        role_may=outside.roles.may,
        fetch=outside.fetch,
        keys=outside.keys,
        log=outside.log,
        report=findings.report,
        spawn=base.background.spawn,
        new_id=new_id,
        chance=env.chance,
        trace_header=tracing.decided,
        record=base.traces.add,
        measure=outside.measure,
        limits=env.limits,
    )
    door = RestDoor(ports)
    operations = ApiGatewayEnv(
        resources=store.resources,
        shape=_shape,
        wall=base.clock.wall,
        new_id=new_id,
        report=findings.report,
        withdraw=findings.withdraw,
        address=lambda api_id, region: env.site_url(f"{api_id}.execute-api.{region}"),
    )
    api_findings.resume(operations)
    trials = Trials(ports, operations)
    operations.try_method, operations.try_authorizer = trials.method, trials.authorizer
    operations.flush = lambda scope, api, stage: ports.authorizations.flush((scope, api, stage))
    operations.flush_responses = functools.partial(_flush, ports)
    return RestApis(operations, door)


def _shape(name: str) -> Shape:
    """Read when an operation needs it."""
    return service.load("apigateway").model.shape_for(name)


def _flush(ports: Ports, scope: Scope, api: str, stage: str) -> None:
    """The stage's cache, and its canary's."""
    for canary in (False, True):
        ports.responses.flush((scope, api, stage, canary))
