"""`lambent check --running`: what is deployed in a server, asked of it as any client would, written into a folder.

Nothing here reads the server's own data: what can be asked here can be asked of AWS. What can't be asked (a service
that does not answer, a package that is gone) is told as "not read", and rules that need it are silent.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.cli.errors import CliError, no_server
from lambent.cli.target import Target
from lambent.pitfalls.facts import running
from lambent.pitfalls.facts.running import Asked, Document
from lambent.pitfalls.facts.unread import Unread

PACKAGE_BYTES = 64 << 20
"""Larger packages are not brought here: the reader of zips would not read them."""


@dataclass
class Reader:
    """One look at an account. `not_read` has what could not be asked."""

    target: Target
    folder: Path
    not_read: list[Unread] = field(default_factory=list)
    _clients: dict[str, Any] = field(default_factory=dict)

    def read(self, only: tuple[str, ...] = ()) -> None:
        """Write the template and the packages. `only` names functions; none means all. Raises CliError when nobody
        answers."""
        asked = Asked()
        asked.functions = self._functions(only)
        asked.packages = dict(self._packages(asked.functions))
        for name, ask in _LISTS.items():
            setattr(asked, name, self._asked(name, ask))
        asked.roles = [one for one in (self._role(arn) for arn in _roles_of(asked)) if one is not None]
        if only:
            arns = tuple(one["Configuration"]["FunctionArn"] for one in asked.functions)
            asked.mappings = [one for one in asked.mappings if one["FunctionArn"].startswith(arns)]
        self._write(asked)

    def read_code(self, only: tuple[str, ...]) -> None:
        """The same of these functions and their packages alone."""
        found = [dict(self.client("lambda").get_function(FunctionName=name)) for name in only]
        empty = {"Aliases": [], "EventInvoke": [], "Url": [], "Provisioned": [], "Policy": {"Statement": []}}
        asked = Asked(functions=[{**one, **empty} for one in found])
        asked.packages = dict(self._packages(asked.functions))
        self._write(asked)

    def _write(self, asked: Asked) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / running.FILE).write_text(running.text(asked), "utf-8")

    def pages(self, service: str, operation: str, member: str, **params: Any) -> Iterator[Any]:
        """Every member of a paginated list."""
        client = self.client(service)
        if not client.can_paginate(operation):
            yield from getattr(client, operation)(**params).get(member, [])
            return
        for page in client.get_paginator(operation).paginate(**params):
            yield from page.get(member, [])

    def client(self, service: str) -> Any:
        """The client of a service, made once."""
        if service not in self._clients:
            self._clients[service] = self.target.client(service)
        return self._clients[service]

    def _asked(self, what: str, ask: "Ask") -> list[Document]:
        """What a question answers; an empty list, and a note, where it can't be asked."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return list(ask(self))
        except (ClientError, BotoCoreError) as error:
            self.not_read.append(Unread(what.replace("_", " "), _reason(error)))
            return []

    def _functions(self, only: tuple[str, ...]) -> list[Document]:
        from botocore.exceptions import EndpointConnectionError

        try:
            names = only or tuple(one["FunctionName"] for one in self.pages("lambda", "list_functions", "Functions"))
        except EndpointConnectionError:
            raise CliError(no_server(self.target.endpoint)) from None
        return [self._function(name) for name in names]

    def _function(self, name: str) -> Document:
        client = self.client("lambda")
        said = dict(client.get_function(FunctionName=name))
        about = {"FunctionName": name}
        said["Aliases"] = self._part(lambda: self.pages("lambda", "list_aliases", "Aliases", **about))
        configs = "FunctionEventInvokeConfigs"
        said["EventInvoke"] = self._part(
            lambda: self.pages("lambda", "list_function_event_invoke_configs", configs, **about)
        )
        said["Url"] = self._part(
            lambda: self.pages("lambda", "list_function_url_configs", "FunctionUrlConfigs", **about)
        )
        configs = "ProvisionedConcurrencyConfigs"
        said["Provisioned"] = self._part(
            lambda: self.pages("lambda", "list_provisioned_concurrency_configs", configs, **about)
        )
        qualified = [about, *({**about, "Qualifier": alias["Name"]} for alias in said["Aliases"])]
        statements = [one for asked in qualified for one in self._part(lambda asked=asked: self._policy(asked))]  # type: ignore[misc]
        said["Policy"] = {"Statement": statements}
        return said

    def _policy(self, about: Mapping[str, str]) -> list[Document]:
        import json

        said = json.loads(self.client("lambda").get_policy(**about)["Policy"])
        found: list[Document] = said.get("Statement", [])
        return found

    def _part(self, ask: Callable[[], Any]) -> list[Any]:
        """A list that there may be none of."""
        from botocore.exceptions import ClientError

        try:
            return list(ask())
        except ClientError:
            return []

    def _packages(self, functions: list[Document]) -> Iterator[tuple[str, str]]:
        for one in functions:
            name, location = one["Configuration"]["FunctionName"], one.get("Code", {}).get("Location")
            if one["Configuration"].get("PackageType") == "Image" or not location:
                continue
            if one["Configuration"].get("CodeSize", 0) > PACKAGE_BYTES:
                self.not_read.append(Unread(name, f"its package has more than {PACKAGE_BYTES >> 20} MB"))
                continue
            try:
                self._bring(location, self.folder / "code" / f"{name}.zip")
            except OSError as error:
                self.not_read.append(Unread(name, f"its package can't be had: {error}"))
                continue
            yield name, f"code/{name}.zip"

    def _bring(self, location: str, path: Path) -> None:
        from urllib.request import ProxyHandler, build_opener

        from lambent.cli.target import is_loopback

        opener = build_opener(ProxyHandler({})) if is_loopback(location) else build_opener()
        path.parent.mkdir(parents=True, exist_ok=True)
        with opener.open(location, timeout=60) as answer:
            path.write_bytes(answer.read(PACKAGE_BYTES + 1))

    def _role(self, arn: str) -> Document | None:
        """A role with its policies; None where IAM does not know it."""
        from botocore.exceptions import BotoCoreError, ClientError

        name = arn.rpartition("/")[2]
        client = self.client("iam")
        try:
            said = dict(client.get_role(RoleName=name)["Role"])
            listed = list(self.pages("iam", "list_role_policies", "PolicyNames", RoleName=name))
            said["Inline"] = {
                one: running.plain_policy(client.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"])
                for one in listed
            }
            attached = [
                one["PolicyArn"]
                for one in self.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
            ]
            said["Managed"] = [one for one in attached if ":aws:policy/" in one]
            said["Own"] = {
                one.rpartition("/")[2]: self._own_policy(one) for one in attached if ":aws:policy/" not in one
            }
        except (ClientError, BotoCoreError):
            return None
        return said

    def _own_policy(self, arn: str) -> Any:
        client = self.client("iam")
        version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        said = client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return running.plain_policy(said)


def _roles_of(asked: Asked) -> list[str]:
    arns = {one["Configuration"].get("Role", "") for one in asked.functions}
    return sorted(arn for arn in arns | {one.get("roleArn", "") for one in asked.machines} if arn)


def _reason(error: Exception) -> str:
    said = getattr(error, "response", {}).get("Error", {})
    return f"the server answers {said.get('Code')}: {said.get('Message')}" if said else str(error)


Ask = Callable[[Reader], Iterator[Document]]


def _queues(reader: Reader) -> Iterator[Document]:
    client = reader.client("sqs")
    for url in reader.pages("sqs", "list_queues", "QueueUrls"):
        yield client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def _subscriptions(reader: Reader) -> Iterator[Document]:
    client = reader.client("sns")
    for one in reader.pages("sns", "list_subscriptions", "Subscriptions"):
        more = client.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
        yield {**one, "RedrivePolicy": more.get("RedrivePolicy")}


def _rules(reader: Reader) -> Iterator[Document]:
    for one in reader.pages("events", "list_rules", "Rules"):
        targets = list(reader.pages("events", "list_targets_by_rule", "Targets", Rule=one["Name"]))
        yield {**one, "Targets": targets}


def _schedules(reader: Reader) -> Iterator[Document]:
    client = reader.client("scheduler")
    for one in reader.pages("scheduler", "list_schedules", "Schedules"):
        yield client.get_schedule(Name=one["Name"], GroupName=one["GroupName"])


def _buckets(reader: Reader) -> Iterator[Document]:
    client = reader.client("s3")
    for one in client.list_buckets()["Buckets"]:
        said = client.get_bucket_notification_configuration(Bucket=one["Name"])
        yield {"Name": one["Name"], "Notification": said}


def _tables(reader: Reader) -> Iterator[Document]:
    client = reader.client("dynamodb")
    for name in reader.pages("dynamodb", "list_tables", "TableNames"):
        yield client.describe_table(TableName=name)["Table"]


def _rest_apis(reader: Reader) -> Iterator[Document]:
    client = reader.client("apigateway")
    for one in reader.pages("apigateway", "get_rest_apis", "items"):
        methods = [
            client.get_method(restApiId=one["id"], resourceId=resource["id"], httpMethod=method)
            for resource in reader.pages("apigateway", "get_resources", "items", restApiId=one["id"])
            for method in resource.get("resourceMethods", ())
        ]
        yield {**one, "Methods": methods}


def _http_apis(reader: Reader) -> Iterator[Document]:
    for one in reader.pages("apigatewayv2", "get_apis", "Items"):
        yield {
            **one,
            "Integrations": list(reader.pages("apigatewayv2", "get_integrations", "Items", ApiId=one["ApiId"])),
        }


def _machines(reader: Reader) -> Iterator[Document]:
    client = reader.client("stepfunctions")
    for one in reader.pages("stepfunctions", "list_state_machines", "stateMachines"):
        yield client.describe_state_machine(stateMachineArn=one["stateMachineArn"])


_LISTS: dict[str, Ask] = {
    "mappings": lambda reader: reader.pages("lambda", "list_event_source_mappings", "EventSourceMappings"),
    "queues": _queues,
    "subscriptions": _subscriptions,
    "rules": _rules,
    "schedules": _schedules,
    "buckets": _buckets,
    "tables": _tables,
    "groups": lambda reader: reader.pages("logs", "describe_log_groups", "logGroups"),
    "rest_apis": _rest_apis,
    "http_apis": _http_apis,
    "machines": _machines,
    "alarms": lambda reader: reader.pages("cloudwatch", "describe_alarms", "MetricAlarms"),
}
"""What is asked beside functions and roles."""
