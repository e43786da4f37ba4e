"""Half of X-Ray."""

from collections.abc import Iterator

from lambent.pitfalls.facts.permissions import allows
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.outside import OUTSIDE

LIBRARIES = {"aws_xray_sdk", "opentelemetry", "aws-xray-sdk", "aws-xray-sdk-core", "@aws-lambda-powertools/tracer",
             "ddtrace", "datadog_lambda", "datadog-lambda-js", "lumigo_tracer", "sentry_sdk"}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Instrumented code with tracing off; tracing on with a role that may not send."""
    for function in project.functions:
        mode = function.fact("TracingConfig", "Mode")
        uses = function.code is not None and (function.code.imported & LIBRARIES or _tracer(function))
        if uses and mode.absent and function.listed and not function.resource.open:
            yield Hit(function, "the code traces, TracingConfig is not Active", function)
        traced = mode.value == "Active" and function.code is not None
        if traced and not uses and not _by_layer(function) and _asks(function):
            text = "tracing is on, the code records nothing of what it calls"
            yield Hit(mode, text, function, level="info", reliability="likely")
        raw = function.resource.type == "AWS::Lambda::Function"
        if (
            mode.value == "Active"
            and raw
            and function.permissions_known
            and not allows(function, "xray:PutTraceSegments")
        ):
            yield Hit(mode, "tracing is on, the role may not xray:PutTraceSegments", function)


def _asks(function: Function) -> bool:
    """Whether the code calls anything that a trace would show."""
    return bool(function.code.sdk_calls) or bool(function.code.imported & OUTSIDE)


def _by_layer(function: Function) -> bool:
    """Whether a layer or a library that begins with its name may record."""
    wrapped = any("WRAPPER" in name for name in function.environment)
    named = any(one.startswith(("@opentelemetry", "@aws-lambda-powertools", "@dazn")) for one in function.code.imported)
    return not function.fact("Layers").absent or wrapped or named


def _tracer(function: Function) -> bool:
    return any(
        "aws_lambda_powertools.Tracer" in one for module in function.code.loaded for one in module.imports.values()
    ) or any(
        "aws_lambda_powertools.tracing" in one for module in function.code.loaded for one in module.imports.values()
    )


RULE = Rule(
    code="OBS003",
    title="X-Ray is switched on by half",
    level="warning",
    reliability="certain",
    production="No trace appears, and nothing says why.",
    mend="TracingConfig Active (SAM: Tracing: Active), instrumentation, and xray:PutTraceSegments + PutTelemetryRecords",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",),
    seeds="000, 002, 004",
    elsewhere="Others want tracing on everywhere, and look at the first of the three switches only.",
)
