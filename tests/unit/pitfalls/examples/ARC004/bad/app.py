import json
import time

import boto3

client = boto3.client("lambda")


def handler(event, context):
    for attempt in range(3):  # expect
        try:
            order = client.invoke(FunctionName="charge", Payload=json.dumps(event))  # expect
            break
        except client.exceptions.ServiceException:
            time.sleep(2**attempt)
    return client.invoke(FunctionName="ship", Payload=order["Payload"].read())["StatusCode"]
