"""Which targets a rule takes: what is not sent to yet is refused by name.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html,
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html (which need a role); texts as callers of
AWS report them where not marked "our wording".
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lambent.buses import errors
from lambent.engine import input_transformer

MOST = 5
"""Targets of a rule."""
RESERVED_PREFIX = "aws."
_ARN = re.compile(r"arn:[\w-]+:[\w.-]+:[\w-]*:\d*:.+")
WITH_ROLE = frozenset({"kinesis", "states", "api-destination"})
KINDS = frozenset({"lambda", "sqs", "sns", "kinesis", "logs", "states", "event-bus", "api-destination"})
UNUSED = {
    "RunCommandParameters": "Systems Manager",
    "EcsParameters": "ECS",
    "BatchParameters": "Batch",
    "RedshiftDataParameters": "Redshift",
    "SageMakerPipelineParameters": "SageMaker",
    "AppSyncParameters": "AppSync",
}


def kind_of(arn: str) -> str:
    """The service of an ARN; of EventBridge's own, what it is."""
    parts = arn.split(":", 5)
    return parts[5].partition("/")[0] if parts[2] == "events" else parts[2]


def check(given: Sequence[Mapping[str, Any]]) -> None:
    """Raises BusError."""
    for one in given:
        if not _ARN.fullmatch(one["Arn"]):
            text = f"Parameter {one['Arn']} is not valid. Reason: Provided Arn is not in correct format."
            raise errors.validation(text)
    for one in given:
        _check(one)


def _check(target: Mapping[str, Any]) -> None:
    arn, unique = target["Arn"], target["Id"]
    kind = kind_of(arn)
    if kind not in KINDS:
        raise errors.unsupported(f"targets of {kind}")
    if kind == "logs" and not arn.split(":", 5)[5].startswith("log-group:"):
        raise errors.validation(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
    for member in UNUSED.keys() & target.keys():
        raise errors.validation(f"Parameter(s) {member} not valid for target: {unique}.")  # our wording
    if kind in WITH_ROLE and not target.get("RoleArn"):
        raise errors.validation(f"RoleArn is required for target {arn}.")
    if arn.endswith(".fifo") and kind == "sqs" and not target.get("SqsParameters"):
        raise errors.validation(f"Parameter(s) SqsParameters must be specified for target: {unique}.")
    if arn.endswith(".fifo") and kind == "sns":
        raise errors.unsupported("FIFO topics as targets")
    _check_input(target, kind)


def _check_input(target: Mapping[str, Any], kind: str) -> None:
    given = [name for name in ("Input", "InputPath", "InputTransformer") if target.get(name)]
    if len(given) > 1:
        text = f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
        raise errors.validation(text)
    if given and kind == "event-bus":
        raise errors.unsupported(f"{given[0]} of a target that is a bus")
    if target.get("Input"):
        try:
            json.loads(target["Input"])
        except (ValueError, RecursionError):
            raise errors.validation(f"JSON syntax error in input for target {target['Id']}.") from None
    transformer = target.get("InputTransformer")
    if transformer:
        _check_transformer(transformer, str(target["Id"]), kind)


def _check_transformer(transformer: Mapping[str, Any], unique: str, kind: str) -> None:
    for name in transformer.get("InputPathsMap") or {}:
        if name.lower().startswith(RESERVED_PREFIX):
            raise errors.validation(f"InputPathsMap for target {unique} contains reserved key {name}.")  # our wording
    unknown = input_transformer.unknown(transformer)
    if unknown:
        raise errors.validation(f"InputTemplate for target {unique} contains invalid placeholder {unknown}.")
    if kind == "logs" and not transformer["InputTemplate"].lstrip().startswith("{"):
        raise errors.validation(f"Input for target {unique} is not a valid JSON text.")


def put(there: Iterable[Mapping[str, Any]], added: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The targets of a rule with others, which go for those of the same id. Raises BusError for too many."""
    found = {one["Id"]: dict(one) for one in (*there, *added)}
    if len(found) > MOST:
        raise errors.BusError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    return list(found.values())
