"""Topics: messages a second, published to a queue, and until all of them are received there, beside moto's server.

Lambent's are on disk before they are acknowledged; moto's are in memory, and it delivers before it answers.
"""

from time import perf_counter
from urllib.parse import urlencode

from bench.client import BenchError, Caller, Endpoint
from bench.control import moto
from bench.figures import Figure, Goal
from bench.lab import Lab, fresh_name
from bench.sqs import SHARE_OF_MOTO, Queue, rate

CONNECTIONS = 8
MESSAGE = "x" * 200
GOAL = Goal(500, at_least=True)
FORM = "application/x-www-form-urlencoded"


class Topic:
    """One topic of one endpoint, by the plain client."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.arn = ""

    async def call(self, caller: Caller, action: str, **params: str) -> bytes:
        """What one operation in the query protocol answers."""
        form = urlencode({"Action": action, "Version": "2010-03-31", **params}).encode()
        request = self.endpoint.request("POST", "/", form, "", "sns")
        request = request.replace(b"Content-Type: application/json", f"Content-Type: {FORM}".encode(), 1)
        answer = await caller.call(request)
        if answer.status != 200:
            raise BenchError(f"answer {answer.status}: {answer.body[:300]!r}")
        return answer.body

    async def make(self, caller: Caller, name: str) -> None:
        """The topic, with the queue of the same name."""
        said = await self.call(caller, "CreateTopic", Name=name)
        self.arn = said.partition(b"<TopicArn>")[2].partition(b"<")[0].decode()
        target = self.arn.replace(":sns:", ":sqs:")
        await self.call(caller, "Subscribe", TopicArn=self.arn, Protocol="sqs", Endpoint=target)

    async def publish(self, caller: Caller) -> int:
        """One message."""
        await self.call(caller, "Publish", TopicArn=self.arn, Message=MESSAGE)
        return 1


async def measure(lab: Lab) -> list[Figure]:
    """Messages a second on each side: acknowledged, and received at the end of it."""
    lab.say("topics")
    messages = lab.effort.messages // 4
    ours = await _side(lab.lambent, messages)
    with moto() as (endpoint, _):
        reference = await _side(endpoint, messages // SHARE_OF_MOTO)
    peer = await _side(lab.peer, messages) if lab.peer is not None else (None, None)
    names = ("SNS: published to a queue", "SNS: published to a queue and received")
    return [
        Figure(name, "/s", mine, theirs, others, GOAL)
        for name, mine, theirs, others in zip(names, ours, reference, peer, strict=True)
    ]


async def _side(endpoint: Endpoint, messages: int) -> tuple[float, float]:
    name = fresh_name()
    queue, topic = Queue(endpoint), Topic(endpoint)
    callers = [Caller(endpoint) for _ in range(CONNECTIONS)]
    try:
        queue.url = str((await queue.call(callers[0], "CreateQueue", QueueName=name))["QueueUrl"])
        await topic.make(callers[0], name)
        began = perf_counter()
        published = await rate(callers, topic.publish, messages)
        await rate(callers[:4], queue.receive, messages)
        received = messages / (perf_counter() - began)
        await topic.call(callers[0], "DeleteTopic", TopicArn=topic.arn)
        await queue.call(callers[0], "DeleteQueue")
    finally:
        for caller in callers:
            caller.close()
    return published, received
