def handler(event, context):
    work(event["Records"][0])  # expect
