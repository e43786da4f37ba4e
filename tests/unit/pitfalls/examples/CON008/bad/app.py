import os

import psycopg2


def handler(event, context):
    connection = psycopg2.connect(os.environ["DSN"])  # expect
    return connection.status
