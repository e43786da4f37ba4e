"""`lambent invoke`: send one event, print what comes back.

The response payload goes to stdout: indented JSON on a terminal, the very bytes (and a newline) otherwise.
Exit code 3 when the function reported an error.
"""

import base64
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lambent.cli import hints, output
from lambent.cli.debug import invoke_under_debugger
from lambent.cli.errors import FUNCTION_ERROR, OK, USAGE, CliError
from lambent.cli.target import INVOKE_SECONDS, EndpointOption, JsonOption, RegionOption, target_of


def invoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name or ARN.")],
    *,
    payload: Annotated[
        str, typer.Option("--payload", "-p", metavar="JSON|@FILE|-", help="The event; - reads stdin.")
    ] = "{}",
    qualifier: Annotated[str | None, typer.Option(help="Version or alias.")] = None,
    asynchronous: Annotated[bool, typer.Option("--async", help="Hand the event over; don't wait.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Show the last 4 KB of the log, on stderr.")] = False,
    debug: Annotated[
        int | None,
        typer.Option("--debug", metavar="PORT", min=1, max=65_535, help="Run it under a debugger, waited for there."),
    ] = None,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Invoke a function and print its response. Exit code 3: the function reported an error."""
    if asynchronous and log:
        raise CliError("--log needs an answer to wait for: leave out --async, or read `lambent logs`", USAGE)
    if debug is not None and asynchronous:
        raise CliError("--debug waits for the debugger and the answer: leave out --async", USAGE)
    request: dict[str, Any] = {"FunctionName": name, "Payload": read_payload(payload)}
    request["InvocationType"] = "Event" if asynchronous else "RequestResponse"
    if qualifier is not None:
        request["Qualifier"] = qualifier
    if not asynchronous:
        request["LogType"] = "Tail"
    target = target_of(context, endpoint, region)
    if debug is None:
        answer = target.client("lambda", read_timeout=INVOKE_SECONDS).invoke(**request)
        body: bytes = answer["Payload"].read()
    else:
        answer, body = invoke_under_debugger(target, request, debug)
    if json:
        _show_document(answer, body)
    else:
        _show(answer, body, log)
    raise typer.Exit(FUNCTION_ERROR if "FunctionError" in answer else OK)


def read_payload(text: str) -> bytes:
    """The event's bytes, unchanged: the text itself, or from `@file` or `-` (stdin).

    Raises CliError (2) for a file that can't be read and for what is not JSON.
    """
    if text == "-":
        source, raw = "stdin", sys.stdin.buffer.read()
    elif text.startswith("@"):
        source = text[1:]
        try:
            raw = Path(source).expanduser().read_bytes()
        except OSError as error:
            raise CliError(f"{source}: {error.strerror}: --payload takes JSON, @FILE or -", USAGE) from None
    else:
        source, raw = "--payload", text.encode("utf-8", "surrogateescape")
    import json

    try:
        json.loads(raw)
    except ValueError as error:
        raise CliError(f"{source} is not JSON, as '{{\"key\": 1}}' is: {error}", USAGE) from None
    return raw


def _show(answer: dict[str, Any], body: bytes, log: bool) -> None:
    told = _tail(answer) if log else _of_failed_start(_tail(answer)) if "FunctionError" in answer else ""
    if told:
        typer.echo(told.rstrip("\n"), err=True)
    if answer["StatusCode"] == 202:
        output.note(f"accepted, request id {_request_id(answer)}")
        return
    if "FunctionError" in answer:
        hint = hints.of_failure(body)
        reason = f"{_reason(body)}{f'; {hint}' if hint else ''}"
        output.error(f"the function failed ({answer['FunctionError']}){reason}")
    typer.echo(_pretty(body) if sys.stdout.isatty() else body)


def _of_failed_start(log: str) -> str:
    """What the function wrote until its Init phase failed; "" if it did not. The second attempt says the same."""
    written, start, _ = log.partition("INIT_REPORT ")
    return written if start and "\tStatus: error" in log and "START RequestId: " not in written else ""


def _reason(body: bytes) -> str:
    """`: TYPE: MESSAGE`, as far as the error says them, in one line."""
    value = _value(body)
    members = value if isinstance(value, dict) else {}
    said = [str(members[name]) for name in ("errorType", "errorMessage") if members.get(name)]
    return "".join(f": {part}" for part in said).replace("\n", " ")


def _show_document(answer: dict[str, Any], body: bytes) -> None:
    output.document(
        {
            "status_code": answer["StatusCode"],
            "function_error": answer.get("FunctionError"),
            "executed_version": answer.get("ExecutedVersion"),
            "request_id": _request_id(answer),
            "payload": _value(body),
            "log": _tail(answer).splitlines(),
        }
    )


def _tail(answer: dict[str, Any]) -> str:
    return base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace")


def _request_id(answer: dict[str, Any]) -> str | None:
    request_id: str | None = answer["ResponseMetadata"].get("RequestId")
    return request_id


def _value(body: bytes) -> Any:
    import json

    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")


def _pretty(body: bytes) -> str:
    import json

    value = _value(body)
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
