"""Schedule groups and their tags. Every account has the group "default", which nobody made and nobody deletes.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.engine.firing import GROUP, SCHEDULE
from lambent.model.scope import Caller, Scope
from lambent.services.scheduler import faults
from lambent.services.scheduler.env import SchedulerEnv
from lambent.services.scheduler.paging import page
from lambent.store.errors import RecordExists
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

DEFAULT = "default"
MOST, MOST_TAGS = 500, 50
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html"""


async def create_schedule_group(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new, empty group. The same request again (by its ClientToken) is answered as before."""
    name, scope, now = params["Name"], caller.scope, env.stamp()
    there = find(env, scope, name)
    if there is not None:
        if params.get("ClientToken") and there.document.get("ClientToken") == params["ClientToken"]:
            return {"ScheduleGroupArn": arn(scope, name)}
        raise faults.there_already("Schedule group", name)
    if len(env.resources.all(GROUP, scope)) >= MOST - 1:
        raise Fault("ServiceQuotaExceededException", "The number of schedule groups exceeds the quota.")
    document = {
        "Name": name,
        "CreationDate": now,
        "LastModificationDate": now,
        "Tags": _tags(caller, params.get("Tags") or ()),
        "ClientToken": params.get("ClientToken", ""),
    }
    try:
        await env.resources.insert(Resource(GROUP, scope, "", name, env.new_id(), document))
    except RecordExists:
        raise faults.there_already("Schedule group", name) from None
    return {"ScheduleGroupArn": arn(scope, name)}


async def get_schedule_group(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One group."""
    return _shown(require(env, caller.scope, params["Name"]))


async def list_schedule_groups(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The groups by name, the default one among them."""
    prefix = params.get("NamePrefix", "")
    made = [group for group in env.resources.all(GROUP, caller.scope) if group.name != DEFAULT]
    groups = sorted([*made, require(env, caller.scope, DEFAULT)], key=lambda group: group.name)
    found, token = page([group for group in groups if group.name.startswith(prefix)], params)
    return {"ScheduleGroups": [_shown(group) for group in found], **token}


async def delete_schedule_group(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A group with all its schedules; on AWS that takes a while, in which it is DELETING."""
    name = params["Name"]
    if name == DEFAULT:
        raise faults.invalid("The default schedule group cannot be deleted.")  # our wording
    group = require(env, caller.scope, name)
    schedules = env.resources.children(SCHEDULE, caller.scope, name)
    await env.resources.write(deletes=[*schedules, group])
    for schedule in schedules:
        env.timetable.drop(schedule)
    return {}


async def tag_resource(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Adds tags to a group, or gives those that it has a new value."""
    group = _of_arn(env, caller, params["ResourceArn"])
    tags = {**group.document["Tags"], **_tags(caller, params["Tags"])}
    if len(tags) > MOST_TAGS:
        raise faults.invalid(f"A schedule group can have {MOST_TAGS} tags at most.")  # our wording
    await _put_tags(env, group, tags)
    return {}


async def untag_resource(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Takes tags off a group; one that it does not have is no error."""
    group = _of_arn(env, caller, params["ResourceArn"])
    gone = frozenset(params["TagKeys"])
    await _put_tags(env, group, {key: value for key, value in group.document["Tags"].items() if key not in gone})
    return {}


async def list_tags_for_resource(env: SchedulerEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a group."""
    tags = _of_arn(env, caller, params["ResourceArn"]).document["Tags"]
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def arn(scope: Scope, name: str) -> str:
    """A group's ARN."""
    return f"arn:aws:scheduler:{scope.region}:{scope.account}:schedule-group/{name}"


def find(env: SchedulerEnv, scope: Scope, name: str) -> Resource | None:
    """The group of a name; the default one is there even when it was never written."""
    found = env.resources.get(GROUP, scope, "", name)
    if found is None and name == DEFAULT:
        document = {"Name": name, "CreationDate": 0.0, "LastModificationDate": 0.0, "Tags": {}}
        return Resource(GROUP, scope, "", name, "", document)
    return found


def require(env: SchedulerEnv, scope: Scope, name: str) -> Resource:
    """The group of a name. Raises ResourceNotFoundException."""
    found = find(env, scope, name)
    if found is None:
        raise faults.no_group(name)
    return found


def _of_arn(env: SchedulerEnv, caller: Caller, resource: str) -> Resource:
    name = resource.rpartition("/")[2]
    if resource != arn(caller.scope, name):
        raise faults.no_group(name)
    return require(env, caller.scope, name)


async def _put_tags(env: SchedulerEnv, group: Resource, tags: Mapping[str, str]) -> None:
    await env.resources.put(group.changed(env.new_id(), {**group.document, "Tags": dict(tags)}))


def _tags(caller: Caller, said: Any) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in said}
    if not caller.own and any(key.lower().startswith("aws:") for key in tags):
        raise faults.invalid("aws: prefixed tag key names are not allowed for external use.")
    return tags


def _shown(group: Resource) -> dict[str, Any]:
    said = group.document
    return {
        "Arn": arn(group.scope, group.name),
        "Name": group.name,
        "State": "ACTIVE",
        "CreationDate": datetime.fromtimestamp(said["CreationDate"], UTC),
        "LastModificationDate": datetime.fromtimestamp(said["LastModificationDate"], UTC),
    }
