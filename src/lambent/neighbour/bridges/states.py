"""Step Functions: executions are run by moto's own interpreter, and their tasks ask the gateway, by its
socket.

So a task on a function or queue finds those that are answered here, and one on another service what its callers find.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-services.html.
"""

import functools
import hashlib
import io
import logging
import string
import sys
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from lambent.model import task_token
from lambent.neighbour.bridges import results
from lambent.neighbour.bridges.handing import MACHINE, MACHINE_ARN, ROLE, SESSION, Gateway
from lambent.neighbour.bridges.machines import errors, map_runs, redriving

PLACE = "http://127.0.0.1"
"""Of the gateway, as the client has it: an address, so that a bucket's name is in the path. Nobody connects to it."""
DENIALS = ("AccessDenied", "AccessDeniedException")
LOST = "States.Runtime"
_ACTIVITY: ContextVar[str] = ContextVar("activity", default="")
INTERRUPTED = "moto, which ran this execution, has ended; what it had begun was not gone on with"


def run_executions() -> None:
    """Switch moto's interpreter on. What it logs of executions that fail is in their histories."""
    from moto.core.config import default_user_config

    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}


def share_machines(models: ModuleType) -> None:
    """The machines of stacks are the interpreter's as well: `moto.stepfunctions.models` makes them in its own place.

    What serves the one shall serve the other: moto looks for the paths of a service beside its backend.
    """
    from moto.stepfunctions import urls
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends

    sys.modules["moto.stepfunctions.parser.urls"] = urls
    vars(models)["stepfunctions_backends"] = stepfunctions_parser_backends


def client_for(gateway: Gateway, _former: Any) -> Callable[..., Any]:
    """In place of moto's: the client of a task, in the name of its role."""

    def make(region: str, service: str, state_credentials: Any = None) -> Any:
        import boto3
        from botocore.config import Config

        client = boto3.client(
            service,
            region_name=region,
            endpoint_url=PLACE,
            aws_access_key_id=_account(state_credentials),
            aws_secret_access_key="lambent",  # noqa: S106 (nothing checks it)
            config=Config(parameter_validation=False, retries={"max_attempts": 0, "total_max_attempts": 1}),
        )
        client.meta.events.register("before-send", functools.partial(_send, gateway, _named(state_credentials)))
        client.meta.events.register("after-call", results.remember)
        return client

    return make


def _named(state_credentials: Any) -> dict[str, str]:
    """Who asks, in headers."""
    said = {ROLE: state_credentials.role_arn, SESSION: getattr(state_credentials, "session", "")}
    said[MACHINE_ARN] = getattr(state_credentials, "machine_arn", "")
    machine = getattr(state_credentials, "machine", "")
    return {**said, MACHINE: machine} if machine else said


