"""The account that trials are made after: read once, whatever number of trial accounts is made of it."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lambent.cli.errors import CliError
from lambent.cli.target import INVOKE_SECONDS, Target, session
from lambent.clients import members

MOST_THINGS, MOST_ITEMS, MOST_OBJECT = 100, 2_000, 1 << 20
"""Tables (and buckets, …) that are copied, items and objects of each, bytes of an object."""


@dataclass(slots=True)
class Clients:
    """Clients that speak for one account."""

    target: Target
    account: str
    _made: dict[str, Any] = field(default_factory=dict)

    def __call__(self, service: str) -> Any:
        """The client of a service."""
        with _LOCK:
            if service not in self._made:
                self._made[service] = self._make(service)
        return self._made[service]

    def _make(self, service: str) -> Any:
        from botocore.config import Config

        how = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}}
        return session().create_client(
            service,
            region_name=self.target.region,
            endpoint_url=self.target.endpoint,
            aws_access_key_id=self.account,
            aws_secret_access_key="trial",  # noqa: S106
            config=Config(read_timeout=INVOKE_SECONDS, **how),
        )

    def pages(self, service: str, operation: str, member: str, **params: Any) -> Iterator[Any]:
        """Every member of a list."""
        return members(self(service), operation, member, **params)


class Source:
    """What an account has that a trial's gets. Raises CliError for more than is copied."""

    def __init__(self, target: Target, account: str) -> None:
        self.account = account
        self.clients = Clients(target, account)
        self._tags: dict[str, dict[str, str]] = {}

    @cached_property
    def tables(self) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Name -> its description, its items."""
        client, found = self.clients("dynamodb"), {}
        for name in _some(self.clients.pages("dynamodb", "list_tables", "TableNames"), "tables"):
            items = self.clients.pages("dynamodb", "scan", "Items", TableName=name)
            about = client.describe_table(TableName=name)["Table"]
            found[name] = about, _some(items, f"items of {name}", MOST_ITEMS)
        return found

    @cached_property
    def buckets(self) -> dict[str, dict[str, bytes]]:
        """Name -> its objects, but for large ones."""
        client, found = self.clients("s3"), {}
        for name in [one["Name"] for one in _some(iter(client.list_buckets()["Buckets"]), "buckets")]:
            listed = self.clients.pages("s3", "list_objects_v2", "Contents", Bucket=name)
            entries = _some(listed, f"objects of {name}", MOST_ITEMS)
            found[name] = {
                one["Key"]: client.get_object(Bucket=name, Key=one["Key"])["Body"].read()
                for one in entries
                if one["Size"] <= MOST_OBJECT
            }
        return found

    def tags(self, bucket: str) -> dict[str, str]:
        """Key -> the ETag of an object that is put in one piece."""
        if bucket not in self._tags:
            held = self.buckets[bucket].items()
            self._tags[bucket] = {key: hashlib.md5(body, usedforsecurity=False).hexdigest() for key, body in held}
        return self._tags[bucket]

    @cached_property
    def queues(self) -> list[dict[str, Any]]:
        """Parameters of CreateQueue."""
        kept = ("VisibilityTimeout", "FifoQueue", "ContentBasedDeduplication", "DelaySeconds")
        found = []
        with as_far_as_it_goes():
            for url in self.clients.pages("sqs", "list_queues", "QueueUrls"):
                said = self.clients("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
                attributes = {name: said[name] for name in kept if name in said and said[name] != "false"}
                found.append({"QueueName": url.rpartition("/")[2], "Attributes": attributes})
        return found

    @cached_property
    def topics(self) -> list[str]:
        """Names."""
        with as_far_as_it_goes():
            listed = self.clients.pages("sns", "list_topics", "Topics")
            return [one["TopicArn"].rpartition(":")[2] for one in listed]
        return []

    @cached_property
    def streams(self) -> list[str]:
        """Names."""
        with as_far_as_it_goes():
            return list(self.clients.pages("kinesis", "list_streams", "StreamNames"))
        return []

    @cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """Name, Value and Type."""
        client = self.clients("ssm")
        found = []
        with as_far_as_it_goes():
            for one in self.clients.pages("ssm", "describe_parameters", "Parameters"):
                said = client.get_parameter(Name=one["Name"], WithDecryption=True)["Parameter"]
                found.append({"Name": one["Name"], "Value": said["Value"], "Type": said["Type"]})
        return found

    @cached_property
    def secrets(self) -> list[dict[str, Any]]:
        """Parameters of CreateSecret."""
        client = self.clients("secretsmanager")
        found = []
        with as_far_as_it_goes():
            for one in self.clients.pages("secretsmanager", "list_secrets", "SecretList"):
                said = client.get_secret_value(SecretId=one["ARN"])
                kept = {name: said[name] for name in ("SecretString", "SecretBinary") if name in said}
                found.append({"Name": one["Name"], **kept})
        return found


def as_far_as_it_goes() -> "suppress":
    """What has no state that counts may be missing."""
    from botocore.exceptions import BotoCoreError, ClientError

    return suppress(ClientError, BotoCoreError)


_LOCK = threading.Lock()


def _some(listed: Iterator[Any], what: str, most: int = MOST_THINGS) -> list[Any]:
    """What is copied. Raises CliError for more than can be."""
    found: list[Any] = []
    for one in listed:
        if len(found) == most:
            raise CliError(f"the account has more than {most:,} {what}: a trial copies as many; use a smaller account")
        found.append(one)
    return found
