"""One client, and one connection, for as long as the environment lives."""

import boto3

CLIENT = boto3.client("dynamodb")


def handler(event, context):
    return CLIENT.get_item(TableName="footguns-prices", Key={"id": {"S": event["id"]}}).get("Item")
