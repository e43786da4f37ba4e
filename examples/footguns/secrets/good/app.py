"""Keeps the secret for five minutes: few questions, and a rotated one is seen soon."""

import time

import boto3

SECRETS = boto3.client("secretsmanager")
KEPT_SECONDS = 300
kept = {}


def token():
    if time.time() > kept.get("until", 0):
        kept["value"] = SECRETS.get_secret_value(SecretId="footguns/token")["SecretString"]
        kept["until"] = time.time() + KEPT_SECONDS
    return kept["value"]


def handler(event, context):
    return {"signed": hash((token(), event["text"])) != 0}
