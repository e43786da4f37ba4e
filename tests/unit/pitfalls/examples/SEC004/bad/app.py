import boto3

secrets = boto3.client("secretsmanager")
PASSWORD = secrets.get_secret_value(SecretId="db")["SecretString"]  # expect


def handler(event, context):
    return PASSWORD
