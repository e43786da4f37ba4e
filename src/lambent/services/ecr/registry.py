"""The registry as a whole: who it is, and passwords for it."""

import base64
from typing import Any

from lambent.model.scope import Caller
from lambent.services.ecr.env import EcrEnv, registry

USER = "AWS"


async def get_authorization_token(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetAuthorizationToken: what the password is good for is what the key that asks may do."""
    for account in params.get("registryIds") or ():
        registry(caller, {"registryId": account})
    scope = caller.scope
    said = {"account": scope.account, "region": scope.region, "key": caller.access_key, "held": caller.held is not None}
    password, expires = env.tokens.make(said)
    token = base64.b64encode(f"{USER}:{password}".encode()).decode()
    data = {"authorizationToken": token, "expiresAt": expires, "proxyEndpoint": f"http://{env.host}"}
    return {"authorizationData": [data]}


async def describe_registry(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeRegistry: nothing is replicated."""
    return {"registryId": caller.scope.account, "replicationConfiguration": {"rules": []}}


async def get_registry_scanning_configuration(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetRegistryScanningConfiguration, as an account has it that never set another."""
    configuration = {"scanType": "BASIC", "rules": []}
    return {"registryId": caller.scope.account, "scanningConfiguration": configuration}
