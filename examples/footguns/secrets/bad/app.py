"""One secret that everybody sees who may read the configuration, and one that is asked for in every invocation."""

import os

import boto3

SECRETS = boto3.client("secretsmanager")


def handler(event, context):
    token = SECRETS.get_secret_value(SecretId="footguns/token")["SecretString"]
    return {"signed": hash((os.environ["SIGNING_SECRET"], token, event["text"])) != 0}
