import os

import psycopg2

connection = psycopg2.connect(os.environ["DSN"])


def handler(event, context):
    return connection.status
