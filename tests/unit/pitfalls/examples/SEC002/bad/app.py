api_key = "k9fjw8Q2nvl4Zr7T"  # expect


def handler(event, context):
    return api_key
