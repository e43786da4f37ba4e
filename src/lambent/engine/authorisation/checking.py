"""What AWS refuses to store as a policy: one check for all kinds of policies; each service has words of its own for it.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html,
reference_policies_elements_sid.html (IAM's Sids are letters and digits, other services' are not bound) and, for sizes,
reference_iam-quotas.html.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from lambent.engine.authorisation import conditions
from lambent.engine.authorisation.document import listed, texts

SESSION_BYTES = 2_048
"""A session's policy, in characters."""
VERSIONS = ("2012-10-17", "2008-10-17")
_TOP = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_VENDOR = re.compile(r"[a-zA-Z0-9*?-]+")
_NAME = re.compile(r"[a-zA-Z0-9*?]+")
_PARTITION = re.compile(r"aws[a-z-]*|\*")
_ACCOUNT = re.compile(r"\*|[0-9]{12}|AIDA[A-Z0-9]+|AROA[A-Z0-9]+")
_PRINCIPALS = frozenset(("AWS", "Service", "Federated", "CanonicalUser"))
_NO_REGION = frozenset(("iam", "s3"))


class Fault(Enum):
    """What may be wrong with a policy."""

    JSON = "it is no JSON"
    SYNTAX = "its form is wrong"
    VERSION = "it has no valid version"
    EFFECT = "an effect is neither Allow nor Deny"
    NO_ACTION = "a statement has no action"
    VENDOR = "an action has no service"
    COLONS = "an action has more than one colon"
    ACTION = "an action is none of the service's"
    NO_RESOURCE = "a statement has no resource"
    RESOURCE = "a resource is no ARN"
    REGION = "the ARN of a resource has a region"
    PARTITION = "the ARN of a resource has no valid partition"
    OTHER_RESOURCE = "a resource is not what the policy belongs to"
    PROHIBITED = "a statement has an element that such a policy has not"
    NO_PRINCIPAL = "a statement names no principal"
    PRINCIPAL = "a principal is none"
    SID = "a statement's id is not letters and digits"
    SIDS = "two statements have one id"
    OPERATOR = "a condition has no such operator"
    VALUE = "a condition's value is not of its operator's kind"


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong, and what it is about."""

    fault: Fault
    about: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of policies. `principal` and `resource` are "needed", "prohibited" or "optional"; `plain_sids` that Sids
    are letters and digits; `vendor` the one service that actions may be of, "" for any."""

    principal: str = "prohibited"
    resource: str = "needed"
    plain_sids: bool = True
    vendor: str = ""


IDENTITY = Kind()
TRUST = Kind("needed", "prohibited", vendor="sts")


