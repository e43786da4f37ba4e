"""All types that stacks can make by calls."""

from collections.abc import Mapping

from lambent.deploy.resources.kind import Kind
from lambent.deploy.resources.types import (
    apis,
    balancers,
    codedeploy,
    data,
    domains,
    events,
    files,
    iam,
    lambda_,
    logs,
    others,
    s3,
    secrets,
    sns,
    sqs,
    users,
)

KINDS: Mapping[str, Kind] = {
    name: kind
    for service in (
        apis,
        balancers,
        codedeploy,
        data,
        domains,
        events,
        files,
        iam,
        lambda_,
        logs,
        others,
        s3,
        secrets,
        sns,
        sqs,
        users,
    )
    for name, kind in service.KINDS.items()
}
"""Type -> how it is made."""
