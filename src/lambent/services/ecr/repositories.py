"""Repositories, and their tags in AWS's sense."""

import re
from typing import Any

from lambent.model.scope import Caller
from lambent.services.ecr import faults, layers
from lambent.services.ecr.env import IMAGE, LAYER, REPOSITORY, TAG, EcrEnv, arn, registry
from lambent.services.ecr.paging import page
from lambent.store.errors import RecordExists
from lambent.store.resources import Resource

NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
"""The service model's pattern of a repository's name."""
DEFAULTS = {
    "imageTagMutability": "MUTABLE",
    "imageScanningConfiguration": {"scanOnPush": False},
    "encryptionConfiguration": {"encryptionType": "AES256"},
}
SETTINGS = (*DEFAULTS, "imageTagMutabilityExclusionFilters")
MOST_TAGS = 50


def shown(env: EcrEnv, repository: Resource) -> dict[str, Any]:
    """A repository as it is answered."""
    about = {name: repository.document[name] for name in SETTINGS if name in repository.document}
    return {
        "repositoryArn": arn(repository),
        "registryId": repository.scope.account,
        "repositoryName": repository.name,
        "repositoryUri": f"{env.host}/{repository.name}",
        "createdAt": repository.document["createdAt"],
        **about,
    }


async def create_repository(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CreateRepository."""
    scope, name = registry(caller, params), params["repositoryName"]
    if not NAME.fullmatch(name):
        raise faults.broken("repositoryName", f"must satisfy regular expression '{NAME.pattern}'")
    about = {setting: params[setting] for setting in SETTINGS if params.get(setting) is not None}
    tags = _checked({one["Key"]: one["Value"] for one in params.get("tags") or ()})
    document = {"createdAt": env.now(), **DEFAULTS, **about, "tags": tags}
    made = Resource(REPOSITORY, scope, "", name, env.new_id(), document)
    try:
        await env.resources.insert(made)
    except RecordExists:
        text = f"The repository with name '{name}' already exists in the registry with id '{scope.account}'"
        raise faults.of("RepositoryAlreadyExists", text) from None
    return {"repository": shown(env, made)}


async def describe_repositories(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeRepositories."""
    scope, names = registry(caller, params), params.get("repositoryNames")
    if names:
        return {"repositories": [shown(env, env.named(scope, name)) for name in names]}
    found = env.resources.all(REPOSITORY, scope)
    return page("repositories", found, params, lambda one: one.name, lambda one: shown(env, one), 100)


async def delete_repository(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteRepository, with its images where that is forced."""
    found = env.repository(caller, params)
    async with env.changing:
        children = [
            one for kind in (IMAGE, TAG, LAYER) for one in env.resources.children(kind, found.scope, found.name)
        ]
        if any(one.kind == IMAGE for one in children) and not params.get("force"):
            text = (
                f"The repository with name '{found.name}' in registry with id '{found.scope.account}' cannot be deleted"
            )
            raise faults.of("RepositoryNotEmpty", f"{text} because it still contains images")
        await env.resources.write(deletes=[*children, env.named(found.scope, found.name)])
        layers.let_go(env, [one.name for one in children if one.kind == LAYER])
    return {"repository": shown(env, found)}


def _tagged(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> Resource:
    beginning = f"arn:aws:ecr:{caller.scope.region}:{caller.scope.account}:repository/"
    name = params["resourceArn"].removeprefix(beginning)
    if name == params["resourceArn"]:
        raise faults.broken("resourceArn", "Invalid ARN")
    return env.named(caller.scope, name)


def _checked(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise faults.of("TooManyTags", f"A repository has at most {MOST_TAGS} tags.")
    return tags


async def tag_resource(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """TagResource."""
    found = _tagged(env, caller, params)
    new = {one["Key"]: one["Value"] for one in params["tags"]}
    await env.change(found, tags=_checked({**found.document["tags"], **new}))
    return {}


async def untag_resource(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """UntagResource."""
    found = _tagged(env, caller, params)
    left = {key: one for key, one in found.document["tags"].items() if key not in params["tagKeys"]}
    await env.change(found, tags=left)
    return {}


async def list_tags_for_resource(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListTagsForResource."""
    tags = _tagged(env, caller, params).document["tags"]
    return {"tags": [{"Key": key, "Value": one} for key, one in tags.items()]}
