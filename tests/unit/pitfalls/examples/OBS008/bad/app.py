def handler(event, context):
    try:
        work(event)
    except Exception as error:  # expect
        print(error)
