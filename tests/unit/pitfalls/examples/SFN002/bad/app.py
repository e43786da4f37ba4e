import boto3

ses = boto3.client("ses")


def handler(event, context):
    ses.send_email(Source="a@b", Destination={}, Message={})  # expect
