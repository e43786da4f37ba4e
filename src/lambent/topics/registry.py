"""Which topics and subscriptions there are. Changes are made one after another, and are on disk when they are done."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambent.model.scope import Scope
from lambent.store.resources import Resource, Resources
from lambent.topics.errors import TopicError, invalid, no_subscription, no_topic
from lambent.topics.names import subscription_of, topic_arn
from lambent.topics.records import SUBSCRIPTION, TOPIC, Subscription, Topic

MOST_TOPICS = {False: 100_000, True: 1_000}
"""Of an account in a region, standard and FIFO: https://docs.aws.amazon.com/general/latest/gr/sns.html."""
MOST_OF_FIFO = 100
"""Subscriptions of a FIFO topic."""

Document = dict[str, Any]
Change = Callable[[Document], Document]


class Registry:
    """`new_id` makes revisions and subscriptions' ids (UUIDs)."""

    def __init__(self, resources: Resources, new_id: Callable[[], str]) -> None:
        self._resources = resources
        self._new_id = new_id
        self._topics: dict[str, Topic] = {}
        self._subscriptions: dict[str, dict[str, Subscription]] = {}
        self._places: dict[tuple[str, str, str], str] = {}
        """Topic, protocol and endpoint -> the subscription's id."""
        self._counts: Counter[tuple[Scope, bool]] = Counter()
        """Topics of an account in a region, standard ones (False) and FIFO ones."""
        self._changing = asyncio.Lock()
        for resource in resources:
            if resource.kind == TOPIC:
                self._keep_topic(Topic(resource))
            elif resource.kind == SUBSCRIPTION:
                self._keep(Subscription(resource))

    # --- what there is

    def find(self, arn: str) -> Topic | None:
        """The topic of an ARN, or None."""
        return self._topics.get(arn)

    def topic(self, arn: str) -> Topic:
        """The topic of an ARN. Raises TopicError."""
        found = self._topics.get(arn)
        if found is None:
            raise no_topic()
        return found

    def topics(self, scope: Scope) -> list[Topic]:
        """All of an account in a region, by name."""
        found = (self._topics.get(topic_arn(scope, one.name)) for one in self._resources.all(TOPIC, scope))
        return [one for one in found if one is not None]

    def __iter__(self) -> Iterator[Topic]:
        return iter(tuple(self._topics.values()))

    def subscriptions(self, topic: str) -> list[Subscription]:
        """All of a topic."""
        return list(self._subscriptions.get(topic, {}).values())

    def subscription(self, arn: str) -> Subscription:
        """The subscription of an ARN. Raises TopicError."""
        topic, unique = subscription_of(arn)
        found = self._subscriptions.get(topic, {}).get(unique)
        if found is None:
            raise no_subscription()
        return found

    def owned(self, scope: Scope) -> list[Subscription]:
        """All that an account has made in a region, also to topics of others, by ARN."""
        found = [
            one
            for those in tuple(self._subscriptions.values())
            for one in those.values()
            if one.owner == scope.account and one.resource.scope.region == scope.region
        ]
        return sorted(found, key=lambda one: one.arn)

    def at(self, topic: str, protocol: str, endpoint: str) -> Subscription | None:
        """A topic's subscription of an endpoint, or None."""
        unique = self._places.get((topic, protocol, endpoint))
        return None if unique is None else self._subscriptions[topic][unique]

    # --- changes

    async def create_topic(
        self, scope: Scope, name: str, attributes: Mapping[str, str], tags: Mapping[str, str]
    ) -> Topic:
        """A new topic; the one that is there if there is one. Raises TopicError, StoreError."""
        async with self._changing:
            found = self._topics.get(topic_arn(scope, name))
            if found is not None:
                return found
            made = Topic(
                Resource(TOPIC, scope, "", name, self._new_id(), {"attributes": {**attributes}, "tags": {**tags}})
            )
            if self._counts[scope, made.is_fifo] >= MOST_TOPICS[made.is_fifo]:
                raise TopicError(
                    "TopicLimitExceededException", "The account already owns the maximum number of topics."
                )
            await self._resources.insert(made.resource)
            self._keep_topic(made)
            return made

    async def change_topic(self, arn: str, change: Change) -> Topic:
        """The topic with the document that `change` makes of its own. Raises TopicError, StoreError."""
        async with self._changing:
            old = self.topic(arn)
            new = Topic(old.resource.changed(self._new_id(), change(old.resource.document)))
            await self._resources.replace(old.resource, new.resource)
            self._keep_topic(new)
            return new

    async def delete_topic(self, arn: str) -> None:
        """The topic and its subscriptions are gone; no error when they were before. Raises StoreError."""
        async with self._changing:
            topic = self._topics.get(arn)
            if topic is None:
                return
            those = self.subscriptions(arn)
            await self._resources.write(deletes=[topic.resource, *(one.resource for one in those)])
            for one in those:
                self._drop(one)
            del self._topics[arn]
            self._counts[topic.scope, topic.is_fifo] -= 1

    async def subscribe(self, arn: str, document: Document) -> Subscription:
        """A new subscription; the one that is there for the endpoint if there is one. Raises TopicError, StoreError."""
        async with self._changing:
            topic = self.topic(arn)
            found = self.at(arn, document["protocol"], document["endpoint"])
            if found is not None:
                return found
            if topic.is_fifo and len(self._subscriptions.get(arn, ())) >= MOST_OF_FIFO:
                text = "The FIFO topic already has the maximum number of subscriptions."
                raise TopicError("SubscriptionLimitExceededException", text)
            made = Subscription(
                Resource(SUBSCRIPTION, topic.scope, topic.resource.name, self._new_id(), self._new_id(), document)
            )
            await self._resources.insert(made.resource)
            self._keep(made)
            return made

    async def change(self, arn: str, change: Change) -> Subscription:
        """The subscription with the document that `change` makes of its own. Raises TopicError, StoreError."""
        async with self._changing:
            old = self.subscription(arn)
            new = Subscription(old.resource.changed(self._new_id(), change(old.resource.document)))
            await self._resources.replace(old.resource, new.resource)
            self._keep(new)
            return new

    async def unsubscribe(self, subscription: Subscription) -> None:
        """It is gone, and counted. Raises StoreError."""
        async with self._changing:
            there = self._subscriptions.get(subscription.topic_arn, {}).get(subscription.resource.name)
            topic = self._topics.get(subscription.topic_arn)
            if there is None or topic is None:
                return
            counted = {**topic.resource.document, "deleted": topic.deleted + 1}
            new = Topic(topic.resource.changed(self._new_id(), counted))
            await self._resources.write(replaces=[(topic.resource, new.resource)], deletes=[there.resource])
            self._drop(there)
            self._keep_topic(new)

    def _keep_topic(self, topic: Topic) -> None:
        self._counts[topic.scope, topic.is_fifo] += topic.arn not in self._topics
        self._topics[topic.arn] = topic

    def _keep(self, one: Subscription) -> None:
        self._subscriptions.setdefault(one.topic_arn, {})[one.resource.name] = one
        self._places[(one.topic_arn, one.protocol, one.endpoint)] = one.resource.name

    def _drop(self, one: Subscription) -> None:
        those = self._subscriptions[one.topic_arn]
        del those[one.resource.name]
        if not those:
            del self._subscriptions[one.topic_arn]
        del self._places[(one.topic_arn, one.protocol, one.endpoint)]


def check_tags(tags: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, str]:
    """All the tags of a topic, with those that are `kept`. Raises TopicError.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html (50; a stack's own don't count).
    """
    found = {**kept, **tags}
    if sum(not key.startswith("aws:") for key in found) > 50:
        raise TopicError("TagLimitExceededException", "Could not complete request: tag quota of per resource exceeded")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise invalid("Tags", f"the tag {key[:128]} is too long")  # our wording
    return found
