"""What a path given to `lambent deploy` is: a folder with a function's code, or an application."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lambent.cli.errors import USAGE, CliError
from lambent.cli.stacks import cdk, service
from lambent.cli.stacks.app import App, read_document

TEMPLATES = ("template.yaml", "template.yml", "template.json")
SERVICES = ("serverless.yml", "serverless.yaml", "serverless.json")
SUFFIXES = (".yaml", ".yml", ".json", ".template")
BUILT = Path(".aws-sam/build/template.yaml")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@dataclass(frozen=True, slots=True)
class Given:
    """What was said on the command line. `stage` is a service's."""

    name: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    stage: str | None = None
    account: str = "000000000000"
    region: str = "us-east-1"


def is_application(path: Path) -> bool:
    """Whether a path is a template, or a folder with one, rather than a function's code."""
    if path.is_file():
        return path.suffix in SUFFIXES
    return _inside(path) is not None


def apps(path: Path, given: Given) -> list[App]:
    """The application's stacks in the order in which they can be made. Raises CliError."""
    found = path if path.is_file() else _inside(path)
    if found is None:
        raise CliError(f"{path}: no template.yaml, serverless.yml or cdk.out is there: name the template", USAGE)
    reader = _reader(found)
    made = [replace(app, parameters={**app.parameters, **given.parameters}) for app in reader(found, given)]
    if given.name and len(made) > 1:
        raise CliError(f"{path} has {len(made)} stacks: --name can't name them all", USAGE)
    named = [replace(app, name=given.name) for app in made] if given.name else made
    for app in named:
        if not NAME.fullmatch(app.name):
            raise CliError(f"{app.name!r} can't be a stack's name: give one with --name", USAGE)
    return named


def _inside(folder: Path) -> Path | None:
    """The file that makes a folder an application."""
    for found in (folder, folder / "cdk.out"):
        if (found / cdk.MANIFEST).is_file() and cdk.is_assembly(found / cdk.MANIFEST):
            return found / cdk.MANIFEST
    for name in SERVICES:
        if (folder / name).is_file():
            return folder / name
    if (folder / BUILT).is_file():
        return folder / BUILT
    for name in TEMPLATES:
        if (folder / name).is_file() and _looks_like_a_template(folder / name):
            return folder / name
    return None


def _looks_like_a_template(path: Path) -> bool:
    return re.search(r"""^\s*["']?Resources["']?\s*:""", path.read_text("utf-8", "replace"), re.M) is not None


def _reader(path: Path) -> Callable[[Path, Given], list[App]]:
    if path.name == cdk.MANIFEST and cdk.is_assembly(path):
        return lambda found, given: cdk.apps(found.parent, given.account, given.region)
    if path.name in SERVICES or service.is_service(path):
        return lambda found, given: [service.app(found, given.stage, given.account, given.region)]
    return _template


def _template(path: Path, given: Given) -> list[App]:
    document = read_document(path)
    if not isinstance(document.get("Resources"), dict):
        raise CliError(f"{path}: this is no template: it has no Resources", USAGE)
    folder = path.parent
    project = folder.parents[1] if folder.parts[-2:] == BUILT.parts[:2] else folder
    said = _samconfig(project)
    name = given.name or said.get("stack_name") or re.sub(r"[^A-Za-z0-9-]+", "-", project.resolve().name).strip("-")
    parameters = _overrides(said.get("parameter_overrides", ""))
    declared = document.get("Parameters") or {}
    return [
        App(name, document, folder, {key: one for key, one in parameters.items() if key in declared}, watched=(path,))
    ]


def _samconfig(folder: Path) -> dict[str, Any]:
    """What `sam deploy --guided` has written down (`[default.deploy.parameters]`)."""
    try:
        said = tomllib.loads((folder / "samconfig.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    default = said.get("default", {})
    parts = [default.get(command, {}).get("parameters", {}) for command in ("global", "deploy")]
    return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}


def _overrides(said: Any) -> dict[str, str]:
    """`A=b C="d e"`, or a list of those. Source:
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-deploy.html
    """
    text = " ".join(str(one) for one in said) if isinstance(said, list) else str(said)
    pairs = re.findall(r"""(\w+)=("(?:[^"\\]|\\.)*"|\S*)""", text)
    return {key: value.strip('"') for key, value in pairs}
