"""Keys of KMS: what is encrypted with one of the stack, and who decides about its use."""

from typing import Any

from lambent.pitfalls.facts.project import Resource, Stack
from lambent.pitfalls.facts.tree import Map, Seq, Text

KEY = "AWS::KMS::Key"
SETTINGS = ("KmsMasterKeyId", "KmsKeyId", "StreamEncryption", "BucketEncryption", "KMSMasterKeyID")


def of(resource: Resource, stack: Stack) -> Resource | None:
    """The key of the stack that a resource is encrypted with; None when it is none of the stack's."""
    for name in SETTINGS:
        value = resource.properties.get(name)
        found = next((one for one in _named(value, stack) if one.type in (KEY, "AWS::KMS::Alias")), None)
        if found is not None:
            return stack.target(found.properties.get("TargetKeyId")) if found.type != KEY else found
    return None


def _named(value: Any, stack: Stack) -> list[Resource]:
    if isinstance(value, Map):
        return [one for inner in value.values() for one in _named(inner, stack)]
    if isinstance(value, Seq):
        return [one for inner in value for one in _named(inner, stack)]
    target = stack.target(value) if not isinstance(value, str) or value.startswith("alias/") else None
    return [target] if target is not None else []


def asks_the_role(resource: Resource, stack: Stack) -> bool:
    """Whether a key of the stack stands before a resource, and leaves it to roles' own policies who uses it."""
    key = of(resource, stack)
    if key is None or key.type != KEY or key.open:
        return False
    policy = key.properties.get("KeyPolicy", key.properties.get("PolicyDocument"))
    statements = policy.get("Statement") if isinstance(policy, Map) else None
    if policy is None:
        return True  # the key's default policy leaves it to the account
    return isinstance(statements, Seq) and all(_delegates(one) for one in statements)


def _delegates(statement: Any) -> bool:
    """Whether a statement names the account, or a service: nobody's role."""
    principal = statement.get("Principal") if isinstance(statement, Map) else None
    if not isinstance(principal, Map):
        return False
    named = principal.get("AWS")
    listed = named if isinstance(named, Seq) else [named]
    return all(one is None or _account(one) for one in listed)


def _account(value: Any) -> bool:
    last = value.parts[-1] if isinstance(value, Text) else value
    return isinstance(last, str) and (last.endswith(":root") or last.isdigit())
