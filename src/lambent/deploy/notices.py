"""What a stack's topics (NotificationARNs) are told: each event, as text.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html (notification
options); the form as those who read such messages have published it.
"""

import logging
from datetime import UTC, datetime

from lambent.deploy.ports import Asks, Refused
from lambent.deploy.stack import Event, Stack

log = logging.getLogger(__name__)

SUBJECT = "AWS CloudFormation Notification"


async def publish(asks: Asks, stack: Stack, event: Event) -> None:
    """Tell all of them. A topic that does not take it holds up no stack."""
    for arn in stack.target.notifications:
        said = {"TopicArn": arn, "Subject": SUBJECT, "Message": message(stack, event)}
        try:
            await asks(stack.by)(stack.scope, "sns", "Publish", said)
        except Refused as error:
            log.warning("the stack %s can't tell %s of its events: %s", stack.name, arn, error)


def message(stack: Stack, event: Event) -> str:
    """The text: a member a line."""
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members = {
        "StackId": stack.arn,
        "Timestamp": at,
        "EventId": event.id,
        "LogicalResourceId": event.logical_id,
        "Namespace": stack.account,
        "PhysicalResourceId": event.physical_id,
        "ResourceProperties": event.properties or "null",
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceType": event.type,
        "StackName": stack.name,
        "ClientRequestToken": event.token or "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in members.items())
