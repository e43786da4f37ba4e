from aws_xray_sdk.core import patch_all

patch_all()


def handler(event, context):
    return 1
