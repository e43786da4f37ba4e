"""Making and changing resources: the phases that bring a stack to its goal."""

from dataclasses import replace
from typing import Any

from lambent.deploy import policy
from lambent.deploy.blueprint import Blueprint
from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.phases import End, Phase
from lambent.deploy.resources.calls import NotMade
from lambent.deploy.resources.kind import Subject
from lambent.deploy.running import STARTED, TROUBLE, Failed, Running
from lambent.deploy.stack import StackResource
from lambent.deploy.template.template import ResourceSpec
from lambent.deploy.template.validation import imports
from lambent.deploy.triggers import Triggers
from lambent.deploy.walk import Walk, within

REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
MADE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
Outcome = tuple[End, str]


async def make_all(running: Running) -> Outcome:
    """CREATE and UPDATE: every resource of the template, those first that others need."""
    creates = running.stack.status == Phase.CREATE
    step = _create if creates else _bring
    triggers = Triggers(running)
    try:
        blueprint = running.blueprint()
        _check_first(running, blueprint)
        async with triggers.watched():
            walk = await running.walk(Walk(within(blueprint.graph)), lambda name: step(running, name))
            if not walk.failed and not running.cancelled:
                await triggers.monitored()
        if not walk.failed and not running.cancelled:
            await _put_out(running)
    except TemplateInvalid as error:
        return _kept(running), f"{error}{_by_user(running)}"
    if running.cancelled:
        return _kept(running), running.cancelled
    return (_kept(running), _failure(running, walk)) if walk.failed else (End.DONE, "")


def _kept(running: Running) -> End:
    """What follows a failure."""
    if running.stack.disable_rollback or running.stack.on_failure == "DO_NOTHING":
        return End.KEPT
    return End.GONE if running.stack.on_failure == "DELETE" else End.FAILED


def _failure(running: Running, walk: Walk) -> str:
    made = running.made()
    groups: dict[str, list[str]] = {"create": [], "update": []}
    for name in walk.failed:
        status = made[name].status if name in made else "CREATE_FAILED"
        groups["create" if status == "CREATE_FAILED" else "update"].append(name)
    said = " ".join(
        f"The following resource(s) failed to {verb}: [{', '.join(names)}]." for verb, names in groups.items() if names
    )
    return f"{said}{_by_user(running) or ' '}"


def _by_user(running: Running) -> str:
    """What AWS adds to the reason of a creation that is rolled back."""
    rolled = running.stack.status == Phase.CREATE and _kept(running) is End.FAILED
    return " Rollback requested by user." if rolled else ""


def _check_first(running: Running, blueprint: Blueprint) -> None:
    """What stops a stack before any of its resources is touched. Raises TemplateInvalid."""
    known = blueprint.context
    for spec in blueprint.wanted.values():
        for name in imports(dict(spec.properties), known):
            if name not in known.exports:
                raise TemplateInvalid(f"No export named {name} found.")
    if running.stack.status == Phase.UPDATE:
        for name, record in running.made().items():
            if name not in blueprint.wanted and record.is_made:
                _permit(running, policy.DELETE, record)


async def _put_out(running: Running) -> None:
    """The stack's outputs. Raises TemplateInvalid for exports that can't be."""
    stack, records = running.stack, running.ports.records
    outputs = running.blueprint().outputs(running.made())
    taken = {name: owner for name, (_, owner) in records.exports(stack.scope).items() if owner.uid != stack.uid}
    for one in outputs:
        owner = taken.get(one.get("ExportName", ""))
        if owner is not None:
            raise TemplateInvalid(f"Export with name {one['ExportName']} is already exported by stack {owner.name}.")
    _keep_exports(running, outputs)
    running.stack = await records.change(stack, outputs=outputs, imports=sorted(running.exports.used))


def _keep_exports(running: Running, outputs: list[dict[str, str]]) -> None:
    """Raises TemplateInvalid when an export that others import would change or go."""
    now = {one["ExportName"]: one["OutputValue"] for one in outputs if one.get("ExportName")}
    for one in running.stack.outputs:
        name = one.get("ExportName", "")
        users = running.ports.records.importers(running.stack.scope, name) if name else []
        if users and name not in now:
            raise TemplateInvalid(f"Export {name} cannot be deleted as it is in use by {', '.join(users)}")
        if users and now[name] != one["OutputValue"]:
            raise TemplateInvalid(f"Export {name} cannot be updated as it is in use by {', '.join(users)}")


async def _create(running: Running, name: str) -> None:
    """One resource of a new stack."""
    record = running.made().get(name)
    if record is not None and record.status in MADE:
        return
    await _make(running, running.blueprint().wanted[name], record, None)


