"""Writes docs/coverage.md: every operation of the services answered here, done or refused by name.

Run as `python -m tools.coverage`; tests/docs compares the committed page with what this makes.
"""

from pathlib import Path

import botocore.session

from lambent.services.apigateway.operations import OPERATIONS as API_GATEWAY
from lambent.services.apigateway.operations import REFUSED as API_GATEWAY_REFUSED
from lambent.services.apigatewayv2.operations import OPERATIONS as API_GATEWAY_V2
from lambent.services.apigatewayv2.operations import REFUSED as API_GATEWAY_V2_REFUSED
from lambent.services.apigatewayv2.serving.management import OPERATIONS as CONNECTIONS
from lambent.services.application_autoscaling.operations import OPERATIONS as AUTOSCALING
from lambent.services.cloudcontrol.operations import OPERATIONS as CLOUD_CONTROL
from lambent.services.cloudcontrol.operations import REFUSED as CLOUD_CONTROL_REFUSED
from lambent.services.cloudwatch.operations import OPERATIONS as CLOUDWATCH
from lambent.services.cloudwatch.operations import REFUSED as CLOUDWATCH_REFUSED
from lambent.services.codedeploy.operations import OPERATIONS as CODEDEPLOY
from lambent.services.codedeploy.operations import REFUSED as CODEDEPLOY_REFUSED
from lambent.services.kinesis.operations import OPERATIONS as KINESIS
from lambent.services.kinesis.operations import REFUSED as KINESIS_REFUSED
from lambent.services.lambda_.operations import OPERATIONS as LAMBDA
from lambent.services.lambda_.refused import REFUSED as LAMBDA_REFUSED
from lambent.services.logs.operations import OPERATIONS as LOGS
from lambent.services.s3.operations import OPERATIONS as S3
from lambent.services.scheduler.operations import OPERATIONS as SCHEDULER
from lambent.services.sns.operations import OPERATIONS as SNS
from lambent.services.sns.operations import REFUSED as SNS_REFUSED
from lambent.services.sqs.operations import OPERATIONS as SQS

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
SERVICES = {
    "lambda": frozenset(LAMBDA),
    "logs": frozenset(LOGS),
    "cloudwatch": frozenset(CLOUDWATCH),
    "sqs": frozenset(SQS),
    "kinesis": frozenset(KINESIS),
    "s3": frozenset(S3),
    "sns": frozenset(SNS),
    "apigateway": frozenset(API_GATEWAY),
    "apigatewayv2": frozenset(API_GATEWAY_V2),
    "apigatewaymanagementapi": frozenset(CONNECTIONS),
    "application-autoscaling": frozenset(AUTOSCALING),
    "cloudcontrol": frozenset(CLOUD_CONTROL),
    "codedeploy": frozenset(CODEDEPLOY),
    "scheduler": frozenset(SCHEDULER),
}
REASONS = {
    "lambda": LAMBDA_REFUSED,
    "cloudwatch": CLOUDWATCH_REFUSED,
    "kinesis": KINESIS_REFUSED,
    "sns": SNS_REFUSED,
    "apigateway": API_GATEWAY_REFUSED,
    "apigatewayv2": API_GATEWAY_V2_REFUSED,
    "cloudcontrol": CLOUD_CONTROL_REFUSED,
    "codedeploy": CODEDEPLOY_REFUSED,
}

HEAD = """# Coverage

Made by `python -m tools.coverage` from botocore's service models and the operation tables; a test keeps it true.

An operation that is not done is refused by name (HTTP 501, `NotImplementedException`), never accepted silently.
Every service that is not listed here is answered by the neighbour (moto by default, or the endpoint set for it), and
so is Application Auto Scaling of anything but provisioned concurrency. Secrets lie with the neighbour, too; their
rotation is done here ([schedules.md](schedules.md)).
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_section(name, done) for name, done in SERVICES.items())


def _section(name: str, done: frozenset[str]) -> str:
    known = sorted(botocore.session.Session().get_service_model(name).operation_names)
    unknown = done - set(known)
    assert not unknown, f"{name} answers operations that its model does not have: {unknown}"
    reasons = REASONS.get(name, {})
    astray = reasons.keys() & done | reasons.keys() - set(known)
    assert not astray, f"{name} gives reasons for refusing what it does not refuse: {astray}"
    rows = "".join(f"| {one} | {_state(one in done, reasons.get(one))} |\n" for one in known)
    return f"\n## {name}: {len(done)} of {len(known)} operations\n\n| operation | state |\n| --- | --- |\n{rows}"


def _state(done: bool, reason: str | None) -> str:
    return "done" if done else f"refused by name: {reason or 'not built yet'}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
