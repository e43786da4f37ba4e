"""The operations answered here, and which requests those are."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.iot import publish, rules
from lambent.services.iot.env import IotEnv
from lambent.wire.http import Request

Operation = Callable[[IotEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

RULES: dict[str, Operation] = {
    "CreateTopicRule": rules.create_topic_rule,
    "DeleteTopicRule": rules.delete_topic_rule,
    "DisableTopicRule": rules.disable_topic_rule,
    "EnableTopicRule": rules.enable_topic_rule,
    "GetTopicRule": rules.get_topic_rule,
    "ListTopicRules": rules.list_topic_rules,
    "ListTagsForResource": rules.list_tags_for_resource,
    "ReplaceTopicRule": rules.replace_topic_rule,
    "TagResource": rules.tag_resource,
    "UntagResource": rules.untag_resource,
}
MESSAGES: dict[str, Operation] = {"Publish": publish.publish}


def is_of_rules(request: Request) -> bool:
    """Whether it is about topic rules, or tags, which nothing else of IoT has."""
    return request.path in ("/rules", "/tags", "/untag") or request.path.startswith("/rules/")


def is_message(request: Request) -> bool:
    """Whether it publishes."""
    return request.path.startswith("/topics/")
