"""Powertools notes on a condition that it has begun, before anything is done; and the answer when it is."""

import json
import os

import boto3
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)

SEEN = DynamoDBPersistenceLayer(table_name="footguns-seen")
SQS = boto3.client("sqs")


@idempotent(persistence_store=SEEN, config=IdempotencyConfig(event_key_jmespath="order"))
def handler(event, context):
    SQS.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps({"order": event["order"]}))
    return {"done": "now"}
