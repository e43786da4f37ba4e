"""Distributed Maps: an execution for each item or batch, and what becomes of them."""

import gzip
import io
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.neighbour.bridges import states, timing
from lambent.neighbour.bridges.machines import executions, map_runs, validating
from lambent.neighbour.bridges.machines.maps import inline, reading
from tests.unit.neighbour.machines.plane import ROLE, backend, defining, ended, machine, refused, started

PASS: dict[str, Any] = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
FAILS_ON_TWO: dict[str, Any] = {
    "StartAt": "C",
    "States": {
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "F"}],
            "Default": "P",
        },
        "F": {"Type": "Fail", "Error": "Two", "Cause": "it is"},
        "P": {"Type": "Pass", "End": True},
    },
}
RUN = "arn:aws:states:eu-west-1:111111111111:mapRun:m/L:"


def mapped(inner: dict[str, Any] = PASS, kind: str = "STANDARD", **more: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **inner}
    return {"A": {"Type": "Map", "ItemProcessor": processor, "Label": "L", "End": True, **more}}


def from_object(kind: str, key: str) -> dict[str, Any]:
    parameters = {"Bucket": "b", "Key": key}
    return {"Resource": reading.OBJECT, "ReaderConfig": {"InputType": kind}, "Parameters": parameters}


def ran(there: Any, states: dict[str, Any], given: Any) -> dict[str, Any]:
    """An execution that has ended, with its events and its run."""
    arn = machine(there, states)["stateMachineArn"]
    execution = started(there, arn, input=json.dumps(given))
    told = ended(there, execution)
    events = executions.get_execution_history(there, {"executionArn": execution})["events"]
    listed = map_runs.list_map_runs(there, {"executionArn": execution})["mapRuns"]
    runs = [map_runs.describe_map_run(there, {"mapRunArn": one["mapRunArn"]}) for one in listed]
    return {**told, "types": [one["type"] for one in events], "events": events, "runs": runs}


