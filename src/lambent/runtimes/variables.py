"""The environment variables that every runtime has, as AWS sets them.

The names and values are those recorded from AWS for each runtime; which of them users may set is
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime.
"""

from lambent.model.function import FunctionVersion
from lambent.runtimes.place import OPT, TASK_ROOT, Around, Folders

RUNTIME_DIR = "/var/runtime"
LANG_DIR = "/var/lang"
SEARCHED = "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
"""LD_LIBRARY_PATH where there is no /var/lang."""

_LISTS = ("PATH", "LD_LIBRARY_PATH", "NODE_PATH", "PYTHONPATH", "AWS_LAMBDA_EXEC_WRAPPER")


def settable(around: Around) -> dict[str, str]:
    """What AWS sets and users may replace, at every runtime."""
    return {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": f"{LANG_DIR}/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": f"{LANG_DIR}/lib:{SEARCHED}",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": _daemon(around),
        "AWS_ENDPOINT_URL": around.endpoint_url,
    }


def fixed(function: FunctionVersion, around: Around) -> dict[str, str]:
    """What AWS sets and users can't replace, at every runtime."""
    daemon, _, port = _daemon(around).partition(":")
    return {
        "_HANDLER": function.handler,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group or f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": around.log_stream,
        "AWS_LAMBDA_RUNTIME_API": around.runtime_api,
        "AWS_LAMBDA_INITIALIZATION_TYPE": around.initialization_type,
        "LAMBDA_TASK_ROOT": TASK_ROOT,
        "LAMBDA_RUNTIME_DIR": RUNTIME_DIR,
        "_AWS_XRAY_DAEMON_ADDRESS": daemon,
        "_AWS_XRAY_DAEMON_PORT": port,
        **_identity(function, around),
        **_logging(function),
        **_metadata(around),
    }


def _daemon(around: Around) -> str:
    """Where X-Ray's daemon is: host:port (UDP)."""
    return around.daemon or f"{around.runtime_api.partition(':')[0]}:2000"


def _identity(function: FunctionVersion, around: Around) -> dict[str, str]:
    return {
        "AWS_REGION": function.scope.region,
        "AWS_DEFAULT_REGION": function.scope.region,
        "AWS_ACCESS_KEY_ID": around.credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": around.credentials.secret_key,
        "AWS_SESSION_TOKEN": around.credentials.session_token,
    }


def _metadata(around: Around) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-metadata-endpoint.html"""
    if not around.metadata_token:
        return {}
    return {"AWS_LAMBDA_METADATA_API": around.runtime_api, "AWS_LAMBDA_METADATA_TOKEN": around.metadata_token}


def _logging(function: FunctionVersion) -> dict[str, str]:
    """Only with log format JSON are the format and the level told to the runtime
    (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html)."""
    if function.log_format != "JSON":
        return {}
    level = function.application_log_level
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", **({"AWS_LAMBDA_LOG_LEVEL": level} if level else {})}


def as_seen(environment: dict[str, str], folders: Folders) -> dict[str, str]:
    """`environment` for a process that finds code and layers elsewhere than on AWS (level PROCESS)."""
    if folders.task_root == TASK_ROOT:
        return environment
    seen = {**environment, "LAMBDA_TASK_ROOT": folders.task_root}
    if "PWD" in seen:
        seen["PWD"] = folders.task_root
    if folders.opt_root != OPT:
        for name in _LISTS:
            if name in seen:
                seen[name] = ":".join(_moved(part, folders.opt_root) for part in seen[name].split(":"))
        seen["LAMBENT_OPT"] = folders.opt_root
    return seen


def _moved(path: str, opt_root: str) -> str:
    return opt_root + path[len(OPT) :] if path == OPT or path.startswith(OPT + "/") else path
