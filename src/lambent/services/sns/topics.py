"""Topics: made, listed, described, changed, deleted."""

import json
from typing import Any

from lambent.model.scope import Caller
from lambent.services.sns import findings
from lambent.services.sns.env import SnsEnv
from lambent.services.sns.paging import page
from lambent.topics import attributes, policies
from lambent.topics.errors import TopicError, invalid, not_built
from lambent.topics.names import check_name, topic_arn, topic_of
from lambent.topics.records import Topic
from lambent.topics.registry import Document, check_tags

Params = dict[str, Any]


async def create_topic(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """CreateTopic: the topic that is there when it has the same attributes and tags."""
    if params.get("DataProtectionPolicy"):
        raise not_built("data protection policies")
    given = {name: value or "" for name, value in (params.get("Attributes") or {}).items()}
    fifo = given.pop("FifoTopic", "").lower() == "true"
    name = params.get("Name") or ""
    check_name(name, fifo=fifo)
    tags = _tags(params)
    found = env.registry.find(topic_arn(caller.scope, name))
    kept = attributes.of_new(given, fifo=fifo)
    if found is None:
        found = await env.registry.create_topic(caller.scope, name, kept, check_tags(tags, {}))
        findings.tell_topic(env, found)
    _check_same(found, kept, tags)
    return {"TopicArn": found.arn}


def _check_same(topic: Topic, given: dict[str, str], tags: dict[str, str]) -> None:
    if attributes.differ(topic, given):
        raise invalid("Attributes", "Topic already exists with different attributes")
    if tags and tags != dict(topic.tags):
        raise invalid("Tags", "Topic already exists with different tags")


async def delete_topic(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """DeleteTopic: no error when there is none."""
    arn = topic_of(params.get("TopicArn") or "")
    for one in env.registry.subscriptions(arn):
        env.withdraw(one.arn, "")
    env.withdraw(arn, "")
    await env.registry.delete_topic(arn)
    return {}


async def list_topics(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """ListTopics, a hundred at a time."""
    shown, more = page(env.registry.topics(caller.scope), lambda one: one.resource.name, params)
    return {"Topics": [{"TopicArn": one.arn} for one in shown], **more}


async def get_topic_attributes(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """GetTopicAttributes."""
    topic = env.topic(caller, params.get("TopicArn"))
    those = env.registry.subscriptions(topic.arn)
    pending = sum(one.pending for one in those)
    return {"Attributes": attributes.shown(topic, {"pending": pending, "confirmed": len(those) - pending})}


async def set_topic_attributes(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """SetTopicAttributes: an empty value is the default."""
    topic = env.topic(caller, params.get("TopicArn"))
    name = params.get("AttributeName") or ""
    value = attributes.checked(name, params.get("AttributeValue") or "", fifo=topic.is_fifo)
    if name == "MaximumMessageSize" and value and int(value) > attributes.DEFAULT_SIZE:
        _check_large(env, topic)

    def change(document: Document) -> Document:
        kept = {key: one for key, one in document["attributes"].items() if key != name}
        return {**document, "attributes": {**kept, **({name: value} if value else {})}}

    findings.tell_topic(env, await env.registry.change_topic(topic.arn, change))
    return {}


def _check_large(env: SnsEnv, topic: Topic) -> None:
    those = env.registry.subscriptions(topic.arn)
    fit = all(one.protocol in attributes.LARGE_PROTOCOLS for one in those)
    if len(those) > attributes.LARGE_SUBSCRIPTIONS or not fit:
        raise invalid("MaximumMessageSize", "the topic's subscriptions don't allow messages above 262144 bytes")


async def add_permission(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """AddPermission: one more statement in the topic's policy."""
    topic = env.topic(caller, params.get("TopicArn"))
    label, accounts, actions = params["Label"], params["AWSAccountId"], params["ActionName"]

    def change(document: Document) -> Document:
        current = _policy(document, topic)
        return _with_policy(document, policies.with_permission(current, topic.arn, label, accounts, actions))

    await env.registry.change_topic(topic.arn, change)
    return {}


async def remove_permission(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """RemovePermission."""
    topic = env.topic(caller, params.get("TopicArn"))

    def change(document: Document) -> Document:
        return _with_policy(document, policies.without_permission(_policy(document, topic), params["Label"]))

    await env.registry.change_topic(topic.arn, change)
    return {}


def _policy(document: Document, topic: Topic) -> policies.Policy:
    text = document["attributes"].get("Policy")
    found: policies.Policy = json.loads(text) if text else policies.default(topic.scope, topic.arn)
    return found


def _with_policy(document: Document, policy: policies.Policy) -> Document:
    text = json.dumps(policy, separators=(",", ":"))
    return {**document, "attributes": {**document["attributes"], "Policy": text}}


def _tags(params: Params) -> dict[str, str]:
    found = params.get("Tags") or []
    tags = {one["Key"]: one["Value"] for one in found}
    if len(tags) != len(found):
        raise invalid("Tags", "Duplicated keys are not allowed.")
    return tags


def _tagged(env: SnsEnv, params: Params) -> Topic:
    found = env.registry.find(params.get("ResourceArn") or "")
    if found is None:
        raise TopicError("ResourceNotFoundException", "Resource does not exist")
    return found


async def list_tags_for_resource(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(env, params).tags.items()]}


async def tag_resource(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """TagResource."""
    tags = _tags(params)

    def change(document: Document) -> Document:
        return {**document, "tags": check_tags(tags, document["tags"])}

    await env.registry.change_topic(_tagged(env, params).arn, change)
    return {}


async def untag_resource(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """UntagResource."""
    gone = set(params["TagKeys"])

    def change(document: Document) -> Document:
        return {**document, "tags": {key: one for key, one in document["tags"].items() if key not in gone}}

    await env.registry.change_topic(_tagged(env, params).arn, change)
    return {}


async def get_data_protection_policy(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """GetDataProtectionPolicy: no topic has one, since none can be set."""
    env.topic(caller, params.get("ResourceArn"), "ResourceArn")
    return {}
