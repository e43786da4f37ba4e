"""A topic's access policy: what it is by default, and single permissions in it.

Source: https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html; the default as GetTopicAttributes answers it.
"""

import re
from collections.abc import Sequence
from typing import Any

from lambent.engine.authorisation import checking
from lambent.engine.authorisation.checking import Fault
from lambent.model.scope import Scope
from lambent.topics.errors import TopicError, invalid

OWNERS = (
    *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe"),
    *("ListSubscriptionsByTopic", "Publish"),
)
ACTIONS = frozenset({*OWNERS, "Receive", "*", "ListTagsForResource", "TagResource", "UntagResource"})
LONGEST = 30 * 1024
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")

KIND = checking.Kind("needed", "optional", plain_sids=False, vendor="sns")
_WORDS = {
    Fault.NO_PRINCIPAL: "Policy statement must contain principals",
    Fault.ACTION: "Policy statement action out of service scope!",
    Fault.PRINCIPAL: "Policy Error: PrincipalNotFound",
}

Policy = dict[str, Any]


def default(scope: Scope, arn: str) -> Policy:
    """Only the owner may do anything."""
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in OWNERS],
                "Resource": arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": scope.account}},
            }
        ],
    }


def check(text: str) -> None:
    """Raises TopicError for what is no policy."""
    if len(text.encode()) > LONGEST:
        raise invalid("Policy", "Policy is too large")  # our wording
    found = checking.check(text, KIND)
    if found is not None:
        raise invalid(_WORDS.get(found.fault, "Policy Error: null"))


def statements(policy: Policy) -> list[Any]:
    """Its statements."""
    return _several(policy.get("Statement", []))


def _several(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def with_permission(policy: Policy, arn: str, label: str, accounts: Sequence[str], actions: Sequence[str]) -> Policy:
    """The policy and one more statement. Raises TopicError."""
    if not _LABEL.fullmatch(label):
        raise invalid("Label")
    if any(isinstance(one, dict) and one.get("Sid") == label for one in statements(policy)):
        raise invalid("Statement already exists")
    for account in accounts:
        if not re.fullmatch(r"[0-9]{12}", account):
            raise invalid("Accounts")
    for action in actions:
        if action not in ACTIONS:
            raise invalid("Policy statement action out of service scope!")
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    allowed = [f"SNS:{action}" for action in actions]
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
        "Action": allowed[0] if len(allowed) == 1 else allowed,
        "Resource": arn,
    }
    return {**policy, "Statement": [*statements(policy), statement]}


def without_permission(policy: Policy, label: str) -> Policy:
    """The policy without that statement. Raises TopicError when it has none of that label."""
    kept = [one for one in statements(policy) if not (isinstance(one, dict) and one.get("Sid") == label)]
    if len(kept) == len(statements(policy)):
        raise TopicError("NotFoundException", "Statement does not exist")
    return {**policy, "Statement": kept}
