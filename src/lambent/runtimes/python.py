"""How Python functions are started: what their zygote imports, their environment variables, their process.

The variables and their values are those recorded from AWS for python3.8 to python3.14; which of them
users may set is
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime.
"""

from pathlib import Path
from typing import Protocol

from lambent.model.function import FunctionVersion
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.table import AL2023, RUNTIMES
from lambent.sandbox.spec import Bind, Level, ProcessSpec, ZygoteSpec

TASK_ROOT = "/var/task"
RUNTIME_DIR = "/var/runtime"
LANG_DIR = "/var/lang"
INSIDE_DIR = "/var/lambent"
ENTRY = "lambent_bootstrap:main"

_INSIDE = Path(__file__).parent / "inside"

_CLIENT = ("lambent_client", "simplejson")

_STANDARD = (
    "argparse", "ast", "asyncio", "atexit", "base64", "binascii", "bisect", "bz2", "calendar",
    "collections.abc", "concurrent.futures.thread", "configparser", "contextlib", "contextvars", "copy",
    "csv", "ctypes", "dataclasses", "datetime", "decimal", "difflib", "email.message",
    "email.mime.multipart", "email.mime.text", "email.parser", "enum", "fractions", "functools",
    "getpass", "glob", "gzip", "hashlib", "heapq", "hmac", "html", "http.client", "http.cookies",
    "importlib.metadata", "importlib.resources", "inspect", "io", "ipaddress", "itertools", "json",
    "locale", "logging.config", "logging.handlers", "lzma", "math", "mimetypes", "numbers", "operator",
    "pathlib", "pickle", "platform", "pprint", "queue", "quopri", "random", "re", "secrets", "select",
    "selectors", "shlex", "shutil", "signal", "socket", "ssl", "stat", "statistics", "string", "struct",
    "subprocess", "tarfile", "tempfile", "textwrap", "threading", "traceback", "types", "typing",
    "unicodedata", "urllib.error", "urllib.parse", "urllib.request", "uuid", "warnings", "weakref",
    "xml.etree.ElementTree", "zipfile", "zlib", "zoneinfo",
)  # fmt: skip
"""What functions commonly import. None starts a thread or opens a descriptor when imported."""

_AWS = (
    "boto3", "boto3.dynamodb.conditions", "boto3.dynamodb.table", "boto3.dynamodb.transform",
    "boto3.ec2.createtags", "boto3.ec2.deletetags", "boto3.s3.inject", "boto3.s3.transfer",
    "boto3.session", "botocore", "botocore.args", "botocore.auth", "botocore.awsrequest",
    "botocore.client", "botocore.config", "botocore.configprovider", "botocore.credentials",
    "botocore.discovery", "botocore.endpoint", "botocore.endpoint_provider", "botocore.errorfactory",
    "botocore.eventstream", "botocore.exceptions", "botocore.handlers", "botocore.hooks",
    "botocore.httpchecksum", "botocore.httpsession", "botocore.loaders", "botocore.model",
    "botocore.paginate", "botocore.parsers", "botocore.regions", "botocore.response",
    "botocore.retries.adaptive", "botocore.retries.standard", "botocore.retryhandler",
    "botocore.serialize", "botocore.session", "botocore.signers", "botocore.tokens", "botocore.useragent",
    "botocore.utils", "botocore.validate", "botocore.waiter", "dateutil.parser", "dateutil.tz",
    "jmespath", "s3transfer.manager", "snapshot_restore_py", "urllib3", "urllib3.connectionpool",
    "urllib3.contrib", "urllib3.util",
)  # fmt: skip
"""AWS's SDK with what a first client imports late. Importing makes no session and reads no configuration."""


class Credentials(Protocol):
    """Temporary credentials of the execution role."""

    @property
    def access_key(self) -> str: ...

    @property
    def secret_key(self) -> str: ...

    @property
    def session_token(self) -> str: ...


