import tempfile


def handler(event, context):
    with tempfile.TemporaryDirectory() as folder:
        return work(event["user"], folder)


def work(user, folder):
    return user
