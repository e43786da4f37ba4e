import pandas as pd


def handler(event, context):
    return {"statusCode": 200, "body": str(pd.DataFrame())}
