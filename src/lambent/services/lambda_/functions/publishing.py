"""From $LATEST to a published version: what it is made of, and whether there is anything new to publish.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html, and recorded answers. Numbers count
up and are not used again, "even for a function that has been deleted and recreated" (developer guide,
versioning-intro).
"""

import hashlib
from dataclasses import replace
from typing import Any

import orjson

from lambent.model.scope import Scope
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import snap_start
from lambent.services.lambda_.functions.lifecycle import STATE_MEMBERS, Phase, show
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resource

NUMBERS = "version-numbers"
"""The kind under which the last number of a deleted function is kept."""

_PASSING = STATE_MEMBERS | {"RevisionId", "LastModified", "Version"}
"""Members that may differ between $LATEST and a version that is the same."""


def last_published(env: LambdaEnv, latest: FunctionRecord) -> FunctionRecord | None:
    """The version that was published last, if $LATEST still is what it was then."""
    if latest.published_state != _state_of(latest):
        return None
    return env.functions.current(latest.scope, latest.name, str(latest.published))


def publish(
    env: LambdaEnv, latest: FunctionRecord, phase: Phase, description: str | None = None
) -> tuple[FunctionRecord, FunctionRecord]:
    """$LATEST as it is afterwards, and the version, which begins in `phase`. Nothing is stored yet.

    $LATEST gets a new RevisionId (as recorded), its environments stay.
    """
    number = latest.published + 1
    configuration = show(latest.configuration, phase, env.new_id()) | {"Version": str(number)}
    if description is not None:
        configuration["Description"] = description
    version = replace(
        latest,
        version=str(number),
        created=env.clock(),
        deployment=env.new_id(),
        configuration=snap_start.optimised(configuration),
        published=0,
        published_state="",
    )
    after = latest.configuration | {"RevisionId": env.new_id()}
    return replace(latest, configuration=after, published=number, published_state=_state_of(latest)), version


def _state_of(latest: FunctionRecord) -> str:
    """A digest of all that a version takes over from $LATEST."""
    lasting: dict[str, Any] = {name: value for name, value in latest.configuration.items() if name not in _PASSING}
    said = [lasting, latest.code, latest.layers, latest.image]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def numbers_used(env: LambdaEnv, scope: Scope, name: str) -> int:
    """The last version number of the function that had this name before; 0 when there was none."""
    kept = env.resources.get(NUMBERS, scope, "", name)
    return 0 if kept is None else int(kept.document["Last"])


def numbers_to_remember(env: LambdaEnv, latest: FunctionRecord) -> Resource | None:
    """What outlives a function that is deleted."""
    if not latest.published:
        return None
    return Resource(NUMBERS, latest.scope, "", latest.name, env.new_id(), {"Last": latest.published})
