"""Rules, buses and schedules; state machines."""

import json
import re
from typing import Any
from urllib.parse import urlencode

from lambent.deploy.resources.kind import Do, Kind, Subject, added, from_s3, put, reads, removed, text_of
from lambent.deploy.template.reading import read

_RULE = {"Name": "$name", "EventPattern": "$EventPattern"}
_OF_RULE = {"Rule": "$name", "EventBusName": "$EventBusName"}


def _removed_ids(subject: Subject) -> list[list[str]]:
    gone = removed("Targets", "Id")(subject)
    return [[one["Id"] for one in gone]] if gone else []


def _added_targets(subject: Subject) -> list[list[Any]]:
    found = added("Targets")(subject)
    return [found] if found else []


_TARGETS = (
    Do("events:RemoveTargets", {**_OF_RULE, "Ids": "@item"}, each=_removed_ids, fine=("ResourceNotFound",)),
    Do("events:PutTargets", {**_OF_RULE, "Targets": "@item"}, each=reads("Targets")(_added_targets)),
)


def _rule_arn(subject: Subject) -> str:
    scope = subject.owner.scope
    bus = str(subject.properties.get("EventBusName") or "default").rpartition("/")[2]
    path = subject.name if bus == "default" else f"{bus}/{subject.name}"
    return f"arn:aws:events:{scope.region}:{scope.account}:rule/{path}"


def _rule_id(subject: Subject) -> str:
    bus = subject.properties.get("EventBusName") or "default"
    return subject.name if bus == "default" else f"{bus}|{subject.name}"


_TOPIC_RULE = "arn:aws:iot:{region}:{account}:rule/{id}"


def _topic_rule(subject: Subject) -> str:
    """A name of letters, digits and underscores."""
    return subject.name.replace("-", "_")


@reads("Tags")
def _tags_as_text(subject: Subject) -> str | None:
    tags = subject.properties.get("Tags") or ()
    return urlencode([(one["Key"], one["Value"]) for one in tags]) or None


@reads("Statement")
def _with_statement(subject: Subject) -> str | None:
    """The bus' policy with a statement more; the older form gives its parts apart."""
    said = subject.properties.get("Statement")
    if said is None:
        return None
    policy = json.loads(subject.answers.get("Policy") or '{"Version": "2012-10-17", "Statement": []}')
    statement = {**(json.loads(said) if isinstance(said, str) else said), "Sid": subject.properties["StatementId"]}
    kept = [one for one in policy["Statement"] if one.get("Sid") != statement["Sid"]]
    return json.dumps({**policy, "Statement": [*kept, statement]})


_BUS = "arn:aws:events:{region}:{account}:event-bus/{name}"
_BUS_POLICY = Do(
    "events:PutPermission",
    {"EventBusName": "$name", "Policy": "$Policy"},
    on=("Policy",),
    gone=Do("events:RemovePermission", {"EventBusName": "$name", "RemoveAllPermissions": True}),
)
_DESCRIBE_CONNECTION = Do("events:DescribeConnection", {"Name": "$name"}, anew=True)


@reads("DefinitionString", "Definition", "DefinitionSubstitutions")
def _definition(subject: Subject) -> str:
    text = text_of(subject, "DefinitionString", "Definition") or ""
    for name, value in (subject.properties.get("DefinitionSubstitutions") or {}).items():
        text = re.sub(r"\$\{" + re.escape(name) + r"\}", lambda _match, value=value: str(value), text)  # type: ignore[misc]
    return text if text.lstrip().startswith("{") else json.dumps(read(text))


_MACHINE = ("DefinitionString", "Definition", "DefinitionSubstitutions", "DefinitionS3Location",
            "LoggingConfiguration", "RoleArn", "TracingConfiguration", "EncryptionConfiguration")  # fmt: skip
