import os

import boto3
from chalice import Chalice, Rate

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
app = Chalice(app_name="orders")


@app.on_sqs_message(queue="orders-queue", batch_size=5)
def jobs(event):
    for record in event:
        table.put_item(Item={"id": record.receipt_handle})


@app.on_dynamodb_record(stream_arn="arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/x", batch_size=20)
def changes(event):
    for record in event:
        table.put_item(Item={"id": record.event_id})


@app.schedule(Rate(5, unit=Rate.MINUTES))
def nightly(event):
    table.put_item(Item={"id": event.event_id})
