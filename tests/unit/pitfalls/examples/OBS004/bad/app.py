import boto3

metrics = boto3.client("cloudwatch")


def handler(event, context):
    metrics.put_metric_data(Namespace="a", MetricData=[])  # expect
