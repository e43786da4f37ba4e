"""Attributes that are kept and shown, and have no effect: said so, never silently."""

from collections.abc import Callable
from typing import Protocol

from lambent.model.finding import Finding
from lambent.queues.config import Config

CODE = "queue-not-encrypted"


class Withdraw(Protocol):
    """Take back what was reported of a resource: one code, or all of it."""

    def __call__(self, resource: str, code: str = "") -> None: ...


def tell(report: Callable[[Finding], None], withdraw: Withdraw, queue: Config) -> None:
    """Report what has no effect of a queue's attributes, take back what is no longer so."""
    key = queue.attributes.get("KmsMasterKeyId")
    if key:
        report(Finding(CODE, queue.arn, f"messages are stored in the clear: KmsMasterKeyId {key} has no effect"))
    else:
        withdraw(queue.arn, CODE)
