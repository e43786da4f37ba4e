import requests

rates = requests.get("https://example.com/rates", timeout=3).json()  # expect


def handler(event, context):
    return rates
