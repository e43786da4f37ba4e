"""A server, clients, and functions that queues and streams drive."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Server, package

ACCOUNT, REGION = "000000000000", "us-east-1"

TELLS = """
import json, os, boto3

def handler(event, context):
    records = event["Records"]
    print("SAW " + json.dumps(event))
    %s
"""
"""A function that says what it saw; what it answers is filled in."""


@dataclass
class World:
    """What tests of event sources need."""

    server: Server

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return self.server.client(service)

    def function(self, then: str = "return None", **settings: Any) -> str:
        """An active function that says what it saw, then runs `then`; its name."""
        return self.deployed({"app.py": TELLS % then}, **settings)

    def deployed(self, files: Mapping[str, str | bytes], **settings: Any) -> str:
        """An active function of these files; its name."""
        name = f"f-{uuid.uuid4().hex[:8]}"
        client = self.client("lambda")
        said = {"Runtime": RUNTIME, "Handler": "app.handler", "Role": ROLE, "Timeout": TIMEOUT, **settings}
        client.create_function(FunctionName=name, Code={"ZipFile": package(files)}, **said)
        client.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000}
        )
        return name

    def warm(self, function: str) -> None:
        """Have one environment ready, so that a message's short visibility does not run out in a slow cold start."""
        self.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"Records": []}))

    def queue(self, fifo: bool = False, **attributes: str) -> tuple[str, str]:
        """A queue: its URL and its ARN."""
        name = f"q-{uuid.uuid4().hex[:8]}" + (".fifo" if fifo else "")
        said = {"VisibilityTimeout": str(TIMEOUT), **({"FifoQueue": "true"} if fifo else {}), **attributes}
        url = self.client("sqs").create_queue(QueueName=name, Attributes=said)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def mapping(self, function: str, source: str, **settings: Any) -> str:
        """An enabled mapping; its UUID."""
        client = self.client("lambda")
        made = client.create_event_source_mapping(FunctionName=function, EventSourceArn=source, **settings)
        self.until(lambda: client.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled")
        return str(made["UUID"])

    def seen(self, function: str) -> list[dict[str, Any]]:
        """The events that a function has seen, in order."""
        pages = self.client("logs").get_paginator("filter_log_events")
        try:
            found = [
                event["message"]
                for page in pages.paginate(logGroupName=f"/aws/lambda/{function}", filterPattern="SAW")
                for event in page["events"]
            ]
        except self.client("logs").exceptions.ResourceNotFoundException:
            return []
        return [json.loads(message.partition("SAW ")[2]) for message in found]

    def records(self, function: str) -> list[dict[str, Any]]:
        """All records of those events."""
        return [record for event in self.seen(function) for record in event["Records"]]

    def left(self, url: str) -> int:
        """How many messages a queue holds, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(map(int, said.values()))

    def until(self, true: Callable[[], Any], seconds: float = 60.0) -> Any:
        """Wait until something is so; answers it."""
        deadline = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.05)
        return found
