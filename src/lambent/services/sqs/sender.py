"""Who a request is from, as the message attribute SenderId says it."""

from typing import Any

from lambent.model.scope import Caller
from lambent.queues.sending import Sent


def sender_id(caller: Caller) -> str:
    """The account: what AWS says for an account's root user. Users and roles have no ids here."""
    return caller.scope.account


def told(sent: Sent) -> dict[str, Any]:
    """What SendMessage, or an entry of a batch, answers."""
    return {
        "MessageId": sent.id,
        "MD5OfMessageBody": sent.md5,
        "MD5OfMessageAttributes": sent.md5_attributes,
        "MD5OfMessageSystemAttributes": sent.md5_system,
        "SequenceNumber": sent.sequence,
    }