def _send(gateway: Gateway, named: Mapping[str, str], request: Any, **_: object) -> Any:
    """In place of botocore's: moto reaches the gateway's socket, and nothing else. Raises OSError, HTTPException."""
    from botocore.awsrequest import AWSResponse
    from urllib3 import HTTPHeaderDict, HTTPResponse

    parts = urlsplit(request.url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    said = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    status, headers, content = gateway.ask(request.method, target, {**said, **named}, body)
    raw = HTTPResponse(io.BytesIO(content), HTTPHeaderDict(headers), status, preload_content=False)
    return AWSResponse(request.url, status, raw.headers, raw)


def credentials(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around moto's: what a task acts as also says in which account its execution runs, what its session is called, and
    which role assumes the task's own. Fails for another account's."""

    def evaluate(task: Any, env: Any) -> Any:
        found = former(task, env)
        details = env.aws_execution_details
        if task.credentials and found.role_arn.split(":")[4:5] != [details.account]:
            raise ValueError(f"a task can't act as {found.role_arn} yet: it is another account's")
        found.account = details.account
        context = env.states.context_object.context_object_data
        found.session, found.machine_arn = session_of(context["Execution"]["Id"]), context["StateMachine"]["Id"]
        found.machine = details.role_arn if task.credentials else ""
        return found

    return evaluate


def token(_gateway: Gateway, _former: Any) -> Callable[[Any], str]:
    """In place of moto's, whose tokens are UUIDs: one that tells whose task it is."""

    def renew(context: Any) -> str:
        said = context.context_object_data
        machine = ":".join(said["StateMachine"]["Id"].partition("/")[0].split(":")[:7])
        made = task_token.made(_ACTIVITY.get() or machine, str(uuid.uuid4()))
        said["Task"] = {"Token": made}
        return made

    return renew


def activity(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's: the token of a task is its activity's, not its machine's."""

    def evaluate(task: Any, env: Any) -> None:
        before = _ACTIVITY.set(task.resource.resource_arn)
        try:
            former(task, env)
        finally:
            _ACTIVITY.reset(before)

    return evaluate


def session_of(execution: str) -> str:
    """What the session of an execution's role is called: 32 letters, as AWS makes them."""
    digest = hashlib.sha256(execution.encode()).digest()
    return "".join(string.ascii_letters[one % 52] for one in digest)


def denied(error: str) -> Callable[[Gateway, Callable[..., Any]], Callable[..., Any]]:
    """Around moto's, which names the error of a task that was denied after its code: on AWS it is the service's own
    exception, since the code is none that the service's SDK knows. As users of AWS have reported it."""

    def make(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
        def from_error(task: Any, env: Any, ex: Exception) -> Any:
            failed = errors.untyped(former(task, env, ex), ex)
            if getattr(ex, "response", {}).get("Error", {}).get("Code") in DENIALS:
                _rename(failed, error, ex.response["Error"]["Message"])  # type: ignore[attr-defined]
            return failed

        return from_error

    return make


def by_arn(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around moto's, which calls every refusal of a function that a task names by its ARN "Exception": it is Lambda's
    own error, as a task on `lambda:invoke` has it, so that a Retry on `Lambda.TooManyRequestsException` sees it.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
    """

    def from_error(task: Any, env: Any, ex: Exception) -> Any:
        failed = errors.untyped(former(task, env, ex), ex)
        said = getattr(ex, "response", {})
        if said.get("Error"):
            error, meta = said["Error"], said["ResponseMetadata"]
            code = "AWSLambdaException" if error["Code"] in DENIALS else error["Code"]
            told = f"{error['Message']} (Service: AWSLambda; Status Code: {meta['HTTPStatusCode']}; "
            told += f"Error Code: {error['Code']}; Request ID: {meta.get('RequestId', '')}; Proxy: null)"
            _rename(failed, f"Lambda.{code}", told, always=True)
        return failed

    return from_error


def _rename(failed: Any, error: str, message: str, *, always: bool = False) -> None:
    """Give a failed task's event the name of another error; and the message where moto's own has no words of the
    service's, or `always`."""
    from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName

    for details in failed.event_details.values():
        if always or details["error"] == LOST:
            details["cause"] = message
        details["error"] = error
    failed.error_name = CustomErrorName(error)


def asked(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's, which asks for an execution of an execution by names that boto3 does not know."""

    def spell(task: Any, parameters: dict[str, Any], *more: Any, **named: Any) -> None:
        former(task, parameters, *more, **named)
        for name in list(parameters):
            parameters[name[:1].lower() + name[1:]] = parameters.pop(name)

    return spell


def answered(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's, which hands on the answer as boto3 has it. Dates are milliseconds since 1970.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    """

    def spell(task: Any, response: dict[str, Any], *more: Any, **named: Any) -> None:
        former(task, response, *more, **named)
        for name in list(response):
            value = response.pop(name)
            at = value.timestamp() if hasattr(value, "timestamp") else None
            response[name[:1].upper() + name[1:]] = value if at is None else int(at * 1000)

    return spell


def execute(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's: an execution that its interpreter fails on has failed; it does not run for ever. What it runs is
    at hand where an expression fails."""

    def run(worker: Any) -> None:
        details = worker._evaluation_details
        execution = worker._execution_communication.execution
        details.aws_execution_details.definition = details.state_machine_details.definition
        details.aws_execution_details.machine = execution.state_machine
        try:
            (redriving.go_on if getattr(execution, "redriven", None) else former)(worker)
        except Exception as error:
            _fail(execution, f"{type(error).__name__}: {error}")

    return run


def running(services: Any) -> list[Any]:
    """The executions that run, of all accounts; of a service other than this none."""
    machines = [
        machine
        for of in services.values()
        for one in of.values()
        if type(one).__module__ == "moto.stepfunctions.parser.models"
        for machine in one.state_machines
    ]
    return [one for machine in machines for one in machine.executions if one.status == "RUNNING"]


def interrupt(services: Any) -> int:
    """Executions that ran when they were kept have failed: nothing of them runs any more. Answers how many."""
    ended = running(services)
    for execution in ended:
        for child in map_runs.children_of(execution):
            if child.stop_date is None:
                _fail(child, INTERRUPTED)
        map_runs.interrupt(execution)
        _fail(execution, INTERRUPTED)
    return len(ended)


def _fail(execution: Any, cause: str) -> None:
    from datetime import UTC, datetime

    from moto.stepfunctions.parser.api import ExecutionStatus

    execution.stop_date = datetime.now(UTC)
    execution.error, execution.cause = LOST, cause
    execution.exec_status = ExecutionStatus.FAILED


def _account(state_credentials: Any) -> str:
    return str(getattr(state_credentials, "account", None) or state_credentials.role_arn.split(":")[4])
