"""What went wrong, in one line that says what to do, and the exit code that goes with it.

CliError      anything the command itself found wrong: exit 1, or its own code
StartError    the server can't start (settings.py): exit 1
botocore's    no server, AWS faults, failed waits: exit 1
"""

import sys
from urllib.parse import urlsplit

from lambent.cli import hints
from lambent.settings import StartError

OK, FAILED, USAGE, FUNCTION_ERROR = 0, 1, 2, 3
"""Exit codes. 130 (Ctrl-C) is typer's own."""


_NO_REASON = "no reason was given"
_UNTOLD = {
    "AccessDeniedException": "AWS gives no reason. It belongs to another account than the one that asks: "
    + hints.ACCOUNT
}
"""What AWS answers without a word, and what it means here."""


class CliError(Exception):
    """One line for the user, and the exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def no_server(endpoint: str) -> str:
    """The line for an endpoint that nobody listens on."""
    return f"No Lambent at {endpoint}: start it with `lambent up`"


def not_lambent(endpoint: str) -> str:
    """The line for an endpoint where something else answers."""
    return f"What answers at {endpoint} is not Lambent: choose another --endpoint"


def explain(error: Exception) -> tuple[str, int] | None:
    """The line and exit code for an error that users may meet; None if it is a defect of ours."""
    if isinstance(error, CliError):
        return str(error), error.code
    if isinstance(error, StartError):
        return str(error), FAILED
    # Whoever raises botocore's errors has imported it; start-up doesn't.
    line = _explain_botocore(error) if "botocore" in sys.modules else None
    return (line, FAILED) if line is not None else None


def _explain_botocore(error: Exception) -> str | None:
    import botocore.exceptions as known
    from botocore.parsers import ResponseParserError

    match error:
        case known.ClientError():
            fault = error.response.get("Error", {})
            code = str(fault.get("Code", "Error"))
            said = fault.get("Message") or _UNTOLD.get(code, _NO_REASON)
            hint = hints.of_fault(code, said)
            return _one_line(f"{code}: {said}{f': {hint}' if hint else ''}")
        case known.EndpointConnectionError() | known.ConnectTimeoutError():
            return no_server(_origin(error))
        case known.ReadTimeoutError():
            return f"No answer from {_origin(error)} in time"
        case known.ConnectionClosedError():
            return f"{_origin(error)} closed the connection before it answered: is Lambent still up?"
        case ResponseParserError():
            return _one_line(f"What answered is not Lambent: {error}")
        case known.WaiterError():
            return _failed_wait(error.last_response) or _one_line(str(error))
        case known.BotoCoreError():
            return _one_line(str(error))
    return None


def _failed_wait(response: dict[str, dict[str, str]]) -> str:
    about = response.get("Configuration", {})
    reason = about.get("StateReason") or about.get("LastUpdateStatusReason")
    return f"{about.get('FunctionName')} failed to become ready: {reason}" if reason else ""


def _origin(error: Exception) -> str:
    url = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", "")))
    return f"{url.scheme}://{url.netloc}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