async def _bring(running: Running, name: str) -> None:
    """One resource of an update: made, changed, replaced, or left as it is."""
    spec = running.blueprint().wanted[name]
    record = running.made().get(name)
    if record is not None and record.before is not None and record.status in MADE:
        return  # a server before this one has done it
    if record is None or not record.physical_id or (record.before == {} and record.status not in MADE):
        await _make(running, spec, record, {})
        return
    former = StackResource.from_document(record.before) if record.before else record
    try:
        properties = await running.properties(spec)
    except TROUBLE as error:
        await running.tell(replace(record, before=former.document()), "UPDATE_FAILED", running.reason(error))
        raise Failed(str(error)) from error
    if properties == former.properties and not _tags_changed(running) and not record.before:
        await _note_policies(running, record, spec)
        return
    await _change(running, _described(running, former, spec), former, properties, spec)


def _tags_changed(running: Running) -> bool:
    former = running.stack.former
    return former is not None and former["tags"] != running.stack.goal["tags"]


async def _note_policies(running: Running, record: StackResource, spec: ResourceSpec) -> None:
    described = _described(running, record, spec)
    if described != record:
        await running.keep(described)


def _described(running: Running, record: StackResource, spec: ResourceSpec) -> StackResource:
    """The record with what the template says beside the properties."""
    blueprint = running.blueprint()
    needs, made = sorted(blueprint.graph.get(spec.logical_id, ())), running.made()
    policies = [blueprint.value(one, {}) or "" for one in (spec.deletion_policy, spec.update_replace_policy)]
    waits, shifts = (blueprint.value(dict(one), made) or {} for one in (spec.creation_policy, spec.update_policy))
    return replace(
        record, needs=needs, deletion_policy=policies[0], replace_policy=policies[1], metadata=spec.metadata,
        creation_policy=waits, update_policy=shifts,
    )  # fmt: skip


async def _change(
    running: Running, record: StackResource, former: StackResource, properties: dict[str, Any], spec: ResourceSpec
) -> None:
    """Change a resource, or make another one in its place."""
    maker = running.ports.maker(spec.type, running)
    record = replace(record, properties=properties, before=former.document())
    try:
        filled, before = await running.filled(properties), await running.filled(former.properties)
        subject = running.subject(record, filled, before)
        replaces = maker.replaces(subject)
        _permit(running, policy.REPLACE if replaces else policy.MODIFY, record)
        if replaces:
            await _replace(running, spec, record, subject)
            return
        record = await running.tell(record, "UPDATE_IN_PROGRESS")
        subject = await maker.update(subject)
    except TROUBLE as error:
        await running.tell(record, "UPDATE_FAILED", running.reason(error))
        raise Failed(str(error)) from error
    done = replace(record, attributes=dict(subject.attributes), ref=maker.ref(subject), physical_id=subject.id)
    await running.tell(done, "UPDATE_COMPLETE")


def _permit(running: Running, action: str, record: StackResource) -> None:
    """Raises TemplateInvalid for what the stack's policy does not let an update do."""
    why = policy.denial(running.stack.during, action, record.logical_id, record.type)
    if why:
        raise TemplateInvalid(why)


async def _replace(running: Running, spec: ResourceSpec, record: StackResource, subject: Subject) -> None:
    """Raises NotMade for a name that can't be had twice."""
    maker = running.ports.maker(spec.type, running)
    given = maker.name(subject)[0]
    if given and given == record.name:
        raise NotMade(
            f"CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {given} "
            "and update the stack again."
        )
    record = await running.tell(record, "UPDATE_IN_PROGRESS", REPLACING)
    await _make(running, spec, replace(record, physical_id="", name="", ref="", attributes={}), record.before)


async def _make(
    running: Running, spec: ResourceSpec, known: StackResource | None, before: dict[str, Any] | None
) -> None:
    """Make a resource; `before` is what it is made in the place of, {} for nothing in an update."""
    verb = "UPDATE" if before else "CREATE"
    fresh = known or StackResource(spec.logical_id, spec.type, "", 0.0)
    record = replace(_described(running, fresh, spec), before=before)
    if not before:
        record = await running.tell(record, "CREATE_IN_PROGRESS", shown="")

    async def note(subject: Subject) -> None:
        nonlocal record
        record = replace(record, physical_id=subject.id)
        record = await running.tell(record, f"{verb}_IN_PROGRESS", STARTED)

    try:
        maker = running.ports.maker(spec.type, running)
        properties = await running.properties(spec)
        filled = await running.filled(properties)
        again = bool(record.name) and not record.physical_id
        name = record.name or running.named(maker, record, filled)
        record = replace(record, properties=properties, name=name)
        await running.keep(record)
        subject = await maker.create(replace(running.subject(record, filled, {}), again=again), note)
    except TROUBLE as error:
        what = "update" if before else "creation"
        await running.tell(record, f"{verb}_FAILED", running.reason(error, what))
        raise Failed(str(error)) from error
    if not record.physical_id:
        await note(subject)
    done = replace(record, physical_id=subject.id, attributes=dict(subject.attributes), ref=maker.ref(subject))
    await running.tell(done, f"{verb}_COMPLETE")
