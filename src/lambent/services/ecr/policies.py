"""A repository's settings, its policy and its lifecycle policy, which `lifecycle.py` carries out."""

from typing import Any

import orjson

from lambent.model.scope import Caller
from lambent.services.ecr import faults, lifecycle
from lambent.services.ecr.env import EcrEnv
from lambent.store.resources import Resource

POLICY, LIFECYCLE = "policy", "lifecyclePolicy"
TEXT = {POLICY: "policyText", LIFECYCLE: "lifecyclePolicyText"}
CODES = {POLICY: "RepositoryPolicyNotFound", LIFECYCLE: "LifecyclePolicyNotFound"}
WORDS = {POLICY: "Repository policy", LIFECYCLE: "Lifecycle policy"}
MOST = {POLICY: 10_240, LIFECYCLE: 30_720}
"""Characters of a policy (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html,
API_PutLifecyclePolicy.html)."""


def _said(repository: Resource, which: str, text: str) -> dict[str, Any]:
    return {"registryId": repository.scope.account, "repositoryName": repository.name, TEXT[which]: text}


async def _put(env: EcrEnv, caller: Caller, params: dict[str, Any], which: str) -> dict[str, Any]:
    repository, text = env.repository(caller, params), params[TEXT[which]]
    try:
        is_object = isinstance(orjson.loads(text), dict)
    except ValueError:
        is_object = False
    if not is_object or len(text) > MOST[which]:
        name = f"{TEXT[which][0].upper()}{TEXT[which][1:]}"
        raise faults.broken(name, f"Invalid {WORDS[which].lower()} provided")
    await env.change(repository, **{which: text})
    return _said(repository, which, text)


def _got(env: EcrEnv, caller: Caller, params: dict[str, Any], which: str) -> tuple[Resource, str]:
    repository = env.repository(caller, params)
    text = repository.document.get(which)
    if text is None:
        said = f"{WORDS[which]} does not exist for the repository with name '{repository.name}'"
        raise faults.of(CODES[which], f"{said} in the registry with id '{repository.scope.account}'")
    return repository, text


async def _delete(env: EcrEnv, caller: Caller, params: dict[str, Any], which: str) -> dict[str, Any]:
    repository, text = _got(env, caller, params, which)
    await env.change(repository, **{which: None})
    return _said(repository, which, text)


async def set_repository_policy(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """SetRepositoryPolicy."""
    return await _put(env, caller, params, POLICY)


async def get_repository_policy(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetRepositoryPolicy."""
    return _said(*_named(_got(env, caller, params, POLICY), POLICY))


async def delete_repository_policy(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteRepositoryPolicy."""
    return await _delete(env, caller, params, POLICY)


async def put_lifecycle_policy(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """PutLifecyclePolicy."""
    lifecycle.read(params[TEXT[LIFECYCLE]])
    said = await _put(env, caller, params, LIFECYCLE)
    env.armed()
    return said


async def get_lifecycle_policy(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetLifecyclePolicy."""
    repository, text = _got(env, caller, params, LIFECYCLE)
    looked = repository.document.get(lifecycle.EVALUATED)
    return _said(repository, LIFECYCLE, text) | ({"lastEvaluatedAt": looked} if looked else {})


async def delete_lifecycle_policy(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteLifecyclePolicy."""
    return await _delete(env, caller, params, LIFECYCLE)


def _named(got: tuple[Resource, str], which: str) -> tuple[Resource, str, str]:
    return got[0], which, got[1]


async def put_image_tag_mutability(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """PutImageTagMutability."""
    repository = env.repository(caller, params)
    names = ("imageTagMutability", "imageTagMutabilityExclusionFilters")
    said = {name: params.get(name) or None for name in names}
    await env.change(repository, **said)
    given = {name: one for name, one in said.items() if one}
    return {"registryId": repository.scope.account, "repositoryName": repository.name, **given}


async def put_image_scanning_configuration(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """PutImageScanningConfiguration: kept; nothing is scanned."""
    repository, said = env.repository(caller, params), params["imageScanningConfiguration"]
    await env.change(repository, imageScanningConfiguration={"scanOnPush": False, **said})
    about = {"imageScanningConfiguration": {"scanOnPush": False, **said}}
    return {"registryId": repository.scope.account, "repositoryName": repository.name, **about}
