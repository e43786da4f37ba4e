"""Topics, their subscriptions and policies."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, added, put, reads
from lambent.deploy.resources.texts import as_text

TOPIC = (
    *("ContentBasedDeduplication", "DisplayName", "FifoThroughputScope", "FifoTopic", "KmsMasterKeyId"),
    "MaximumMessageSize",
    *("SignatureVersion", "TracingConfig"),
)
SUBSCRIPTION = (
    *("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy"),
    "SubscriptionRoleArn",
)


def _attributes(names: tuple[str, ...]) -> Any:
    @reads(*names)
    def found(subject: Subject) -> dict[str, str] | None:
        given = {name: subject.properties.get(name) for name in names}
        return {name: as_text(value) for name, value in given.items() if value is not None} or None

    return found


def _changed(names: tuple[str, ...]) -> Any:
    """Each attribute that an update changes; one that is removed is empty."""

    @reads(*names)
    def found(subject: Subject) -> list[dict[str, str]]:
        changed = [name for name in names if name in subject.changed]
        return [{"name": name, "value": as_text(subject.properties.get(name, ""))} for name in changed]

    return found


_POLICY = Do(
    "sns:SetTopicAttributes",
    {"TopicArn": "@item", "AttributeName": "Policy", "AttributeValue": "$PolicyDocument"},
    each="$Topics",
)
KINDS = {
    "AWS::SNS::Topic": Kind(
        name="TopicName",
        length=256,
        suffix=lambda subject: ".fifo" if as_text(subject.properties.get("FifoTopic", "")).lower() == "true" else "",
        create=(
            Do("sns:CreateTopic", {"Name": "$name", "Attributes": _attributes(TOPIC)}, fit=True, without=TOPIC),
            Do(
                "sns:Subscribe",
                {"TopicArn": "$id", "Protocol": "@item.Protocol", "Endpoint": "@item.Endpoint"},
                each=added("Subscription"),
            ),
        ),
        update=(
            Do(
                "sns:SetTopicAttributes",
                {"TopicArn": "$id", "AttributeName": "@item.name", "AttributeValue": "@item.value"},
                each=_changed(TOPIC),
            ),
            Do(
                "sns:Subscribe",
                {"TopicArn": "$id", "Protocol": "@item.Protocol", "Endpoint": "@item.Endpoint"},
                each=added("Subscription"),
            ),
        ),
        empty={
            "ContentBasedDeduplication": False,
            "FifoThroughputScope": "Topic",
            "SignatureVersion": "1",
            "TracingConfig": "PassThrough",
        },
        delete=(Do("sns:DeleteTopic", {"TopicArn": "$id"}),),
        id="@TopicArn",
        attributes={"TopicArn": "{id}", "TopicName": "{name}"},
        tags="Tags",
        tag=Do("sns:TagResource", {"ResourceArn": "$id", "Tags": "$Tags"}),
        untag=Do("sns:UntagResource", {"ResourceArn": "$id", "TagKeys": "@removed"}),
    ),
    "AWS::SNS::Subscription": Kind(
        create=(
            Do(
                "sns:Subscribe",
                {"Attributes": _attributes(SUBSCRIPTION), "ReturnSubscriptionArn": True},
                fit=True,
                without=SUBSCRIPTION,
            ),
        ),
        update=(
            Do(
                "sns:SetSubscriptionAttributes",
                {"SubscriptionArn": "$id", "AttributeName": "@item.name", "AttributeValue": "@item.value"},
                each=_changed(SUBSCRIPTION),
            ),
        ),
        empty={
            "FilterPolicy": {},
            "FilterPolicyScope": "MessageAttributes",
            "RawMessageDelivery": False,
            "RedrivePolicy": {},
        },
        quiet=("Region",),
        delete=(Do("sns:Unsubscribe", {"SubscriptionArn": "$id"}),),
        id="@SubscriptionArn",
        attributes={"Arn": "{id}"},
        takes=("Region",),
    ),
    "AWS::SNS::TopicInlinePolicy": put(
        Do(
            "sns:SetTopicAttributes",
            {"TopicArn": "$TopicArn", "AttributeName": "Policy", "AttributeValue": "$PolicyDocument"},
        ),
        id="{TopicArn}",
    ),
    "AWS::SNS::TopicPolicy": put(
        _POLICY,
        attributes={"Id": "{id}"},
    ),
}