def check(text: str, kind: Kind = IDENTITY) -> Wrong | None:
    """The first thing that is wrong with a policy; None for one that AWS takes."""
    try:
        document = json.loads(text, object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        return Wrong(Fault.JSON)
    return next(_faults(document, kind), None)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """AWS takes no element twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(pairs)
    return found


def _faults(document: Any, kind: Kind) -> Iterator[Wrong]:
    if not isinstance(document, Mapping) or not document.keys() <= _TOP or "Statement" not in document:
        yield Wrong(Fault.SYNTAX)
        return
    if document.get("Version", VERSIONS[1]) not in VERSIONS:
        yield Wrong(Fault.VERSION)
    if not isinstance(document.get("Id", ""), str):
        yield Wrong(Fault.SYNTAX)
    statements = listed(document["Statement"])
    if not statements or not all(isinstance(one, Mapping) for one in statements):
        yield Wrong(Fault.SYNTAX)
        return
    for one in statements:
        yield from _statement(one, kind)
    sids = [one["Sid"] for one in statements if one.get("Sid")]
    if len(sids) != len(set(sids)):
        yield Wrong(Fault.SIDS)


def _statement(one: Mapping[str, Any], kind: Kind) -> Iterator[Wrong]:
    if not one.keys() <= _STATEMENT:
        yield Wrong(Fault.SYNTAX, min(one.keys() - _STATEMENT))
    if one.get("Effect") not in ("Allow", "Deny"):
        yield Wrong(Fault.EFFECT, str(one.get("Effect")))
    sid = one.get("Sid", "")
    if not isinstance(sid, str) or (kind.plain_sids and not re.fullmatch("[0-9A-Za-z]*", sid)):
        yield Wrong(Fault.SID, str(sid))
    yield from _twice(one)
    yield from _principal(one, kind)
    yield from _actions(one, kind)
    yield from _resources(one, kind)
    yield from _conditions(one.get("Condition", {}))


def _twice(one: Mapping[str, Any]) -> Iterator[Wrong]:
    for name in ("Principal", "Action", "Resource"):
        if name in one and f"Not{name}" in one:
            yield Wrong(Fault.SYNTAX, name)


def _principal(one: Mapping[str, Any], kind: Kind) -> Iterator[Wrong]:
    there = next((name for name in ("Principal", "NotPrincipal") if name in one), "")
    if there and kind.principal == "prohibited":
        yield Wrong(Fault.PROHIBITED, there)
    if not there:
        if kind.principal == "needed":
            yield Wrong(Fault.NO_PRINCIPAL)
        return
    said = one[there]
    if said == "*":
        return
    if not isinstance(said, Mapping) or not said:
        yield Wrong(Fault.PRINCIPAL, str(said))
        return
    for name, values in said.items():
        if name not in _PRINCIPALS or not texts(values):
            yield Wrong(Fault.PRINCIPAL, str(name))
        for value in texts(values) if name == "AWS" else ():
            if not _is_principal(value):
                yield Wrong(Fault.PRINCIPAL, f'"AWS":"{value}"')


def _is_principal(value: str) -> bool:
    if _ACCOUNT.fullmatch(value):
        return True
    fields = value.split(":", 5)
    return len(fields) == 6 and fields[0] == "arn" and fields[2] in ("iam", "sts") and bool(fields[5])


def _actions(one: Mapping[str, Any], kind: Kind) -> Iterator[Wrong]:
    said = one.get("Action", one.get("NotAction"))
    if not _are_texts(said):
        yield Wrong(Fault.NO_ACTION if said in (None, []) else Fault.SYNTAX, "Action")
        return
    for action in texts(said):
        vendor, colon, name = action.partition(":")
        if action == "*":
            continue
        if not colon or not vendor:
            yield Wrong(Fault.VENDOR, action)
        elif ":" in name:
            yield Wrong(Fault.COLONS, action)
        elif not _VENDOR.fullmatch(vendor) or not _NAME.fullmatch(name):
            yield Wrong(Fault.VENDOR, action)
        elif kind.vendor and vendor.lower() not in (kind.vendor, "*"):
            yield Wrong(Fault.ACTION, action)


def _resources(one: Mapping[str, Any], kind: Kind) -> Iterator[Wrong]:
    there = next((name for name in ("Resource", "NotResource") if name in one), "")
    if there and kind.resource == "prohibited":
        yield Wrong(Fault.PROHIBITED, there)
        return
    said = one.get(there) if there else None
    if not there or said == []:
        if kind.resource == "needed":
            yield Wrong(Fault.NO_RESOURCE)
        return
    if not _are_texts(said):
        yield Wrong(Fault.SYNTAX, "Resource")
    for named in texts(said):
        yield from _resource(named)


def _resource(named: str) -> Iterator[Wrong]:
    if named.startswith("*"):
        return
    fields = named.split(":", 5)
    if fields[0] != "arn" or len(fields) < 2:
        yield Wrong(Fault.RESOURCE, named)
        return
    if len(fields) > 3 and fields[2] in _NO_REGION and fields[3] not in ("", "*") and "${" not in fields[3]:
        yield Wrong(Fault.REGION, named)
    if not _PARTITION.fullmatch(fields[1]):
        yield Wrong(Fault.PARTITION, named)


def _conditions(said: Any) -> Iterator[Wrong]:
    if not isinstance(said, Mapping):
        yield Wrong(Fault.SYNTAX, "Condition")
        return
    for operator, keys in said.items():
        if not isinstance(keys, Mapping):
            yield Wrong(Fault.SYNTAX, "Condition")
            continue
        read = conditions.read(str(operator), "aws:any", ())
        if read is None:
            yield Wrong(Fault.OPERATOR, str(operator))
            continue
        for key, values in keys.items():
            if not isinstance(values, str | int | float | list) or not all(
                isinstance(value, str | int | float) for value in listed(values)
            ):
                yield Wrong(Fault.SYNTAX, str(key))
            elif not all(conditions.may_be(read.base, value) for value in texts(values)):
                yield Wrong(Fault.VALUE, str(key))


def _are_texts(said: Any) -> bool:
    return bool(listed(said)) and all(isinstance(one, str) for one in listed(said))


IAM_WORDS = {
    Fault.NO_ACTION: "Policy statement must contain actions.",
    Fault.VENDOR: "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    Fault.COLONS: "Actions/Condition can contain only one colon.",
    Fault.ACTION: "AssumeRole policy may only specify STS AssumeRole actions.",
    Fault.NO_RESOURCE: "Policy statement must contain resources.",
    Fault.RESOURCE: 'Resource {about} must be in ARN format or "*".',
    Fault.PARTITION: 'Partition "{partition}" is not valid for resource "{about}".',
    Fault.PROHIBITED: "Has prohibited field {about}",
    Fault.NO_PRINCIPAL: "Missing required field Principal",
    Fault.PRINCIPAL: "Invalid principal in policy: {about}",
    Fault.SID: "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
    "[0-9A-Za-z]*",
    Fault.SIDS: "Statement IDs (SID) in a single policy must be unique.",
    Fault.OPERATOR: "Invalid Condition type : {about}.",
    Fault.VALUE: "The policy failed legacy parsing",
    Fault.EFFECT: "The policy failed legacy parsing",
}
"""IAM's and STS's texts, as their callers report them."""
SYNTAX = "Syntax errors in policy."


def wrong(text: str, kind: Kind = IDENTITY) -> str:
    """What IAM says against a policy; "" for one that it takes."""
    found = check(text, kind)
    return "" if found is None else told(found)


def told(found: Wrong) -> str:
    """What IAM says of it."""
    if found.fault is Fault.PROHIBITED and found.about in ("Principal", "NotPrincipal"):
        return "Policy document should not specify a principal."
    if found.fault is Fault.REGION:
        what = "IAM resource {} cannot" if ":iam:" in found.about else "Resource {} can not"
        return f"{what.format(found.about)} contain region information."
    said = IAM_WORDS.get(found.fault, SYNTAX)
    return said.replace("{about}", found.about).replace("{partition}", "".join(found.about.split(":")[1:2]))
