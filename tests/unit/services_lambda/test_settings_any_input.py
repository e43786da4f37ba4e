"""Whatever the model allows is answered or refused: no operation on settings stumbles over its input."""

import random
from datetime import UTC, datetime

import pytest
from plane import Plane
from settings_answers import ARN, function

from lambent.services.lambda_.operations import OPERATIONS
from lambent.wire import serialize, service, validate
from lambent.wire.fault import Fault

CALLS = 3000
LIKELY = ("EventSourceArn", "Qualifier", "AuthType")
NAMES = ("Concurrency", "EventInvokeConfig", "EventSourceMapping", "UrlConfig", "RuntimeManagement", "Recursion")
UNDER_TEST = sorted(name for name in OPERATIONS if any(part in name for part in NAMES))
SELDOM = [1 if name.startswith("Delete") else 3 for name in UNDER_TEST]
TEXTS = (
    "f", "g", "1", "$LATEST", "live", "", "x" * 300, "kafka://topic", "{}", '{"body": ["x"]}', '{"a": {"b": 1}}', "[",
    f"{ARN}f", f"{ARN}f:1", f"{ARN}f:live", "arn:aws:sqs:us-east-1:111111111111:q", "arn:aws:s3:::b", "arn:a:b:::",
    "arn:aws:sqs:us-east-1:111111111111:q.fifo", "arn:aws:kinesis:us-east-1:111111111111:stream/s", "arn:aws:x:::c:d",
    "arn:aws:dynamodb:us-east-1:111111111111:table/t/stream/now", "arn:aws:lambda:us-east-1::runtime:abc",
    "arn:aws:kafka:us-east-1:111111111111:cluster/c/1", "arn:aws:mq:us-east-1:111111111111:broker:b:1",
    "arn:aws:rds:us-east-1:111111111111:cluster:d", "GET", "OPTIONS", "*", "t", "\u00e9\U0001f600", "W10=",
)  # fmt: skip


class Inputs:
    """Values of a shape, mostly within its constraints."""

    def __init__(self, chance: random.Random, known: list[str]) -> None:
        self._chance = chance
        self._share = 0.2
        self._known = known

    def call(self, shape):
        """The parameters of one call, with none, few, some or many of the members that may be left out."""
        self._share = self._chance.choice([0.0, 0.05, 0.2, 0.6])
        return self.of(shape)

    def of(self, shape, name: str = ""):
        made = getattr(self, f"_{shape.type_name}", None)
        return made(shape, name) if made else self._chance.choice([True, False])

    def _structure(self, shape, name):
        return {
            member: self.of(inner, member)
            for member, inner in shape.members.items()
            if member in (*shape.required_members, *LIKELY) or self._chance.random() < self._share
        }

    def _list(self, shape, name):
        return [self.of(shape.member) for _ in range(self._chance.randint(0, 2))]

    def _map(self, shape, name):
        return {self.of(shape.key): self.of(shape.value) for _ in range(self._chance.randint(0, 2))}

    def _integer(self, shape, name):
        low, high = shape.metadata.get("min", -1), shape.metadata.get("max", 2000)
        return self._chance.choice([low, high, self._chance.randint(low, high), min(low + 1, high)])

    def _timestamp(self, shape, name):
        return datetime(2026, 11, 21, tzinfo=UTC)

    def _string(self, shape, name):
        if shape.enum:
            return self._chance.choice(shape.enum)
        if name == "UUID" and self._known:
            return self._chance.choice(self._known)
        if name == "EventSourceArn":
            return self._chance.choice([text for text in TEXTS if text.startswith("arn:")])
        if name == "FunctionName":
            return self._chance.choice(["f", "f", "f", "g", "missing", f"{ARN}f", f"{ARN}f:live", f"{ARN}f:1"])
        if name == "Qualifier":
            return self._chance.choice(["1", "live", "$LATEST", "missing", "7"])
        return self._chance.choice(TEXTS)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_model_allows(stage, seed: int) -> None:
    async def scene(plane: Plane) -> None:
        chance, known, model = random.Random(seed), [], service.load("lambda")
        plane.elsewhere |= {
            "AmazonSQS.GetQueueUrl": {"QueueUrl": "http://q"},
            "Kinesis_20131202.DescribeStreamSummary": {},
            "DynamoDBStreams_20120810.DescribeStream": {},
        }
        await function(plane, version=True)
        await function(plane, "g")
        await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
        inputs, done = Inputs(chance, known), set()
        for _ in range(CALLS):
            operation = chance.choices(UNDER_TEST, SELDOM)[0]
            shape = model.model.operation_model(operation).input_shape
            params = inputs.call(shape)
            try:
                validate.validate(model, operation, params)
                answer = await plane.call(operation, **params)
            except Fault as fault:
                assert fault.code in {one.name for one in model.model.operation_model(operation).error_shapes} | {
                    "ValidationException",
                    "AccessDeniedException",
                }, (operation, params, fault)
                continue
            assert serialize.output(model, operation, answer, "id").status < 300
            done.add(operation)
            if operation == "CreateEventSourceMapping":
                known.append(answer["UUID"])
            if operation == "DeleteEventSourceMapping":
                known.remove(answer["UUID"])
            if chance.random() < 0.5:
                await plane.settle()
        assert len(done) > len(UNDER_TEST) - 4, set(UNDER_TEST) - done  # it did get through

    stage(scene)
