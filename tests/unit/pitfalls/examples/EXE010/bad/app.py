async def handler(event, context):  # expect
    return 1
