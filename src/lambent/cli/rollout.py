"""Bring a function to what was wished for: look the package over, create or update, wait until it is ready.

An existing function keeps every setting that is not given, and nothing is sent that would change nothing.
"""

import base64
import re
import sys
from dataclasses import dataclass, replace
from os import environ
from typing import Any

from lambent.cli import handler as handlers
from lambent.cli import output, queues
from lambent.cli.errors import USAGE, CliError
from lambent.cli.package import Package
from lambent.cli.patience import Patience
from lambent.cli.remarks import remarks
from lambent.cli.target import Target, account_of, at_once
from lambent.model.default_role import default_role

WAIT = {"Delay": 0.05, "MaxAttempts": 6_000}
"""botocore's own second between looks would be most of a deploy."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None is "as it is" (for a new function: the default). Sizes in MB, timeout in s."""

    name: str
    handler: str | None = None
    runtime: str | None = None
    memory: int | None = None
    timeout: int | None = None
    tmp: int | None = None
    role: str | None = None
    description: str | None = None
    environment: dict[str, str] | None = None

    def configuration(self) -> dict[str, Any]:
        """The members of CreateFunction and UpdateFunctionConfiguration that were asked for."""
        members = {
            "Handler": self.handler,
            "Runtime": self.runtime,
            "MemorySize": self.memory,
            "Timeout": self.timeout,
            "Role": self.role,
            "Description": self.description,
            "EphemeralStorage": None if self.tmp is None else {"Size": self.tmp},
            "Environment": None if self.environment is None else {"Variables": self.environment},
        }
        return {name: value for name, value in members.items() if value is not None}


def bring(target: Target, code: Package, wish: Wish) -> tuple[dict[str, Any], list[str]]:
    """Make the function as wished. Returns its configuration, and what was done, in words."""
    client = at_once(target.client("lambda"))
    existing = _existing(client, wish.name)
    wish = complete(wish, existing, code)
    check(wish, existing, code)
    for line in remarks(code, {**(existing or {}), **wish.configuration()}["Runtime"]):
        output.note(line)
    with Patience(f"still waiting for {wish.name}: what a runtime needs is installed when it is used first"):
        done = _update(client, wish, existing, code) if existing else _create(client, wish, code)
    about = client.get_function_configuration(FunctionName=wish.name)
    about.pop("ResponseMetadata", None)
    _report_mapping(target, about["Runtime"])
    for queue in queues.without_dead_letters(target, wish.name):
        output.note(
            f"queue {queue} has no dead-letter queue (RedrivePolicy): what fails again and again is lost at last"
        )
    return about, done


def complete(wish: Wish, existing: dict[str, Any] | None, code: Package) -> Wish:
    """A new function's handler, runtime and role, where none was given."""
    if existing:
        return wish
    return replace(
        wish,
        handler=wish.handler or handlers.find(code),
        runtime=wish.runtime or f"python3.{sys.version_info[1]}",
        role=wish.role or default_role(account_of(environ)),
    )


def check(wish: Wish, existing: dict[str, Any] | None, code: Package) -> None:
    """Raise CliError for what is certain to fail."""
    settled = {**(existing or {}), **wish.configuration()}
    runtime = settled["Runtime"]
    if wish.runtime and runtime not in _runtimes():
        raise CliError(f"runtime {runtime!r} is not one of Lambda's, such as python3.13", USAGE)
    if re.fullmatch(r"python3\.\d+", runtime):
        handlers.check(code, settled["Handler"], runtime)


def _runtimes() -> list[str]:
    import botocore.session

    model = botocore.session.Session().get_service_model("lambda")
    names: list[str] = model.shape_for("Runtime").enum
    return names


def _existing(client: Any, name: str) -> dict[str, Any] | None:
    try:
        about: dict[str, Any] = client.get_function_configuration(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    if "Runtime" not in about:
        raise CliError(f"{name} runs a container image: it can't be given a zip")
    return about


def _create(client: Any, wish: Wish, code: Package) -> list[str]:
    client.create_function(FunctionName=wish.name, Code={"ZipFile": code.content}, **wish.configuration())
    client.get_waiter("function_active_v2").wait(FunctionName=wish.name, WaiterConfig=WAIT)
    return [f"created from {_contents(code)}"]


def _update(client: Any, wish: Wish, existing: dict[str, Any], code: Package) -> list[str]:
    """Code, then configuration, each only if it differs, each waited for."""
    _wait_updated(client, wish.name)
    done = []
    if existing["CodeSha256"] != sha256(code.content):
        client.update_function_code(FunctionName=wish.name, ZipFile=code.content)
        _wait_updated(client, wish.name)
        done.append(f"code updated from {_contents(code)}")
    changes = differences(wish.configuration(), existing)
    if changes:
        client.update_function_configuration(FunctionName=wish.name, **changes)
        _wait_updated(client, wish.name)
        done.append(f"{', '.join(sorted(changes))} updated")
    return done


def _contents(code: Package) -> str:
    files = "1 file" if len(code.modes) == 1 else f"{len(code.modes)} files"
    return f"{files}, {output.size(len(code.content))} zipped"


def _wait_updated(client: Any, name: str) -> None:
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAIT)
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=WAIT)


def differences(wanted: dict[str, Any], existing: dict[str, Any]) -> dict[str, Any]:
    """What of `wanted` the function doesn't have yet."""
    return {name: value for name, value in wanted.items() if existing.get(name) != value}


def sha256(content: bytes) -> str:
    """As Lambda's CodeSha256: base64 of the zip's SHA-256."""
    import hashlib

    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def findings_of(target: Target, arn: str) -> list[dict[str, str]]:
    """What the server has to say about a function, its versions and aliases; nothing when it can't be asked."""
    try:
        return [found for found in target.findings() if f"{found['resource']}:".startswith(f"{arn}:")]
    except CliError:
        return []


def _report_mapping(target: Target, runtime: str) -> None:
    """Say it whenever a function doesn't run on the interpreter that it names."""
    try:
        version = target.health().get("runtime_map", {}).get(runtime)
    except CliError:
        return
    if version:
        output.note(f"{runtime} runs on CPython {version} here: the settings' runtime_map says so")
