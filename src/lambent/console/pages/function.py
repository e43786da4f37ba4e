"""A function: how it goes, what drives it, what it is and may do."""

import json
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from lambent.console.api import Api, Document
from lambent.console.charts import Life, Line, Span, chart, timeline
from lambent.console.pages import settings
from lambent.console.pages.overview import DAY, mappings, summed
from lambent.console.site import Asked, Site

SPANS = {"1h": (3_600, 60), "3h": (10_800, 60), "24h": (DAY, 900), "7d": (7 * DAY, 3_600)}
"""Seconds, and of a period."""
METRICS = (
    ("invocations", "Invocations", "Sum"),
    ("errors", "Errors", "Sum"),
    ("average", "Duration", "Average"),
    ("slow", "Duration", "p99"),
    ("throttles", "Throttles", "Sum"),
    ("concurrent", "ConcurrentExecutions", "Maximum"),
)
"""What is asked of CloudWatch: an id, a metric, a statistic."""
LIVES_SECONDS, SHORTEST_SECONDS, MOST_LIVES = 120.0, 10.0, 24
"""How far back the timeline of environments looks at most and at least; how many it shows."""


def function(site: Site, asked: Asked) -> Response:
    """How a function goes."""
    about = _about(site, asked)
    said = _changing(site, asked) | {"drives": _drives(site.api, about), "mappings": mappings(site, _name(asked))}
    return site.show("function.html", asked, about=about, tab="monitor", findings=_findings(site, about), **said)


def function_part(site: Site, asked: Asked) -> Response:
    """What of it changes: charts and environments."""
    return site.show("_function.html", asked, name=_name(asked), **_changing(site, asked))


def _changing(site: Site, asked: Asked) -> Document:
    chosen = asked.query.get("span", "1h")
    return {
        "spans": tuple(SPANS),
        "span": chosen if chosen in SPANS else "1h",
        "charts": charts(site.api, _name(asked), *SPANS.get(chosen, SPANS["1h"])),
        "environments": environments(site.api, _name(asked)),
    }


def _name(asked: Asked) -> str:
    return asked.path["name"]


def _about(site: Site, asked: Asked) -> Document:
    return site.api.ask("lambda", "get_function_configuration", FunctionName=_name(asked))


def charts(api: Api, name: str, seconds: int, period: int) -> list[Markup]:
    """Four pictures of a function's metrics."""
    end = -(-api.endpoint.now() // period) * period
    span = Span(end - seconds, end, period)
    found = measured(api, {"FunctionName": name}, span)
    return [
        chart(
            "Invocations and errors",
            [Line("invocations", "c1", found["invocations"], True), Line("errors", "c2", found["errors"], True)],
            span,
        ),
        chart("Duration", [Line("average", "c1", found["average"]), Line("p99", "c3", found["slow"])], span, " ms"),
        chart("Throttles", [Line("throttles", "c2", found["throttles"], True)], span),
        chart("Concurrent executions", [Line("concurrent", "c1", found["concurrent"])], span),
    ]


def measured(api: Api, dimensions: dict[str, str], span: Span) -> dict[str, list[tuple[float, float]]]:
    """The points of each of `METRICS`, oldest first."""
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    queries = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": pairs},
                "Period": int(span.period),
                "Stat": statistic,
            },
        }
        for key, metric, statistic in METRICS
    ]
    said = api.ask(
        "cloudwatch",
        "get_metric_data",
        MetricDataQueries=queries,
        StartTime=span.start,
        EndTime=span.end,
        ScanBy="TimestampAscending",
    )
    return {
        one["Id"]: [(at.timestamp(), value) for at, value in zip(one["Timestamps"], one["Values"], strict=True)]
        for one in said["MetricDataResults"]
    }


def environments(api: Api, name: str) -> Document:
    """The environments of a function: a picture of their phases, and a row for each that is alive."""
    said = api.page("environments", **api.whose(), function=name)
    now = said["now"]
    lives = [one for one in said["environments"] if one["phases"][-1][0] > now - LIVES_SECONDS or _alive(one)]
    shown = lives[-MOST_LIVES:]
    start = max(now - LIVES_SECONDS, min((one["phases"][0][0] for one in shown), default=now))
    drawn = [Life(one["stream"][-8:], [(at, phase) for at, phase in one["phases"]]) for one in shown]
    picture = timeline(drawn, min(start, now - SHORTEST_SECONDS), now) if shown else None
    alive = [one | {"phase": one["phases"][-1][1], "since": now - one["phases"][-1][0]} for one in shown if _alive(one)]
    return {"picture": picture, "alive": alive, "left_out": len(lives) - len(shown)}


