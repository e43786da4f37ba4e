"""The operations answered here: all that there are."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.scheduler import groups, schedules
from lambent.services.scheduler.env import SchedulerEnv

Operation = Callable[[SchedulerEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "CreateSchedule": schedules.create_schedule,
    "CreateScheduleGroup": groups.create_schedule_group,
    "DeleteSchedule": schedules.delete_schedule,
    "DeleteScheduleGroup": groups.delete_schedule_group,
    "GetSchedule": schedules.get_schedule,
    "GetScheduleGroup": groups.get_schedule_group,
    "ListScheduleGroups": groups.list_schedule_groups,
    "ListSchedules": schedules.list_schedules,
    "ListTagsForResource": groups.list_tags_for_resource,
    "TagResource": groups.tag_resource,
    "UntagResource": groups.untag_resource,
    "UpdateSchedule": schedules.update_schedule,
}
