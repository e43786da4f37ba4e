"""All types that stacks can make by calls."""

from collections.abc import Mapping

from lambent.deploy.resources.kind import Kind
from lambent.deploy.resources.types import (
    apis,
    codedeploy,
    data,
    events,
    iam,
    lambda_,
    logs,
    others,
    s3,
    secrets,
    sns,
    sqs,
)

KINDS: Mapping[str, Kind] = {
    name: kind
    for service in (apis, codedeploy, data, events, iam, lambda_, logs, others, s3, secrets, sns, sqs)
    for name, kind in service.KINDS.items()
}
"""Type -> how it is made."""