def zygote_spec(interpreter: Interpreter, client_dir: Path, level: Level = Level.NAMESPACE) -> ZygoteSpec:
    """The zygote of `interpreter`, with the runtime client of `client_dir` (see `clients`).

    At level NAMESPACE its sandboxes see the interpreter at /var/lang and the client at /var/runtime, and the
    imported code is told so; at level PROCESS all stays where it is on the host.
    """
    inside = level is Level.NAMESPACE
    return ZygoteSpec(
        interpreter=interpreter.path,
        paths=(str(client_dir), str(_INSIDE)),
        preload=(*(("lambent_loopback",) if inside else ()), *_CLIENT, *_STANDARD, *_AWS)
        + (("lambent_relocated",) if inside else ()),
        binds=(
            (
                Bind(interpreter.prefix, LANG_DIR),
                Bind(client_dir, RUNTIME_DIR),
                Bind(_INSIDE, INSIDE_DIR),
            )
            if inside
            else ()
        ),
    )


def environment(
    function: FunctionVersion,
    *,
    runtime_api: str,
    log_stream: str,
    credentials: Credentials,
    endpoint_url: str,
    telemetry_fd: int,
    initialization_type: str = "on-demand",
) -> dict[str, str]:
    """The environment variables of `function` at level NAMESPACE (`process_spec` adapts them to PROCESS).

    `runtime_api` is host:port. The user's variables replace AWS's where AWS lets them (LANG, PATH, TZ,
    …), and are expected to hold no reserved name. `telemetry_fd` is the descriptor of the framed log.
    """
    return {
        **_settable(function.runtime, runtime_api, endpoint_url),
        **function.environment,
        **_reserved(function, runtime_api, log_stream),
        **_identity(function, credentials),
        **_logging(function),
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "_LAMBDA_TELEMETRY_LOG_FD": str(telemetry_fd),
    }


def process_spec(environment: dict[str, str], task_root: str, fds: dict[int, int]) -> ProcessSpec:
    """The runtime's process. `task_root` is where the code is as the process sees it."""
    if task_root != TASK_ROOT:
        environment = {**environment, "LAMBDA_TASK_ROOT": task_root, "PWD": task_root}
    return ProcessSpec(environment=environment, entry=ENTRY, cwd=task_root, fds=fds)


def _settable(runtime: str, runtime_api: str, endpoint_url: str) -> dict[str, str]:
    """What AWS sets and users may replace."""
    daemon = runtime_api.partition(":")[0]
    values = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": (
            "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
        ),
        "PYTHONPATH": RUNTIME_DIR,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": f"{daemon}:2000",
        "AWS_ENDPOINT_URL": endpoint_url,
        "SHLVL": "0",
        "PWD": TASK_ROOT,
    }
    if runtime in RUNTIMES and RUNTIMES[runtime].os == AL2023:
        # The locale of LANG is not installed there, so Python sets this one (PEP 538).
        values["LC_CTYPE"] = "C.UTF-8"
    return values


def _reserved(function: FunctionVersion, runtime_api: str, log_stream: str) -> dict[str, str]:
    return {
        "_HANDLER": function.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group or f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": TASK_ROOT,
        "LAMBDA_RUNTIME_DIR": RUNTIME_DIR,
        "_AWS_XRAY_DAEMON_ADDRESS": runtime_api.partition(":")[0],
        "_AWS_XRAY_DAEMON_PORT": "2000",
    }


def _identity(function: FunctionVersion, credentials: Credentials) -> dict[str, str]:
    return {
        "AWS_REGION": function.scope.region,
        "AWS_DEFAULT_REGION": function.scope.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
    }


def _logging(function: FunctionVersion) -> dict[str, str]:
    """Only with log format JSON are the format and the level told to the runtime
    (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html)."""
    if function.log_format != "JSON":
        return {}
    level = function.application_log_level
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", **({"AWS_LAMBDA_LOG_LEVEL": level} if level else {})}
