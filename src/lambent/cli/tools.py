"""Tools that deploy to AWS: which are installed, and how each is led here."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

VARIABLE = "AWS_ENDPOINT_URL"
BY_VARIABLE = f"by {VARIABLE}"
SECONDS = 20
"""That a tool may take to say its version."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, its programs' names, and how a version of it (major, minor) is led here."""

    name: str
    programs: tuple[str, ...]
    led: Callable[[tuple[int, int]], str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A tool that is installed."""

    name: str
    version: str
    program: str
    led: str


def _aws(version: tuple[int, int]) -> str:
    if (1, 29) <= version < (2, 0):
        return f"{BY_VARIABLE}; `aws sqs` and `aws emr` need --endpoint-url besides"
    return BY_VARIABLE if version >= (2, 13) else "by --endpoint-url, as this version knows no variable"


def _cdk(version: tuple[int, int]) -> str:
    if version < (2, 170) and version[0] == 2:
        return "not by itself: since 2.170 AWS_ENDPOINT_URL is enough; or `cdk synth` and `lambent deploy cdk.out`"
    return f"{BY_VARIABLE}; or `cdk synth` and `lambent deploy cdk.out`, without bootstrapping"


def _osls(version: tuple[int, int]) -> str:
    return BY_VARIABLE if version >= (4, 0) else _serverless(version)


def _serverless(version: tuple[int, int]) -> str:
    if version[0] < 4:
        return f"{BY_VARIABLE} with the plugin serverless-localstack; or `lambent deploy` of the same serverless.yml"
    return f"{BY_VARIABLE}, once logged in; or `lambent deploy` of the same serverless.yml"


def _terraform(_version: tuple[int, int]) -> str:
    return f"{BY_VARIABLE} (provider aws 5.20 and later), with s3_use_path_style = true"


def _by_variable(_version: tuple[int, int]) -> str:
    return BY_VARIABLE


TOOLS = (
    Tool("AWS CLI", ("aws",), _aws),
    Tool("SAM CLI", ("sam",), _by_variable),
    Tool("CDK", ("cdk",), _cdk),
    Tool("osls", ("osls",), _osls),
    Tool("Serverless Framework", ("serverless", "sls"), _serverless),
    Tool("Chalice", ("chalice",), _by_variable),
    Tool("Zappa", ("zappa",), _by_variable),
    Tool("Terraform", ("terraform",), _terraform),
    Tool("OpenTofu", ("tofu",), _terraform),
    Tool("Pulumi", ("pulumi",), lambda _: f"{BY_VARIABLE} (provider aws 6 and later), with s3UsePathStyle: true"),
)


def seen(which: Callable[[str], str | None] = shutil.which, say: "Callable[[str], str] | None" = None) -> list[Seen]:
    """The tools of this machine; `say` answers what a program says to --version."""
    found = [(tool, path) for tool in TOOLS if (path := next(filter(None, map(which, tool.programs)), None))]
    with ThreadPoolExecutor() as pool:
        said = pool.map(say or version_of, [path for _, path in found])
        return [_seen(tool, path, text) for (tool, path), text in zip(found, said, strict=True)]


def _seen(tool: Tool, path: str, said: str) -> Seen:
    match = re.search(r"(\d+)\.(\d+)[\w.+-]*", said)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    return Seen(tool.name, match[0] if match else "?", path, tool.led(version) if match else "it says no version")


def version_of(program: str) -> str:
    """What a program says to --version; "" when it does not."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout or done.stderr


def astray(environ: Mapping[str, str], endpoint: str) -> Sequence[str]:
    """Why tools started from here would not come to `endpoint`; nothing when they would."""
    found = []
    if environ.get(VARIABLE, "").rstrip("/") != endpoint:
        found.append(f'{VARIABLE} is {environ.get(VARIABLE) or "not set"}: eval "$(lambent env)"')
    for name, value in sorted(environ.items()):
        if name.startswith(f"{VARIABLE}_") and value.rstrip("/") != endpoint:
            found.append(f"{name} leads one service to {value}: unset {name}")
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        found.append(f"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS makes tools pass over {VARIABLE}: unset it")
    if environ.get("AWS_PROFILE"):
        found.append(f"AWS_PROFILE is {environ['AWS_PROFILE']}, whose keys are sent: unset AWS_PROFILE")
    if not (environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")):
        found.append('no region is set: eval "$(lambent env)"')
    return found
