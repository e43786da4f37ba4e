import boto3

sns = boto3.client("sns")


def handler(event, context):
    failed = []
    for record in event["Records"]:
        try:
            sns.publish(TopicArn="t", Message=record["body"])
        except ValueError:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
