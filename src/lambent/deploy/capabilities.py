"""What a caller must have acknowledged.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html#using-iam-capabilities
"""

from collections.abc import Iterable

from lambent.deploy.errors import CapabilityMissing
from lambent.deploy.template.template import Template

NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
UNNAMED = frozenset(
    {
        *("AWS::IAM::AccessKey", "AWS::IAM::GroupPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"),
        *("AWS::IAM::UserPolicy", "AWS::IAM::UserToGroupAddition"),
    }
)
IAM, NAMED = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"


def needed(template: Template) -> tuple[str, list[str]]:
    """The capability that a template needs, "" for none, and the types for which."""
    found = [one for one in template.resources.values() if one.type in NAMES or one.type in UNNAMED]
    named = any(NAMES.get(one.type, "?") in one.properties for one in found)
    return (NAMED if named else IAM if found else ""), sorted({one.type for one in found})


def require(template: Template, given: Iterable[str]) -> None:
    """Raises CapabilityMissing."""
    capability, _ = needed(template)
    if capability and not {NAMED, capability} & set(given):
        raise CapabilityMissing(f"Requires capabilities : [{capability}]")
