def handler(event, context):
    try:
        work(event)
    except Exception as error:
        print(error)
        raise
