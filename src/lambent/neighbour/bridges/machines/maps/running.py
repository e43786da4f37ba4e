"""A run of a distributed Map state: an execution of its own for each item or batch, as many at once as may be, until
all have ended or too many have failed.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html, state-map-distributed.html,
and of failures https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html#maprun-fail-threshold
"""

import copy
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from lambent.neighbour.bridges import timing
from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.machines import errors, executions
from lambent.neighbour.bridges.machines.maps import definition, reading, results
from lambent.neighbour.bridges.machines.maps.templates import NOTHING, Template, at, number
from lambent.neighbour.bridges.results import to_json_str

MOST_AT_ONCE = 64
"""Executions of a run: on AWS there may be 10,000, here each takes threads of one process."""
LOOK_SECONDS = 0.2
"""How often it is looked at whether the execution of the run still runs, and what was changed of it."""
EXCEEDED = ("States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded")
READER, WRITER, RUNTIME = "States.ItemReaderFailed", "States.ResultWriterFailed", "States.Runtime"
NO_ARRAY = "The Map state's items must be an array, but were: {}"
EXPRESS = "EXPRESS"
COUNTED = {"SUCCEEDED": "succeeded", "TIMED_OUT": "timed_out", "ABORTED": "aborted"}


def evaluated(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's `StateMap._eval_execution`: distributed Maps are run here."""

    def run(component: Any, env: Any) -> None:
        text = getattr(env.aws_execution_details, "definition", "")
        state = definition.distributed(text, component.name)
        if state is None:
            former(component, env)
            return
        _MapRun(env, text, component.name, state).run()

    return run


class _MapRun:
    def __init__(self, env: Any, text: str, name: str, state: Mapping[str, Any]) -> None:
        self._env, self._text, self._name, self._state = env, text, name, state
        self._language = definition.language(text, state)
        self._frame = env.open_frame()
        self._frame.states.reset(env.stack.pop())
        self._given = self._frame.states.get_input()
        self._failed_items = 0
        self._done: list[tuple[Any, str] | None] = []
        self._under_way: dict[int, tuple[Any, int]] = {}
        self._lock = threading.Lock()

    def run(self) -> None:
        """The result goes onto the stack. Raises moto's FailureEventException."""
        length, inputs = 0, None
        most = number(self._frame, self._state, "MaxConcurrency", self._language) or 0
        if not self._state.get("ItemReader"):
            inputs = self._passed()
            length = len(inputs)
        self._event("MapStateStarted", {"mapStateStartedEventDetails": {"length": length}})
        self._record = self._made(most)
        arn = self._record.map_run_arn
        self._event("MapRunStarted", {"mapRunStartedEventDetails": {"mapRunArn": arn}})
        try:
            found = self._children(self._inputs(self._read() if inputs is None else inputs))
        except Exception as error:
            self._end("MapRunFailed", *_said(error))
            raise
        self._event("MapRunSucceeded", None)
        self._record.set_stop("SUCCEEDED" if self._env.is_running() else "ABORTED")
        self._event("MapStateSucceeded", None, update=False)
        self._env.close_frame(self._frame)
        self._env.stack.append(found)

    def _event(self, kind: str, details: Any, *, update: bool = True) -> None:
        self._env.event_manager.add_event(self._env.event_history_context, kind, details, update_source_event_id=update)

    def _end(self, kind: str, error: str | None, cause: str | None) -> None:
        details = {name: one for name, one in (("error", error), ("cause", cause)) if one is not None}
        self._event(kind, {"mapRunFailedEventDetails": details})
        self._record.set_stop("FAILED" if self._env.is_running() else "ABORTED")
        self._env.close_frame(self._frame)

    def _made(self, most: int) -> Any:
        from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import map_run_record

        context = self._env.states.context_object.context_object_data
        machine = ":".join(context["StateMachine"]["Id"].split(":")[:7])
        count = number(self._frame, self._state, "ToleratedFailureCount", self._language)
        percentage = number(self._frame, self._state, "ToleratedFailurePercentage", self._language)
        label = self._state.get("Label")
        record: Any = map_run_record.MapRunRecord(
            machine, context["Execution"]["Id"], most, count or 0, percentage or 0.0, label
        )
        record.given = {"count": count, "percentage": percentage}
        record.children = []
        self._env.map_run_record_pool_manager.add(record)
        return record

    # --- what it runs over

    def _passed(self) -> list[Any]:
        found = self._given
        if self._state.get("ItemsPath"):
            found = Template(at(self._state["ItemsPath"]), self._language).value(self._frame)["v"]
        elif self._state.get("Items") is not None:
            found = Template(self._state["Items"], self._language).value(self._frame)
        if not isinstance(found, list):
            raise self._failure(RUNTIME, NO_ARRAY.format(to_json_str(found)))
        return found

    def _read(self) -> list[Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        reader = self._state["ItemReader"]
        config = reader.get("ReaderConfig") or {}
        said = Template(reader.get("Parameters") or reader.get("Arguments") or {}, self._language).value(self._frame)
        most = number(self._frame, config, "MaxItems", self._language)
        try:
            if reader["Resource"] == reading.LIST:
                pages = self._s3().get_paginator("list_objects_v2").paginate(**said)
                return reading.first((_plain(one) for page in pages for one in page.get("Contents") or ()), most)
            content = self._s3().get_object(**said)["Body"].read()
            return reading.first(reading.items(content, config, self._fetch), most)
        except (ClientError, BotoCoreError, reading.ReadingFailed, ValueError, KeyError, OSError) as error:
            raise self._failure(READER, str(error)) from error

    def _fetch(self, bucket: str, key: str) -> bytes:
        found: bytes = self._s3().get_object(Bucket=bucket, Key=key)["Body"].read()
        return found

    def _inputs(self, items: list[Any]) -> list[tuple[Any, int]]:
        """The input of each child, and how many items are in it."""
        selected = list(map(self._selected, range(len(items)), items)) if self._selector() is not NOTHING else items
        batcher = self._state.get("ItemBatcher")
        if batcher is None:
            return [(one, 1) for one in selected]
        sizes = [
            number(self._frame, batcher, name, self._language) for name in ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
        ]
        more = batcher.get("BatchInput")
        given = {} if more is None else {"BatchInput": Template(more, self._language).value(self._frame)}
        return [({**given, "Items": batch}, len(batch)) for batch in reading.batches(selected, *sizes)]

    def _selector(self) -> Any:
        return self._state.get("ItemSelector") or self._state.get("Parameters") or NOTHING

    def _selected(self, index: int, item: Any) -> Any:
        self._frame.states.context_object.context_object_data["Map"] = {"Item": {"Index": index, "Value": item}}
        return Template(self._selector(), self._language).value(self._frame)

    # --- its children

    def _children(self, inputs: list[tuple[Any, int]]) -> Any:
        self._done = [None] * len(inputs)
        self._counted("pending", sum(size for _, size in inputs), len(inputs))
        self._counted("total", sum(size for _, size in inputs), len(inputs))
        exceeded = self._run_all(inputs)
        ended = [one for one in self._done if one is not None]
        found = self._left(ended)
        if exceeded:
            raise self._failure(*EXCEEDED)
        return found

    def _left(self, ended: list[tuple[Any, str]]) -> Any:
        writer = self._state.get("ResultWriter") or {}
        if writer.get("Resource"):
            return self._written(ended)
        return results.transformed(ended, (writer.get("WriterConfig") or {}).get("Transformation") or "COMPACT")

    def _run_all(self, inputs: list[tuple[Any, int]]) -> bool:
        """Whether too many have failed."""
        waiting, running = list(enumerate(inputs)), set[Future[None]]()
        waiting.reverse()
        total = sum(size for _, size in inputs)
        pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="map-run")
        while (waiting or running) and self._env.is_running() and not self._is_exceeded(total):
            most = min(self._record.max_concurrency or MOST_AT_ONCE, MOST_AT_ONCE)
            while waiting and len(running) < most:
                index, (given, size) = waiting.pop()
                running.add(pool.submit(self._child, index, given, size))
            _, running = wait(running, LOOK_SECONDS, FIRST_COMPLETED)
        pool.shutdown(wait=False, cancel_futures=True)  # what a child that is aborted still does is nobody's business
        if running:
            self._abort()
        return self._is_exceeded(total)

    def _is_exceeded(self, total: int) -> bool:
        count, percentage = self._record.given["count"], self._record.given["percentage"]
        if percentage is not None and self._failed_items * 100 > percentage * total:
            return True
        allowed = count if count is not None or percentage is not None else 0
        return allowed is not None and self._failed_items > allowed

    def _abort(self) -> None:
        for index, (execution, size) in list(self._under_way.items()):
            if execution.stop_date is None:
                execution.stop(timing.moment(), None, None)
            self._ended(index, execution, size)

    def _child(self, index: int, given: Any, size: int) -> None:
        execution = self._execution(to_json_str(given))
        execution.exec_status = _running()
        with self._lock:
            self._record.children.append(execution)
            self._under_way[index] = (execution, size)
        self._counted("pending", -size, -1)
        self._counted("running", size, 1)
        execution.exec_worker = execution._get_start_execution_worker()
        try:
            execution.exec_worker._execution_logic()
        finally:
            self._ended(index, execution, size)

    def _ended(self, index: int, execution: Any, size: int) -> None:
        status = executions.status_of(execution)
        with self._lock:
            if self._done[index] is not None:
                return
            self._done[index] = (execution, status)
            self._failed_items += size if status in ("FAILED", "TIMED_OUT") else 0
        self._counted("running", -size, -1)
        self._counted(COUNTED.get(status, "failed"), size, 1)
        del self._under_way[index]

    def _counted(self, name: str, items: int, executions: int) -> None:
        getattr(self._record.item_counter, name).offset(items)
        getattr(self._record.execution_counter, name).offset(executions)

    def _execution(self, given: str) -> Any:
        from moto.stepfunctions.parser.api import StateMachineType
        from moto.stepfunctions.parser.backend.execution import Execution

        details, name = self._env.aws_execution_details, str(uuid.uuid4())
        kind = (definition.processor(self._state).get("ProcessorConfig") or {}).get("ExecutionType") or "STANDARD"
        machine = self._machine(kind)
        arn = f"{machine.arn.replace(':stateMachine:', ':express:' if kind == EXPRESS else ':execution:')}:{name}"
        return Execution(
            name=name,
            sm_type=StateMachineType(kind),
            role_arn=details.role_arn,
            exec_arn=f"{arn}:{uuid.uuid4()}" if kind == EXPRESS else arn,
            account_id=details.account,
            region_name=details.region,
            state_machine=machine,
            start_date=timing.moment(),
            cloud_watch_logging_session=None,
            activity_store=self._env.activity_store,
            input_data=given,
        )

    def _machine(self, kind: str) -> Any:
        from moto.stepfunctions.parser.api import StateMachineType

        machine = copy.copy(self._env.aws_execution_details.machine)
        arn = self._record.map_run_arn.replace(":mapRun:", ":stateMachine:").rpartition(":")[0]
        machine.arn, machine.name = arn, arn.rpartition(":")[2]
        machine.definition = definition.child(self._text, self._state)
        machine.type, machine.sm_type = kind, StateMachineType(kind)
        return machine

    # --- what it leaves

    def _written(self, ended: list[tuple[Any, str]]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        writer = self._state["ResultWriter"]
        config = writer.get("WriterConfig") or {}
        said = Template(writer.get("Parameters") or writer.get("Arguments") or {}, self._language).value(self._frame)
        bucket, prefix = str(said.get("Bucket")), str(said.get("Prefix") or "").strip("/")
        folder = f"{prefix}{'/' if prefix else ''}{self._record.map_run_arn.rpartition(':')[2]}"
        sizes: dict[str, tuple[str, int]] = {}
        ending = "jsonl" if config.get("OutputType") == "JSONL" else "json"
        try:
            for status, content in results.files(ended, config).items():
                sizes[status] = (f"{folder}/{status}_0.{ending}", len(content))
                self._s3().put_object(Bucket=bucket, Key=sizes[status][0], Body=content)
            content = results.manifest(bucket, self._record.map_run_arn, sizes)
            self._s3().put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=content)
        except (ClientError, BotoCoreError, OSError) as error:
            raise self._failure(WRITER, str(error)) from error
        self._counted("results_written", sum(counted(self._record.item_counter)), len(ended))
        details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
        return {"MapRunArn": self._record.map_run_arn, "ResultWriterDetails": details}

    def _s3(self) -> Any:
        from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials
        from moto.stepfunctions.parser.asl.utils import boto_client

        details = self._env.aws_execution_details
        acting: Any = StateCredentials(role_arn=details.role_arn)
        acting.account = details.account
        acting.machine_arn = self._env.states.context_object.context_object_data["StateMachine"]["Id"]
        return boto_client.boto_client_for(region=details.region, service="s3", state_credentials=acting)

    def _failure(self, error: str, cause: str) -> Exception:
        return errors.failure(self._env, "MapRunFailed", error, cause)


def counted(counter: Any) -> list[int]:
    """How many have ended, by how."""
    return [getattr(counter, name).get() for name in ("succeeded", "failed", "timed_out", "aborted")]


def _said(error: Exception) -> tuple[str | None, str | None]:
    pair = getattr(error, "extract_error_cause_pair", lambda: None)()
    return pair or (RUNTIME, str(error))


def _plain(found: Any) -> Any:
    """An object of a list, as it is told: times are seconds."""
    return {
        name: int(one.timestamp()) if name == "LastModified" else one
        for name, one in found.items()
        if name in ("Etag", "ETag", "Key", "LastModified", "Size", "StorageClass")
    }


def _running() -> Any:
    from moto.stepfunctions.parser.api import ExecutionStatus

    return ExecutionStatus.RUNNING
