"""What AWS gives to a function of any managed or OS-only runtime, and the function that was asked."""

from lambent.model.credentials import Credentials
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.runtimes.place import Around

ENDPOINT = "http://127.0.0.1:4566"
AROUND = Around("169.254.100.1:9001", "stream", Credentials("ASIA", "secret", "token"), ENDPOINT)

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "ASIA",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    "AWS_LAMBDA_FUNCTION_NAME": "f",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
    "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
    "AWS_LAMBDA_RUNTIME_API": "169.254.100.1:9001",
    "AWS_REGION": "eu-central-1",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LANG": "en_US.UTF-8",
    "LD_LIBRARY_PATH": (
        "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
    ),
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "TEST_KEY": "TEST_VAL",
    "TZ": ":UTC",
    "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
    "_AWS_XRAY_DAEMON_PORT": "2000",
}
"""As recorded from AWS for python3.12, nodejs22.x and provided.al2023 (January 2026), with names in the place of what
differs from function to function, less _X_AMZN_TRACE_ID, which the runtime client sets."""


def function(runtime: str = "python3.12", handler: str = "handler.handler", **more: object) -> FunctionVersion:
    """The function whose variables these are."""
    values: dict[str, object] = {
        "name": "f",
        "version": "$LATEST",
        "runtime": runtime,
        "handler": handler,
        "memory": 1024,
        "environment": {"TEST_KEY": "TEST_VAL"},
        **more,
    }
    scope = Scope("000000000000", "eu-central-1")
    return FunctionVersion(scope, code="0", role="r", revision_id="1", **values)  # type: ignore[arg-type]
