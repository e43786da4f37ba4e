"""kill -9 under load, again and again: no acknowledged event is lost.

A server takes asynchronous events from several clients and is killed at a random moment; its successor goes on. Half of
the events fail for good. Each ends with a record on an event bus outside the server, which is what is counted: whatever
was answered with 202 must be there, or be still in the queue.

LAMBENT_TORTURE is the number of rounds (5), LAMBENT_TORTURE_SEED makes them the same again.
"""

import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Server, package
from tests.e2e.events.captured import Captured, capturing

ROUNDS = int(os.environ.get("LAMBENT_TORTURE", "5"))
CLIENTS = 6
PAUSE_SECONDS = 0.01
"""Between two events of a client: what is accepted has to be sent to the bus, too."""
LOAD_SECONDS = (0.1, 0.6)
DRAIN_SECONDS = 60.0
AUTH = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0"
CODE = "def handler(event, context):\n    if event['number'] % 2:\n        raise ValueError('odd')\n    return 'even'\n"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/records"


@dataclass
class Load:
    """Clients that send events until they are told to stop, or find nobody."""

    endpoint: str
    acknowledged: list[str] = field(default_factory=list)
    refused: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> list[threading.Thread]:
        """Start the clients."""
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _client(self, number: int) -> None:
        connection = http.client.HTTPConnection(self.endpoint.removeprefix("http://"), timeout=5)
        headers = {"Authorization": AUTH, "X-Amz-Invocation-Type": "Event"}
        try:
            while not self.stop.is_set():
                number += 1
                body = json.dumps({"number": number, "filling": "x" * (number % 7) * 100})
                connection.request("POST", "/2015-03-31/functions/f/invocations", body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 202:
                    self.acknowledged.append(answer.headers["x-amzn-RequestId"])
                else:
                    self.refused += 1
                time.sleep(PAUSE_SECONDS)
        except (OSError, http.client.HTTPException):
            pass  # killed in the middle of it: nothing was acknowledged
        finally:
            connection.close()


def deploy(server: Server) -> None:
    client = server.client("lambda")
    files = {"app.py": CODE}
    client.create_function(
        FunctionName="f",
        Runtime=RUNTIME,
        Handler="app.handler",
        Role=ROLE,
        Timeout=TIMEOUT,
        Code={"ZipFile": package(files)},
    )
    waiter = client.get_waiter("function_active_v2")
    waiter.wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    where = {"Destination": BUS}
    client.put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, DestinationConfig={"OnSuccess": where, "OnFailure": where}
    )


def records(bus: Captured) -> Counter[str]:
    """How often each request is on the bus."""
    found: Counter[str] = Counter()
    for taken in tuple(bus.taken):
        for entry in json.loads(taken.body)["Entries"]:
            found[json.loads(entry["Detail"])["requestContext"]["requestId"]] += 1
    return found


@pytest.mark.timeout(120 + 20 * ROUNDS)
def test_no_acknowledged_event_is_lost(
    own_server: Callable[..., Server], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(os.environ.get("LAMBENT_TORTURE_SEED"))
    acknowledged: list[str] = []
    with capturing() as bus:
        bus.answer = lambda _taken: (200, b'{"FailedEntryCount":0,"Entries":[{}]}')
        env = {"LAMBENT_ENDPOINTS": f"events={bus.url}"}
        data = tmp_path / "data"
        server = own_server(data_dir=data, env=env)
        deploy(server)
        for _ in range(ROUNDS):
            load = Load(server.endpoint)
            clients = load.run()
            time.sleep(chance.uniform(*LOAD_SECONDS))
            server.stop(signal.SIGKILL)
            load.stop.set()
            for client in clients:
                client.join()
            assert not load.refused
            acknowledged += load.acknowledged
            server = own_server(data_dir=data, env=env)
        deadline = time.monotonic() + DRAIN_SECONDS
        while (missing := set(acknowledged) - set(records(bus))) and time.monotonic() < deadline:
            time.sleep(0.5)
        assert server.stop() == 0
        found = records(bus)
    again = sum(count - 1 for count in found.values())
    with capsys.disabled():
        print(
            f"\nkilled {ROUNDS} times: {len(acknowledged)} events acknowledged, {len(missing)} lost, {again} repeated,"
            f" {len(set(found) - set(acknowledged))} run that were not acknowledged any more"
        )
    assert not missing
    assert len(acknowledged) > ROUNDS
    assert max(found.values()) <= ROUNDS + 1  # at most once more for every crash
