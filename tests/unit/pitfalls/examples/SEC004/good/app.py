from aws_lambda_powertools.utilities import parameters


def handler(event, context):
    return parameters.get_secret("db", max_age=300)
