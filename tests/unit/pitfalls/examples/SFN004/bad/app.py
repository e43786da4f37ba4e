import boto3

sns = boto3.client("sns")


def handler(event, context):
    sns.publish(TopicArn=event["topic"], Message=event["text"])  # expect
    return event
