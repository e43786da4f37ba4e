from urllib.parse import unquote_plus


def handler(event, context):
    for record in event["Records"]:
        print(unquote_plus(record["s3"]["object"]["key"]))
