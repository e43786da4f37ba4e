"""Functions of PackageType Image: what may be said with an image, and what is shown of it.

Texts as recorded (TestLambdaImages) unless a comment says otherwise.
"""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.record import FunctionRecord

_OF_PACKAGES = ("Runtime", "Handler", "Layers")


def is_image(configuration: Mapping[str, Any]) -> bool:
    """Whether a function has an image in the place of a package."""
    return bool(configuration["PackageType"] == "Image")


def check_create(params: Mapping[str, Any]) -> None:
    """Raise Fault for a CreateFunction whose PackageType and Code don't go together."""
    given = bool(params["Code"].get("ImageUri"))
    if params.get("PackageType") == "Image":
        check_settings(params)
        if not given:
            # In the words of the recorded refusal of UpdateFunctionCode.
            raise faults.invalid("Please provide ImageUri when creating a function with packageType Image.")
    elif given:
        # In the words of the recorded refusal of UpdateFunctionCode.
        raise faults.invalid("Please don't provide ImageUri when creating a function with packageType Zip.")


def check_update(record: FunctionRecord, params: Mapping[str, Any]) -> None:
    """Raise Fault for an UpdateFunctionCode that would change the package type."""
    if is_image(record.configuration) and not params.get("ImageUri"):
        raise faults.invalid("Please provide ImageUri when updating a function with packageType Image.")
    if not is_image(record.configuration) and params.get("ImageUri"):
        raise faults.invalid("Please don't provide ImageUri when updating a function with packageType Zip.")


def check_settings(params: Mapping[str, Any]) -> None:
    """Raise Fault for settings that only functions with packages have. Text as publicly reported by callers of AWS."""
    if any(params.get(member) for member in _OF_PACKAGES):
        raise faults.invalid(
            "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
        )


def check_no_config(params: Mapping[str, Any]) -> None:
    """Raise Fault for the ImageConfig of a function with a package."""
    if any((params.get("ImageConfig") or {}).values()):
        # Wording of our own.
        raise faults.invalid("Please don't provide ImageConfig when the intended function PackageType is Zip.")


async def resolve(env: LambdaEnv, caller: Caller, uri: str) -> str:
    """The digest that an image's URI stands for now. Raises Fault."""
    if env.resolve_image is None:
        raise faults.unsupported("A function from a container image (Code.ImageUri)")
    return await env.resolve_image(caller, uri)


def location(record: FunctionRecord) -> dict[str, Any]:
    """FunctionCodeLocation of an image."""
    repository, _, last = record.image.partition("@")[0].rpartition("/")
    name = last.partition(":")[0]
    plain = f"{repository}/{name}" if repository else name
    return {
        "RepositoryType": "ECR",
        "ImageUri": record.image,
        "ResolvedImageUri": f"{plain}@sha256:{record.configuration['CodeSha256']}",
    }
