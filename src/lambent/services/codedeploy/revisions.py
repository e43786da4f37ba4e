"""What is to be deployed: an AppSpec, in the request or in S3.

Source: https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
"""

from collections.abc import Mapping
from typing import Any

import yaml

from lambent.deploy.ports import Ask, Refused
from lambent.engine.traffic_shift import Phase
from lambent.model.scope import Scope
from lambent.services.codedeploy import faults

NEEDED = ("Name", "Alias", "CurrentVersion", "TargetVersion")
HOOKS = (Phase.BEFORE, Phase.AFTER)


async def read(ask: Ask, scope: Scope, revision: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The function (Name, Alias, CurrentVersion, TargetVersion), and its hooks by phase. Raises
    InvalidRevisionException."""
    try:
        document = yaml.safe_load(await _text(ask, scope, revision))
    except yaml.YAMLError as error:
        raise faults.invalid("Revision", f"The AppSpec can't be read: {' '.join(str(error).split())}") from None
    return _function(document), _hooks(document)


async def _text(ask: Ask, scope: Scope, revision: Mapping[str, Any]) -> str:
    kind = revision.get("revisionType") or next(iter(revision), "")
    inner = revision.get("appSpecContent") or revision.get("string")
    if inner:
        return str(inner.get("content", ""))
    place = revision.get("s3Location")
    if not place or kind == "GitHub":
        raise faults.invalid(
            "Revision", "A revision of a Lambda deployment is an AppSpec: appSpecContent or s3Location"
        )
    try:
        said = await ask(scope, "s3", "GetObject", {"Bucket": place["bucket"], "Key": place["key"]})
    except Refused as error:
        raise faults.of("RevisionDoesNotExistException", f"{error.code}: {error.message}") from error
    return bytes(said["Body"]).decode("utf-8", "replace")


def _function(document: Any) -> dict[str, str]:
    resources = document.get("Resources") if isinstance(document, dict) else None
    found = [
        one for each in resources or [] if isinstance(each, dict) for one in each.values()
        if isinstance(one, dict) and one.get("Type") == "AWS::Lambda::Function"
    ]  # fmt: skip
    if len(found) != 1:
        raise faults.invalid("Revision", "The AppSpec must have exactly one resource of type AWS::Lambda::Function")
    properties = found[0].get("Properties")
    said = {name: str((properties if isinstance(properties, dict) else {}).get(name) or "") for name in NEEDED}
    missing = [name for name, value in said.items() if not value]
    if missing:
        raise faults.invalid("Revision", f"The AppSpec misses {', '.join(missing)}")
    return said


def _hooks(document: dict[str, Any]) -> dict[str, str]:
    found = {str(key): str(value) for one in document.get("Hooks") or [] for key, value in dict(one).items()}
    unknown = sorted(found.keys() - {str(one) for one in HOOKS})
    if unknown:
        raise faults.invalid("Revision", f"{', '.join(unknown)}: no lifecycle event of a Lambda deployment")
    return found
