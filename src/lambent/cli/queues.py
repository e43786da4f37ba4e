"""The queues that feed a function."""

from lambent.cli.target import Target


def without_dead_letters(target: Target, function: str) -> list[str]:
    """Names of those without a dead-letter queue: what the function can't take comes again and again until it is too
    old, and is lost then. What can't be asked is not named."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        mappings = target.client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        arns = [arn for one in mappings if ":sqs:" in (arn := one.get("EventSourceArn", ""))]
        return [arn.rpartition(":")[2] for arn in arns if not _has_dead_letters(target, arn)]
    except (ClientError, BotoCoreError):
        return []


def _has_dead_letters(target: Target, arn: str) -> bool:
    account, name = arn.split(":")[4:6]
    sqs = target.client("sqs")
    url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    said = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    return "RedrivePolicy" in said.get("Attributes", {})
