import os

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, idempotent

layer = DynamoDBPersistenceLayer(table_name=os.environ["TABLE"])


@idempotent(persistence_store=layer)
def handler(event, context):
    return {}
