"""Chalice's projects: `.chalice/config.json`, and what app.py's decorators make of its functions."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from lambent.pitfalls.facts.project import Resource, Stack
from lambent.pitfalls.facts.python import chain
from lambent.pitfalls.facts.tree import UNKNOWN, Map, Seq, Span

_EVENTS = {
    "on_s3_event": ("S3", {"bucket": "Bucket"}),
    "on_sqs_message": ("SQS", {"queue": "Queue", "queue_arn": "Queue"}),
    "on_sns_message": ("SNS", {"topic": "Topic"}),
    "schedule": ("Schedule", {}),
    "on_cw_event": ("EventBridgeRule", {}),
    "on_kinesis_record": ("Kinesis", {"stream": "Stream"}),
    "on_dynamodb_record": ("DynamoDB", {"stream_arn": "Stream"}),
    "lambda_function": ("", {}),
    "authorizer": ("authorizer", {}),
}
_SETTINGS = {
    "lambda_timeout": "Timeout",
    "lambda_memory_size": "MemorySize",
    "reserved_concurrency": "ReservedConcurrentExecutions",
    "layers": "Layers",
}
_WORDS = {
    "batch_size": "BatchSize",
    "starting_position": "StartingPosition",
    "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
}
_POLICY, _VARIABLES = "iam policy document", "environment_variables"
_EVENT_DEFAULTS: dict[str, dict[str, Any]] = {
    "on_sqs_message": {"BatchSize": 1},
    "on_kinesis_record": {"BatchSize": 100, "StartingPosition": "LATEST"},
    "on_dynamodb_record": {"BatchSize": 100, "StartingPosition": "LATEST"},
}
"""Of its decorators (https://aws.github.io/chalice/api.html)."""
_DEFAULTS = {"Timeout": 60, "MemorySize": 128}
"""Of Chalice (https://aws.github.io/chalice/topics/configfile.html)."""


def read(config: Map, policy: Callable[[str], Any], tree: ast.Module, app_path: str) -> Stack:
    """The stack of an app. Its functions stand where they are defined; `policy` reads a file of `.chalice`."""
    stack = Stack(app_path, "chalice")
    config = _with_policies(config, policy)
    apps = {
        name
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for name in [chain(node.targets[0])]
        if chain(node.value.func).rpartition(".")[2] == "Chalice"
    }
    routes: list[ast.FunctionDef] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for kind, decorator in _decorators(node, apps):
                if kind == "route":
                    routes.append(node)
                elif kind in _EVENTS:
                    _add(stack, node, kind, decorator, config, app_path)
    if routes:
        _api(stack, routes, sorted(apps)[0], config, app_path)
    return stack


def _decorators(node: ast.FunctionDef, apps: set[str]) -> Iterator[tuple[str, ast.Call]]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            owner, _, kind = chain(decorator.func).rpartition(".")
            if owner in apps:
                yield kind, decorator


def _properties(config: Map, name: str, span: Span) -> Map:
    made = Map(span)
    for key, value in _settings(config, name).items():
        if key in _SETTINGS:
            made.put(_SETTINGS[key], value, span)
        elif key == _VARIABLES:
            variables = Map(span)
            variables.put("Variables", value, span)
            made.put("Environment", variables, span)
    for key, value in _DEFAULTS.items():
        if key not in made:
            made.put(key, value, span)
    document = _settings(config, name).get(_POLICY)
    if isinstance(document, Map):
        policies = Seq(span)
        policies.append(document)
        policies.at.append(span)
        made.put("Policies", policies, span)
    else:
        made.put("Role", UNKNOWN, span)  # a policy that Chalice generates from the code
    return made


def _with_policies(config: Map, policy: Callable[[str], Any]) -> Map:
    """With the policy of each stage that Chalice does not generate (`autogen_policy`, `iam_policy_file`)."""
    stages = config.get("stages")
    if not isinstance(stages, Map):
        return config
    for name, stage in stages.items():
        if isinstance(stage, Map) and {**config, **stage}.get("autogen_policy") is False:
            file = {**config, **stage}.get("iam_policy_file") or f"policy-{name}.json"
            stage.put(_POLICY, policy(file) if isinstance(file, str) else UNKNOWN, stage.span)
    return config


def _settings(config: Map, name: str) -> dict[str, Any]:
    """Settings of the only stage, over the app's, under the function's own; of several stages unknown."""
    shared = (key for key in config if key != "stages")
    found: dict[str, Any] = {key: config[key] for key in shared}
    stages = config.get("stages")
    if isinstance(stages, Map):
        for stage in stages.values():
            if isinstance(stage, Map):
                own = stage.get("lambda_functions")
                mine = own.get(name) if isinstance(own, Map) else None
                merged = _over(found, _over(stage, mine if isinstance(mine, Map) else {}))
                found = {key: value if len(stages) == 1 else UNKNOWN for key, value in merged.items()}
    return found


def _over(below: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Settings over others; of variables each by itself."""
    said, known = settings.get(_VARIABLES), below.get(_VARIABLES)
    both = {_VARIABLES: said.over(known)} if isinstance(said, Map) and isinstance(known, Map) else {}
    return {**below, **settings, **both}


def _add(stack: Stack, node: ast.FunctionDef, kind: str, decorator: ast.Call, config: Map, path: str) -> None:
    span = (node.lineno, node.lineno)
    properties = _properties(config, node.name, span)
    properties.put("Handler", f"{path.rpartition('/')[2].removesuffix('.py')}.{node.name}", span)
    type_, names = _EVENTS[kind]
    if type_:
        events, event, settings = Map(span), Map(span), Map(span)
        for word in decorator.keywords:
            key = {**_WORDS, **names}.get(word.arg or "")
            if key is not None:
                value = word.value.value if isinstance(word.value, ast.Constant) else UNKNOWN
                settings.put(key, value, (word.value.lineno, word.value.lineno))
        for key, value in _EVENT_DEFAULTS.get(kind, {}).items():
            if key not in settings:
                settings.put(key, value, span)
        if kind == "schedule" and decorator.args:
            settings.put("Schedule", _when(decorator.args[0]), (decorator.lineno, decorator.lineno))
        event.put("Type", type_, span)
        event.put("Properties", settings, span)
        events.put(kind, event, (decorator.lineno, decorator.lineno))
        properties.put("Events", events, span)
    stack.resources[node.name] = Resource(node.name, "AWS::Serverless::Function", properties, path, span)


def _when(said: ast.expr) -> Any:
    """The expression of a schedule: a text, `Rate(5, unit=Rate.MINUTES)`, `Cron(0, 8, "*", "*", "?", "*")`."""
    if isinstance(said, ast.Constant):
        return said.value
    if not isinstance(said, ast.Call):
        return UNKNOWN
    kind = chain(said.func).rpartition(".")[2]
    values = [one.value for one in said.args if isinstance(one, ast.Constant)]
    if kind == "Cron" and len(values) == 6:
        return f"cron({' '.join(map(str, values))})"
    unit = chain(said.keywords[0].value).rpartition(".")[2].lower() if said.keywords else ""
    if kind == "Rate" and len(values) == 1 and unit in ("minutes", "hours", "days"):
        return f"rate({values[0]!s} {unit if values[0] != 1 else unit[:-1]})"
    return UNKNOWN


def _api(stack: Stack, routes: list[ast.FunctionDef], app: str, config: Map, path: str) -> None:
    """The one function that all routes are part of: its handler is the app, which calls them."""
    span = (routes[0].lineno, routes[0].lineno)
    properties = _properties(config, "api_handler", span)
    properties.put("Handler", f"{path.rpartition('/')[2].removesuffix('.py')}.{app}", span)
    events, event = Map(span), Map(span)
    event.put("Type", "Api", span)
    events.put("route", event, span)
    properties.put("Events", events, span)
    resource = Resource("api_handler", "AWS::Serverless::Function", properties, path, span)
    resource.extra.put("framework", "chalice", span)
    resource.extra.put("entries", [route.name for route in routes], span)
    stack.resources["api_handler"] = resource