class Bucket:
    """S3, as a task's client has it."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {name.replace("__", "."): content for name, content in objects.items()}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "The key is not there"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Key] = Body

    def get_paginator(self, _name: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        listed = [{"Key": name, "Size": len(content), "Owner": 1} for name, content in sorted(self.objects.items())]
        return [{"Contents": listed[:1]}, {"Contents": listed[1:]}, {}]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bucket]:
    def make(**objects: bytes) -> Bucket:
        from moto.stepfunctions.parser.asl.utils import boto_client

        found = Bucket(**objects)
        monkeypatch.setattr(boto_client, "boto_client_for", lambda region, service, state_credentials: found)
        return found

    return make


def test_every_item_has_an_execution_of_its_own() -> None:
    there = backend()
    selector = {"at.$": "$$.Map.Item.Index", "is.$": "$$.Map.Item.Value", "all.$": "$.more"}
    told = ran(there, mapped(ItemsPath="$.items", ItemSelector=selector), {"items": ["a", "b"], "more": 1})
    assert json.loads(told["output"]) == [{"at": 0, "is": "a", "all": 1}, {"at": 1, "is": "b", "all": 1}]
    assert told["types"] == [
        "ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunSucceeded",
        "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    [run] = told["runs"]
    assert run["mapRunArn"].startswith(RUN)
    assert (run["status"], run["itemCounts"]["succeeded"], run["executionCounts"]["total"]) == ("SUCCEEDED", 2, 2)
    [second, first] = executions.list_executions(there, {"mapRunArn": run["mapRunArn"]})["executions"]
    assert first["stateMachineArn"] == "arn:aws:states:eu-west-1:111111111111:stateMachine:m/L"
    child = executions.describe_execution(there, {"executionArn": first["executionArn"]})
    assert child["mapRunArn"] == run["mapRunArn"]
    assert json.loads(child["input"]) in json.loads(told["output"])
    history = executions.get_execution_history(there, {"executionArn": second["executionArn"]})["events"]
    assert [one["type"] for one in history][-1] == "ExecutionSucceeded"
    of = executions.describe_state_machine_for_execution(there, {"executionArn": first["executionArn"]})
    assert (json.loads(of["definition"]), of["label"]) == (PASS, "L")


def test_an_express_child_is_listed_and_not_described() -> None:
    there = backend()
    told = ran(there, mapped(kind="EXPRESS"), [1])
    assert told["output"] == "[1]"
    [child] = executions.list_executions(there, {"mapRunArn": told["runs"][0]["mapRunArn"]})["executions"]
    assert ":express:m/L:" in child["executionArn"]


def test_one_failure_is_too_many_unless_more_are_tolerated() -> None:
    there = backend()
    told = ran(there, mapped(FAILS_ON_TWO), [1, 2, 3])
    assert (told["status"], told["error"], told["cause"]) == (
        "FAILED", "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded",
    )  # fmt: skip
    assert told["types"][-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    assert (told["runs"][0]["status"], told["runs"][0]["itemCounts"]["failed"]) == ("FAILED", 1)


@pytest.mark.parametrize(
    "tolerated",
    [{"ToleratedFailureCount": 1}, {"ToleratedFailurePercentage": 40}, {"ToleratedFailureCountPath": "$[0]"}],
)
def test_what_is_tolerated_is_told_among_the_results(tolerated: dict[str, Any]) -> None:
    told = ran(backend(), mapped(FAILS_ON_TWO, **tolerated), [1, 2, 3])
    one, two, three = json.loads(told["output"])
    assert (one, three) == (1, 3)
    assert (two["Status"], two["Error"], two["Cause"], two["Input"]) == ("FAILED", "Two", "it is", "2")


@pytest.mark.parametrize("tolerated", [{"ToleratedFailurePercentage": 30}, {"ToleratedFailureCount": 0}])
def test_what_is_not_tolerated(tolerated: dict[str, Any]) -> None:
    assert ran(backend(), mapped(FAILS_ON_TWO, **tolerated), [1, 2, 3])["status"] == "FAILED"


def test_a_failed_run_is_caught() -> None:
    states = mapped(FAILS_ON_TWO, Catch=[{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "B"}])
    told = ran(backend(), {**states, "B": {"Type": "Pass", "End": True}}, [2])
    assert json.loads(told["output"])["Error"] == "States.ExceedToleratedFailureThreshold"


def test_batches_are_of_so_many_items_with_what_they_share() -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"x.$": "$.x"}}
    told = ran(backend(), mapped(ItemsPath="$.items", ItemBatcher=batcher), {"items": [1, 2, 3], "x": 7})
    assert json.loads(told["output"]) == [
        {"BatchInput": {"x": 7}, "Items": [1, 2]},
        {"BatchInput": {"x": 7}, "Items": [3]},
    ]
    [run] = told["runs"]
    assert (run["itemCounts"]["total"], run["executionCounts"]["total"]) == (3, 2)


def test_batches_are_of_so_many_bytes() -> None:
    assert list(reading.batches(["aa", "bb", "c" * 9, "d"], None, 12)) == [["aa", "bb"], ["c" * 9], ["d"]]
    assert list(reading.batches([], 2, None)) == []


def test_in_jsonata() -> None:
    state = mapped()["A"]
    del state["Label"]
    more = {
        "Items": "{% $states.input.items %}",
        "ItemSelector": {"n": "{% $states.context.Map.Item.Value * 2 %}"},
        "ItemBatcher": {"MaxItemsPerBatch": "{% $states.input.size %}", "BatchInput": {"y": "{% 1 + 1 %}"}},
        "MaxConcurrency": "{% 2 %}",
    }
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {**state, **more}}})
    there = backend()
    made = defining.create_state_machine(there, {"name": "m", "definition": text, "roleArn": ROLE})
    told = ended(there, started(there, made["stateMachineArn"], input='{"items": [1, 2, 3], "size": 2}'))
    assert told["status"] == "SUCCEEDED", told
    assert [one["Items"] for one in json.loads(told["output"])] == [[{"n": 2}, {"n": 4}], [{"n": 6}]]


@pytest.mark.parametrize(
    ("config", "content", "items"),
    [
        ({"InputType": "JSON"}, b'[1, {"a": 2}]', [1, {"a": 2}]),
        ({"InputType": "JSON", "ItemsPointer": "/a/b"}, b'{"a": {"b": [3]}}', [3]),
        ({"InputType": "JSONL"}, b'{"a": 1}\n\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, b"a,b\n1,2\n3\n",
         [{"a": "1", "b": "2"}, {"a": "3", "b": ""}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x", "y"], "CSVDelimiter": "PIPE"},
         b'1|"a\nb"', [{"x": "1", "y": "a\nb"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1}, b"a\n1\n2\n", [{"a": "1"}]),
    ],
)  # fmt: skip
def test_items_of_an_object(bucket: Callable[..., Bucket], config: Any, content: bytes, items: list[Any]) -> None:
    bucket(o=content)
    reader = {"Resource": reading.OBJECT, "ReaderConfig": config, "Parameters": {"Bucket": "b", "Key.$": "$.key"}}
    told = ran(backend(), mapped(ItemReader=reader), {"key": "o"})
    assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", items)
    started_with = next(one for one in told["events"] if one["type"] == "MapStateStarted")
    assert started_with["mapStateStartedEventDetails"] == {"length": 0}


def test_items_of_a_list_are_all_its_pages(bucket: Callable[..., Bucket]) -> None:
    bucket(a=b"1", b=b"22")
    told = ran(backend(), mapped(ItemReader={"Resource": reading.LIST, "Parameters": {"Bucket": "b"}}), {})
    assert json.loads(told["output"]) == [{"Key": "a", "Size": 1}, {"Key": "b", "Size": 2}]


def test_items_of_an_inventory(bucket: Callable[..., Bucket]) -> None:
    manifest = {
        "destinationBucket": "arn:aws:s3:::there", "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "f.csv.gz"}],
    }  # fmt: skip
    there = bucket(m=json.dumps(manifest).encode())
    there.objects["f.csv.gz"] = gzip.compress(b'"b","x+y","3"\n')
    reader = {
        "Resource": reading.OBJECT,
        "ReaderConfig": {"InputType": "MANIFEST"},
        "Parameters": {"Bucket": "b", "Key": "m"},
    }
    told = ran(backend(), mapped(ItemReader=reader), {})
    assert json.loads(told["output"]) == [{"Bucket": "b", "Key": "x y", "Size": "3"}]


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(bytes(64)), gzip.compress(b"x")[:-4], b"none", gzip.compress(b"x")[:12] + b"garbage"],
    ids=["too large", "cut short", "no gzip", "damaged"],
)
def test_a_file_of_an_inventory_that_unpacks_to_too_much_or_not_at_all(
    packed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "UNPACKED_BYTES", 63)
    manifest = {"destinationBucket": "b", "fileFormat": "CSV", "fileSchema": "Key", "files": [{"key": "f.gz"}]}
    with pytest.raises(reading.ReadingFailed, match="unpack"):
        list(reading.items(json.dumps(manifest).encode(), {"InputType": "MANIFEST"}, lambda bucket, key: packed))


@pytest.mark.parametrize(("key", "cause"), [("none", "The key is not there"), ("o", "non-iterable"), ("x", "no JSON")])
def test_what_can_t_be_read_fails_the_run(bucket: Callable[..., Bucket], key: str, cause: str) -> None:
    bucket(o=b"{}", x=b"[")
    reader = {
        "Resource": reading.OBJECT,
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "b", "Key": key},
    }
    told = ran(backend(), mapped(ItemReader=reader), {})
    assert (told["status"], told["error"]) == ("FAILED", "States.ItemReaderFailed")
    assert cause in told["cause"]


def test_results_are_written_by_status(bucket: Callable[..., Bucket]) -> None:
    there = bucket()
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}
    told = ran(backend(), mapped(FAILS_ON_TWO, ToleratedFailureCount=1, ResultWriter=writer), [1, 2])
    output = json.loads(told["output"])
    run = told["runs"][0]["mapRunArn"]
    folder = f"p/{run.rpartition(':')[2]}"
    assert output == {
        "MapRunArn": run, "ResultWriterDetails": {"Bucket": "b", "Key": f"{folder}/manifest.json"},
    }  # fmt: skip
    manifest = json.loads(there.objects[f"{folder}/manifest.json"])
    [good] = manifest["ResultFiles"]["SUCCEEDED"]
    assert (manifest["DestinationBucket"], manifest["ResultFiles"]["PENDING"]) == ("b", [])
    [one] = json.loads(there.objects[good["Key"]])
    assert (good["Size"], one["Input"], one["Output"]) == (len(there.objects[good["Key"]]), "1", "1")
    [bad] = json.loads(there.objects[manifest["ResultFiles"]["FAILED"][0]["Key"]])
    assert (bad["Error"], bad["Status"]) == ("Two", "FAILED")


@pytest.mark.parametrize(
    ("config", "output"),
    [({"Transformation": "FLATTEN"}, [1, 2, 3]), ({"Transformation": "COMPACT"}, [[1, 2], [3]])],
)
def test_results_are_transformed(config: dict[str, str], output: list[Any]) -> None:
    writer = {"WriterConfig": {"OutputType": "JSON", **config}}
    assert json.loads(ran(backend(), mapped(ResultWriter=writer), [[1, 2], [3]])["output"]) == output


def test_one_that_is_stopped_stops_its_children() -> None:
    there = backend()
    waits: dict[str, Any] = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    execution = started(there, machine(there, mapped(waits, MaxConcurrency=1))["stateMachineArn"], input="[1, 2]")
    deadline = time.monotonic() + 5
    while not (listed := map_runs.list_map_runs(there, {"executionArn": execution})["mapRuns"]):
        assert time.monotonic() < deadline
    arn = listed[0]["mapRunArn"]
    while map_runs.describe_map_run(there, {"mapRunArn": arn})["executionCounts"]["running"] < 1:
        assert time.monotonic() < deadline
    map_runs.update_map_run(there, {"mapRunArn": arn, "maxConcurrency": 2, "toleratedFailureCount": 5})
    while map_runs.describe_map_run(there, {"mapRunArn": arn})["executionCounts"]["running"] < 2:
        assert time.monotonic() < deadline
    executions.stop_execution(there, {"executionArn": execution})
    while (run := map_runs.describe_map_run(there, {"mapRunArn": arn}))["status"] == "RUNNING":
        assert time.monotonic() < deadline
    assert (run["status"], run["executionCounts"]["aborted"], run["toleratedFailureCount"]) == ("ABORTED", 2, 5)
    with refused("ValidationException"):
        map_runs.update_map_run(there, {"mapRunArn": arn, "maxConcurrency": 1})


def test_no_items_are_no_executions() -> None:
    told = ran(backend(), mapped(), [])
    assert (told["output"], told["runs"][0]["executionCounts"]["total"]) == ("[]", 0)


def test_what_is_no_array() -> None:
    told = ran(backend(), mapped(), {"a": 1})
    assert (told["status"], told["error"]) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ItemReader": {"Resource": reading.OBJECT, "ReaderConfig": {"InputType": "PARQUET"}}}, "PARQUET"),
        ({"ItemReader": {"Resource": "arn:aws:states:::sqs:sendMessage"}}, "ItemReader"),
        ({"ItemBatcher": {"BatchInput": {}}}, "ItemBatcher"),
        ({"ResultWriter": {}}, "ResultWriter"),
    ],
)
def test_what_is_refused(more: dict[str, Any], said: str) -> None:
    text = json.dumps({"StartAt": "A", "States": mapped(**more)})
    told = validating.validate_state_machine_definition(backend(), {"definition": text})
    assert told["result"] == "FAIL"
    assert said in told["diagnostics"][0]["message"]


def test_a_state_inside_is_looked_at_as_well() -> None:
    with refused("InvalidDefinition"):
        machine(backend(), mapped({"StartAt": "P", "States": {"P": {"Type": "Nothing", "End": True}}}))


def test_an_inline_map_has_any_number_of_items_one_after_another() -> None:
    class Frame:
        def __init__(self) -> None:
            self.event_history_context = SimpleNamespace(source_event_id=0, last_published_event_id=7)

        def open_inner_frame(self) -> "Frame":
            return Frame()

        def close_frame(self, frame: "Frame") -> None:
            closed.append(frame)

    jobs = [SimpleNamespace(job_output=None) for _ in range(20_000)]
    done: list[Any] = []
    closed: list[Frame] = []
    pool = SimpleNamespace(next_job=lambda: jobs.pop() if jobs else None, close_job=done.append)
    worker = SimpleNamespace(_env=Frame(), _job_pool=pool, stopped=lambda: False, _eval_job=lambda env, job: None)
    gateway: Any = None
    frame = Frame()
    inline.pooled(gateway, None)(worker, jobs.pop(), frame)
    assert (len(done), closed[-1], frame.event_history_context.source_event_id) == (20_000, frame, 7)


@pytest.mark.parametrize(("said", "most"), [(0, 40), (5, 5), (1000, 40)])
def test_an_inline_map_runs_so_many_at_once(said: int, most: int) -> None:
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import inline_iteration_component

    assert (
        inline_iteration_component.InlineIterationComponentEvalInput("A", said, [], None, None).max_concurrency == most
    )


def test_a_run_that_nothing_runs_any_more_has_failed_with_its_children() -> None:
    there = backend()
    waits: dict[str, Any] = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    execution = started(there, machine(there, mapped(waits))["stateMachineArn"], input="[1]")
    deadline = time.monotonic() + 5
    while not (runs := map_runs.list_map_runs(there, {"executionArn": execution})["mapRuns"]) or not (
        children := executions.list_executions(there, {"mapRunArn": runs[0]["mapRunArn"]})["executions"]
    ):
        assert time.monotonic() < deadline
    assert states.interrupt({"stepfunctions": {"111111111111": {"eu-west-1": there}}}["stepfunctions"]) == 1
    told = executions.describe_execution(there, {"executionArn": children[0]["executionArn"]})
    assert (told["status"], told["redriveStatus"]) == ("FAILED", "REDRIVABLE_BY_MAP_RUN")
    assert map_runs.describe_map_run(there, {"mapRunArn": runs[0]["mapRunArn"]})["status"] == "FAILED"
    env = there.state_machines[0].executions[0].exec_worker.env
    env.set_stop(stop_date=timing.moment(), cause=None, error=None)
