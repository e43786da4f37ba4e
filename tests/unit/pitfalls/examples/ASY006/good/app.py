import boto3

table = boto3.resource("dynamodb").Table("done")


def handler(event, context):
    for record in event["Records"]:
        key = {"id": record["messageId"]}
        table.put_item(Item=key, ConditionExpression="attribute_not_exists(id)")
        work(record)
