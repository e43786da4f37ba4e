"""Topics of other accounts: the topic's policy decides; a subscription is also its owner's.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html, texts as callers report them;
https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html and API_ConfirmSubscription.html (which need no
signature, the latter the token alone).
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from lambent.engine.authorisation import resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.scope import Caller
from lambent.services.sns.env import SnsEnv
from lambent.topics.attributes import policy_of
from lambent.topics.errors import TopicError

Operation = Callable[[SnsEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

ANYBODY = frozenset({"ConfirmSubscription"})
UNSIGNED = frozenset({"ConfirmSubscription", "Unsubscribe"})
TOPICS = ("TopicArn", "TargetArn", "ResourceArn")


def guarded(action: str, operation: Operation) -> Operation:
    """The operation for those who may have it done with the topic that they name."""

    @functools.wraps(operation)
    async def run(env: SnsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        for arn in (params[name] for name in (*TOPICS, "SubscriptionArn") if params.get(name)):
            if arn.split(":")[4:5] not in ([], [caller.scope.account]):
                _check(env, caller, action, arn, params)
        return await operation(env, caller, params)

    return run


def _check(env: SnsEnv, caller: Caller, action: str, arn: str, params: dict[str, Any]) -> None:
    """Raises TopicError: it is another account's, and its policy does not allow it."""
    if action in ANYBODY or (action in UNSIGNED and caller.access_key is None):
        return
    if params.get("SubscriptionArn") == arn:
        if not _is_owners(env, caller, arn):
            raise _denied(caller, action, arn)
        return
    topic = env.registry.find(arn)
    if topic is None or not resource.lets_in(policy_of(topic), _ask(caller, action, arn, params, env.clock())):
        raise _denied(caller, action, arn)


def _is_owners(env: SnsEnv, caller: Caller, arn: str) -> bool:
    try:
        return env.registry.subscription(arn).owner == caller.scope.account
    except TopicError:
        return False


def _ask(caller: Caller, action: str, arn: str, params: dict[str, Any], now: float) -> Ask:
    said = {"sns:protocol": params.get("Protocol"), "sns:endpoint": params.get("Endpoint")}
    keys = of_any(now) | {key: value for key, value in said.items() if value}
    # A batch is allowed by the action of its single messages.
    who = resource.asking(caller)
    return Ask(who, f"sns:{action.removesuffix('Batch')}", arn, keys=keys)


def _denied(caller: Caller, action: str, arn: str) -> TopicError:
    verb = f"SNS:{action.removesuffix('Batch')}"
    return TopicError("AuthorizationErrorException", resource.not_let_in(resource.asking(caller).arn, verb, arn))
