import boto3

secrets = boto3.client("secretsmanager")
_cache = {}


def handler(event, context):
    if "db" not in _cache:
        _cache["db"] = secrets.get_secret_value(SecretId="db")["SecretString"]
    return _cache["db"]
