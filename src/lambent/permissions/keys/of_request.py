"""Keys that tell of the request and of who makes it, whatever the service.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.engine.authorisation.patterns import lower
from lambent.permissions.facts import tags_of
from lambent.permissions.keys.view import Value, View


def user_id(view: View) -> Value:
    """The unique id of who asks, as GetCallerIdentity answers it."""
    held = view.caller.held
    if view.who.kind == "root":
        return view.who.account
    if held is None or not view.identity.unique_id:
        return None
    return f"{view.identity.unique_id}:{held.session}" if held.role else view.identity.unique_id


def issued(view: View) -> Value:
    """When temporary credentials were; a user's own key has none."""
    held = view.caller.held
    if held is None or held.issued is None:
        return None
    return f"{datetime.fromtimestamp(held.issued, UTC):%Y-%m-%dT%H:%M:%SZ}"


def with_mfa(view: View) -> Value:
    """Temporary credentials alone have the key; none were given for a code here."""
    held = view.caller.held
    return "false" if held is not None and (held.token or held.role) else None


def source_identity(view: View) -> Value:
    """What a session was said to be of."""
    held = view.caller.held
    return (held.source_identity or None) if held is not None else None


def source_function(view: View) -> Value:
    """The function whose code asks with its role's keys.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    held = view.caller.held
    return (held.function or None) if held is not None else None


def owner(view: View) -> Value:
    """The account of the resource."""
    return view.owner.account


def region(view: View) -> Value:
    """Where it is asked for."""
    return view.caller.scope.region


def tag(view: View, name: str) -> Value:
    """A tag that the request gives."""
    return next((value for key, value in tags(view.right.params).items() if lower(key) == name), None)


def principal_tag(view: View, name: str) -> Value:
    """A tag of who asks."""
    found = tags_of(view.caller, view.identity)
    return next((value for key, value in found.items() if lower(key) == name), None)


def tag_keys(view: View) -> Value:
    """The tags that it gives or takes away."""
    params = view.right.params
    taken = params.get("TagKeys") or params.get("tagKeys") or params.get("TagKeyList") or ()
    return tuple(tags(params)) or tuple(str(one) for one in taken) or None


def tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a request, in every form that services have for them."""
    said = params.get("Tags") or params.get("tags") or params.get("TagList") or {}
    if isinstance(said, Mapping):
        return {str(key): str(value) for key, value in said.items()}
    pairs = [one for one in said if isinstance(one, Mapping)] if isinstance(said, list) else []
    return {pair_name(one): pair_value(one) for one in pairs}


def pair_name(one: Mapping[str, Any]) -> str:
    """The key of a tag."""
    return str(next((one[name] for name in ("Key", "key", "TagKey") if name in one), ""))


def pair_value(one: Mapping[str, Any]) -> str:
    """The value of a tag."""
    return str(next((one[name] for name in ("Value", "value", "TagValue") if name in one), ""))


KEYS = {
    "aws:userid": user_id,
    "aws:tokenissuetime": issued,
    "aws:multifactorauthpresent": with_mfa,
    "aws:sourceidentity": source_identity,
    "lambda:sourcefunctionarn": source_function,
    "aws:resourceaccount": owner,
    "s3:resourceaccount": owner,
    "aws:requestedregion": region,
    "aws:tagkeys": tag_keys,
}
FAMILIES = {"aws:requesttag/": tag, "aws:principaltag/": principal_tag}
