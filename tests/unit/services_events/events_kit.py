"""The operations as boto3 sees them: its request through our wire, our answer through its parser. No sockets, and a
clock that is moved by hand; what is pushed to targets is kept."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import botocore.session
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.buses.buses import Buses
from lambent.buses.registry import Registry
from lambent.buses.replaying import Replays
from lambent.buses.retention import drop_later
from lambent.buses.timetable import Timetable
from lambent.clock import ManualClock
from lambent.model.push import Push
from lambent.model.scope import Caller, Scope
from lambent.observe.findings import Ledger
from lambent.services.events.env import EventsEnv
from lambent.services.events.operations import OPERATIONS
from lambent.store.archives import Archives
from lambent.store.open import Store, open_store
from lambent.wire import parse, serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

MODEL = botocore.session.get_session().get_service_model("events")
HERE = Scope("111111111111", "eu-west-1")
NOW = 1_775_000_000.0
"""2026-03-31T23:33:20Z"""
QUEUE = "arn:aws:sqs:eu-west-1:111111111111:q"


class Events:
    """Calls operations by name; a refusal comes back as {"Error": {"Code", "Message"}}."""

    def __init__(self, store: Store, clock: ManualClock, tasks: set[asyncio.Task[None]], pushed: list[Push]) -> None:
        self.store, self.clock, self.pushed, self.findings = store, clock, pushed, Ledger()
        self._tasks = tasks
        self.registry = Registry(store.resources, _new_id, clock.wall)
        self.archives = Archives(store.database)
        self.buses = Buses(self.registry, self.archives, clock, self._add, _new_id)
        replays = Replays(self.registry, self.archives, self.buses, clock, self._spawn)
        timetable = Timetable(clock, self.registry.find_rule, self.buses.fire, self._spawn)
        ledger = self.findings.report, self.findings.withdraw
        self.env = EventsEnv(self.registry, self.buses, self.archives, replays, timetable, clock.wall, _new_id, *ledger)
        timetable.start(self.registry.all_rules())
        replays.resume()
        drop_later(self.registry, self.archives, clock, self._spawn)

    async def _add(self, pushes: Sequence[Push]) -> None:
        self.pushed += pushes

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def call(self, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        sent = create_serializer("json").serialize_to_request(params, model)
        headers = {name.lower(): value for name, value in sent["headers"].items()}
        answer = await self._answer(Request("POST", "/", "", headers, sent["body"]), scope)
        raw = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
        result = dict(create_parser("json").parse(raw, model.output_shape or model.input_shape))
        result.pop("ResponseMetadata", None)
        return result

    async def did(self, operation: str, scope: Scope = HERE, /, **params: Any) -> dict[str, Any]:
        """An answer that is no refusal."""
        answer = await self.call(operation, scope, **params)
        assert "Error" not in answer, answer
        return answer

    async def refused(self, operation: str, scope: Scope = HERE, /, **params: Any) -> tuple[str, str]:
        """The code and the text of a refusal."""
        answer = await self.call(operation, scope, **params)
        assert "Error" in answer, answer
        return answer["Error"]["Code"], answer["Error"]["Message"]

    async def _answer(self, request: Request, scope: Scope) -> Response:
        events, operation = service.spoken("events", request), None
        try:
            operation = events.route(request)
            params = parse.parse(events, operation, request)
            validate.validate(events, operation, params)
            result = await OPERATIONS[operation](self.env, Caller(scope, "id"), params)
            return serialize.output(events, operation, result, "id")
        except Fault as fault:
            return serialize.fault(events, operation, fault, "id")

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    async def rule(self, name: str = "r", *targets: dict[str, Any], **settings: Any) -> str:
        """A rule, for events of the source "s" unless the settings say otherwise; its ARN."""
        pattern = (
            {} if settings.keys() & {"EventPattern", "ScheduleExpression"} else {"EventPattern": '{"source":["s"]}'}
        )
        bus = {"EventBusName": settings["EventBusName"]} if "EventBusName" in settings else {}
        made = await self.did("PutRule", Name=name, **pattern, **settings)
        given = [{"Id": str(place), "Arn": QUEUE, **one} for place, one in enumerate(targets or [{}])]
        assert await self.did("PutTargets", Rule=name, Targets=given, **bus) == {
            "FailedEntryCount": 0, "FailedEntries": [],
        }  # fmt: skip
        return str(made["RuleArn"])

    async def put(self, detail: Any = None, **entry: Any) -> dict[str, Any]:
        """The answer to an entry of the source "s"."""
        given = {"Source": "s", "DetailType": "t", "Detail": json.dumps(detail or {}), **entry}
        [answer] = (await self.did("PutEvents", Entries=[given]))["Entries"]
        return dict(answer)

    def sent(self) -> list[Any]:
        """The bodies of what was pushed, read; and forget them."""
        found, self.pushed[:] = [json.loads(one.delivery.body) for one in self.pushed], []
        return found


def _new_id() -> str:
    return str(uuid.uuid4())


def with_events(folder: Path, *bodies: Callable[[Events], Awaitable[None]]) -> None:
    """Run each of `bodies` on the same data, with a kill in between: nothing is closed in an orderly way."""

    async def run() -> None:
        clock = ManualClock(NOW)
        for body in bodies:
            tasks: set[asyncio.Task[None]] = set()
            store = await open_store(folder)
            events = Events(store, clock, tasks, [])
            try:
                await asyncio.wait_for(body(events), 60)
            finally:
                for task in tuple(tasks):
                    task.cancel()
                events.env.timetable.close()
                await store.close()

    asyncio.run(run())
