"""What to do about what a function or a service says, where that doesn't say it: the beginner's next step."""

import json
import re

FAULTS = {
    "ResourceNotFoundException": "`lambent list` shows what there is in this account and region",
    "RequestTooLargeException": "put the data into S3 and send its key",
    "ResourceConflictException": "wait until it is ready, or choose another name",
}
"""By the code of the fault."""
ACCOUNT = "an AWS_ACCESS_KEY_ID of 12 digits names the account that asks"
NO_ROLE = "cannot be assumed by Lambda"
ROLE = "name a role that trusts lambda.amazonaws.com: lambent deploy --role ARN"
ELSEWHERE = "because no resource-based policy allows the lambda:"
"""Said of functions of other accounts."""
FAILURES = (
    (r"No module named '([\w-]+)", "put {0} into the folder, too: pip install -t DIR {0}"),
    (r"Task timed out after", "it may take longer with lambent deploy --timeout SECONDS"),
    (r"signal: killed", "most likely it needs more memory: lambent deploy --memory MB"),
)
"""By what the error message of a failed invocation says."""


def of_fault(code: str, said: str) -> str:
    """What to do about a fault of AWS's, or nothing."""
    if NO_ROLE in said:
        return ROLE
    return ACCOUNT if ELSEWHERE in said else FAULTS.get(code, "")


def of_failure(payload: bytes) -> str:
    """What to do about what a failed function answered, or nothing."""
    try:
        said = str(json.loads(payload)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return ""
    for pattern, hint in FAILURES:
        if found := re.search(pattern, said):
            return hint.format(*found.groups())
    return ""
