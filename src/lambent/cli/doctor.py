"""`lambent doctor`: what this machine can and can't do.

The one command that looks at the machine itself, so that it can answer before any server runs: it may ask
`sandbox.probe`, `runtimes.interpreters`, `runtimes.nodes` and what the server says of moto, and no other room.
"""

import dataclasses
import platform
from pathlib import Path
from typing import Any

import typer

from lambent.cli import output
from lambent.cli.errors import CliError
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, Target, target_of


def doctor(
    context: typer.Context,
    *,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Say what this machine can and can't do for functions; no server is needed."""
    found = examine(target_of(context, endpoint, region))
    if json:
        output.document(found)
        return
    rows = [("system", found["system"]), ("isolation", found["isolation"])]
    rows += [(name.replace("_", " "), promised(said)) for name, said in found["promises"].items()]
    rows += [
        (f"python{version}", f"{where['full_version']} {where['path']}")
        for version, where in found["interpreters"].items()
    ]
    rows += [(f"nodejs{major}", f"{where['version']} {where['path']}") for major, where in found["nodes"].items()]
    rows.append(("server", _server_line(found["server"])))
    rows += [(one["code"], output.in_one_line(one)) for one in found["server"].get("findings", [])]
    output.table(("what", "here"), rows)


def examine(target: Target) -> dict[str, Any]:
    """Everything that doctor knows, as one JSON-able dict."""
    from lambent.runtimes import interpreters, nodes
    from lambent.sandbox import probe
    from lambent.server import confined

    abilities = probe.probe()
    level = probe.best(abilities)
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "isolation": level.value if level else f"none: {abilities.sandbox_problem}",
        "promises": confined.promises(abilities, level) if level else {},
        "abilities": plain(abilities),
        "interpreters": {version: plain(found) for version, found in interpreters.find().items()},
        "nodes": {major: plain(found) for major, found in nodes.find().items()},
        "server": _server(target),
    }


def plain(value: Any) -> Any:
    """A frozen value as JSON has it: dataclasses as objects, sets and tuples as lists, paths as texts."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def promised(said: dict[str, Any]) -> str:
    """A promise for people: kept and how; or why it is not, and what to do."""
    return f"kept: {said['how']}" if said["kept"] else f"NOT KEPT: {said['how']}. To mend: {said['remedy']}"


def _server(target: Target) -> dict[str, Any]:
    try:
        return {"endpoint": target.endpoint, "health": target.health(), "findings": target.findings()}
    except CliError as error:
        return {"endpoint": target.endpoint, "error": str(error)}


def _server_line(server: dict[str, Any]) -> str:
    health = server.get("health")
    if health is None:
        return str(server["error"])
    return f"Lambent {health.get('version', '?')} at {server['endpoint']}"
