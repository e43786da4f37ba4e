"""serverless.yml as a template: its functions in SAM's words under the framework's logical ids, its resources as they
stand. What is not read is refused by name.

Source: https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambent.cli import output
from lambent.cli.errors import USAGE, CliError
from lambent.cli.stacks import service_events as events
from lambent.cli.stacks.app import App, read_document
from lambent.cli.stacks.variables import Variables

ROLE = "IamRoleLambdaExecution"
SECTIONS = frozenset(
    (
        "service",
        "provider",
        "functions",
        "resources",
        "custom",
        "plugins",
        "package",
        "layers",
        "params",
        "stages",
        "frameworkVersion",
        "useDotenv",
        "configValidationMode",
        "variablesResolutionMode",
        "org",
        "app",
        "console",
        "deprecationNotificationMode",
        "disabledDeprecations",
        "outputs",
        "build",
        "configFile",
        "projectDir",
    )
)
PROVIDER = frozenset(
    (
        "name",
        "runtime",
        "stage",
        "region",
        "profile",
        "stackName",
        "stackTags",
        "tags",
        "environment",
        "memorySize",
        "timeout",
        "architecture",
        "layers",
        "vpc",
        "tracing",
        "logRetentionInDays",
        "iam",
        "iamRoleStatements",
        "role",
        "httpApi",
        "apiGateway",
        "deploymentBucket",
        "deploymentMethod",
        "deploymentPrefix",
        "versionFunctions",
        "lambdaHashingVersion",
        "disableRollback",
        "endpointType",
        "apiName",
        "eventBridge",
        "ephemeralStorageSize",
        "kmsKeyArn",
        "logs",
        "stackParameters",
        "s3",
        "usagePlan",
        "runtimeManagement",
    )
)
"""What is read, or changes nothing here."""
UNREAD = {
    "apiGateway": ("apiKeys", "resourcePolicy", "restApiId", "usagePlan"),
    "httpApi": ("authorizers", "id"),
}
COPIED = {
    "handler": "Handler",
    "runtime": "Runtime",
    "timeout": "Timeout",
    "memorySize": "MemorySize",
    "description": "Description",
    "layers": "Layers",
    "reservedConcurrency": "ReservedConcurrentExecutions",
    "tags": "Tags",
    "kmsKeyArn": "KmsKeyArn",
}
NESTED = (
    "environment",
    "events",
    "architecture",
    "ephemeralStorageSize",
    "role",
    "name",
    "vpc",
    "url",
    "tracing",
    "destinations",
    "onError",
    "package",
    "logRetentionInDays",
    "dependsOn",
    "maximumEventAge",
    "condition",
    "maximumRetryAttempts",
    "provisionedConcurrency",
    "snapStart",
    "disableLogs",
    "iamRoleStatementsName",
)
HARMLESS = ("serverless-offline", "serverless-localstack", "serverless-dotenv-plugin", "serverless-prune-plugin")


def is_service(path: Path) -> bool:
    """Whether a file that has another name is one."""
    text = path.read_text("utf-8", "replace")
    return all(re.search(rf"""^["']?{key}["']?\s*:""", text, re.M) for key in ("service", "provider"))


def app(path: Path, stage: str | None, account: str, region: str) -> App:
    """The service as a stack. Raises CliError."""
    document = read_document(path, aliases=True)
    provider = document.get("provider")
    if not isinstance(provider, dict) or provider.get("name") != "aws":
        raise CliError(f"{path}: this is no service of the provider aws", USAGE)
    options = {"region": region, **({"stage": stage} if stage else {})}
    first = Variables(document, path.parent, options, {})
    chosen = stage or str(first.value(provider.get("stage") or "dev"))
    own = {"stage": chosen, "aws:accountId": account, "aws:region": region, "instanceId": "lambent"}
    params = {name: (document.get("stages") or {}).get(name, {}).get("params", {}) for name in ("default", chosen)}
    older = document.get("params") or {}
    merged = {**older.get("default", {}), **params["default"], **older.get(chosen, {}), **params[chosen]}
    said = Variables(document, path.parent, options, own, merged).value(document)
    _require_known(path, said)
    return _Service(said, path, chosen, region).app()


def _require_known(path: Path, said: Mapping[str, Any]) -> None:
    """Raises CliError for what would be passed over."""
    left = sorted([*(set(said) - SECTIONS), *(f"provider.{one}" for one in set(said["provider"]) - PROVIDER)])
    left += [
        f"provider.{section}.{one}"
        for section, names in UNREAD.items()
        for one in names
        if one in (said["provider"].get(section) or {})
    ]
    if left:
        raise CliError(f"{path}: {', '.join(left)}: not read by Lambent: deploy with the framework itself", USAGE)
    plugins = said.get("plugins") or []
    names = plugins.get("modules", []) if isinstance(plugins, dict) else plugins
    for name in names:
        if name not in HARMLESS:
            output.note(f"plugin {name} is not run: what it does to code and template is missing")


def logical(name: str) -> str:
    """A function's name as the framework makes logical ids of it."""
    cleaned = name.replace("-", "Dash").replace("_", "Underscore")
    return cleaned[:1].upper() + cleaned[1:]


class _Service:
    """One service, its variables resolved."""

    def __init__(self, said: dict[str, Any], path: Path, stage: str, region: str) -> None:
        self._said = said
        self._provider: dict[str, Any] = said["provider"]
        self._path = path
        service = said["service"]
        self._name = service["name"] if isinstance(service, dict) else str(service)
        self._stage = stage
        self._resources: dict[str, Any] = {}
        self._rights: list[dict[str, Any]] = []
        self._apis = events.Apis()

    def app(self) -> App:
        functions = self._said.get("functions") or {}
        for part in functions if isinstance(functions, list) else [functions]:
            for name, body in (part or {}).items():
                self._function(str(name), body)
        for name, body in (self._said.get("layers") or {}).items():
            self._resources[f"{logical(name)}LambdaLayer"] = _layer(name, body)
        if functions:
            self._role()
        self._resources |= self._apis.resources(f"{self._stage}-{self._name}", self._stage, self._provider)
        template = {
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": self._resources,
            "Outputs": self._apis.outputs(self._stage),
        }
        for part in _listed(self._said.get("resources")):
            _merge(template, part, self._path)
        name = self._provider.get("stackName") or f"{self._name}-{self._stage}"
        tags = {**(self._provider.get("tags") or {}), **(self._provider.get("stackTags") or {}), "STAGE": self._stage}
        return App(name, template, self._path.parent, {}, tags, watched=(self._path,))

    def _function(self, name: str, body: dict[str, Any]) -> None:
        left = sorted(set(body) - set(COPIED) - set(NESTED))
        if left:
            raise CliError(f"{self._path}: function {name}: {', '.join(left)}: not read by Lambent", USAGE)
        merged = {**{key: one for key, one in self._provider.items() if key in (*COPIED, *NESTED)}, **body}
        id_, full = logical(name), body.get("name") or f"{self._name}-{self._stage}-{name}"
        properties: dict[str, Any] = {
            "FunctionName": full,
            "CodeUri": self._artifact(body),
            "Timeout": 6,
            "MemorySize": 1024,
            **{COPIED[key]: one for key, one in merged.items() if key in COPIED},
            "Role": _role_of(merged.get("role")),
        }
        variables = {**(self._provider.get("environment") or {}), **(body.get("environment") or {})}
        if variables:
            properties["Environment"] = {"Variables": {key: _variable(one) for key, one in variables.items()}}
        properties |= _settings(merged)
        found, needed, rights, more = events.read(name, body.get("events") or [], self._apis, id_)
        self._rights += rights
        self._resources |= more
        if found:
            properties["Events"] = found
        group = {"LogGroupName": f"/aws/lambda/{full}"}
        if "logRetentionInDays" in merged:
            group["RetentionInDays"] = merged["logRetentionInDays"]
        self._resources[f"{id_}LogGroup"] = {"Type": "AWS::Logs::LogGroup", "Properties": group}
        self._resources[f"{id_}LambdaFunction"] = {
            "Type": "AWS::Serverless::Function",
            "DependsOn": [f"{id_}LogGroup", *needed, *_listed(body.get("dependsOn"))],
            "Properties": properties,
            **({"Condition": body["condition"]} if "condition" in body else {}),
        }

    def _artifact(self, body: Mapping[str, Any]) -> str:
        own, whole = body.get("package") or {}, self._said.get("package") or {}
        return str(own.get("artifact") or whole.get("artifact") or ".")

    def _role(self) -> None:
        """The one role of all functions, unless the provider names another."""
        iam = self._provider.get("iam") or {}
        said = iam.get("role", self._provider.get("role"))
        if isinstance(said, str) or (isinstance(said, dict) and any(key.startswith("Fn::") for key in said)):
            for one in self._resources.values():
                if one["Type"] == "AWS::Serverless::Function" and one["Properties"]["Role"] == _OWN:
                    one["Properties"]["Role"] = said
            return
        said = said or {}
        statements = [*self._rights, *_listed(said.get("statements") or self._provider.get("iamRoleStatements"))]
        policy = {"PolicyName": f"{self._stage}-{self._name}-lambda", "PolicyDocument": _document([_LOGS, *statements])}
        properties: dict[str, Any] = {
            "AssumeRolePolicyDocument": _document(
                [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
            ),
            "Policies": [policy],
            "ManagedPolicyArns": [*_listed(said.get("managedPolicies")), *(_VPC if "vpc" in str(self._said) else [])],
        }
        if "name" in said:
            properties["RoleName"] = said["name"]
        self._resources[ROLE] = {"Type": "AWS::IAM::Role", "Properties": properties}


_OWN = {"Fn::GetAtt": [ROLE, "Arn"]}
_VPC = ["arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"]
_LOGS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource", "logs:PutLogEvents"],
    "Resource": {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/*:*"},
}


def _document(statements: list[Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [] if said is None else [said]


def _role_of(said: Any) -> Any:
    """A role is an ARN, the logical id of one of the resources, or a function of the template."""
    if isinstance(said, str) and not said.startswith("arn:"):
        return {"Fn::GetAtt": [said, "Arn"]}
    return said if said is not None else _OWN


def _variable(said: Any) -> Any:
    return (
        said
        if isinstance(said, str | dict)
        else ""
        if said is None
        else str(said).lower()
        if isinstance(said, bool)
        else str(said)
    )


def _settings(said: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a function that are written otherwise in SAM."""
    made: dict[str, Any] = {}
    if "architecture" in said:
        made["Architectures"] = [said["architecture"]]
    if "ephemeralStorageSize" in said:
        made["EphemeralStorage"] = {"Size": said["ephemeralStorageSize"]}
    if said.get("vpc"):
        made["VpcConfig"] = {"SubnetIds": said["vpc"]["subnetIds"], "SecurityGroupIds": said["vpc"]["securityGroupIds"]}
    if "onError" in said:
        made["DeadLetterQueue"] = {
            "Type": "SQS" if ":sqs:" in str(said["onError"]) else "SNS",
            "TargetArn": said["onError"],
        }
    tracing = said.get("tracing")
    tracing = tracing.get("lambda") if isinstance(tracing, dict) else tracing
    if tracing:
        made["Tracing"] = "PassThrough" if tracing == "PassThrough" else "Active"
    if said.get("url"):
        made["FunctionUrlConfig"] = _url(said["url"])
    if said.get("snapStart"):
        made |= {"SnapStart": {"ApplyOn": "PublishedVersions"}, "AutoPublishAlias": "snapstart"}
    if "provisionedConcurrency" in said:
        made |= {
            "AutoPublishAlias": "provisioned",
            "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": said["provisionedConcurrency"]},
        }
    return {**made, **_asynchronous(said)}


def _asynchronous(said: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        new: said[old]
        for old, new in (
            ("maximumEventAge", "MaximumEventAgeInSeconds"),
            ("maximumRetryAttempts", "MaximumRetryAttempts"),
        )
        if old in said
    }
    told = said.get("destinations") or {}
    to = {f"On{key[2:]}": _destination(one) for key, one in told.items()}
    return {"EventInvokeConfig": {**made, **({"DestinationConfig": to} if to else {})}} if made or to else {}


def _destination(said: Any) -> dict[str, Any]:
    if isinstance(said, dict) and "arn" in said:
        return {
            "Type": {"function": "Lambda", "sns": "SNS", "sqs": "SQS", "eventBus": "EventBridge"}[said["type"]],
            "Destination": said["arn"],
        }
    if isinstance(said, str) and not said.startswith("arn:"):
        return {"Type": "Lambda", "Destination": {"Fn::GetAtt": [f"{logical(said)}LambdaFunction", "Arn"]}}
    kinds = {":sqs:": "SQS", ":sns:": "SNS", ":events:": "EventBridge"}
    return {"Type": next((kind for part, kind in kinds.items() if part in str(said)), "Lambda"), "Destination": said}


def _url(said: Any) -> dict[str, Any]:
    said = said if isinstance(said, dict) else {}
    made: dict[str, Any] = {"AuthType": "AWS_IAM" if said.get("authorizer") == "aws_iam" else "NONE"}
    if said.get("invokeMode"):
        made["InvokeMode"] = said["invokeMode"]
    if said.get("cors"):
        made["Cors"] = events.cors(said["cors"] if isinstance(said["cors"], dict) else {})
    return made


def _layer(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    known = {
        "name": "LayerName",
        "description": "Description",
        "compatibleRuntimes": "CompatibleRuntimes",
        "compatibleArchitectures": "CompatibleArchitectures",
        "licenseInfo": "LicenseInfo",
    }
    content = (said.get("package") or {}).get("artifact") or said["path"]
    properties = {"LayerName": name, "Content": content, **{known[key]: said[key] for key in known if key in said}}
    return {"Type": "AWS::Lambda::LayerVersion", "Properties": properties}


def _merge(template: dict[str, Any], said: Any, path: Path) -> None:
    """What stands under `resources`: sections of a template."""
    if isinstance(said, dict) and "extensions" in said:
        raise CliError(f"{path}: resources.extensions: not read by Lambent", USAGE)
    for section, members in (said or {}).items():
        if isinstance(members, dict):
            template[section] = _over(template.get(section) or {}, members)
        elif section not in ("AWSTemplateFormatVersion",):
            template[section] = members


def _over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    made = dict(old)
    for key, one in new.items():
        both = isinstance(one, dict) and isinstance(made.get(key), dict)
        made[key] = _over(made[key], one) if both else one
    return made
