"""Where stacks are kept: documents of the store, read from memory, on disk before anything goes on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from lambent.deploy.errors import StackMissing
from lambent.deploy.phases import GONE
from lambent.deploy.stack import ChangeSet, Event, Stack, StackResource
from lambent.model.scope import Scope
from lambent.store.resources import Resource, Resources

STACK, RESOURCE, EVENT, CHANGE_SET, SIGNAL = (
    "stack", "stack-resource", "stack-event", "stack-change-set", "stack-signal",
)  # fmt: skip


class Records:
    """All stacks of all scopes."""

    def __init__(self, resources: Resources, new_id: Callable[[], str]) -> None:
        self._resources = resources
        self._new_id = new_id
        self._numbers: dict[str, int] = {}

    # --- stacks ------------------------------------------------------------------------------------------

    def stacks(self, scope: Scope) -> list[Stack]:
        """Every stack, newest first, also those that are deleted."""
        found = [Stack.from_document(one.document) for one in self._resources.all(STACK, scope)]
        return sorted(found, key=lambda one: -one.created)

    def alive(self, scope: Scope) -> int:
        """How many there are that are not deleted."""
        return sum(one.document["status"] != GONE for one in self._resources.all(STACK, scope))

    def unfinished(self) -> list[Stack]:
        """The stacks of all scopes in which something is under way."""
        kept = [Stack.from_document(one.document) for one in self._resources if one.kind == STACK]
        return [one for one in kept if one.status.endswith("_IN_PROGRESS") and one.status != "REVIEW_IN_PROGRESS"]

    def find(self, scope: Scope, name: str) -> Stack | None:
        """The stack of that id, or the one of that name or alias that is not deleted."""
        if name.startswith("arn:"):
            parts = name.rsplit(":stack/", maxsplit=1)[-1].split("/")
            found = self._resources.get(STACK, scope, parts[0], parts[-1])
            same = found is not None and f":{scope.region}:{scope.account}:" in name
            return Stack.from_document(found.document) if found is not None and same else None
        alive = [Stack.from_document(one.document) for one in self._resources.children(STACK, scope, name)]
        return next((one for one in alive if one.status != GONE), None) or self._alias(scope, name)

    def _alias(self, scope: Scope, name: str) -> Stack | None:
        documents = (one.document for one in self._resources.all(STACK, scope))
        return next((Stack.from_document(one) for one in documents if one.get("alias") == name), None)

    def get(self, stack: Stack) -> Stack:
        """The stack as it is now. Raises StackMissing."""
        found = self._resources.get(STACK, stack.scope, stack.name, stack.uid)
        if found is None:
            raise StackMissing(f"Stack with id {stack.name} does not exist")
        return Stack.from_document(found.document)

    async def put(self, stack: Stack) -> None:
        """Write it down."""
        await self._resources.put(self._stack(stack))

    async def change(self, stack: Stack, **members: Any) -> Stack:
        """Change members of the stack as it is now."""
        changed = replace(self.get(stack), **members)
        await self.put(changed)
        return changed

    async def forget(self, stack: Stack) -> None:
        """A stack that never came to be, with all that hangs on it."""
        kinds = (RESOURCE, EVENT, CHANGE_SET, SIGNAL)
        gone = [one for kind in kinds for one in self._resources.children(kind, stack.scope, stack.uid)]
        await self._resources.write(deletes=gone)
        await self._resources.discard(self._stack(stack))

    # --- what belongs to a stack -------------------------------------------------------------------------

    def resources(self, stack: Stack) -> dict[str, StackResource]:
        """Its resources by logical id."""
        kept = self._resources.children(RESOURCE, stack.scope, stack.uid)
        return {one.name: StackResource.from_document(one.document) for one in kept}

    async def put_resource(self, stack: Stack, resource: StackResource) -> None:
        """Write one down."""
        await self._resources.put(self._child(RESOURCE, stack, resource.logical_id, resource.document()))

    async def drop_resource(self, stack: Stack, logical_id: str) -> None:
        """It is no part of the stack any more."""
        await self._resources.discard(self._child(RESOURCE, stack, logical_id, {}))

    def events(self, stack: Stack) -> list[Event]:
        """Its history, newest first."""
        kept = self._resources.children(EVENT, stack.scope, stack.uid)
        return [Event.from_document(one.document) for one in reversed(kept)]

    async def tell(self, stack: Stack, resource: StackResource | None, event: Event) -> None:
        """What happens to a resource, or to the stack itself, and its event: in one transaction."""
        number = self._count(stack)
        inserts = [self._child(EVENT, stack, f"{number:09}", event.document())]
        replaces: list[tuple[Resource, Resource]] = []
        if resource is not None:
            new = self._child(RESOURCE, stack, resource.logical_id, resource.document())
            old = self._resources.get(*new.key)
            if old is None:
                inserts.append(new)
            else:
                replaces.append((old, new))
        await self._resources.write(inserts, replaces)

    def _count(self, stack: Stack) -> int:
        self._numbers[stack.uid] = number = self._numbers.get(stack.uid) or self._last(stack)
        self._numbers[stack.uid] += 1
        return number

    def _last(self, stack: Stack) -> int:
        kept = self._resources.children(EVENT, stack.scope, stack.uid)
        return int(kept[-1].name) + 1 if kept else 1

    def change_sets(self, stack: Stack) -> list[ChangeSet]:
        """Its change sets, newest first."""
        kept = self._resources.children(CHANGE_SET, stack.scope, stack.uid)
        return sorted((ChangeSet.from_document(one.document) for one in kept), key=lambda one: -one.created)

    async def put_change_set(self, stack: Stack, change_set: ChangeSet) -> None:
        """Write one down."""
        await self._resources.put(self._child(CHANGE_SET, stack, change_set.uid, change_set.document()))

    async def drop_change_sets(self, stack: Stack, gone: Sequence[ChangeSet]) -> None:
        """Forget some."""
        for one in gone:
            await self._resources.discard(self._child(CHANGE_SET, stack, one.uid, {}))

    # --- exports -----------------------------------------------------------------------------------------

    def exports(self, scope: Scope) -> dict[str, tuple[str, Stack]]:
        """Name -> value, and the stack that exports it. Asked at each step: only stacks that export are read."""
        kept = (one.document for one in self._resources.all(STACK, scope))
        exporting = [
            Stack.from_document(one)
            for one in kept
            if one["status"] != GONE and any("ExportName" in output for output in one["outputs"])
        ]
        return {
            one["ExportName"]: (one["OutputValue"], stack)
            for stack in sorted(exporting, key=lambda one: -one.created)
            for one in stack.outputs
            if one.get("ExportName")
        }

    def importers(self, scope: Scope, name: str) -> list[str]:
        """The names of the stacks that import an export."""
        return [one.name for one in self.stacks(scope) if one.status != GONE and name in one.imports]

    def _stack(self, stack: Stack) -> Resource:
        return Resource(STACK, stack.scope, stack.name, stack.uid, self._new_id(), stack.document())

    def _child(self, kind: str, stack: Stack, name: str, document: dict[str, Any]) -> Resource:
        return Resource(kind, stack.scope, stack.uid, name, self._new_id(), document)
