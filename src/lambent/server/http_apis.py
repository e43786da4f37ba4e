"""API Gateway's HTTP and WebSocket APIs: what is configured, and the doors that serve it."""

import functools
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from botocore.model import OperationModel

from lambent.gateway.signers import KnownSigners
from lambent.gateway.sites import Sites
from lambent.model.credentials import Signer
from lambent.observe.findings import Ledger
from lambent.server.api_ports import Outside, add_door
from lambent.server.base import Base, new_id
from lambent.services.apigatewayv2.env import ApiGatewayV2Env
from lambent.services.apigatewayv2.serving.doors import Doors
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.open import Store
from lambent.wire import service
from lambent.wire.fault import Fault
from lambent.wire.site import SiteRequest

SIGNING_NAME = "execute-api"


@dataclass(frozen=True, slots=True)
class HttpApis:
    """What the operations work with, and the doors."""

    env: ApiGatewayV2Env
    doors: Doors

    def add_to(self, sites: Sites) -> None:
        """Answer requests to APIs and to the domain names of the user's, which are none of the platform's."""
        self.env.is_own = sites.is_own
        add_door(sites, self.doors.serve, self.doors.apis.domain, self.doors.apis.knows)


def _operation(name: str) -> OperationModel:
    """Read when an operation needs it."""
    return service.load("apigatewayv2").operation(name)


def _signer(signers: Callable[[SiteRequest, str], Signer], site: SiteRequest) -> Signer | None:
    try:
        return signers(site, SIGNING_NAME)
    except Fault:
        return None


def open_http_apis(
    stack: AsyncExitStack,
    store: Store,
    base: Base,
    env: LambdaEnv,
    findings: Ledger,
    outside: Outside,
    signers: KnownSigners,
) -> HttpApis:
    """What is configured, and the doors; their connections are closed by the stack."""
    ports = Ports(
        resources=store.resources,
        clock=base.clock,
        functions=outside.functions,
        signer=functools.partial(_signer, signers),
        may=signers.may,
        ask=outside.ask,
        acting=outside.roles.acting,
        fetch=outside.fetch,
        pool_keys=outside.keys,
        log=outside.log,
        report=findings.report,
        spawn=base.background.spawn,
        new_id=new_id,
        limits=env.limits,
        measure=outside.measure,
    )
    operations = ApiGatewayV2Env(
        resources=store.resources,
        operation=_operation,
        wall=base.clock.wall,
        new_id=new_id,
        report=findings.report,
        endpoint=lambda name: env.site_url(name).partition("://")[2].rstrip("/"),
        flush=lambda scope, api, stage: ports.authorizations.flush((scope, api, stage)),
    )
    doors = Doors(ports)
    stack.push_async_callback(doors.websocket.connections.close)
    return HttpApis(operations, doors)