_GROUP = "arn:aws:scheduler:{region}:{account}:schedule-group/{name}"
KINDS = {
    "AWS::Events::Rule": put(
        Do("events:PutRule", _RULE, fit=True),
        *_TARGETS,
        name="Name",
        delete=(
            Do("events:ListTargetsByRule", _OF_RULE),
            Do(
                "events:RemoveTargets", {**_OF_RULE, "Ids": "@item"}, each="@Targets[].[[Id]][]", fine=("ResourceNotF",)
            ),
            Do("events:DeleteRule", {"Name": "$name", "EventBusName": "$EventBusName"}),
        ),
        id=_rule_id,
        replace=("EventBusName",),
        lost=("Targets.EcsParameters.PlacementStrategies", "Targets.EcsParameters.TagList"),
        attributes={"Arn": _rule_arn, "RuleName": "{name}"},
        takes=("Targets",),
    ),
    "AWS::IoT::TopicRule": Kind(
        name="RuleName",
        length=128,
        create=(Do("iot:CreateTopicRule", {"ruleName": _topic_rule, "tags": _tags_as_text}, fit=True),),
        update=(Do("iot:ReplaceTopicRule", {"ruleName": "$id"}, fit=True),),
        delete=(Do("iot:DeleteTopicRule", {"ruleName": "$id"}, fine=("UnauthorizedException",)),),
        id=_topic_rule,
        attributes={"Arn": _TOPIC_RULE},
        tags="Tags",
        tag=Do("iot:TagResource", {"resourceArn": _TOPIC_RULE, "tags": "$Tags"}),
        untag=Do("iot:UntagResource", {"resourceArn": _TOPIC_RULE, "tagKeys": "@removed"}),
    ),
    "AWS::Events::EventBus": Kind(
        name="Name",
        length=256,
        create=(Do("events:CreateEventBus", {"Name": "$name"}, fit=True, without=("Policy",)), _BUS_POLICY),
        update=(
            Do("events:UpdateEventBus", {"Name": "$name"}, fit=True, without=("Policy", "EventSourceName", "Tags")),
            _BUS_POLICY,
        ),
        delete=(Do("events:DeleteEventBus", {"Name": "$name"}),),
        attributes={"Arn": "arn:aws:events:{region}:{account}:event-bus/{name}", "Name": "{name}"},
        tags="Tags",
        tag=Do("events:TagResource", {"ResourceARN": _BUS, "Tags": "$Tags"}),
        untag=Do("events:UntagResource", {"ResourceARN": _BUS, "TagKeys": "@removed"}),
    ),
    "AWS::Events::EventBusPolicy": put(
        Do("events:DescribeEventBus", {"Name": "$EventBusName"}, anew=True),
        Do("events:PutPermission", {"Policy": _with_statement}, fit=True),
        delete=(Do("events:RemovePermission", {"StatementId": "$StatementId", "EventBusName": "$EventBusName"}),),
        id="{StatementId}",
    ),
    "AWS::Events::Archive": Kind(
        name="ArchiveName",
        length=48,
        create=(Do("events:CreateArchive", {"ArchiveName": "$name", "EventSourceArn": "$SourceArn"}, fit=True),),
        update=(Do("events:UpdateArchive", {"ArchiveName": "$name"}, fit=True),),
        delete=(Do("events:DeleteArchive", {"ArchiveName": "$name"}),),
        attributes={"Arn": "arn:aws:events:{region}:{account}:archive/{name}", "ArchiveName": "{name}"},
    ),
    "AWS::Events::Connection": Kind(
        name="Name",
        create=(Do("events:CreateConnection", {"Name": "$name"}, fit=True), _DESCRIBE_CONNECTION),
        update=(Do("events:UpdateConnection", {"Name": "$name"}, fit=True), _DESCRIBE_CONNECTION),
        delete=(Do("events:DeleteConnection", {"Name": "$name"}, fine=("ResourceNotFound",)),),
        attributes={"Arn": "@ConnectionArn", "SecretArn": "@SecretArn", "ArnForPolicy": "@ConnectionArn"},
    ),
    "AWS::Events::ApiDestination": Kind(
        name="Name",
        create=(Do("events:CreateApiDestination", {"Name": "$name"}, fit=True),),
        update=(Do("events:UpdateApiDestination", {"Name": "$name"}, fit=True),),
        delete=(Do("events:DeleteApiDestination", {"Name": "$name"}, fine=("ResourceNotFound",)),),
        attributes={"Arn": "@ApiDestinationArn", "ArnForPolicy": "@ApiDestinationArn"},
    ),
    "AWS::Scheduler::Schedule": Kind(
        name="Name",
        create=(Do("scheduler:CreateSchedule", {"Name": "$name"}, fit=True),),
        update=(Do("scheduler:UpdateSchedule", {"Name": "$name"}, fit=True),),
        delete=(Do("scheduler:DeleteSchedule", {"Name": "$name", "GroupName": "$GroupName"}),),
        attributes={"Arn": "@ScheduleArn"},
    ),
    "AWS::Scheduler::ScheduleGroup": Kind(
        name="Name",
        create=(Do("scheduler:CreateScheduleGroup", {"Name": "$name"}, fit=True),),
        delete=(Do("scheduler:DeleteScheduleGroup", {"Name": "$name"}),),
        attributes={"Arn": "@ScheduleGroupArn"},
        tags="Tags",
        tag=Do("scheduler:TagResource", {"ResourceArn": _GROUP, "Tags": "$Tags"}),
        untag=Do("scheduler:UntagResource", {"ResourceArn": _GROUP, "TagKeys": "@removed"}),
    ),
    "AWS::StepFunctions::StateMachine": Kind(
        name="StateMachineName",
        length=80,
        made=1,
        create=(
            from_s3("DefinitionS3Location"),
            Do(
                "stepfunctions:CreateStateMachine",
                {"name": "$name", "definition": _definition, "type": "$StateMachineType"},
                fit=True,
            ),
        ),
        update=(
            from_s3("DefinitionS3Location"),
            Do(
                "stepfunctions:UpdateStateMachine",
                {
                    "stateMachineArn": "$id",
                    "definition": _definition,
                    "roleArn": "$RoleArn",
                    "loggingConfiguration": "$LoggingConfiguration",
                    "tracingConfiguration": "$TracingConfiguration",
                    "encryptionConfiguration": "$EncryptionConfiguration",
                },
                on=_MACHINE,
            ),
        ),
        empty={
            "LoggingConfiguration": {"Level": "OFF", "IncludeExecutionData": False},
            "TracingConfiguration": {"Enabled": False},
        },
        delete=(Do("stepfunctions:DeleteStateMachine", {"stateMachineArn": "$id"}),),
        id="@stateMachineArn",
        attributes={"Arn": "{id}", "Name": "{name}"},
        tags="Tags",
        tag=Do("stepfunctions:TagResource", {"resourceArn": "$id", "tags": "$Tags"}),
        untag=Do("stepfunctions:UntagResource", {"resourceArn": "$id", "tagKeys": "@removed"}),
    ),
    "AWS::StepFunctions::Activity": Kind(
        name="Name",
        length=80,
        create=(Do("stepfunctions:CreateActivity", {"name": "$name"}, fit=True),),
        delete=(Do("stepfunctions:DeleteActivity", {"activityArn": "$id"}),),
        id="@activityArn",
        attributes={"Arn": "{id}", "Name": "{name}"},
        tags="Tags",
        tag=Do("stepfunctions:TagResource", {"resourceArn": "$id", "tags": "$Tags"}),
        untag=Do("stepfunctions:UntagResource", {"resourceArn": "$id", "tagKeys": "@removed"}),
    ),
}
