"""Where moto sends something to Lambda or SQS, and what does it instead: the whole list of what we change in moto.

Other senders of moto's (Secrets Manager's rotation, CloudFormation's custom resources) find no function of ours and say
so themselves; others yet never send (see `lambent.neighbour.unreached`).
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.neighbour.bridges import events, s3, sns
from lambent.neighbour.bridges.handing import Gateway

Make = Callable[[Gateway, Any], Callable[..., Any]]
"""The replacement, given what it replaces."""


@dataclass(frozen=True, slots=True)
class Place:
    """A function of moto's: its module, its name there, and the parameters that we know it by."""

    module: str
    name: str
    parameters: tuple[str, ...]
    make: Make

    def current(self) -> Any:
        """What is there now. Raises ImportError or AttributeError when moto has moved it."""
        found: Any = importlib.import_module(self.module)
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    def put(self, replacement: Callable[..., Any]) -> None:
        """Put something in its place."""
        owner: Any = importlib.import_module(self.module)
        *path, last = self.name.split(".")
        for part in path:
            owner = getattr(owner, part)
        setattr(owner, last, replacement)


PLACES: Sequence[Place] = (
    Place("moto.s3.notifications", "send_event", ("account_id", "event_name", "bucket", "key"), s3.send_event),
    Place("moto.s3.notifications", "send_test_event", ("account_id", "bucket"), s3.send_test_event),
    Place("moto.s3.models", "S3Backend._set_delete_marker", ("self", "bucket_name", "key_name"), s3.set_delete_marker),
    Place(
        "moto.sns.models",
        "Topic.publish",
        (
            *("self", "message", "subject", "message_attributes", "group_id", "deduplication_id"),
            "message_structure",
        ),
        sns.publish_to_all,
    ),
    Place(
        "moto.sns.models",
        "Subscription.publish",
        (
            *("self", "message", "message_id", "subject", "message_attributes", "group_id", "deduplication_id"),
            "message_structure",
        ),
        sns.publish,
    ),
    Place(
        "moto.events.models",
        "Rule.send_to_targets",
        ("self", "original_event", "transform_input"),
        events.send_to_targets,
    ),
    Place("moto.events.notifications", "_invoke_lambda", ("account_id", "fn_arn", "event"), events.invoke_lambda),
)


def install(url: str) -> None:
    """Change this process's moto. Raises ImportError or AttributeError when moto has moved one of the places."""
    gateway = Gateway(url)
    for place in PLACES:
        place.put(place.make(gateway, place.current()))
