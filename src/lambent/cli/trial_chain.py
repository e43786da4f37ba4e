"""What follows the function of a trial: which functions its effects drive, and a chain that is followed to its end."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lambent.cli.trial_source import Source, as_far_as_it_goes
from lambent.cli.trials import Answer, TrialAccount
from lambent.pitfalls.torture import effects, following
from lambent.pitfalls.torture.following import Next, Way

MOST_TRIES = 3
"""How often AWS runs an asynchronous event."""
POLLED = ("aws:sqs", "aws:kinesis", "aws:dynamodb")
"""Sources that wait for the answer: results go nowhere from there."""


class Ways:
    """Of an account: what drives which function."""

    def __init__(self, source: Source, first: str) -> None:
        self._source, self._first = source, first

    @cached_property
    def all(self) -> tuple[Way, ...]:
        """But for those that drive the first function itself."""
        found = [*self._queues, *self._topics(), *self._buckets(), *self._rules(), *self._results()]
        return tuple(way for way in found if way.function != self._first)

    @cached_property
    def _queues(self) -> list[Way]:
        found = []
        with as_far_as_it_goes():
            for one in self._source.clients.pages("lambda", "list_event_source_mappings", "EventSourceMappings"):
                arn = one.get("EventSourceArn", "")
                if (
                    ":sqs:" in arn
                    and one.get("State") not in ("Disabled", "Disabling")
                    and not one.get("FilterCriteria")
                ):
                    found.append(Way("sqs", arn.rpartition(":")[2], _name(one["FunctionArn"])))
        return found

    def _topics(self) -> Iterator[Way]:
        with as_far_as_it_goes():
            client = self._source.clients("sns")
            for one in list(self._source.clients.pages("sns", "list_subscriptions", "Subscriptions")):
                about = client.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
                topic = one["TopicArn"].rpartition(":")[2]
                if about.get("FilterPolicy"):
                    continue  # who gets it is not known here
                if one["Protocol"] == "lambda":
                    yield Way("sns", topic, _name(one["Endpoint"]))
                elif one["Protocol"] == "sqs":
                    raw = about.get("RawMessageDelivery") == "true"
                    yield from self._behind(one["Endpoint"], "sns", topic, {"raw": raw})

    def _behind(self, queue_arn: str, kind: str, place: str, only: dict[str, Any]) -> Iterator[Way]:
        """What gets what a queue is sent."""
        queue = queue_arn.rpartition(":")[2]
        for way in self._queues:
            if way.place == queue:
                yield Way(kind, place, way.function, {**only, "queue": queue})

    def _buckets(self) -> Iterator[Way]:
        with as_far_as_it_goes():
            client = self._source.clients("s3")
            for bucket in self._source.buckets:
                said = client.get_bucket_notification_configuration(Bucket=bucket)
                for one in said.get("LambdaFunctionConfigurations", ()):
                    rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", ())
                    only = {rule["Name"].lower(): rule["Value"] for rule in rules}
                    yield Way("s3", bucket, _name(one["LambdaFunctionArn"]), {**only, "events": one["Events"]})

    def _rules(self) -> Iterator[Way]:
        with as_far_as_it_goes():
            client = self._source.clients("events")
            for bus in client.list_event_buses()["EventBuses"]:
                about = {"EventBusName": bus["Name"]}
                for rule in list(self._source.clients.pages("events", "list_rules", "Rules", **about)):
                    if rule.get("State") != "ENABLED" or not rule.get("EventPattern"):
                        continue
                    targets = client.list_targets_by_rule(Rule=rule["Name"], **about)["Targets"]
                    for one in targets:
                        if ":lambda:" in one["Arn"] and not {"Input", "InputPath", "InputTransformer"} & one.keys():
                            yield Way("events", bus["Name"], _name(one["Arn"]), {"pattern": rule["EventPattern"]})

    def _results(self) -> Iterator[Way]:
        with as_far_as_it_goes():
            configs = "FunctionEventInvokeConfigs"
            operation = "list_function_event_invoke_configs"
            for one in self._source.clients.pages("lambda", operation, configs, FunctionName=self._first):
                arn = one.get("DestinationConfig", {}).get("OnSuccess", {}).get("Destination", "")
                if ":lambda:" in arn:
                    yield Way("result", self._first, _name(arn))
                elif ":sqs:" in arn:
                    yield from self._behind(arn, "result", self._first, {})


def _name(arn: str) -> str:
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else arn


@dataclass(slots=True)
class Chain:
    """What follows in one trial account. `results`: whether the event is one whose result goes somewhere."""

    account: TrialAccount
    ways: Ways
    results: bool

    def follow(self, answers: Iterable[Answer]) -> list[dict[str, Any]]:
        """Run what follows these runs, one after another, and what follows that; answers their calls. What was given to
        somebody is marked so, and is no effect by itself."""
        waiting = deque((one, 1) for answer in answers for one in self._after(answer))
        made: list[dict[str, Any]] = []
        count = 0
        while waiting and count < following.MOST_FOLLOWED:
            (call, one), depth = waiting.popleft()
            if not self._gets(one):
                continue
            if call is not None:
                call["followed"] = True
            count += 1
            calls = self._run(one)
            made += calls
            if depth < following.MOST_DEEP:
                waiting.extend((pair, depth + 1) for pair in self._of_calls(calls))
        return made

    def _after(self, answer: Answer) -> list[tuple[dict[str, Any] | None, Next]]:
        """What one run of the first function gives to others."""
        found = self._of_calls(answer.calls)
        if self.results and not answer.error:
            where = self.account.account, self.account.target.region
            for way in self.ways.all:
                if way.kind == "result":
                    found.append((None, following.of_result(way, answer.event, answer.answer, *where, time.time())))
        return found

    def _of_calls(self, calls: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any] | None, Next]]:
        where = self.account.account, self.account.target.region
        found: list[tuple[dict[str, Any] | None, Next]] = []
        for number, call in enumerate(effects.once(calls)):
            assert isinstance(call, dict)  # a Mapping to all but this
            found += [(call, one) for one in following.of_call(call, self.ways.all, *where, number, time.time())]
        return found

    def _gets(self, one: Next) -> bool:
        """Whether a rule's pattern lets it through."""
        if one.pattern is None:
            return True
        return self.account.matches(one.pattern, one.event)

    def _run(self, one: Next) -> list[dict[str, Any]]:
        """Its calls; a call of ours says that it was given up."""
        name, calls = one.way.function, []
        for _ in range(MOST_TRIES):
            answer = self.account.follow(name, self.account.turned(one.event))
            calls += [{**call, "function": name} for call in answer.calls]
            if not answer.error:
                return calls
        params = {"error": answer.error.partition(":")[0]}
        given_up = {"service": "lambda", "operation": "GivenUp", "params": params, "step": -1, "reads": False}
        return [*calls, {**given_up, "done": True, "error": "", "function": name}]


def has_result(event: Any, sync: bool) -> bool:
    """Whether what the function answers may go to a destination."""
    listed = event.get("Records") if isinstance(event, dict) else None
    source = listed[0].get("eventSource") if isinstance(listed, list) and listed and isinstance(listed[0], dict) else ""
    return not sync and source not in POLLED
