"""What is worth knowing about a resource although nothing failed: a setting that has no effect yet, a pitfall."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark. `code` is short and stable, for scripts; `resource` is an ARN.

    `message` says what is so, `hint` what to do about it ("" when there is nothing to do).
    """

    code: str
    resource: str
    message: str
    hint: str = ""
