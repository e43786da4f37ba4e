"""A template as a value, checked for its form.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.deploy.errors import TemplateInvalid

SECTIONS = frozenset(
    {
        *("AWSTemplateFormatVersion", "Conditions", "Description", "Hooks", "Mappings", "Metadata", "Outputs"),
        *("Parameters", "Resources", "Rules", "Transform"),
    }
)
ATTRIBUTES = frozenset(
    {
        *("Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"),
        *("CreationPolicy", "UpdatePolicy", "Version", "Description"),
    }
)
"""A `Description` is kept and means nothing, as on AWS.

Source: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.ICfnResourceOptions.html
"""
MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
BODY_BYTES = 51_200
URL_BYTES = 1 << 20
DESCRIPTION_BYTES = 1024
KEEPING = frozenset({"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"})

WITH_SNAPSHOTS = frozenset(
    {
        *("AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster", "AWS::Redshift::Cluster"),
        *("AWS::ElastiCache::ReplicationGroup", "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster"),
        "AWS::RDS::DBInstance",
    }
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html"""


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """One resource as its template describes it; `properties` hold functions still."""

    logical_id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    condition: str = ""
    deletion_policy: Any = ""
    update_replace_policy: Any = ""
    creation_policy: Mapping[str, Any] = field(default_factory=dict)
    metadata: Any = None
    update_policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A template's sections. What macros and extensions make of it is another one."""

    resources: Mapping[str, ResourceSpec]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    metadata: Any = None
    description: str = ""
    transforms: tuple[str, ...] = ()


def parse(document: Mapping[str, Any]) -> Template:
    """The template that a document is. Raises TemplateInvalid."""
    unknown = [name for name in document if name not in SECTIONS]
    if unknown:
        raise TemplateInvalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    version = document.get("AWSTemplateFormatVersion", "2010-09-09")
    if version != "2010-09-09":
        raise TemplateInvalid("Template format error: unsupported value for AWSTemplateFormatVersion.")  # our wording
    sections = {name: _section(document, name) for name in SECTIONS if name[-1] == "s"}
    resources = sections["Resources"]
    if not resources:
        raise TemplateInvalid("Template format error: At least one Resources member must be defined.")
    return Template(
        resources={name: _resource(name, said) for name, said in resources.items()},
        parameters=sections["Parameters"],
        mappings=sections["Mappings"],
        conditions=sections["Conditions"],
        outputs=_outputs(sections["Outputs"]),
        rules=sections["Rules"],
        metadata=document.get("Metadata"),
        description=_description(document.get("Description", "")),
        transforms=tuple(transforms_of(document)),
    )


def transforms_of(document: Mapping[str, Any]) -> list[str]:
    """The names in `Transform`: one, a list, or `{"Name": …}`."""
    said = document.get("Transform") or []
    items = said if isinstance(said, list) else [said]
    return [str(one.get("Name")) if isinstance(one, dict) else str(one) for one in items]


def _section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    said = document.get(name)
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise TemplateInvalid(f"Template format error: {name} must be an object.")
    most = MOST.get(name)
    if most is not None and len(said) > most:
        one = name.rstrip("s").lower()
        raise TemplateInvalid(
            f"Template format error: Number of {name.lower()}, {len(said)}, is greater than maximum allowed, {most}"
            if name != "Outputs"
            else f"Template format error: Number of {one}s, {len(said)}, is greater than maximum allowed, {most}"
        )
    return said


def _resource(name: str, said: Any) -> ResourceSpec:
    if not name.isalnum() or not name.isascii():
        raise TemplateInvalid(f"Template format error: Resource name {name} is non alphanumeric.")
    if not isinstance(said, dict):
        raise TemplateInvalid("Template format error: Any Resources member must be an object.")
    if not isinstance(said.get("Type"), str):
        raise TemplateInvalid(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    unknown = [attribute for attribute in said if attribute not in ATTRIBUTES]
    if unknown:
        raise TemplateInvalid(f"Invalid template resource property '{unknown[0]}'")
    properties = said.get("Properties") or {}
    if not isinstance(properties, dict):
        raise TemplateInvalid("Template format error: Properties must be an object.")  # our wording
    _check_policies(name, said)
    return ResourceSpec(
        name, said["Type"], properties, _names(said.get("DependsOn")), str(said.get("Condition") or ""),
        said.get("DeletionPolicy") or "", said.get("UpdateReplacePolicy") or "", said.get("CreationPolicy") or {},
        said.get("Metadata"), said.get("UpdatePolicy") or {},
    )  # fmt: skip


def _check_policies(name: str, said: Mapping[str, Any]) -> None:
    for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
        value = said.get(attribute)
        if isinstance(value, str) and value not in KEEPING:
            raise TemplateInvalid(f"Template format error: Unrecognized {attribute} {value} for resource {name}")
        if value == "Snapshot" and said["Type"] not in WITH_SNAPSHOTS:
            words = "deletion policy" if attribute == "DeletionPolicy" else "update replace policy"
            raise TemplateInvalid(f"Template error: resource type {said['Type']} does not support {words} Snapshot")


def _names(said: Any) -> tuple[str, ...]:
    if said is None:
        return ()
    return tuple(str(one) for one in said) if isinstance(said, list) else (str(said),)


def _outputs(said: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    for name, one in said.items():
        if not name.isalnum() or not name.isascii():
            raise TemplateInvalid(f"Template format error: Outputs name '{name}' is non alphanumeric.")
        if not isinstance(one, dict) or one.get("Value") is None:
            where = f"[/Outputs/{name}]"
            raise TemplateInvalid(f"Template format error: {where} Every Outputs member must contain a Value object")
    return dict(said)


def _description(said: Any) -> str:
    if not isinstance(said, str):
        raise TemplateInvalid("Template format error: Description must be a string.")  # our wording
    if len(said.encode()) > DESCRIPTION_BYTES:
        raise TemplateInvalid("Template format error: 'Description' length is greater than 1024.")
    return said
