"""One record that can't be read fails the whole batch: all of it comes again."""

import json

import boto3

TABLE = boto3.resource("dynamodb").Table("footguns-orders")


def handler(event, context):
    for record in event["Records"]:
        order = json.loads(record["body"])
        TABLE.put_item(Item={"id": order["id"], "amount": order["amount"]})
