def handler(event, context):
    print(f"got {event['id']}")  # expect
