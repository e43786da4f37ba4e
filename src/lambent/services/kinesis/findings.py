"""What is stored of a stream and has no effect: said so, never silently."""

from lambent.model.finding import Finding
from lambent.services.kinesis.env import KinesisEnv
from lambent.streams.config import Config

NOT_ENCRYPTED = "stream-not-encrypted"


def tell(env: KinesisEnv, stream: Config) -> None:
    """Report it, or take it back."""
    key = stream.document["encryption"].get("KeyId")
    if key:
        env.report(Finding(NOT_ENCRYPTED, stream.arn, f"records are stored in the clear: KeyId {key} has no effect"))
    else:
        env.withdraw(stream.arn, NOT_ENCRYPTED)
