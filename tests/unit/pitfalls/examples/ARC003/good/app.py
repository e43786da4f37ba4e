import boto3

other = boto3.client("lambda")


def handler(event, context):
    other.invoke(FunctionName="b", InvocationType="Event")
