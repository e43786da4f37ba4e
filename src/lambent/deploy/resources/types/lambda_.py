"""Functions and all that belongs to them."""

from typing import Any

from lambent.deploy.resources.inline import code_of
from lambent.deploy.resources.kind import Do, Kind, Said, Subject, Until, put, reads

_HERE = {"FunctionName": "$id"}
_ACTIVE = Until(
    Do("lambda:GetFunctionConfiguration", _HERE),
    "[State, LastUpdateStatus || 'Successful'] | join(' ', @)",
    ("Active Successful",),
    ("Failed Successful", "Active Failed", "Failed Failed"),
    "LastUpdateStatusReason || StateReason",
)


@reads("Code", "Runtime")
def _code(subject: Subject) -> dict[str, Any]:
    return code_of(subject.properties)


def _code_member(name: str) -> Any:
    return lambda subject: code_of(subject.properties).get(name)


_UPDATE_CODE = Do(
    "lambda:UpdateFunctionCode",
    {
        **_HERE,
        "ZipFile": _code_member("ZipFile"),
        **{
            name: f"$Code.{name}"
            for name in ("S3Bucket", "S3Key", "S3ObjectVersion", "S3ObjectStorageMode", "ImageUri", "SourceKMSKeyArn")
        },
        "Architectures": "$Architectures",
    },
    on=("Code", "Architectures"),
)
_CONFIGURATION = (
    *("DeadLetterConfig", "Description", "Environment", "EphemeralStorage", "FileSystemConfigs", "Handler"),
    *("ImageConfig", "KmsKeyArn", "Layers", "LoggingConfig", "MemorySize", "Role", "Runtime", "SnapStart", "Timeout"),
    *("TracingConfig", "VpcConfig", "DurableConfig", "CapacityProviderConfig"),
)
_API_NAMES = {"KmsKeyArn": "KMSKeyArn"}
_EMPTY: dict[str, Any] = {
    "Architectures": ["x86_64"],
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "ImageConfig": {},
    "KmsKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "RecursiveLoop": "Terminate",
    "RuntimeManagementConfig": {"UpdateRuntimeOn": "Auto"},
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
"""What a setting is when its property is removed."""


def _setting(name: str) -> Any:
    def changed(subject: Subject) -> Any:
        return subject.properties.get(name) if name in subject.changed else None

    return changed


_RESERVED = Do(
    "lambda:PutFunctionConcurrency",
    {**_HERE, "ReservedConcurrentExecutions": "$ReservedConcurrentExecutions"},
    on=("ReservedConcurrentExecutions",),
    gone=Do("lambda:DeleteFunctionConcurrency", _HERE),
)
_LOOP = Do("lambda:PutFunctionRecursionConfig", {**_HERE, "RecursiveLoop": "$RecursiveLoop"}, on=("RecursiveLoop",))
_MANAGED = Do(
    "lambda:PutRuntimeManagementConfig",
    {
        **_HERE,
        "UpdateRuntimeOn": "$RuntimeManagementConfig.UpdateRuntimeOn",
        "RuntimeVersionArn": "$RuntimeManagementConfig.RuntimeVersionArn",
    },
    on=("RuntimeManagementConfig",),
)
_SIGNING = Do(
    "lambda:PutFunctionCodeSigningConfig",
    {**_HERE, "CodeSigningConfigArn": "$CodeSigningConfigArn"},
    on=("CodeSigningConfigArn",),
    gone=Do("lambda:DeleteFunctionCodeSigningConfig", _HERE),
)
_FUNCTION = Kind(
    name="FunctionName",
    create=(
        Do(
            "lambda:CreateFunction",
            {"FunctionName": "$name", "Code": _code, "Publish": None},
            fit=True,
            without=("Publish",),
        ),
        _RESERVED,
        _LOOP,
        _MANAGED,
    ),
    update=(
        _UPDATE_CODE,
        Do(
            "lambda:UpdateFunctionConfiguration",
            {**_HERE, **{_API_NAMES.get(name, name): _setting(name) for name in _CONFIGURATION}},
            on=_CONFIGURATION,
        ),
        _RESERVED,
        _LOOP,
        _MANAGED,
        _SIGNING,
    ),
    empty=_EMPTY,
    delete=(Do("lambda:DeleteFunction", _HERE),),
    attributes={
        "Arn": "arn:aws:lambda:{region}:{account}:function:{name}",
        "SnapStartResponse": {"ApplyOn": "@SnapStart.ApplyOn", "OptimizationStatus": "@SnapStart.OptimizationStatus"},
    },
    ready=_ACTIVE,
    tags="Tags",
    tag=Do("lambda:TagResource", {"Resource": "arn:aws:lambda:{region}:{account}:function:{name}", "Tags": "$Tags"}),
    untag=Do(
        "lambda:UntagResource",
        {"Resource": "arn:aws:lambda:{region}:{account}:function:{name}", "TagKeys": "@removed"},
    ),
    takes=("Code",),
)
_PROVISIONED = Do(
    "lambda:PutProvisionedConcurrencyConfig",
    {
        "FunctionName": "$FunctionName",
        "Qualifier": "@Qualifier",
        "ProvisionedConcurrentExecutions": "$ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions",
    },
    on=("ProvisionedConcurrencyConfig",),
)


def _version(subject: Subject) -> str:
    """The last part of an ARN."""
    return subject.id.rpartition(":")[2]


def _provisioned(qualifier: Said) -> Do:
    return Do(
        _PROVISIONED.call,
        {**_PROVISIONED.params, "Qualifier": qualifier},
        on=("ProvisionedConcurrencyConfig",),
        gone=Do("lambda:DeleteProvisionedConcurrencyConfig", {"FunctionName": "$FunctionName", "Qualifier": qualifier}),
    )


def _provisioned_ready(qualifier: Said) -> Until:
    return Until(
        Do(
            "lambda:GetProvisionedConcurrencyConfig",
            {"FunctionName": "$FunctionName", "Qualifier": qualifier},
            fine=("ProvisionedConcurrencyConfigNotFound",),
        ),
        "Status || 'READY'",
        ("READY",),
        ("FAILED",),
        "StatusReason",
    )


@reads("RoutingConfig")
def _weights(subject: Subject) -> dict[str, Any] | None:
    said = (subject.properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    weights = {str(one["FunctionVersion"]): float(one["FunctionWeight"]) for one in said or []}
    if not weights and not subject.former.get("RoutingConfig"):
        return None
    return {"AdditionalVersionWeights": weights}


_ALIAS = {
    "FunctionName": "$FunctionName",
    "Name": "$Name",
    "FunctionVersion": "$FunctionVersion",
    "Description": "$Description",
    "RoutingConfig": _weights,
}
_MAPPING_ARN = "arn:aws:lambda:{region}:{account}:event-source-mapping:{id}"


_MAPPING_EMPTY: dict[str, Any] = {
    "BatchSize": lambda subject: 10 if ":sqs:" in str(subject.properties.get("EventSourceArn")) else 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "Enabled": True,
    "FilterCriteria": {"Filters": []},
    "FunctionResponseTypes": [],
    "KmsKeyArn": "",
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "MetricsConfig": {"Metrics": []},
    "ParallelizationFactor": 1,
    "ProvisionedPollerConfig": {},
    "ScalingConfig": {},
    "TumblingWindowInSeconds": 0,
}
"""https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html"""
_ASYNC = {"FunctionName": "$FunctionName", "Qualifier": "$Qualifier"}


@reads("SelfManagedEventSource")
def _self_managed(subject: Subject) -> dict[str, Any] | None:
    """The servers of a Kafka of the user's own: the API names what kind of endpoint they are in capitals."""
    said = subject.properties.get("SelfManagedEventSource")
    if not said:
        return None
    endpoints = said.get("Endpoints") or {}
    return {"Endpoints": {_ENDPOINTS.get(name, name): servers for name, servers in endpoints.items()}}


_ENDPOINTS = {"KafkaBootstrapServers": "KAFKA_BOOTSTRAP_SERVERS"}

KINDS = {
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Lambda::Version": Kind(
        create=(
            Do("lambda:PublishVersion", fit=True),
            _provisioned(_version),
        ),
        update=(_provisioned(_version),),
        delete=(Do("lambda:DeleteFunction", {"FunctionName": "$id"}),),
        id="@FunctionArn",
        attributes={"Version": "@Version", "FunctionArn": "{id}"},
        ready=_provisioned_ready(_version),
        replace=("FunctionName", "CodeSha256", "Description"),
    ),
    "AWS::Lambda::Alias": Kind(
        create=(Do("lambda:CreateAlias", _ALIAS), _provisioned("$Name")),
        update=(
            Do("lambda:UpdateAlias", _ALIAS, on=("FunctionVersion", "Description", "RoutingConfig")),
            _provisioned("$Name"),
        ),
        empty={"Description": "", "RoutingConfig": {}},
        delete=(Do("lambda:DeleteAlias", {"FunctionName": "$FunctionName", "Name": _version}),),
        id="@AliasArn",
        adopt=Do("lambda:GetAlias", {"FunctionName": "$FunctionName", "Name": "$Name"}),
        ready=_provisioned_ready("$Name"),
        attributes={"AliasArn": "{id}"},
    ),
    "AWS::Lambda::Permission": Kind(
        name="Id",
        length=100,
        create=(
            Do(
                "lambda:AddPermission",
                {"StatementId": "$name", "FunctionName": "$FunctionName"},
                fit=True,
                without=("FunctionName",),
            ),
        ),
        delete=(Do("lambda:RemovePermission", {"FunctionName": "$FunctionName", "StatementId": "$id"}),),
        attributes={"Id": "{id}"},
        takes=("FunctionName",),
    ),
    "AWS::Lambda::EventSourceMapping": Kind(
        create=(Do("lambda:CreateEventSourceMapping", {"SelfManagedEventSource": _self_managed}, fit=True),),
        update=(Do("lambda:UpdateEventSourceMapping", {"UUID": "$id"}, fit=True),),
        empty=_MAPPING_EMPTY,
        delete=(Do("lambda:DeleteEventSourceMapping", {"UUID": "$id"}),),
        id="@UUID || EventSourceMappings[0].UUID",
        adopt=Do(
            "lambda:ListEventSourceMappings",
            {"FunctionName": "$FunctionName", "EventSourceArn": "$EventSourceArn"},
        ),
        ready=Until(
            Do("lambda:GetEventSourceMapping", {"UUID": "$id"}),
            "State",
            ("Enabled", "Disabled"),
            (),
            "StateTransitionReason",
        ),
        gone=Until(Do("lambda:GetEventSourceMapping", {"UUID": "$id"}), "State", (None,)),
        attributes={
            "Id": "{id}",
            "EventSourceMappingArn": _MAPPING_ARN,
        },
        tags="Tags",
        tag=Do(
            "lambda:TagResource",
            {"Resource": _MAPPING_ARN, "Tags": "$Tags"},
        ),
        untag=Do(
            "lambda:UntagResource",
            {"Resource": _MAPPING_ARN, "TagKeys": "@removed"},
        ),
    ),
    "AWS::Lambda::LayerVersion": Kind(
        name="LayerName",
        length=140,
        create=(Do("lambda:PublishLayerVersion", {"LayerName": "$name"}, fit=True),),
        delete=(
            Do(
                "lambda:DeleteLayerVersion",
                {
                    "LayerName": lambda subject: subject.id.split(":")[6],
                    "VersionNumber": lambda subject: subject.id.rpartition(":")[2],
                },
            ),
        ),
        id="@LayerVersionArn",
        attributes={"LayerVersionArn": "{id}"},
    ),
    "AWS::Lambda::LayerVersionPermission": Kind(
        name="Id",
        length=100,
        create=(
            Do(
                "lambda:AddLayerVersionPermission",
                {
                    "LayerName": lambda subject: subject.properties["LayerVersionArn"].rpartition(":")[0],
                    "VersionNumber": lambda subject: subject.properties["LayerVersionArn"].rpartition(":")[2],
                    "StatementId": "$name",
                },
                fit=True,
                takes=("LayerVersionArn",),
            ),
        ),
        delete=(
            Do(
                "lambda:RemoveLayerVersionPermission",
                {
                    "LayerName": lambda subject: subject.properties["LayerVersionArn"].rpartition(":")[0],
                    "VersionNumber": lambda subject: subject.properties["LayerVersionArn"].rpartition(":")[2],
                    "StatementId": "$name",
                },
            ),
        ),
        attributes={"Id": "{id}"},
    ),
    "AWS::Lambda::Url": Kind(
        create=(
            Do(
                "lambda:CreateFunctionUrlConfig",
                {"FunctionName": "$TargetFunctionArn"},
                fit=True,
                takes=("TargetFunctionArn",),
            ),
        ),
        update=(
            Do(
                "lambda:UpdateFunctionUrlConfig",
                {"FunctionName": "$TargetFunctionArn", "Qualifier": "$Qualifier"},
                fit=True,
                on=("AuthType", "Cors", "InvokeMode"),
            ),
        ),
        empty={"Cors": {}, "InvokeMode": "BUFFERED"},
        delete=(
            Do("lambda:DeleteFunctionUrlConfig", {"FunctionName": "$TargetFunctionArn", "Qualifier": "$Qualifier"}),
        ),
        id="@FunctionArn",
        adopt=Do("lambda:GetFunctionUrlConfig", {"FunctionName": "$TargetFunctionArn", "Qualifier": "$Qualifier"}),
        attributes={"FunctionArn": "@FunctionArn", "FunctionUrl": "@FunctionUrl"},
    ),
    "AWS::Lambda::EventInvokeConfig": put(
        Do("lambda:PutFunctionEventInvokeConfig", fit=True),
        delete=(Do("lambda:DeleteFunctionEventInvokeConfig", _ASYNC),),
        id="{FunctionName}|{Qualifier}",
    ),
    "AWS::Lambda::CodeSigningConfig": Kind(
        create=(Do("lambda:CreateCodeSigningConfig", fit=True),),
        update=(Do("lambda:UpdateCodeSigningConfig", {"CodeSigningConfigArn": "$id"}, fit=True),),
        delete=(Do("lambda:DeleteCodeSigningConfig", {"CodeSigningConfigArn": "$id"}),),
        id="@CodeSigningConfig.CodeSigningConfigArn",
        attributes={
            "CodeSigningConfigArn": "{id}",
            "CodeSigningConfigId": "@CodeSigningConfig.CodeSigningConfigId",
        },
    ),
}
