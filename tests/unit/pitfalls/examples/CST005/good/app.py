import logging
import os

logger = logging.getLogger()
logger.setLevel(os.environ["LOG_LEVEL"])


def handler(event, context):
    logger.info("begun")
