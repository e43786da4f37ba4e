from aws_lambda_powertools.utilities.idempotency import idempotent
import boto3

ses = boto3.client("ses")


@idempotent
def handler(event, context):
    ses.send_email(Source="a@b", Destination={}, Message={})
