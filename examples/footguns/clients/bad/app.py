"""A client, and with it a connection, in every invocation."""

import boto3


def handler(event, context):
    client = boto3.client("dynamodb")
    return client.get_item(TableName="footguns-prices", Key={"id": {"S": event["id"]}}).get("Item")
