import json
import os
import sqlite3


def handler(event, context):
    count = 0
    if os.path.exists("/tmp/count.json"):
        with open("/tmp/count.json") as file:  # expect
            count = json.load(file)
    with open("/tmp/count.json", "w") as file:
        json.dump(count + 1, file)
    sqlite3.connect("/tmp/orders.db").execute("SELECT 1")  # expect
