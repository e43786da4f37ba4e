"""No member of what CloudWatch, Logs and X-Ray are asked is passed over unseen: the service's code names it, or a table
here says why it changes nothing."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore.model import Shape

SOURCE = Path(__file__).parents[2] / "src/lambent"
CODE = {
    "cloudwatch": ("services/cloudwatch",),
    "logs": ("services/logs", "observe/metric_filters.py"),
    "xray": ("services/xray", "engine/traces"),
}
CHANGES_NOTHING = {
    "cloudwatch": {
        "SlidingWindow": "what an EvaluationWindow is unless it is said",
        "StrictEntityValidation": "of entities, which are refused",
    },
    "logs": {
        "interleaved": "AWS passes over it",
        "sequenceToken": "AWS passes over it",
        "unmask": "nothing is masked",
        "clientToken": "of CloudFormation's retries",
        "description": "of a parameter, kept with it",
    },
    "xray": {
        "BypassPolicyLockoutCheck": "nobody is locked out",
        "TelemetryRecords": "what daemons say of themselves: no operation answers it",
        "EC2InstanceId": "of these",
        "Hostname": "of these",
        "SamplingBoostStatisticsDocuments": "of boosts, which rules are refused",
        "Timestamp": "of the counts of samplers",
        "RequestCount": "of samplers: GetSamplingStatisticSummaries is refused",
        "SampledCount": "the same",
        "BorrowCount": "the same",
    },
}


def members(shape: Shape | None, refused: set[str], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Of a shape and of those in it; not of what is refused as a whole, or changes nothing."""
    if shape is None or shape.name in seen:
        return
    if shape.type_name == "structure":
        for name, inner in shape.members.items():
            yield name
            if name not in refused:
                yield from members(inner, refused, seen | {shape.name})
    elif shape.type_name in ("list", "map"):
        yield from members(shape.member if shape.type_name == "list" else shape.value, refused, seen)


def code_of(service: str) -> str:
    files = [file for place in CODE[service] for file in _files(SOURCE / place)]
    return "\n".join(file.read_text("utf-8") for file in files)


def _files(place: Path) -> list[Path]:
    return [place] if place.suffix else sorted(place.rglob("*.py"))


@pytest.mark.parametrize("service", CODE)
def test_each_member_is_named(service: str) -> None:
    code, model = code_of(service), botocore.session.get_session().get_service_model(service)
    nothing = CHANGES_NOTHING[service]
    whole = {*nothing, "ActionConfiguration", "WarmUpConfiguration", "EvaluationCriteria", "EntityMetricData"}
    whole |= {"SamplingRateBoost", "entity"}
    operations = importlib.import_module(f"lambent.services.{service}.operations").OPERATIONS
    for operation in operations:
        for name in members(model.operation_model(operation).input_shape, whole):
            assert name in nothing or re.search(rf"[\"']{name}[\"']|\b{name}=", code), f"{operation}: {name}"
