import boto3

table = boto3.resource("dynamodb").Table("t")


def handler(event, context):
    for name in event["names"]:  # expect
        table.put_item(Item={"id": name})
