"""Log groups and what is attached to them; alarms and dashboards."""

from lambent.deploy.resources.kind import Do, Kind, Subject, added, put, removed

_ALARM = "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"


def _alarm(call: str) -> Kind:
    return put(
        Do(call, {"AlarmName": "$name"}, fit=True),
        name="AlarmName",
        length=255,
        delete=(Do("cloudwatch:DeleteAlarms", {"AlarmNames": ["$name"]}),),
        attributes={"Arn": _ALARM},
        tags="Tags",
        tag=Do("cloudwatch:TagResource", {"ResourceARN": _ALARM, "Tags": "$Tags"}),
        untag=Do("cloudwatch:UntagResource", {"ResourceARN": _ALARM, "TagKeys": "@removed"}),
    )


_GROUP = {"logGroupName": "$name"}
_ARN = "arn:aws:logs:{region}:{account}:log-group:{name}"
_RETENTION = Do(
    "logs:PutRetentionPolicy",
    {**_GROUP, "retentionInDays": "$RetentionInDays"},
    on=("RetentionInDays",),
    gone=Do("logs:DeleteRetentionPolicy", _GROUP),
)
_SCALED = {name: f"${name}" for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
_SCHEDULED = ("ScheduledActionName", "Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")
KINDS = {
    "AWS::Logs::LogGroup": Kind(
        name="LogGroupName",
        length=512,
        create=(Do("logs:CreateLogGroup", _GROUP, fit=True), _RETENTION),
        update=(_RETENTION,),
        delete=(Do("logs:DeleteLogGroup", _GROUP),),
        attributes={"Arn": f"{_ARN}:*"},
        tags="Tags",
        tag=Do("logs:TagResource", {"resourceArn": _ARN, "tags": "$Tags"}),
        untag=Do("logs:UntagResource", {"resourceArn": _ARN, "tagKeys": "@removed"}),
    ),
    "AWS::Logs::LogStream": Kind(
        name="LogStreamName",
        length=512,
        create=(Do("logs:CreateLogStream", {"logGroupName": "$LogGroupName", "logStreamName": "$name"}),),
        delete=(Do("logs:DeleteLogStream", {"logGroupName": "$LogGroupName", "logStreamName": "$name"}),),
    ),
    "AWS::Logs::SubscriptionFilter": put(
        Do("logs:PutSubscriptionFilter", {"filterName": "$name"}, fit=True),
        name="FilterName",
        length=512,
        delete=(Do("logs:DeleteSubscriptionFilter", {"logGroupName": "$LogGroupName", "filterName": "$name"}),),
    ),
    "AWS::Logs::MetricFilter": put(
        Do("logs:PutMetricFilter", {"filterName": "$name"}, fit=True),
        name="FilterName",
        length=512,
        delete=(Do("logs:DeleteMetricFilter", {"logGroupName": "$LogGroupName", "filterName": "$name"}),),
    ),
    "AWS::Logs::ResourcePolicy": put(
        Do("logs:PutResourcePolicy", {"policyName": "$name"}, fit=True),
        name="PolicyName",
        length=255,
        delete=(Do("logs:DeleteResourcePolicy", {"policyName": "$name"}),),
    ),
    "AWS::CloudWatch::Alarm": _alarm("cloudwatch:PutMetricAlarm"),
    "AWS::CloudWatch::CompositeAlarm": _alarm("cloudwatch:PutCompositeAlarm"),
    "AWS::CloudWatch::Dashboard": put(
        Do("cloudwatch:PutDashboard", {"DashboardName": "$name"}, fit=True),
        name="DashboardName",
        length=255,
        delete=(Do("cloudwatch:DeleteDashboards", {"DashboardNames": ["$name"]}),),
    ),
    "AWS::ApplicationAutoScaling::ScalableTarget": put(
        Do("application-autoscaling:RegisterScalableTarget", fit=True),
        Do(
            "application-autoscaling:DeleteScheduledAction",
            {**_SCALED, "ScheduledActionName": "@item.ScheduledActionName"},
            each=removed("ScheduledActions", "ScheduledActionName"),
            fine=("ObjectNotFound",),
        ),
        Do(
            "application-autoscaling:PutScheduledAction",
            {**_SCALED, **{name: f"@item.{name}" for name in _SCHEDULED}},
            each=added("ScheduledActions"),
        ),
        delete=(Do("application-autoscaling:DeregisterScalableTarget", _SCALED),),
        id="{ResourceId}|{ScalableDimension}|{ServiceNamespace}",
        attributes={"Id": "{id}"},
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Kind(
        name="PolicyName",
        create=(
            Do(
                "application-autoscaling:PutScalingPolicy",
                {
                    "PolicyName": "$name",
                    "ServiceNamespace": lambda subject: _target(subject)[2],
                    "ResourceId": lambda subject: _target(subject)[0],
                    "ScalableDimension": lambda subject: _target(subject)[1],
                },
                fit=True,
                takes=("ScalingTargetId", "ServiceNamespace", "ResourceId", "ScalableDimension"),
            ),
        ),
        update=(
            Do(
                "application-autoscaling:PutScalingPolicy",
                {
                    "PolicyName": "$name",
                    "ServiceNamespace": lambda subject: _target(subject)[2],
                    "ResourceId": lambda subject: _target(subject)[0],
                    "ScalableDimension": lambda subject: _target(subject)[1],
                },
                fit=True,
            ),
        ),
        delete=(
            Do(
                "application-autoscaling:DeleteScalingPolicy",
                {
                    "PolicyName": "$name",
                    "ServiceNamespace": lambda subject: _target(subject)[2],
                    "ResourceId": lambda subject: _target(subject)[0],
                    "ScalableDimension": lambda subject: _target(subject)[1],
                },
            ),
        ),
        id="@PolicyARN",
        attributes={"Arn": "{id}"},
    ),
}


def _target(subject: Subject) -> tuple[str, str, str]:
    """Resource, dimension and service of a policy: from the target's id, or as they are given."""
    said = subject.properties
    if said.get("ScalingTargetId"):
        resource, dimension, service = str(said["ScalingTargetId"]).split("|")
        return resource, dimension, service
    return str(said.get("ResourceId")), str(said.get("ScalableDimension")), str(said.get("ServiceNamespace"))
