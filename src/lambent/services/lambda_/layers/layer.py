"""Layers and their versions: names, what is stored of them, and the answers that show it.

A layer is a counter (kind `layer`): numbers are never given twice, so it outlives its versions. A version (kind
`layer-version`) is a document under the layer's name and its number; the package is in the blob store.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.timestamp import iso
from lambent.store.resources import Resource, Resources

LAYER = "layer"
VERSION = "layer-version"

_DIGITS = 19
"""Version numbers are stored padded, so that their order is that of their names."""
_ARN = re.compile(
    r"arn:[^:]+:lambda:(?P<region>[^:]+):(?P<account>\d{12}):layer:(?P<name>[^:]+)(?::(?P<version>\d+))?", re.ASCII
)
_LISTED = ("Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")


@dataclass(frozen=True, slots=True)
class LayerRef:
    """A layer of `scope`."""

    scope: Scope
    name: str

    @property
    def arn(self) -> str:
        """The layer's ARN."""
        return f"arn:aws:lambda:{self.scope.region}:{self.scope.account}:layer:{self.name}"


@dataclass(frozen=True, slots=True)
class VersionRef:
    """A version of a layer, whether there is one or not."""

    layer: LayerRef
    number: int

    @property
    def arn(self) -> str:
        """The version's ARN."""
        return f"{self.layer.arn}:{self.number}"


def parse_version_arn(arn: str) -> VersionRef | None:
    """What the ARN of a layer version names; None for another form, such as the ARN of a layer."""
    match = _ARN.fullmatch(arn)
    if match is None or match["version"] is None:
        return None
    return VersionRef(LayerRef(Scope(match["account"], match["region"]), match["name"]), int(match["version"]))


def refer(caller: Caller, text: str) -> LayerRef:
    """The layer that a LayerName means: a name, or an ARN, which may be another account's. Raises Fault."""
    match = _ARN.fullmatch(text)
    if match is None:
        return LayerRef(caller.scope, text)
    if match["region"] != caller.scope.region:
        raise faults.not_there()  # no recorded answer shows a layer of another region here
    return LayerRef(Scope(match["account"], match["region"]), match["name"])


def refer_own(caller: Caller, text: str, action: str) -> LayerRef:
    """The same for what only the layer's account may do: `action`. Raises 403."""
    ref = refer(caller, text)
    if ref.scope != caller.scope:
        raise faults.access_denied(caller.scope.account, action, ref.arn)
    return ref


def version_ref(layer: LayerRef, number: int) -> VersionRef:
    """The version of that number. Raises 400 for a number that no version has."""
    if number < 1:
        raise faults.invalid("Layer Version Cannot be less than 1")  # from memory of AWS's answers; none is recorded
    return VersionRef(layer, number)


def current(resources: Resources, ref: VersionRef) -> Resource | None:
    """The version as of the last commit, or None."""
    return resources.get(VERSION, ref.layer.scope, ref.layer.name, padded(ref.number))


def padded(number: int) -> str:
    """A version number as the store's names hold it."""
    return f"{number:0{_DIGITS}}"


def number_of(version: Resource) -> int:
    """The number of a stored version."""
    return int(version.name)


def ref_of(version: Resource) -> VersionRef:
    """What names a stored version."""
    return VersionRef(LayerRef(version.scope, version.parent), number_of(version))


def newest_first(resources: Resources, layer: LayerRef) -> Iterator[Resource]:
    """The versions of a layer."""
    return reversed(resources.children(VERSION, layer.scope, layer.name))


def matches(version: Resource, params: Mapping[str, Any]) -> bool:
    """Whether a version says that it fits the runtime and architecture that a list was asked for."""
    runtime, architecture = params.get("CompatibleRuntime"), params.get("CompatibleArchitecture")
    said = version.document
    return (runtime is None or runtime in said.get("CompatibleRuntimes", ())) and (
        architecture is None or architecture in said.get("CompatibleArchitectures", ())
    )


def stored_bytes(resources: Resources, scope: Scope) -> int:
    """Bytes of all layer versions of a scope, as uploaded; they count against the code storage."""
    return sum(int(version.document["size"]) for version in resources.all(VERSION, scope))


def listed(version: Resource) -> dict[str, Any]:
    """A version as lists show it."""
    said = version.document
    return {
        "LayerVersionArn": ref_of(version).arn,
        "Version": number_of(version),
        "CreatedDate": iso(said["created"]),
    } | {member: said[member] for member in _LISTED if member in said}


def answer(env: LambdaEnv, version: Resource) -> dict[str, Any]:
    """A version as Publish and Get show it, with a link to its package."""
    content = {
        "Location": env.code_url(version.package),
        "CodeSha256": base64.b64encode(bytes.fromhex(version.package)).decode(),
        "CodeSize": version.document["size"],
    }
    return listed(version) | {"Content": content, "LayerArn": ref_of(version).layer.arn}
