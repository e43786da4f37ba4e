"""Deleting, and bringing back what was: the phases that undo."""

import contextlib
from dataclasses import replace
from typing import Any

from lambent.deploy.forward import Outcome
from lambent.deploy.phases import End, Phase
from lambent.deploy.resources.calls import Unchangeable
from lambent.deploy.running import TROUBLE, Failed, Running
from lambent.deploy.stack import StackResource
from lambent.deploy.walk import Walk, reverse, within

DELETED = ("DELETE_COMPLETE", "DELETE_SKIPPED")


async def delete_all(running: Running) -> Outcome:
    """ROLLBACK and DELETE: every resource, those last that others need."""
    stack = running.stack
    for one in stack.outputs if stack.status == Phase.DELETE else ():
        users = running.ports.records.importers(stack.scope, one.get("ExportName", ""))
        if users:
            said = f"Export {one['ExportName']} cannot be deleted as it is in use by {', '.join(users)}"
            return End.FAILED, said
    made = {name: one for name, one in running.made().items() if one.status not in DELETED}
    graph = reverse({name: one.needs for name, one in made.items()}, made)
    walk = await running.walk(Walk(graph, through=True), lambda name: _delete(running, made[name]))
    if not walk.failed:
        return End.DONE, ""
    return End.FAILED, f"The following resource(s) failed to delete: [{', '.join(walk.failed)}]. "


async def clean_up(running: Running) -> Outcome:
    """CLEANUP and ROLLBACK_CLEANUP: what was replaced, or is no part of the stack any more."""
    back = running.stack.status == Phase.ROLLBACK_CLEANUP
    made = running.made()
    wanted = running.blueprint().wanted
    leaving = {name for name, one in made.items() if (one.before == {} if back else name not in wanted)}
    concerned = {name: one for name, one in made.items() if name in leaving or one.before is not None or one.garbage}
    graph = reverse({name: one.needs for name, one in made.items()}, concerned)

    async def step(name: str) -> None:
        if name in leaving:
            await _delete(running, made[name])
            await running.drop(name)
        else:
            await _sweep(running, made[name], back)

    walk = await running.walk(Walk(graph, through=True), step)
    return (End.FAILED, "One or more resources could not be deleted.") if walk.failed else (End.DONE, "")


async def _sweep(running: Running, record: StackResource, back: bool) -> None:
    """Delete what a resource has left behind; its update is over."""
    garbage = [*record.garbage]
    if not back and record.before and record.before["physical_id"] != record.physical_id:
        garbage.append(record.before)
    clean = replace(record, before=None, garbage=[])
    for said in garbage:
        old = StackResource.from_document(said)
        policy = record.replace_policy if not back else ""
        if policy in ("Retain", "RetainExceptOnCreate"):
            await _tell_of(running, old, "DELETE_SKIPPED")
            continue
        await _tell_of(running, old, "DELETE_IN_PROGRESS")
        try:
            await _remove(running, old)
        except TROUBLE as error:
            await _tell_of(running, old, "DELETE_FAILED", running.reason(error))
            raise Failed(str(error)) from error
        await _tell_of(running, old, "DELETE_COMPLETE")
    await running.keep(clean)


async def _tell_of(running: Running, old: StackResource, status: str, reason: str = "") -> None:
    """An event of a physical resource that is not the record's any more."""
    now = running.made()[old.logical_id]
    await running.tell(replace(old, before=now.before, garbage=now.garbage), status, reason)
    await running.keep(now)


async def _delete(running: Running, record: StackResource) -> None:
    """Delete a resource, unless its policy keeps it."""
    if not record.is_made:
        await running.tell(record, "DELETE_COMPLETE")
        return
    if _is_kept(running, record):
        await running.tell(record, "DELETE_SKIPPED")
        return
    record = await running.tell(record, "DELETE_IN_PROGRESS")
    try:
        for said in [*record.garbage, *([record.before] if record.before else [])]:
            await _remove(running, StackResource.from_document(said))
        await _remove(running, record)
    except TROUBLE as error:
        if running.stack.forced:
            await running.tell(record, "DELETE_SKIPPED", running.reason(error))
            return
        await running.tell(record, "DELETE_FAILED", running.reason(error))
        raise Failed(str(error)) from error
    await running.tell(record, "DELETE_COMPLETE")


def _is_kept(running: Running, record: StackResource) -> bool:
    policy = record.deletion_policy
    if record.logical_id in running.stack.retained:
        return True
    fresh = running.stack.status in (Phase.ROLLBACK, Phase.ROLLBACK_CLEANUP)
    if policy == "Retain":
        return not (fresh and running.stack.except_on_create)
    return policy == "RetainExceptOnCreate" and not fresh


async def _remove(running: Running, record: StackResource) -> None:
    """Raises TROUBLE."""
    maker = running.ports.maker(record.type, running)
    subject = running.subject(record, await running.filled(record.properties), {})
    await maker.delete(replace(subject, id=record.physical_id))


async def roll_back_update(running: Running) -> Outcome:
    """UPDATE_ROLLBACK: every resource that the update touched is as it was."""
    touched = {name: one for name, one in running.made().items() if one.before}
    for name in touched.keys() & set(running.stack.retained):  # ResourcesToSkip: as if it were what it was
        before = StackResource.from_document(touched[name].before or {})
        await running.tell(replace(before, before=None, garbage=touched[name].garbage), "UPDATE_COMPLETE")
        del touched[name]
    graph = within({name: one.before["needs"] for name, one in touched.items() if one.before})
    walk = await running.walk(Walk(graph, through=True), lambda name: _restore(running, touched[name]))
    if walk.failed:
        return End.FAILED, f"The following resource(s) failed to update: [{', '.join(walk.failed)}]. "
    await _go_back(running)
    return End.DONE, ""


async def _go_back(running: Running) -> None:
    """The stack's goal is again what it was."""
    stack = running.stack
    if stack.former is not None:
        running.stack = await running.ports.records.change(stack, goal=stack.former, former=None)


async def _restore(running: Running, record: StackResource) -> None:
    assert record.before
    before = StackResource.from_document(record.before)
    if before.physical_id != record.physical_id:
        garbage = [*record.garbage, *([_bare(record)] if record.physical_id else [])]
        before = replace(before, before=None, garbage=garbage)
        await running.tell(before, "UPDATE_COMPLETE")
        return
    record = await running.tell(record, "UPDATE_IN_PROGRESS")
    try:
        maker = running.ports.maker(record.type, running)
        filled, former = await running.filled(before.properties), await running.filled(record.properties)
        subject = running.subject(before, filled, former)
        if not maker.replaces(subject):  # else nothing was done yet
            with contextlib.suppress(Unchangeable):  # nor was it then
                await maker.update(subject)
    except TROUBLE as error:
        await running.tell(record, "UPDATE_FAILED", running.reason(error))
        raise Failed(str(error)) from error
    await running.tell(replace(before, before=None, garbage=record.garbage), "UPDATE_COMPLETE")


def _bare(record: StackResource) -> dict[str, Any]:
    return replace(record, before=None, garbage=[]).document()
