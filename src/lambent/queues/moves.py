"""Message move tasks: dead letters on their way back.

A task is durable: one that a stop of the server interrupts goes on at the next start. Each step moves some messages in
one transaction; they are new messages in their queue, with new ids and a new time of sending.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html.
"""

import base64
from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from lambent.engine.queue_message import Message, Place
from lambent.queues import errors
from lambent.queues.config import Config
from lambent.queues.content import Content
from lambent.queues.errors import QueueError
from lambent.queues.live_queue import Live
from lambent.queues.messages import Messages
from lambent.queues.registry import Registry
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource, Resources

TASK = "sqs-move-task"
"""The kind of a task's record; its parent is the source's name."""
STEP = 100
"""Messages that are moved at once."""
KEPT = 10
"""Tasks of a queue that are remembered."""
ACTIVE = frozenset({"RUNNING", "CANCELLING"})


class Moves:
    """The tasks of all queues; `spawn` runs their work."""

    def __init__(
        self,
        resources: Resources,
        registry: Registry,
        messages: Messages,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._resources = resources
        self._registry = registry
        self._messages = messages
        self._spawn = spawn

    def resume(self) -> None:
        """Go on with what was under way when the server stopped."""
        for task in self._resources:
            if task.kind == TASK and task.document["status"] in ACTIVE:
                self._spawn(self._run(task))

    async def start(self, source_arn: str, target_arn: str, rate: int | None) -> str:
        """Begin a task; answers its handle. Raises QueueError, StoreError."""
        source = self._registry.by_arn(source_arn)
        if source is None:
            raise errors.no_resource("SourceArn")
        if not self._registry.sources(source):
            raise errors.invalid("Source queue must be configured as a Dead Letter Queue.")
        target = self._registry.by_arn(target_arn) if target_arn else None
        if target_arn and target is None:
            raise errors.no_resource("DestinationArn")
        if target is not None and target.arn == source.arn:
            raise errors.invalid("Source queue arn and destination queue arn cannot be the same.")
        if target is not None and target.fifo != source.fifo:
            raise errors.invalid("Source and destination queues must be of the same type.")  # our wording
        if any(task.document["status"] in ACTIVE for task in self._of(source)):
            raise errors.invalid(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given "
                "time."
            )
        live = await self._messages.live(source)
        live.core.advance(self._messages.clock.wall())
        document = {
            "status": "RUNNING",
            "source": source.arn,
            "destination": target_arn,
            "rate": rate or 0,
            "moved": 0,
            "to_move": live.core.count(Place.READY),
            "up_to": self._messages.last_seq,
            "started": int(self._messages.clock.wall() * 1000),
            "failure": "",
        }
        name = self._messages.new_id()
        task = Resource(TASK, source.scope, source.name, name, self._messages.new_id(), document)
        await self._resources.write(inserts=[task], deletes=self._of(source)[KEPT - 1 :])
        self._spawn(self._run(task))
        return handle_of(task)

    async def cancel(self, handle: str, account: str) -> int:
        """Stop a task of an account; answers how many messages it has moved. Raises QueueError, StoreError."""
        task = self._by_handle(handle)
        if task is None or task.scope.account != account:
            raise QueueError("ResourceNotFoundException", "Task does not exist.")
        while task.document["status"] == "RUNNING":
            stopped = task.changed(self._messages.new_id(), task.document | {"status": "CANCELLING"})
            try:
                await self._resources.replace(task, stopped)
            except RecordChanged:
                task = self._current(task)
                continue
            return int(stopped.document["moved"])
        raise errors.invalid("Only active tasks can be cancelled.")

    def listed(self, source_arn: str, most: int) -> list[Resource]:
        """The latest tasks of a queue, the latest first. Raises QueueError."""
        source = self._registry.by_arn(source_arn)
        if source is None:
            raise errors.no_resource("SourceArn")
        return self._of(source)[:most]

    def _of(self, source: Config) -> list[Resource]:
        tasks = self._resources.children(TASK, source.scope, source.name)
        return sorted(tasks, key=lambda task: -int(task.document["started"]))

    def _by_handle(self, handle: str) -> Resource | None:
        try:
            said = orjson.loads(base64.b64decode(handle))
            source = self._registry.by_arn(said["sourceArn"])
            name = str(said["taskId"])
        except (ValueError, KeyError, TypeError):
            raise errors.bad_value(handle, "TaskHandle", "Invalid task handle.") from None  # our wording
        return self._resources.get(TASK, source.scope, source.name, name) if source is not None else None

    def _current(self, task: Resource) -> Resource:
        return self._resources.get(*task.key) or task

    # --- the work ------------------------------------------------------------------------------------------

    async def _run(self, task: Resource) -> None:
        clock = self._messages.clock
        rate = task.document["rate"]
        began = clock.monotonic()
        while (task := self._current(task)).document["status"] == "RUNNING":
            clock.began()
            try:
                moved = await self._step(task, min(rate or STEP, STEP))
            except QueueError as fault:
                await self._end(task, "FAILED", fault.code)
                return
            finally:
                clock.ended()
            if not moved:
                await self._end(task, "COMPLETED")
                return
            if rate:
                began += moved / rate
                await clock.sleep(max(began - clock.monotonic(), 0.0))
        await self._end(task, "CANCELLED")

    async def _step(self, task: Resource, most: int) -> int:
        """Move up to `most` messages; answers how many. Raises QueueError when there is nowhere to move them to."""
        source = self._registry.by_arn(task.document["source"])
        if source is None:
            raise QueueError("AWS.SimpleQueueService.NonExistentQueue")
        live = await self._messages.live(source)
        await self._messages.refill(live)
        lifted = live.core.lift(self._messages.clock.wall(), most, task.document["up_to"])
        try:
            said = await self._messages.contents([message.seq for message in lifted])
            lifted = [message for message in lifted if message.seq in said]
            for target, part in self._by_target(task, lifted, said).items():
                await self._move(live, target, part, said)
        except BaseException:
            live.core.put_back(lifted)
            live.settle()
            raise
        if lifted:
            await self._note(task, moved=task.document["moved"] + len(lifted))
        return len(lifted)

    def _by_target(self, task: Resource, lifted: list[Message], said: dict[int, Content]) -> dict[str, list[Message]]:
        parts: dict[str, list[Message]] = {}
        for message in lifted:
            target = task.document["destination"] or said[message.seq].source
            if self._registry.by_arn(target) is None:
                raise QueueError("AWS.SimpleQueueService.NonExistentQueue")
            parts.setdefault(target, []).append(message)
        return parts

    async def _move(self, live: Live, arn: str, part: list[Message], said: dict[int, Content]) -> None:
        target = self._registry.by_arn(arn)
        assert target is not None
        fresh = [(message, _fresh(said[message.seq], self._messages.new_id())) for message in part]
        now = self._messages.clock.wall()
        await self._messages.move(live, target, await self._messages.live(target), fresh, [now] * len(part))

    async def _end(self, task: Resource, status: str, failure: str = "") -> None:
        await self._note(task, status=status, failure=failure)

    async def _note(self, task: Resource, **members: object) -> None:
        """Write members of a task's record, whatever else has changed in it meanwhile."""
        while (current := self._resources.get(*task.key)) is not None:
            changed = current.changed(self._messages.new_id(), current.document | members)
            try:
                await self._resources.replace(current, changed)
            except RecordChanged:
                continue
            return


def handle_of(task: Resource) -> str:
    """What names a task to its starter."""
    document = {"taskId": task.name, "sourceArn": task.document["source"]}
    return base64.b64encode(orjson.dumps(document)).decode("ascii")


def _fresh(content: Content, message_id: str) -> Content:
    return content._replace(id=message_id, source="", earlier=0, first=0.0, sent=0.0)
