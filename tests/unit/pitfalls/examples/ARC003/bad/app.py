import boto3

other = boto3.client("lambda")


def handler(event, context):
    answer = other.invoke(FunctionName="b")  # expect
    return answer["FunctionError"]
