"""Attributes that are kept and shown, and have no effect: said so, never silently."""

from collections.abc import Callable
from typing import Protocol

from lambent.model.finding import Finding
from lambent.queues.config import Config


class Withdraw(Protocol):
    """Take back what was reported of a resource: one code, or all of it."""

    def __call__(self, resource: str, code: str = "") -> None: ...


def tell(report: Callable[[Finding], None], withdraw: Withdraw, queue: Config) -> None:
    """Report what has no effect of a queue's attributes, take back what is no longer so."""
    for code, message in (_encryption(queue), _policy(queue)):
        if message:
            report(Finding(code, queue.arn, message))
        else:
            withdraw(queue.arn, code)


def _encryption(queue: Config) -> tuple[str, str]:
    key = queue.attributes.get("KmsMasterKeyId")
    return "queue-not-encrypted", f"messages are stored in the clear: KmsMasterKeyId {key} has no effect" if key else ""


def _policy(queue: Config) -> tuple[str, str]:
    has = "Policy" in queue.attributes
    return (
        "queue-policy-not-enforced",
        "its access policy is enforced for other accounts only: everybody of its own may use it" if has else "",
    )
