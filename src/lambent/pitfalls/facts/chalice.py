"""Chalice's projects: `.chalice/config.json`, and what app.py's decorators make of its functions."""

import ast
from collections.abc import Iterator
from typing import Any

from lambent.pitfalls.facts.project import Resource, Stack
from lambent.pitfalls.facts.python import chain
from lambent.pitfalls.facts.tree import UNKNOWN, Map, Span

_EVENTS = {
    "on_s3_event": ("S3", {"bucket": "Bucket"}),
    "on_sqs_message": ("SQS", {"queue": "Queue", "queue_arn": "Queue", "batch_size": "BatchSize"}),
    "on_sns_message": ("SNS", {"topic": "Topic"}),
    "schedule": ("Schedule", {}),
    "on_cw_event": ("EventBridgeRule", {}),
    "on_kinesis_record": ("Kinesis", {"stream": "Stream", "batch_size": "BatchSize"}),
    "on_dynamodb_record": ("DynamoDB", {"stream_arn": "Stream", "batch_size": "BatchSize"}),
    "lambda_function": ("", {}),
    "authorizer": ("authorizer", {}),
}
_SETTINGS = {
    "lambda_timeout": "Timeout",
    "lambda_memory_size": "MemorySize",
    "reserved_concurrency": "ReservedConcurrentExecutions",
    "layers": "Layers",
}
_DEFAULTS = {"Timeout": 60, "MemorySize": 128}
"""Of Chalice (https://aws.github.io/chalice/topics/configfile.html)."""


def read(config: Map, config_path: str, tree: ast.Module, app_path: str) -> Stack:
    """The stack of an app. Its functions stand where they are defined."""
    stack = Stack(app_path, "chalice")
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
    for key, value in _DEFAULTS.items():
        if key not in made:
            made.put(key, value, span)
    made.put("Role", UNKNOWN, span)  # a policy that Chalice generates from the code
    return made


def _settings(config: Map, name: str) -> dict[str, Any]:
    """Settings of the only stage, over the app's, under the function's own; of several stages unknown."""
    found: dict[str, Any] = {key: value for key, value in config.items() if not isinstance(value, Map)}
    stages = config.get("stages")
    if isinstance(stages, Map):
        for stage in stages.values():
            if isinstance(stage, Map):
                own = stage.get("lambda_functions")
                mine = own.get(name) if isinstance(own, Map) else None
                merged = {**stage, **(mine if isinstance(mine, Map) else {})}
                found.update({key: value if len(stages) == 1 else UNKNOWN for key, value in merged.items()})
    return found


def _add(stack: Stack, node: ast.FunctionDef, kind: str, decorator: ast.Call, config: Map, path: str) -> None:
    span = (node.lineno, node.lineno)
    properties = _properties(config, node.name, span)
    properties.put("Handler", f"{path.rpartition('/')[2].removesuffix('.py')}.{node.name}", span)
    type_, names = _EVENTS[kind]
    if type_:
        events, event, settings = Map(span), Map(span), Map(span)
        for word in decorator.keywords:
            if word.arg in names:
                value = word.value.value if isinstance(word.value, ast.Constant) else UNKNOWN
                settings.put(names[word.arg], value, (word.value.lineno, word.value.lineno))
        if kind == "on_sqs_message" and "BatchSize" not in settings:
            settings.put("BatchSize", 1, span)
        event.put("Type", type_, span)
        event.put("Properties", settings, span)
        events.put(kind, event, (decorator.lineno, decorator.lineno))
        properties.put("Events", events, span)
    stack.resources[node.name] = Resource(node.name, "AWS::Serverless::Function", properties, path, span)


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
