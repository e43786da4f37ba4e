"""Topics and subscriptions as they are on disk."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambent.model.scope import Scope
from lambent.store.resources import Resource
from lambent.topics import filtering
from lambent.topics.names import FIFO, topic_arn

TOPIC, SUBSCRIPTION = "topic", "topic-subscription"
"""Kinds of resources."""


@dataclass(frozen=True, eq=False)
class Topic:
    """`attributes` are those that were set; the rest is as AWS has it by default."""

    resource: Resource

    @property
    def scope(self) -> Scope:
        """Where it lives."""
        return self.resource.scope

    @functools.cached_property
    def arn(self) -> str:
        """Its ARN."""
        return topic_arn(self.resource.scope, self.resource.name)

    @property
    def attributes(self) -> Mapping[str, str]:
        """Name -> value."""
        found: Mapping[str, str] = self.resource.document["attributes"]
        return found

    @property
    def tags(self) -> Mapping[str, str]:
        """Key -> value."""
        found: Mapping[str, str] = self.resource.document["tags"]
        return found

    @property
    def deleted(self) -> int:
        """How many subscriptions were deleted."""
        return int(self.resource.document.get("deleted", 0))

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps groups in order."""
        return self.resource.name.endswith(FIFO)

    def is_on(self, attribute: str) -> bool:
        """Whether an attribute is true."""
        return self.attributes.get(attribute, "").lower() == "true"


@dataclass(frozen=True, eq=False)
class Subscription:
    """One subscription; `document` says all of it."""

    resource: Resource

    @property
    def document(self) -> Mapping[str, Any]:
        """As it is on disk."""
        return self.resource.document

    @functools.cached_property
    def topic_arn(self) -> str:
        """Whose it is."""
        return topic_arn(self.resource.scope, self.resource.parent)

    @functools.cached_property
    def arn(self) -> str:
        """Its ARN."""
        return f"{self.topic_arn}:{self.resource.name}"

    @property
    def protocol(self) -> str:
        """How messages are delivered."""
        return str(self.document["protocol"])

    @property
    def endpoint(self) -> str:
        """Whither."""
        return str(self.document["endpoint"])

    @property
    def owner(self) -> str:
        """The account that subscribed."""
        return str(self.document["owner"])

    @property
    def pending(self) -> bool:
        """Whether it waits for its confirmation."""
        return bool(self.document["pending"])

    @property
    def attributes(self) -> Mapping[str, str]:
        """Those that were set."""
        found: Mapping[str, str] = self.document["attributes"]
        return found

    @property
    def is_raw(self) -> bool:
        """Whether messages go without their envelope."""
        return self.attributes.get("RawMessageDelivery", "").lower() == "true"

    @functools.cached_property
    def filter(self) -> filtering.Filter | None:
        """Which messages it wants; None for all."""
        return filtering.compiled(self.attributes.get("FilterPolicy"), self.attributes.get("FilterPolicyScope"))
