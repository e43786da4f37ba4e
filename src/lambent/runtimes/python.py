"""How Python functions are started: what their zygote imports, their environment variables, their process.

The variables and their values are those recorded from AWS for python3.8 to python3.14; which of them
users may set is
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime.
"""

from dataclasses import dataclass
from pathlib import Path

from lambent.model.function import FunctionVersion
from lambent.runtimes import variables
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.place import TASK_ROOT, TELEMETRY_FD, Around, Folders
from lambent.runtimes.shell import bash_as_sh
from lambent.runtimes.table import AL2023, RUNTIMES
from lambent.runtimes.variables import LANG_DIR, RUNTIME_DIR
from lambent.sandbox.spec import Bind, Level, ProcessSpec, Programs, ZygoteSpec

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


def zygote_spec(
    interpreter: Interpreter,
    client_dir: Path,
    level: Level = Level.NAMESPACE,
    files: tuple[tuple[str, str], ...] = (),
    programs: Programs = (),
) -> ZygoteSpec:
    """The zygote of `interpreter`, with the runtime client of `client_dir` (see `clients`).

    At level NAMESPACE its sandboxes see the interpreter at /var/lang and the client at /var/runtime, and the
    imported code is told so; at level PROCESS all stays where it is on the host.
    """
    inside = level is Level.NAMESPACE
    return ZygoteSpec(
        interpreter=interpreter.path,
        paths=(str(client_dir), str(_INSIDE)),
        preload=(*(("lambent_loopback",) if inside else ()), *_CLIENT, *_STANDARD, *_AWS)
        + (("lambent_as_recorded", "lambent_relocated") if inside else ()),
        binds=(
            (
                Bind(interpreter.prefix, LANG_DIR),
                Bind(client_dir, RUNTIME_DIR),
                Bind(_INSIDE, INSIDE_DIR),
                *bash_as_sh(),
            )
            if inside
            else ()
        ),
        files=files,
        programs=programs,
    )


def environment(function: FunctionVersion, around: Around) -> dict[str, str]:
    """The environment variables of `function` at level NAMESPACE (`process_spec` adapts them to PROCESS).

    The user's variables replace AWS's where AWS lets them (LANG, PATH, TZ, …), and are expected to hold no reserved
    name.
    """
    settable = {
        **variables.settable(around),
        "PYTHONPATH": RUNTIME_DIR,
        "SHLVL": "0",
        "PWD": TASK_ROOT,
    }
    if function.runtime in RUNTIMES and RUNTIMES[function.runtime].os == AL2023:
        # The locale of LANG is not installed there, so Python sets this one (PEP 538).
        settable["LC_CTYPE"] = "C.UTF-8"
    return {
        **settable,
        **function.environment,
        **variables.fixed(function, around),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "_LAMBDA_TELEMETRY_LOG_FD": str(TELEMETRY_FD),
    }


def process_spec(environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
    """The runtime's process."""
    seen = variables.as_seen(environment, folders)
    return ProcessSpec(environment=seen, entry=ENTRY, cwd=folders.task_root, fds=fds)


@dataclass(frozen=True, slots=True)
class PythonPlace:
    """One python runtime: an interpreter of this machine with its copy of AWS's runtime client."""

    interpreter: Interpreter
    zygote: ZygoteSpec
    forked: bool = True
    dial: tuple[tuple[str, str], ...] = ()
    """Variables that tell the runtime of the platform's clock (see `told_time`); the function sees none of them."""

    @property
    def version(self) -> str:
        """AWS's versions of a runtime are not those of the interpreter; its patch number stands for them."""
        return f"python:{self.interpreter.version}.v{self.interpreter.full_version.rpartition('.')[2]}"

    def environment(self, function: FunctionVersion, around: Around) -> dict[str, str]:
        """See `environment`."""
        return {**environment(function, around), **dict(self.dial)}

    def process(self, environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
        """See `process_spec`."""
        return process_spec(environment, folders, fds)
