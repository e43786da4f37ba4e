"""Events on a disk that is full: the caller gets an error, and what was acknowledged is run."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Server, package
from tests.e2e.events.captured import capturing

BUS = "arn:aws:events:us-east-1:000000000000:event-bus/records"
CODE = "def handler(event, context):\n    raise ValueError('no')\n"


def advance(server: Server, by: str) -> None:
    body = json.dumps({"advance": by}).encode()
    asked = urllib.request.Request(f"{server.endpoint}/_lambent/clock", body, method="POST")
    with urllib.request.urlopen(asked, timeout=90) as answer:
        assert json.load(answer)["running"] == 0


@pytest.mark.parametrize("small_disk", ["8m"], indirect=True)
def test_what_was_acknowledged_before_the_disk_was_full_is_run(
    own_server: Callable[..., Server], small_disk: Path
) -> None:
    """The events fail, and wait on the disk for their retries, until it is full."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 << 20))
    with capturing() as bus:
        bus.answer = lambda _taken: (200, b'{"FailedEntryCount":0,"Entries":[{}]}')
        env = {"LAMBENT_ENDPOINTS": f"events={bus.url}"}
        server = own_server("--clock", "manual", data_dir=small_disk / "data", env=env)
        client = server.client("lambda")
        code = {"ZipFile": package({"app.py": CODE})}
        client.create_function(
            FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code, Timeout=TIMEOUT
        )
        waiter = client.get_waiter("function_active_v2")
        waiter.wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 900})
        client.put_function_event_invoke_config(FunctionName="f", DestinationConfig={"OnFailure": {"Destination": BUS}})
        payload = json.dumps("x" * 200_000)
        acknowledged = set()
        with pytest.raises(ClientError) as refused:
            for _ in range(100):
                answer = client.invoke(FunctionName="f", InvocationType="Event", Payload=payload)
                acknowledged.add(answer["ResponseMetadata"]["RequestId"])
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert refused.value.response["Error"]["Code"] == "ServiceException"
        assert acknowledged
        ballast.unlink()
        advance(server, "6h")
        records = [json.loads(entry["Detail"]) for one in bus.taken for entry in json.loads(one.body)["Entries"]]
    assert {one["requestContext"]["requestId"] for one in records} == acknowledged
    assert {one["requestContext"]["condition"] for one in records} == {"RetriesExhausted"}
    assert len(records) == len(acknowledged)
    assert server.stop() == 0
