import boto3

s3 = boto3.client("s3")


def handler(event, context):
    return s3.generate_presigned_url("get_object", Params={}, ExpiresIn=604800)  # expect
