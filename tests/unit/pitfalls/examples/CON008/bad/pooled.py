import os

from psycopg2 import pool

POOL = pool.SimpleConnectionPool(1, 20, dsn=os.environ["DSN"])  # expect


def handler(event, context):
    return POOL.getconn().status
