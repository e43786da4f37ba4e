"""The operations answered here. One that is not in the table is refused by name before it gets this far."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs import insights, query_definitions, subscription_filters
from lambent.services.logs.create_log_group import create_log_group
from lambent.services.logs.create_log_stream import create_log_stream
from lambent.services.logs.delete_log_group import delete_log_group
from lambent.services.logs.delete_log_stream import delete_log_stream
from lambent.services.logs.delete_retention_policy import delete_retention_policy
from lambent.services.logs.describe_log_groups import describe_log_groups
from lambent.services.logs.describe_log_streams import describe_log_streams
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.filter_log_events import filter_log_events
from lambent.services.logs.get_log_events import get_log_events
from lambent.services.logs.list_tags_for_resource import list_tags_for_resource
from lambent.services.logs.log_group_tags import list_tags_log_group, tag_log_group, untag_log_group
from lambent.services.logs.metric_filters import (
    delete_metric_filter,
    describe_metric_filters,
    put_metric_filter,
    test_metric_filter,
)
from lambent.services.logs.put_log_events import put_log_events
from lambent.services.logs.put_retention_policy import put_retention_policy
from lambent.services.logs.start_live_tail import start_live_tail
from lambent.services.logs.tag_resource import tag_resource
from lambent.services.logs.untag_resource import untag_resource

Operation = Callable[[LogsEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "CreateLogGroup": create_log_group,
    "CreateLogStream": create_log_stream,
    "DeleteLogGroup": delete_log_group,
    "DeleteLogStream": delete_log_stream,
    "DeleteMetricFilter": delete_metric_filter,
    "DeleteQueryDefinition": query_definitions.delete_query_definition,
    "DeleteRetentionPolicy": delete_retention_policy,
    "DeleteSubscriptionFilter": subscription_filters.delete_subscription_filter,
    "DescribeLogGroups": describe_log_groups,
    "DescribeLogStreams": describe_log_streams,
    "DescribeMetricFilters": describe_metric_filters,
    "DescribeQueries": insights.describe_queries,
    "DescribeQueryDefinitions": query_definitions.describe_query_definitions,
    "DescribeSubscriptionFilters": subscription_filters.describe_subscription_filters,
    "FilterLogEvents": filter_log_events,
    "GetLogEvents": get_log_events,
    "GetLogGroupFields": insights.get_log_group_fields,
    "GetLogRecord": insights.get_log_record,
    "GetQueryResults": insights.get_query_results,
    "ListTagsForResource": list_tags_for_resource,
    "ListTagsLogGroup": list_tags_log_group,
    "PutLogEvents": put_log_events,
    "PutMetricFilter": put_metric_filter,
    "PutQueryDefinition": query_definitions.put_query_definition,
    "PutRetentionPolicy": put_retention_policy,
    "PutSubscriptionFilter": subscription_filters.put_subscription_filter,
    "StartLiveTail": start_live_tail,
    "StartQuery": insights.start_query,
    "StopQuery": insights.stop_query,
    "TagLogGroup": tag_log_group,
    "TagResource": tag_resource,
    "TestMetricFilter": test_metric_filter,
    "UntagLogGroup": untag_log_group,
    "UntagResource": untag_resource,
}
