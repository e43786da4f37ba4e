import boto3

table = boto3.resource("dynamodb").Table("t")


def handler(event, context):
    for name in event["names"]:
        if context.get_remaining_time_in_millis() < 5000:
            return name
        table.put_item(Item={"id": name})
