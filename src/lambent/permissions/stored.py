"""Policies that AWS would not store, and moto would: for their form, their size, or because who puts a key's policy
could not put another.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html ("IAM entity character limits";
white space does not count; the limits of inline policies are for all of one user, role or group together, here a policy
alone is measured), https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html (the safety check),
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html,
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html and
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html; the texts are as callers of AWS
report them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.engine.authorisation import checking, resource
from lambent.engine.authorisation.checking import IDENTITY, TRUST, Fault, Kind, Wrong
from lambent.engine.authorisation.decide import Ask
from lambent.model.constraints import violation
from lambent.model.scope import Caller
from lambent.permissions import callers
from lambent.wire import fault

INLINE = {"PutUserPolicy": ("user", 2_048), "PutRolePolicy": ("role", 10_240), "PutGroupPolicy": ("group", 5_120)}
MANAGED = {"CreatePolicy": 6_144, "CreatePolicyVersion": 6_144}
TRUST_SIZE = 2_048
OF_KEYS = Kind("needed", "needed", plain_sids=False)
OF_SECRETS = Kind("needed", "needed")
OF_TABLES = Kind("needed", "needed", plain_sids=False, vendor="dynamodb")
OF_REPOSITORIES = Kind("needed", "optional", plain_sids=False, vendor="ecr")
PUT_KEY_POLICY = "kms:PutKeyPolicy"
LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an operation has a policy, of which kind it is, and the error for one that is wrong."""

    member: str
    kind: Kind
    error: Callable[[Wrong, str], fault.Fault]


def _of_iam(_wrong: Wrong, text: str) -> fault.Fault:
    return fault.Fault("MalformedPolicyDocument", text, status=400)


def _of_kms(wrong: Wrong, _text: str) -> fault.Fault:
    """KMS tells of principals alone."""
    of_principals = wrong.fault in (Fault.PRINCIPAL, Fault.NO_PRINCIPAL)
    text = "Policy contains a statement with one or more invalid principals." if of_principals else ""
    return fault.Fault("MalformedPolicyDocumentException", text, status=400)


def _of_secrets(_wrong: Wrong, _text: str) -> fault.Fault:
    return fault.Fault("MalformedPolicyDocumentException", "This policy has invalid syntax.", status=400)


def _of_dynamodb(wrong: Wrong, _text: str) -> fault.Fault:
    why = f"The following action names are invalid: {json.dumps(wrong.about)}"
    said = why if wrong.fault is Fault.ACTION else wrong.fault.value  # the latter is our wording
    text = f"One or more parameter values were invalid: Invalid policy document: {said}"
    return fault.Fault("ValidationException", text, status=400)


def _of_ecr(_wrong: Wrong, _text: str) -> fault.Fault:
    text = violation("Invalid parameter", "PolicyText", "'Invalid repository policy provided'")
    return fault.Fault("InvalidParameterException", text, status=400)


_PLACES = {
    **{("iam", one): _Place("PolicyDocument", IDENTITY, _of_iam) for one in (*INLINE, *MANAGED)},
    ("iam", "CreateRole"): _Place("AssumeRolePolicyDocument", TRUST, _of_iam),
    ("iam", "UpdateAssumeRolePolicy"): _Place("PolicyDocument", TRUST, _of_iam),
    **{("kms", one): _Place("Policy", OF_KEYS, _of_kms) for one in ("CreateKey", "PutKeyPolicy", "ReplicateKey")},
    ("secretsmanager", "PutResourcePolicy"): _Place("ResourcePolicy", OF_SECRETS, _of_secrets),
    ("dynamodb", "PutResourcePolicy"): _Place("Policy", OF_TABLES, _of_dynamodb),
    ("dynamodb", "CreateTable"): _Place("ResourcePolicy", OF_TABLES, _of_dynamodb),
    ("ecr", "SetRepositoryPolicy"): _Place("policyText", OF_REPOSITORIES, _of_ecr),
}
SERVICES = frozenset(service for service, _ in _PLACES)


def check(service: str, operation: str, params: Mapping[str, Any], caller: Caller | None = None) -> None:
    """Raises Fault as the service does for a policy that it would not store."""
    place = _PLACES.get((service, operation))
    said = params.get(place.member) if place is not None else None
    if place is None or not isinstance(said, str) or not said:
        return
    if service == "iam":
        _measure_of_iam(operation, params, said)
    wrong = checking.check(said, place.kind)
    if wrong is not None:
        raise place.error(wrong, checking.told(wrong))
    if service == "kms" and caller is not None and params.get("BypassPolicyLockoutSafetyCheck") is not True:
        _check_lockout(said, caller)


def _check_lockout(said: str, caller: Caller) -> None:
    """Whether a user or a session could put another policy; an account's own key may be anybody's."""
    if callers.is_unbounded(caller):
        return
    key = f"arn:aws:kms:{caller.scope.region}:{caller.scope.account}:key/new"
    ask = Ask(callers.principal(caller), PUT_KEY_POLICY, key, caller.scope.account)
    if not resource.lets_in(json.loads(said), ask):
        raise fault.Fault("MalformedPolicyDocumentException", LOCKED_OUT, status=400)


def _measure_of_iam(operation: str, params: Mapping[str, Any], said: str) -> None:
    if operation in INLINE:
        kind, most = INLINE[operation]
        name = params.get(f"{kind.capitalize()}Name")
        _measure(said, most, f"Maximum policy size of {most} bytes exceeded for {kind} {name}")
    elif operation in MANAGED:
        most = MANAGED[operation]
        _measure(said, most, f"Cannot exceed quota for PolicySize: {most}")
    else:
        _measure(said, TRUST_SIZE, f"Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE}")


def _measure(said: str, most: int, text: str) -> None:
    if len(said) > most and sum(len(one) for one in said.split()) > most:
        raise fault.Fault("LimitExceeded", text, status=409)
