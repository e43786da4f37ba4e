"""A Lambda control plane on a temporary folder, with a clock and ids that count up."""

import asyncio
import io
import itertools
import json
import re
import zipfile
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lambent.engine.allocation import State, want
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.model.limits import AWS_2026, Limits
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.haste import Haste
from lambent.services.lambda_.operations import OPERATIONS
from lambent.store.open import Store, open_store
from lambent.wire.fault import Fault

HERE = Scope("111111111111", "us-east-1")
ROLE = "arn:aws:iam::111111111111:role/r"
ANSWERS = json.loads((Path(__file__).parent / "recorded.json").read_text())["answers"]


def package(text: str = "def handler(event, context): return 1", mode: int = 0o644) -> bytes:
    """The same bytes for the same text, whenever it is asked."""
    buffer = io.BytesIO()
    entry = zipfile.ZipInfo("handler.py")
    entry.external_attr = mode << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, text)
    return buffer.getvalue()


class NoInvoker:
    async def invoke(self, function: FunctionVersion, invocation: Invocation) -> Outcome:
        raise AssertionError("nothing is invoked here")


@dataclass
class Plane:
    """Calls operations as the gateway does; what is spawned waits for `settle`."""

    store: Store
    limits: Limits = AWS_2026
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    retired: list[str] = field(default_factory=list)
    retired_versions: list[str | None] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    concurrency: dict[str, tuple[int | None, dict[str, int]]] = field(default_factory=dict)
    allocated: dict[tuple[str, str], State] = field(default_factory=dict)
    asked: list[tuple[Scope, str, dict[str, Any]]] = field(default_factory=list)
    elsewhere: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Answers of other services, by target; what is not in it is not there (400)."""
    paused: float = 0.0
    spawned: list[Coroutine[Any, Any, None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        seconds, numbers = itertools.count(1_795_255_200), itertools.count(1)
        self.env = LambdaEnv(
            functions=self.store.functions,
            resources=self.store.resources,
            blobs=self.store.blobs,
            clock=lambda: float(next(seconds)),
            new_id=lambda: f"00000000-0000-0000-0000-{next(numbers):012}",
            fetch_s3=self._fetch,
            check_runtime=self._check_runtime,
            retire=self._retire,
            spawn=self.spawned.append,
            code_url=lambda digest: f"http://localhost/{digest}",
            invoker=NoInvoker(),  # type: ignore[arg-type]
            prepare=self._prepare,
            pause=self._pause,
            report=self.findings.append,
            withdraw=self._withdraw,
            ask=self._ask,
            limit_concurrency=self._limit_concurrency,
            allocation=self._allocation,
            site_url=lambda name: f"http://{name}.localhost:4566/",
            limits=self.limits,
            haste=Haste(itertools.count(0, 100).__next__),  # nobody is in a hurry
        )

    def _withdraw(self, resource: str, code: str = "") -> None:
        self.findings[:] = [
            one
            for one in self.findings
            if not (f"{one.resource}:".startswith(f"{resource}:") and code in ("", one.code))
        ]

    async def _ask(
        self, caller: Caller, service: str, target: str, document: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        self.asked.append((caller.scope, target, dict(document)))
        return (200, self.elsewhere[target]) if target in self.elsewhere else (400, {})

    def _limit_concurrency(self, scope: Scope, name: str, reserved: int | None, provisioned: Mapping[str, int]) -> None:
        self.concurrency[name] = (reserved, dict(provisioned))
        for version, places in provisioned.items():
            if self._allocation(scope, name, version).wanted != places:
                self.allocated[name, version] = want(self._allocation(scope, name, version), places)
                self.spawned.append(self._allocate(name, version))

    def _allocation(self, scope: Scope, name: str, version: str) -> State:
        return self.allocated.get((name, version), State())

    async def _allocate(self, name: str, version: str) -> None:
        state = self.allocated[name, version]
        self.allocated[name, version] = want(state._replace(there=state.wanted), state.wanted)

    def _retire(self, scope: Scope, name: str, version: str | None = None) -> None:
        self.retired.append(name)
        self.retired_versions.append(version)

    async def _pause(self, seconds: float) -> None:
        self.paused += seconds
        if self.paused > 60:
            raise AssertionError("a store that stays broken is asked for ever")

    async def _prepare(self, function: FunctionVersion) -> None:
        self.prepared.append(function.name)

    async def _fetch(self, caller: Caller, bucket: str, key: str, version: str | None) -> bytes:
        if (bucket, key) not in self.objects:
            raise faults.s3_refused("NoSuchKey", "The specified key does not exist.")
        return self.objects[bucket, key]

    def _check_runtime(self, runtime: str) -> None:
        if not runtime.startswith("python3."):
            raise faults.invalid(f"no runtime {runtime}")

    async def call(self, operation: str, /, scope: Scope = HERE, **params: Any) -> dict[str, Any]:
        answer: Any = await OPERATIONS[operation](self.env, Caller(scope, "request"), params)
        return answer

    async def refused(self, operation: str, /, scope: Scope = HERE, **params: Any) -> Fault:
        with pytest.raises(Fault) as caught:
            await self.call(operation, scope, **params)
        return caught.value

    async def create(self, name: str = "f", **params: Any) -> dict[str, Any]:
        said = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Handler": "handler.handler",
            "Role": ROLE,
            "Code": {"ZipFile": package()},
        }
        return await self.call("CreateFunction", **(said | params))

    async def settle(self) -> None:
        while self.spawned:
            await self.spawned.pop(0)


def play(folder: Path, scene: Callable[[Plane], Awaitable[None]], limits: Limits = AWS_2026) -> None:
    async def main() -> None:
        store = await open_store(folder, limits=limits)
        plane = Plane(store, limits)
        try:
            await scene(plane)
        finally:
            for coroutine in plane.spawned:
                coroutine.close()
            await store.close()

    asyncio.run(main())


_PLACEHOLDER = re.compile(r"<[^>]+>")


def same(recorded: Any, answer: Any, bound: dict[str, str], at: str = "") -> None:
    """Assert that `answer` is `recorded`, the same placeholder always standing for the same value."""
    if isinstance(recorded, dict):
        recorded = {key: value for key, value in recorded.items() if key != "ResponseMetadata"}
        assert isinstance(answer, dict), at
        assert set(recorded) == set(answer), at
        for key, value in recorded.items():
            same(value, answer[key], bound, f"{at}.{key}")
    elif isinstance(recorded, list):
        assert len(recorded) == len(answer), at
        for index, value in enumerate(recorded):
            same(value, answer[index], bound, f"{at}[{index}]")
    elif isinstance(recorded, str) and recorded == "date":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", answer), at
    elif isinstance(recorded, str) and _PLACEHOLDER.search(recorded):
        _bind(recorded, str(answer), bound, at)
    else:
        assert recorded == answer, at


def _bind(recorded: str, answer: str, bound: dict[str, str], at: str) -> None:
    names, parts, last = [], [], 0
    for match in _PLACEHOLDER.finditer(recorded):
        parts += [re.escape(recorded[last : match.start()]), "(.+?)"]
        names.append(match.group())
        last = match.end()
    found = re.fullmatch("".join(parts) + re.escape(recorded[last:]), answer)
    assert found, f"{at}: {answer} is not {recorded}"
    for name, value in zip(names, found.groups(), strict=True):
        if ":" in name:  # numbered: the same value wherever it stands
            assert bound.setdefault(name, value) == value, f"{at}: {name}"


def same_fault(name: str, fault: Fault) -> None:
    """Assert that a Fault is the recorded error; its status only where it is not the model's."""
    same_refusal(ANSWERS[name], fault, name)


def same_refusal(recorded: dict[str, Any], fault: Fault, name: str = "") -> None:
    """The same for an error at hand."""
    assert fault.code == recorded["Error"]["Code"]
    message = recorded["Error"].get("Message")
    assert (fault.message is None) == (message is None)
    if message is not None:
        _bind(message, str(fault.message), {}, name)
    assert fault.members.get("Type") == recorded.get("Type")
    if fault.status is not None:
        assert fault.status == recorded["ResponseMetadata"]["HTTPStatusCode"]
