"""Segments of stages that trace."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from lambent.engine.traces import documents
from lambent.model import trace
from lambent.model.trace import Segment
from lambent.services.apigateway.serving.door import RestDoor
from tests.unit.services_apigateway.door_kit import Stage, with_stage

ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793"


def _recording(stage: Stage) -> list[Segment]:
    kept: list[Segment] = []

    def decide(_stage: str, given: str | None, _request_id: str) -> str:
        header = given or ROOT
        return header if trace.is_decided(header) else trace.decided(header, True)

    stage.door = RestDoor(replace(stage.ports, trace_header=decide, record=kept.append))
    return kept


def test_a_stage_that_traces_has_a_segment_with_the_call_of_its_function(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        kept = _recording(stage)
        await stage.proxy()
        await stage.deploy(tracingEnabled=True)
        await stage.ask()
        [said] = [documents.read(one.document) for one in kept]
        assert (said["origin"], said["http"]["response"]["status"]) == ("AWS::ApiGateway::Stage", 200)
        assert said["resource_arn"].endswith(f"/restapis/{stage.id}/stages/dev")
        [call] = said["subsegments"]
        assert (call["name"], call["aws"]["operation"]) == ("Lambda", "Invoke")
        header = stage.functions.events[-1]["headers"]["X-Amzn-Trace-Id"]
        assert header == f"{ROOT};Parent={call['id']};Sampled=1"

    with_stage(tmp_path, scene)


def test_who_calls_decides_and_other_stages_hand_the_header_on(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        kept = _recording(stage)
        await stage.proxy()
        await stage.deploy(tracingEnabled=True)
        await stage.ask(**{"X-Amzn-Trace-Id": f"{ROOT};Sampled=0"})
        await stage.patch_stage(**{"/tracingEnabled": "false"})
        await stage.ask(**{"X-Amzn-Trace-Id": f"{ROOT};Sampled=1"})
        assert kept == []
        assert [one["headers"]["X-Amzn-Trace-Id"] for one in stage.functions.events] == [
            f"{ROOT};Sampled=0", f"{ROOT};Sampled=1",
        ]  # fmt: skip

    with_stage(tmp_path, scene)


def test_a_failure_is_a_fault(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        kept = _recording(stage)

        async def broken(_event: dict[str, Any]) -> Any:
            return "no answer that API Gateway understands"

        stage.functions.run = broken
        await stage.proxy()
        await stage.deploy(tracingEnabled=True)
        assert (await stage.ask()).status == 502
        assert (await stage.ask("/dev/nowhere")).status == 403
        found = [json.loads(one.document) for one in kept]
        assert [(one.get("fault"), one.get("error"), "subsegments" in one) for one in found] == [
            (True, None, True), (None, True, False),
        ]  # fmt: skip

    with_stage(tmp_path, scene)
