import boto3

sns = boto3.client("sns")


def handler(event, context):
    if event["text"]:
        sns.publish(TopicArn=event["topic"], Message=render(event["text"]))
    return event


def render(text):
    return text.upper()
