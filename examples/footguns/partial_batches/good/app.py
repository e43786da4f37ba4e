"""What fails is reported by its messageId, and comes again alone."""

import json

import boto3

TABLE = boto3.resource("dynamodb").Table("footguns-orders")


def handler(event, context):
    failed = []
    for record in event["Records"]:
        try:
            order = json.loads(record["body"])
            TABLE.put_item(Item={"id": order["id"], "amount": order["amount"]})
        except Exception as error:
            print(json.dumps({"level": "ERROR", "message": str(error), "message_id": record["messageId"]}))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
