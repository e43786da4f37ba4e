import logging

logger = logging.getLogger()
logger.setLevel(logging.DEBUG)  # expect


def handler(event, context):
    logger.info("begun")
