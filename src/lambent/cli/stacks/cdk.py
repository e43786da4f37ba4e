"""A cloud assembly (`cdk.out`, what `cdk synth` writes) as applications, without bootstrapping.

Source: https://github.com/aws/aws-cdk/tree/main/packages/@aws-cdk/cloud-assembly-schema
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lambent.cli.errors import USAGE, CliError
from lambent.cli.stacks.app import App, Upload

MANIFEST = "manifest.json"
STACK, ASSETS, NESTED = "aws:cloudformation:stack", "cdk:asset-manifest", "cdk:cloud-assembly"
BOOTSTRAP = ("BootstrapVersion", "CheckBootstrapVersion")
"""The parameter and the rule that ask whether an account is bootstrapped: here nothing needs to be."""


def is_assembly(manifest: Path) -> bool:
    """Whether a manifest.json is a cloud assembly's."""
    try:
        said = json.loads(manifest.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and isinstance(said.get("artifacts"), dict) and "version" in said


def apps(folder: Path, account: str, region: str) -> list[App]:
    """The stacks, each after those that it depends on. Raises CliError."""
    artifacts = dict(_artifacts(folder))
    order: list[str] = []
    for name in artifacts:
        _visit(name, artifacts, order)
    return [_app(*artifacts[name], artifacts, account, region) for name in order if artifacts[name][1]["type"] == STACK]


def _artifacts(folder: Path) -> Iterator[tuple[str, tuple[Path, dict[str, Any]]]]:
    """Those of an assembly and of the assemblies of its stages: id -> folder and what is said."""
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CliError(f"{folder / MANIFEST}: {error}") from None
    for name, one in said.get("artifacts", {}).items():
        yield name, (folder, one)
        if one["type"] == NESTED:
            yield from _artifacts(folder / one["properties"]["directoryName"])


def _visit(name: str, artifacts: Mapping[str, tuple[Path, dict[str, Any]]], order: list[str]) -> None:
    if name in order or name not in artifacts:
        return
    for one in artifacts[name][1].get("dependencies", []):
        _visit(one, artifacts, order)
    order.append(name)


def _app(
    folder: Path,
    said: dict[str, Any],
    artifacts: Mapping[str, tuple[Path, dict[str, Any]]],
    account: str,
    region: str,
) -> App:
    about = said["properties"]
    template = json.loads((folder / about["templateFile"]).read_text("utf-8"))
    for section in ("Parameters", "Rules"):
        kept = {name: one for name, one in (template.pop(section, None) or {}).items() if name not in BOOTSTRAP}
        if kept:
            template[section] = kept
    name = about.get("stackName") or about["templateFile"].removesuffix(".template.json")
    manifests = [
        artifacts[one]
        for one in said.get("dependencies", [])
        if artifacts.get(one, ("", {"type": ""}))[1]["type"] == ASSETS
    ]
    uploads = tuple(
        one for place, of in manifests for one in _uploads(place / of["properties"]["file"], account, region)
    )
    return App(
        name,
        template,
        folder,
        about.get("parameters") or {},
        about.get("tags") or {},
        uploads,
        (folder / MANIFEST,),
        dict(_code(template, uploads)),
    )


def _uploads(manifest: Path, account: str, region: str) -> Iterator[Upload]:
    said = json.loads(manifest.read_text("utf-8"))
    if said.get("dockerImages"):
        raise CliError(f"{manifest}: images are built by `cdk deploy`, with Docker: use that for this stack", USAGE)
    for one in said.get("files", {}).values():
        source = one["source"]
        if "path" not in source:
            raise CliError(f"{manifest}: an asset is made by a program: `cdk deploy` runs it", USAGE)
        for to in one["destinations"].values():
            bucket, key = (_filled(to[member], account, region) for member in ("bucketName", "objectKey"))
            yield Upload(manifest.parent / source["path"], bucket, key, source.get("packaging") == "zip")


def _filled(text: str, account: str, region: str) -> str:
    names = {"AccountId": account, "Region": region, "Partition": "aws"}
    for name, value in names.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _code(template: Mapping[str, Any], uploads: tuple[Upload, ...]) -> Iterator[tuple[str, Path]]:
    """Where the code of functions lies: the source that an asset was copied from, where it was copied as it is."""
    folders = {one.key: one.path for one in uploads if one.zipped}
    for name, one in (template.get("Resources") or {}).items():
        key = ((one.get("Properties") or {}).get("Code") or {}).get("S3Key")
        if one.get("Type") == "AWS::Lambda::Function" and key in folders:
            yield name, folders[key]
