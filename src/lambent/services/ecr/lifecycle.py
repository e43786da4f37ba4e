"""Lifecycle policies: what would expire by one (previews), and what does, each hour of the platform's clock.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_creation.html (an image is gone within
24 hours of its expiry), https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html (an image that a
manifest list names stays as long as that; artifacts of an image go with it).
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from lambent.clock import Clock
from lambent.engine import image_lifecycle
from lambent.engine.image_lifecycle import Image, Rule, Unbuilt
from lambent.model.scope import Caller
from lambent.services.ecr import faults
from lambent.services.ecr.env import IMAGE, REPOSITORY, EcrEnv
from lambent.services.ecr.images import needed_by, remove, tags_of
from lambent.services.ecr.paging import page
from lambent.store.errors import StoreError
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

log = logging.getLogger(__name__)

EVERY = 3_600.0
POLICY, PREVIEW, EVALUATED = "lifecyclePolicy", "lifecyclePreview", "lifecycleEvaluatedAt"


def read(text: str) -> list[Rule]:
    """The rules of a policy. Raises Fault for what is none, or is not carried out here."""
    try:
        return image_lifecycle.rules_of(orjson.loads(text))
    except Unbuilt as error:
        raise faults.unsupported(f"{error} in lifecycle policies") from error
    except ValueError as error:
        said = f"Lifecycle policy validation failure: {error}"  # what follows the colon is our wording
        raise faults.broken("LifecyclePolicyText", said) from error


def expiring(env: EcrEnv, repository: Resource, rules: list[Rule]) -> dict[str, int]:
    """Digest -> priority of the rule, of the images that expire now."""
    tags = tags_of(env, repository)
    there = {one.name: one for one in env.resources.children(IMAGE, repository.scope, repository.name)}
    seen = [Image(name, tuple(tags.get(name, ())), one.document["pushedAt"]) for name, one in there.items()]
    found = image_lifecycle.expired(rules, seen, env.now())
    found = {name: rule for name, rule in found.items() if set(needed_by(env, repository, name)) <= found.keys()}
    subjects = {name: one.document.get("subject") for name, one in there.items()}
    return found | {name: found[subject] for name, subject in subjects.items() if subject in found}


async def start_lifecycle_policy_preview(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """StartLifecyclePolicyPreview: of the text that is given, or of the repository's own policy."""
    repository = env.repository(caller, params)
    text = params.get("lifecyclePolicyText") or repository.document.get(POLICY)
    if text is None:
        said = f"Lifecycle policy does not exist for the repository with name '{repository.name}'"
        raise faults.of("LifecyclePolicyNotFound", f"{said} in the registry with id '{repository.scope.account}'")
    found = expiring(env, repository, read(text))
    await env.change(repository, **{PREVIEW: {"text": text, "found": found}})
    return _about(repository, text, "IN_PROGRESS")


async def get_lifecycle_policy_preview(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetLifecyclePolicyPreview: what the last preview has found."""
    repository = env.repository(caller, params)
    preview = repository.document.get(PREVIEW)
    if preview is None:
        said = f"Lifecycle policy preview does not exist for the repository with name '{repository.name}'"
        raise faults.of(
            "LifecyclePolicyPreviewNotFound", f"{said} in the registry with id '{repository.scope.account}'"
        )
    tags = tags_of(env, repository)
    found = [one for one in sorted(preview["found"]) if _wanted(params, one, tags.get(one, []))]
    result = page("previewResults", found, params, str, lambda one: _result(env, repository, one, tags), 100)
    summary = {"expiringImageTotalCount": len(preview["found"])}
    return {**_about(repository, preview["text"], "COMPLETE"), **result, "summary": summary}


def _about(repository: Resource, text: str, status: str) -> dict[str, Any]:
    said = {"registryId": repository.scope.account, "repositoryName": repository.name}
    return {**said, "lifecyclePolicyText": text, "status": status}


def _wanted(params: dict[str, Any], digest: str, tags: list[str]) -> bool:
    status = (params.get("filter") or {}).get("tagStatus", "ANY")
    named = params.get("imageIds") or []
    listed = any(one.get("imageDigest") == digest or one.get("imageTag") in tags for one in named)
    return (not named or listed) and (status == "ANY" or bool(tags) == (status == "TAGGED"))


def _result(env: EcrEnv, repository: Resource, digest: str, tags: dict[str, list[str]]) -> dict[str, Any]:
    image = env.resources.get(IMAGE, repository.scope, repository.name, digest)
    return {
        "imageTags": tags.get(digest, []),
        "imageDigest": digest,
        "imagePushedAt": image.document["pushedAt"] if image is not None else None,
        "action": {"type": "EXPIRE"},
        "appliedRulePriority": repository.document[PREVIEW]["found"][digest],
    }


class Expiry:
    """Carries the policies of all repositories out. `spawn` runs in the background."""

    def __init__(
        self, env: EcrEnv, clock: Clock, spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
    ) -> None:
        self._env = env
        self._clock = clock
        self._spawn = spawn
        self._waits = False

    def arm(self) -> None:
        """There may be policies now: look in an hour, as long as there are any."""
        if not self._waits and self._with_policies():
            self._waits = True
            self._clock.call_at(self._clock.monotonic() + EVERY, self.look)

    def look(self) -> None:
        """Carry out what is due."""
        self._waits = False
        self._clock.began()
        self._spawn(self._work())

    def _with_policies(self) -> list[Resource]:
        return [one for one in self._env.resources.of_kind(REPOSITORY) if one.document.get(POLICY)]

    async def _work(self) -> None:
        try:
            for repository in self._with_policies():
                await expire(self._env, repository)
        except (Fault, StoreError) as error:
            log.warning("lifecycle policies of repositories could not be carried out: %s", error)
        finally:
            self._clock.ended()
            self.arm()


async def expire(env: EcrEnv, repository: Resource) -> None:
    """Delete what expires by a repository's policy. Raises Fault, StoreError."""
    found = expiring(env, repository, read(repository.document[POLICY]))
    await remove(env, repository, list(found))
    await env.change(env.named(repository.scope, repository.name), **{EVALUATED: env.now()})
