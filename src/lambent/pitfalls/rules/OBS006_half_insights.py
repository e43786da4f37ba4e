"""Half of Lambda Insights."""

from collections.abc import Iterator

from lambent.pitfalls.facts.permissions import allows
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.tree import plain
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """The Insights layer on a function whose role may not write its log group."""
    for function in project.functions:
        layers = function.fact("Layers")
        listed = layers.value if isinstance(layers.value, list) else []
        if any("LambdaInsightsExtension" in plain(one) for one in listed) and function.permissions_known:
            if not allows(function, "logs:PutLogEvents") and function.resource.type == "AWS::Lambda::Function":
                yield Hit(layers, "the Insights extension may not write /aws/lambda-insights", function)
            elif function.resource.type == "AWS::Serverless::Function" and not allows(function, "logs:CreateLogStream"):
                yield Hit(
                    layers,
                    "the role has no CloudWatchLambdaInsightsExecutionRolePolicy",
                    function,
                    reliability="likely",
                )


RULE = Rule(
    code="OBS006",
    title="Lambda Insights is switched on by half",
    level="warning",
    reliability="certain",
    production="The layer costs time at each start, and no data arrives.",
    mend="attach CloudWatchLambdaInsightsExecutionRolePolicy",
    check=check,
    sources=("https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-Getting-Started.html",),
    seeds="002",
    elsewhere="A seed names cloudwatch:PutMetricData; it is logs:* on /aws/lambda-insights.",
)
