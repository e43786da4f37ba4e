"""Items that expire, on a clock that is moved by hand."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

from tests.e2e.conftest import Server
from tests.e2e.sources.world import World


def test_an_expired_item_is_deleted_by_dynamodb_as_its_stream_says(own_server: Callable[..., Server]) -> None:
    world = World(own_server("--clock", "manual"))
    client, function = world.client("dynamodb"), world.function()
    made = client.create_table(
        TableName="t",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
    )
    wanted = {"Enabled": True, "AttributeName": "until"}
    client.update_time_to_live(TableName="t", TimeToLiveSpecification=wanted)
    world.mapping(function, made["TableDescription"]["LatestStreamArn"], StartingPosition="LATEST", BatchSize=1)
    now = move(world, "0s")
    for name, seconds in (("soon", 600), ("late", 1_000_000)):
        client.put_item(TableName="t", Item={"id": {"S": name}, "until": {"N": str(int(now) + seconds)}})
    client.delete_item(TableName="t", Key={"id": {"S": "nothing"}})
    move(world, "2h")
    records = world.until(lambda: [one for one in world.records(function) if one["eventName"] == "REMOVE"])
    assert [one["dynamodb"]["Keys"]["id"]["S"] for one in records] == ["soon"]
    assert records[0]["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert [item["id"]["S"] for item in client.scan(TableName="t")["Items"]] == ["late"]
    client.meta.events.register("before-sign.*", claim_to_be_the_expiry)
    client.delete_item(TableName="t", Key={"id": {"S": "late"}})
    last = world.until(lambda: [one for one in world.records(function) if one["eventName"] == "REMOVE"][1:])
    assert "userIdentity" not in last[0]


def claim_to_be_the_expiry(request: Any, **_: Any) -> None:
    request.headers.add_header("X-Lambent-Principal", "dynamodb.amazonaws.com")


def move(world: World, by: str) -> float:
    """Move the clock; what it reads then."""
    body = json.dumps({"advance": by}).encode()
    request = urllib.request.Request(f"{world.server.endpoint}/_lambent/clock", body, method="POST")
    with urllib.request.urlopen(request, timeout=90) as answer:
        said: dict[str, Any] = json.load(answer)
    return float(said["seconds"])