def _alive(one: Document) -> bool:
    return bool(one["phases"][-1][1] != "ended")


def _drives(api: Api, about: Document) -> Document:
    """What invokes a function, but its event source mappings."""
    name = about["FunctionName"]
    url = api.maybe("lambda", "get_function_url_config", FunctionName=name)
    return {
        "url": url.get("FunctionUrl", ""),
        "callers": list(_callers(api, name)),
        "rules": api.some("events", "list_rule_names_by_target", "RuleNames", TargetArn=about["FunctionArn"]),
    }


def _callers(api: Api, name: str) -> Iterator[dict[str, str]]:
    """Who may invoke it by its resource policy."""
    for statement in json.loads(api.maybe("lambda", "get_policy", FunctionName=name).get("Policy", "{}")).get(
        "Statement", []
    ):
        principal = statement.get("Principal", "")
        who = principal if isinstance(principal, str) else next(iter(principal.values()), "")
        conditions = [value for test in statement.get("Condition", {}).values() for value in test.values()]
        yield {"who": str(who), "action": str(statement.get("Action")), "source": ", ".join(map(str, conditions))}


def _findings(site: Site, about: Document) -> list[Document]:
    """What was found about a function, its versions, and its role, unless that was about another function's session."""
    arn, role = about["FunctionArn"], about["Role"]
    session = f":assumed-role/{role.rpartition('/')[2]}/"
    return [
        one
        for one in site.api.findings()
        if one["resource"] == arn
        or one["resource"].startswith(f"{arn}:")
        or (
            one["resource"] == role
            and (session not in one["message"] or f"{session}{about['FunctionName']} " in one["message"])
        )
    ]


def cost(site: Site, asked: Asked) -> Response:
    """What a function would have cost in a day."""
    mine = {_name(asked), f"/aws/lambda/{_name(asked)}"}
    sums = summed([line for line in site.spent(DAY) if line.use.subject in mine])
    return site.show("_cost.html", asked, sums=sums, about="the last 24 hours")


def configuration(site: Site, asked: Asked) -> Response:
    """What a function is."""
    about = _about(site, asked)
    names = dict.fromkeys(about.get("Environment", {}).get("Variables", {}))
    more = settings.of(site.api, about)
    return site.show("configuration.html", asked, about=about, tab="configuration", variables=names, **more)


def variables(site: Site, asked: Asked) -> Response:
    """The values of a function's variables, which are shown to who asks for them."""
    found = _about(site, asked).get("Environment", {}).get("Variables", {})
    shown = found if asked.form.get("show") == "1" else dict.fromkeys(found)
    return site.show("_variables.html", asked, name=_name(asked), variables=shown)


def rights(site: Site, asked: Asked) -> Response:
    """What a function may do, what it did, and what was denied."""
    about = _about(site, asked)
    said = site.api.page("permissions", policy=_name(asked), **site.api.whose())
    role = about["Role"].rpartition("/")[2]
    denied = [
        one for one in _findings(site, about) if one["resource"] == about["Role"] or one["code"].startswith("denied/")
    ]
    return site.show(
        "rights.html",
        asked,
        about=about,
        tab="rights",
        least=said,
        policies=list(_policies(site.api, role)),
        denied=denied,
    )


def _policies(api: Api, role: str) -> Iterator[dict[str, Any]]:
    """The policies of a role, with their documents."""
    for name in api.some("iam", "list_role_policies", "PolicyNames", RoleName=role):
        said = api.maybe("iam", "get_role_policy", RoleName=role, PolicyName=name)
        yield {"name": name, "document": said.get("PolicyDocument", {})}
    for one in api.some("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role):
        about = api.maybe("iam", "get_policy", PolicyArn=one["PolicyArn"]).get("Policy", {})
        version = about.get("DefaultVersionId", "v1")
        said = api.maybe("iam", "get_policy_version", PolicyArn=one["PolicyArn"], VersionId=version)
        yield {"name": one["PolicyName"], "document": said.get("PolicyVersion", {}).get("Document", {})}
