"""Only the first page."""

import ast
import re
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.finding import Hit, Rule

PAGED = {
    ("s3", "list_objects_v2"): ("1,000 keys", ("IsTruncated", "NextContinuationToken", "ContinuationToken")),
    ("s3", "list_objects"): ("1,000 keys", ("IsTruncated", "NextMarker", "Marker")),
    ("dynamodb", "scan"): ("1 MB of items", ("LastEvaluatedKey", "ExclusiveStartKey")),
    ("dynamodb", "query"): ("1 MB of items", ("LastEvaluatedKey", "ExclusiveStartKey")),
    ("lambda", "list_functions"): ("50 functions", ("NextMarker", "Marker")),
    ("logs", "describe_log_groups"): ("50 groups", ("nextToken",)),
    ("logs", "filter_log_events"): ("1 MB of events", ("nextToken",)),
    ("ssm", "get_parameters_by_path"): ("10 parameters", ("NextToken",)),
    ("cognito-idp", "list_users"): ("60 users", ("PaginationToken",)),
    ("iam", "list_users"): ("100 users", ("Marker", "IsTruncated")),
    ("iam", "list_roles"): ("100 roles", ("Marker", "IsTruncated")),
    ("rds", "describe_db_snapshots"): ("100 snapshots", ("Marker",)),
    ("secretsmanager", "list_secrets"): ("100 secrets", ("NextToken",)),
    ("cloudformation", "list_stacks"): ("100 stacks", ("NextToken",)),
    ("apigateway", "get_resources"): ("25 resources", ("position",)),
    ("apigateway", "get_rest_apis"): ("25 APIs", ("position",)),
    ("sns", "list_topics"): ("100 topics", ("NextToken",)),
    ("sns", "list_subscriptions_by_topic"): ("100 subscriptions", ("NextToken",)),
    ("sns", "list_endpoints_by_platform_application"): ("100 endpoints", ("NextToken",)),
    ("ecs", "list_tasks"): ("100 tasks", ("nextToken",)),
    ("stepfunctions", "list_executions"): ("100 executions", ("nextToken",)),
    ("cognito-idp", "list_users_in_group"): ("60 users", ("NextToken",)),
    ("organizations", "list_accounts"): ("20 accounts", ("NextToken",)),
}
"""(service, operation) -> (what a page holds, the words of those who follow pages)."""
BOUNDS = ("MaxKeys", "Limit", "MaxItems", "MaxResults")

_EQUAL = re.compile(r"\(?\s*\S+\s*=\s*\S+\s*\)?\s+and\s+\(?\s*\S+\s*=\s*\S+\s*\)?", re.IGNORECASE)
_RANGES = {"begins_with", "between", "lt", "lte", "gt", "gte"}


def check(project: Project) -> Iterator[Hit]:
    """Listings without a paginator and without a token anywhere in the function."""
    for function in project.functions:
        for call in effects.calls(function):
            page = PAGED.get((call.service, call.operation))
            if page is None or call.paginated or call.open or _bounded(call) or _any_at_all(call):
                continue
            if not _follows(call.where, page[1]):
                yield Hit(
                    call.place, f"{call.operation} answers with {page[0]} at most; the rest is not seen", function
                )


def _bounded(call: SdkCall) -> bool:
    """Whether few are asked for on purpose; a DynamoDB query of a whole key has one page as a rule."""
    return any(name in call.arguments for name in BOUNDS) or call.fold("Select") == "COUNT" or _whole_key(call)


def _any_at_all(call: SdkCall) -> bool:
    """Whether of the answer only the number on the page is looked at, and compared with nothing at all."""
    one = call.where
    held = [name for name, values in one.bindings.items() if call.node in values]
    parts = [node for node in one.nodes if isinstance(node, ast.Subscript) and chain(node.value) in held]
    compared = [one.module.parents.get(node) for node in parts]
    return bool(parts) and all(
        isinstance(node.slice, ast.Constant)
        and node.slice.value in ("Count", "KeyCount")
        and isinstance(test, ast.Compare)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == 0
        for node, test in zip(parts, compared, strict=True)
    )


def _whole_key(call: SdkCall) -> bool:
    """Whether a query of a table itself names both parts of its key: one item at most."""
    said = call.arguments.get("KeyConditionExpression")
    if said is None or "IndexName" in call.arguments:
        return False
    text = call.fold("KeyConditionExpression")
    if isinstance(text, str):
        return _EQUAL.fullmatch(text.strip()) is not None
    used = [node.attr for node in ast.walk(said) if isinstance(node, ast.Attribute)]
    return used.count("eq") == 2 and not set(used) & _RANGES


def _follows(one: Reached, words: tuple[str, ...]) -> bool:
    return any(
        (isinstance(node, ast.Constant) and node.value in words)
        or (isinstance(node, ast.keyword) and node.arg in words)
        for node in ast.walk(one.node)
    )


RULE = Rule(
    code="LIM014",
    title="Only the first page is read",
    level="warning",
    reliability="certain",
    production="It works until there is a second page; then what is on it is not processed, and nothing says so.",
    mend="use client.get_paginator(...), or loop while there is a token",
    check=check,
    node=True,
    sources=("https://boto3.amazonaws.com/v1/documentation/api/latest/guide/paginators.html",),
    seeds="002",
    elsewhere="SonarQube S7622, CodeGuru missing-pagination.",
    silent="a limit is given on purpose",
)
