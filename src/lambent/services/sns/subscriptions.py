"""Subscriptions: made, confirmed, described, changed, ended."""

import hmac
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.sns import findings
from lambent.services.sns.env import SnsEnv
from lambent.services.sns.paging import page
from lambent.topics import subscribing
from lambent.topics.errors import TopicError, invalid
from lambent.topics.names import subscription_of
from lambent.topics.records import Subscription, Topic
from lambent.topics.registry import Document

Params = dict[str, Any]
TOKEN_SECONDS = 2 * 86_400.0
"""For which a token confirms: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html."""
PENDING, IN_LISTS = "pending confirmation", "PendingConfirmation"
WITHIN = "Attributes Reason: "


async def subscribe(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Subscribe: the subscription that is there when it has the same attributes. An endpoint that has to confirm is
    sent a token."""
    topic = env.topic(caller, params.get("TopicArn"))
    protocol, endpoint = params["Protocol"], params.get("Endpoint") or ""
    subscribing.check_endpoint(topic, protocol, endpoint)
    given = {name: value or "" for name, value in (params.get("Attributes") or {}).items()}
    attributes = subscribing.checked(given, protocol, endpoint, {}, WITHIN)
    subscribing.check_dead_letters(attributes, topic)
    found = await _subscribed(env, caller, topic, (protocol, endpoint), attributes)
    if protocol in findings.TARGETS:
        findings.tell_target(env, found, await env.exists(endpoint))
    shown = not found.pending or params.get("ReturnSubscriptionArn")
    return {"SubscriptionArn": found.arn if shown else PENDING}


async def _subscribed(
    env: SnsEnv, caller: Caller, topic: Topic, place: tuple[str, str], attributes: dict[str, str]
) -> Subscription:
    there = env.registry.at(topic.arn, *place)
    if there is None:
        document = _document(env, caller, *place, attributes)
        there = await env.registry.subscribe(topic.arn, document)
        findings.tell_subscription(env, there)
    elif dict(there.attributes) != attributes and attributes:
        raise invalid("Attributes", "Subscription already exists with different attributes")
    elif there.pending:
        asked = {"token": env.token(), "asked": env.clock()}
        there = await env.registry.change(there.arn, lambda document: {**document, **asked})
    if there.pending and there.protocol not in subscribing.UNSENT:
        await env.publisher.ask(topic, there, "SubscriptionConfirmation")
    return there


def _document(env: SnsEnv, caller: Caller, protocol: str, endpoint: str, attributes: dict[str, str]) -> dict[str, Any]:
    pending = subscribing.must_confirm(protocol, endpoint, caller.scope.account)
    return {
        "protocol": protocol,
        "endpoint": endpoint,
        "owner": caller.scope.account,
        "principal": env.principal(caller),
        "attributes": attributes,
        "pending": pending,
        "authenticated": not pending,
        "guarded": False,
        "token": env.token(),
        "asked": env.clock(),
    }


async def confirm_subscription(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """ConfirmSubscription: with the token that the endpoint was sent. One that was ended stays so."""
    topic = env.topic(caller, params.get("TopicArn"))
    token = params.get("Token") or ""
    found = _with_token(env, topic, token)
    guarded = (params.get("AuthenticateOnUnsubscribe") or "").lower() == "true" and caller.access_key is not None
    if found.pending:
        if env.clock() - found.document["asked"] > TOKEN_SECONDS:
            raise invalid("Token")
        signed = caller.access_key is not None

        def change(document: Document) -> Document:
            return {**document, "pending": False, "authenticated": signed, "guarded": guarded}

        found = await env.registry.change(found.arn, change)
    return {"SubscriptionArn": found.arn}


def _with_token(env: SnsEnv, topic: Topic, token: str) -> Subscription:
    for one in env.registry.subscriptions(topic.arn):
        if token and hmac.compare_digest(one.document["token"].encode(), token.encode("utf-8", "replace")):
            return one
    raise invalid("Token")


async def unsubscribe(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Unsubscribe: no error when there is none. Without a signature it ends what was not confirmed otherwise."""
    arn = params.get("SubscriptionArn") or ""
    subscription_of(arn)
    try:
        found = env.registry.subscription(arn)
    except TopicError:
        return {}
    if found.document["guarded"] and caller.access_key is None:
        raise TopicError("AuthorizationErrorException", "User is not authorized to perform this operation")
    topic = env.registry.find(found.topic_arn)
    await env.registry.unsubscribe(found)
    env.withdraw(arn, "")
    if topic is not None and found.protocol in subscribing.WEB and not found.pending:
        await env.publisher.ask(topic, found, "UnsubscribeConfirmation")
    return {}


async def get_subscription_attributes(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """GetSubscriptionAttributes."""
    found = env.registry.subscription(params.get("SubscriptionArn") or "")
    return {"Attributes": subscribing.shown(found, env.registry.find(found.topic_arn))}


async def set_subscription_attributes(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """SetSubscriptionAttributes: an empty value is the default."""
    found = env.registry.subscription(params.get("SubscriptionArn") or "")
    given = {params.get("AttributeName") or "": params.get("AttributeValue") or ""}
    topic = env.registry.topic(found.topic_arn)

    def change(document: Document) -> Document:
        kept = subscribing.checked(given, found.protocol, found.endpoint, document["attributes"])
        subscribing.check_dead_letters(kept, topic)
        return {**document, "attributes": kept}

    findings.tell_subscription(env, await env.registry.change(found.arn, change))
    return {}


async def list_subscriptions(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """ListSubscriptions: those that the account made, a hundred at a time."""
    return _listed(env.registry.owned(Scope(caller.scope.account, caller.scope.region)), params)


async def list_subscriptions_by_topic(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """ListSubscriptionsByTopic, a hundred at a time."""
    topic = env.topic(caller, params.get("TopicArn"))
    return _listed(sorted(env.registry.subscriptions(topic.arn), key=lambda one: one.arn), params)


def _listed(found: list[Subscription], params: Params) -> dict[str, Any]:
    shown, more = page(found, lambda one: one.arn, params)
    return {"Subscriptions": [_entry(one) for one in shown], **more}


def _entry(one: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": IN_LISTS if one.pending else one.arn,
        "Owner": one.owner,
        "Protocol": one.protocol,
        "Endpoint": one.endpoint,
        "TopicArn": one.topic_arn,
    }
