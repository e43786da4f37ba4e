import boto3

table = boto3.resource("dynamodb").Table("done")


def handler(event, context):
    for record in event["Records"]:
        key = {"id": record["messageId"]}
        table.update_item(Key=key, UpdateExpression="SET total = :n", ExpressionAttributeValues={":n": 1})
