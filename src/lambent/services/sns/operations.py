"""The operations answered here, and why others are refused."""

import functools
from typing import Any

from lambent.model.scope import Caller
from lambent.services.sns import publish, subscriptions, topics
from lambent.services.sns.env import SnsEnv
from lambent.services.sns.sharing import Operation, guarded
from lambent.topics.errors import TopicError
from lambent.wire.fault import Fault


def worded(operation: Operation) -> Operation:
    """The operation with what topics refuse as the caller's fault."""

    @functools.wraps(operation)
    async def run(env: SnsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return await operation(env, caller, params)
        except TopicError as error:
            raise Fault(error.code, error.message, status=error.status) from error

    return run


_ALL: dict[str, Operation] = {
    "AddPermission": topics.add_permission,
    "ConfirmSubscription": subscriptions.confirm_subscription,
    "CreateTopic": topics.create_topic,
    "DeleteTopic": topics.delete_topic,
    "GetDataProtectionPolicy": topics.get_data_protection_policy,
    "GetSubscriptionAttributes": subscriptions.get_subscription_attributes,
    "GetTopicAttributes": topics.get_topic_attributes,
    "ListSubscriptions": subscriptions.list_subscriptions,
    "ListSubscriptionsByTopic": subscriptions.list_subscriptions_by_topic,
    "ListTagsForResource": topics.list_tags_for_resource,
    "ListTopics": topics.list_topics,
    "Publish": publish.publish,
    "PublishBatch": publish.publish_batch,
    "RemovePermission": topics.remove_permission,
    "SetSubscriptionAttributes": subscriptions.set_subscription_attributes,
    "SetTopicAttributes": topics.set_topic_attributes,
    "Subscribe": subscriptions.subscribe,
    "TagResource": topics.tag_resource,
    "Unsubscribe": subscriptions.unsubscribe,
    "UntagResource": topics.untag_resource,
}
OPERATIONS = {name: worded(guarded(name, operation)) for name, operation in _ALL.items()}

_PUSH = "nothing is pushed to mobile devices"
_SMS = "no text messages are sent"
REFUSED = {
    "PutDataProtectionPolicy": "nothing looks for sensitive data in messages",
    **dict.fromkeys(
        (
            *("CreatePlatformApplication", "CreatePlatformEndpoint", "DeleteEndpoint", "DeletePlatformApplication"),
            *("GetEndpointAttributes", "GetPlatformApplicationAttributes", "ListEndpointsByPlatformApplication"),
            *("ListPlatformApplications", "SetEndpointAttributes", "SetPlatformApplicationAttributes"),
        ),
        _PUSH,
    ),
    **dict.fromkeys(
        (
            *("CheckIfPhoneNumberIsOptedOut", "CreateSMSSandboxPhoneNumber", "DeleteSMSSandboxPhoneNumber"),
            *("GetSMSAttributes", "GetSMSSandboxAccountStatus", "ListOriginationNumbers", "ListPhoneNumbersOptedOut"),
            *("ListSMSSandboxPhoneNumbers", "OptInPhoneNumber", "SetSMSAttributes", "VerifySMSSandboxPhoneNumber"),
        ),
        _SMS,
    ),
}
"""Operation -> why it is refused."""
