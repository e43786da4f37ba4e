import boto3

table = boto3.resource("dynamodb").Table("done")


def handler(event, context):
    for record in event["Records"]:
        key = {"id": record["messageId"]}
        if "Item" in table.get_item(Key=key):
            continue
        work(record)
        table.put_item(Item=key)  # expect
