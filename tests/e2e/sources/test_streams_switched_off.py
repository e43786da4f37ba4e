"""A table's stream is switched off while a function is driven by it."""

from tests.e2e.sources.world import World


def test_what_was_written_before_arrives_and_writing_goes_on(world: World) -> None:
    client, function = world.client("dynamodb"), world.function()
    made = client.create_table(
        TableName="switched",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    arn = made["TableDescription"]["LatestStreamArn"]
    client.put_item(TableName="switched", Item={"id": {"S": "before"}})
    client.update_table(TableName="switched", StreamSpecification={"StreamEnabled": False})
    client.put_item(TableName="switched", Item={"id": {"S": "after"}})
    said = world.client("dynamodbstreams").describe_stream(StreamArn=arn)["StreamDescription"]
    assert said["StreamStatus"] == "DISABLED" and said["StreamViewType"] == "NEW_IMAGE"
    world.mapping(function, arn, StartingPosition="TRIM_HORIZON", BatchSize=1)
    world.until(lambda: world.records(function))
    assert [one["dynamodb"]["Keys"]["id"]["S"] for one in world.records(function)] == ["before"]
