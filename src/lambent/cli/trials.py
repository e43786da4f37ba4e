"""Trials: an account that is made after another one, in which a function runs and nothing else is touched.

The account has the function, and the tables (with their items), buckets (with their objects), queues, topics, streams,
parameters and secrets of the account that it is made after; the gateway keeps what runs in it from reaching out of it
(see `lambent.gateway.torture`). Between two trials tables and buckets are put back, and environments are ended.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lambent.cli.errors import CliError
from lambent.cli.target import INVOKE_SECONDS, WAIT_AT_ONCE, Target, at_once
from lambent.cli.trial_source import Clients, Source
from lambent.cli.trial_state import TrialState

DAY = 86_400
_FUNCTION = (
    "Runtime", "Handler", "Timeout", "MemorySize", "Architectures", "EphemeralStorage", "PackageType", "ImageConfig",
)  # fmt: skip
_CLEARED: tuple[tuple[str, str, str, str, Callable[[Any], dict[str, Any]]], ...] = (
    ("sqs", "list_queues", "QueueUrls", "delete_queue", lambda url: {"QueueUrl": url}),
    ("sns", "list_topics", "Topics", "delete_topic", lambda one: {"TopicArn": one["TopicArn"]}),
    ("kinesis", "list_streams", "StreamNames", "delete_stream", lambda name: {"StreamName": name}),
    ("ssm", "describe_parameters", "Parameters", "delete_parameter", lambda one: {"Name": one["Name"]}),
    ("secretsmanager", "list_secrets", "SecretList", "delete_secret",
     lambda one: {"SecretId": one["ARN"], "ForceDeleteWithoutRecovery": True}),
)  # fmt: skip
"""Of what has no state that counts: how it is listed and deleted."""


@dataclass(slots=True)
class Answer:
    """What an invocation came to."""

    answer: Any
    error: str
    seconds: float
    event: Any = None
    log: str = ""
    """The last 4 KB of it."""
    calls: list[dict[str, Any]] = field(default_factory=list)


class TrialAccount:
    """The account. `names` turns the source's account id in texts to the trial's."""

    def __init__(self, target: Target, source: Source, function: str, whole_cpu: bool = True) -> None:
        self.target = target
        self._cpu = "" if whole_cpu else "by memory"
        self.source = source
        self.account = f"9{secrets.randbelow(10**11):011d}"
        self.own = Clients(target, self.account)
        self.function = function
        self.state = TrialState(self.own, source, self.account)
        self.timeout = 3
        self.used: set[str] = set()
        """Services that hold something of the account, or were called from it."""
        self.others: set[str] = set()
        """Functions that follow, as far as they were made."""
        self.version = ""
        """The published version whose environments start from a snapshot of one that has initialised; "" for none."""
        self._token = target.token("torture")

    # --- making it, and taking it away

    def open(self, seconds: int | None = None) -> None:
        """Make the account, with so much time for the function. Raises CliError for one that can't be tried."""
        said = self.source.clients("lambda").get_function(FunctionName=self.function)
        self.state.make()
        self._others()
        self._page("PUT", {"source": self.source.account, "buckets": self.state.aliases, "cpu": self._cpu})
        self.function, self.timeout = self._make(said, seconds)

    def close(self) -> None:
        """Nothing of it is left."""
        from botocore.exceptions import BotoCoreError, ClientError

        for clear in (self._clear_functions, self.state.clear, self._clear_others):
            with suppress(ClientError, BotoCoreError):
                clear()
        with suppress(CliError):
            self._page("DELETE", {})

    def turned(self, value: Any) -> Any:
        """A value with the trial's account where the source's stood."""
        return json.loads(self._turn(json.dumps(value)))

    def told(self, value: Any) -> Any:
        """A value with the source's account where the trial's stood."""
        return json.loads(json.dumps(value, default=_plain).replace(self.account, self.source.account))

    def _turn(self, text: str) -> str:
        return text.replace(self.source.account, self.account)

    def _page(self, method: str, said: Mapping[str, Any]) -> Any:
        return self.target.page(
            method, "torture", {"account": self.account, **said}, {"X-Lambent-Token": self._token}, seconds=60
        )

    def _make(self, said: Mapping[str, Any], seconds: int | None) -> tuple[str, int]:
        """A function like another; its name, and the time that it has."""
        config = said["Configuration"]
        params = {name: config[name] for name in _FUNCTION if config.get(name)}
        if "Error" in config.get("Environment", {}):
            raise CliError(f"the variables of {config['FunctionName']} can't be read")
        params["Environment"] = {"Variables": self.turned(config.get("Environment", {}).get("Variables", {}))}
        params["Role"] = self._turn(config["Role"])
        params["Layers"] = [self._layer(one["Arn"]) for one in config.get("Layers", ())]
        code = said.get("Code", {})
        image = config.get("PackageType") == "Image"
        params["Code"] = {"ImageUri": code["ImageUri"]} if image else {"ZipFile": _brought(code["Location"])}
        params["Timeout"] = seconds or int(config.get("Timeout", 3))
        client = at_once(self.own("lambda"))
        name = str(config["FunctionName"])
        client.create_function(FunctionName=name, **params)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAIT_AT_ONCE)
        return name, params["Timeout"]

    def shorten(self, seconds: int) -> None:
        """Give the function less time, so that what it leaves locked is free again sooner."""
        if seconds < self.timeout:
            self._change(Timeout=seconds)
            self.timeout = seconds

    def resize(self, megabytes: int) -> None:
        """Give the function so much memory; what runs already ends."""
        self._change(MemorySize=megabytes)

    def _change(self, **settings: Any) -> None:
        client = self.own("lambda")
        client.update_function_configuration(FunctionName=self.function, **settings)
        client.get_waiter("function_updated_v2").wait(FunctionName=self.function, WaiterConfig=WAIT_AT_ONCE)

    def snapshot(self) -> bool:
        """Publish a version that starts from a snapshot. Answers whether there is one: not for every runtime."""
        from botocore.exceptions import BotoCoreError, ClientError

        client, name = self.own("lambda"), self.function
        try:
            self._change(SnapStart={"ApplyOn": "PublishedVersions"})
            made = client.publish_version(FunctionName=name)["Version"]
            client.get_waiter("published_version_active").wait(
                FunctionName=name, Qualifier=made, WaiterConfig=WAIT_AT_ONCE
            )
        except (ClientError, BotoCoreError):
            return False
        self.version = made
        return True

    def _layer(self, arn: str) -> str:
        """A layer of the trial's own with the content of another."""
        said = self.source.clients("lambda").get_layer_version_by_arn(Arn=arn)
        content = {"ZipFile": _brought(said["Content"]["Location"])}
        name = arn.split(":")[6]
        made: str = self.own("lambda").publish_layer_version(LayerName=name, Content=content)["LayerVersionArn"]
        return made

    def _others(self) -> None:
        """What has no state that counts: it must be there."""
        from botocore.exceptions import BotoCoreError, ClientError

        own, source = self.own, self.source
        makers = [
            *(("sqs", "create_queue", one) for one in source.queues),
            *(("sns", "create_topic", {"Name": name, "Attributes": _topic(name)}) for name in source.topics),
            *(("kinesis", "create_stream", {"StreamName": name, "ShardCount": 1}) for name in source.streams),
            *(("ssm", "put_parameter", {**one, "Value": self._turn(one["Value"])}) for one in source.parameters),
            *(("secretsmanager", "create_secret", one) for one in source.secrets),
        ]
        for service, operation, params in makers:
            self.used.add(service)
            with suppress(ClientError, BotoCoreError):
                getattr(own(service), operation)(**params)

    def _clear_functions(self) -> None:
        client = self.own("lambda")
        for one in list(self.own.pages("lambda", "list_functions", "Functions")):
            client.delete_function(FunctionName=one["FunctionName"])
            with suppress(client.exceptions.ClientError):
                self.own("logs").delete_log_group(logGroupName=f"/aws/lambda/{one['FunctionName']}")
        for layer in list(self.own.pages("lambda", "list_layers", "Layers")):
            version = layer["LatestMatchingVersion"]["Version"]
            client.delete_layer_version(LayerName=layer["LayerName"], VersionNumber=version)

    def _clear_others(self) -> None:
        for service, listing, member, operation, params in _CLEARED:
            if service in self.used:
                for one in list(self.own.pages(service, listing, member)):
                    getattr(self.own(service), operation)(**params(one))

    # --- what happens in it

    def surround(self, full: bool, at: float | None) -> bool:
        """What environments made from now on find: a full /tmp, a clock that is `at` seconds after the next midnight.
        Answers whether there is such a thing here."""
        ahead = None if at is None else DAY - time.time() % DAY + at
        return bool(self._page("POST", {"full": full, "ahead": ahead})["set"])

    def is_told_time(self) -> bool:
        """Whether its functions go by the clock that they are told."""
        found = self.target.findings()
        return not any(one["code"] == "function-time-not-told" and self.account in one["resource"] for one in found)

    def recycle(self) -> None:
        """The next invocation is on a new environment, of what follows as well."""
        for name in (self.function, *sorted(self.others)):
            said = {"account": self.account, "region": self.target.region, "function": name}
            self.target.page("POST", "recycle", said, seconds=60)

    def follow(self, name: str, event: Any) -> Answer:
        """Run a function that follows; it is made when it is needed first."""
        if name not in self.others:
            self._make(self.source.clients("lambda").get_function(FunctionName=name), None)
            self.others.add(name)
        return self._run([(event, [])], name, "")[0]

    def matches(self, pattern: str, event: Any) -> bool:
        """Whether a rule's pattern lets an event through."""
        said = self.own("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(event))
        return bool(said["Result"])

    def invoke(
        self, invocations: "list[tuple[Any, list[dict[str, Any]]]]", plain: bool = True, request_id: str = ""
    ) -> list[Answer]:
        """Run events at the same time, each with the faults of its calls; not `plain`: from the snapshot. `request_id`
        is the one that all have; "" for new ones."""
        return self._run(invocations, self.function, "" if plain else self.version, request_id)

    def _run(
        self, invocations: "list[tuple[Any, list[dict[str, Any]]]]", name: str, version: str, request_id: str = ""
    ) -> list[Answer]:
        roots = [f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}" for _ in invocations]
        self.state.disturbed()
        taps = {
            root: [{**fault, "with": next((one for one in roots if one != root), "")} for fault in faults]
            for root, (_, faults) in zip(roots, invocations, strict=True)
        }
        self._page("POST", {"taps": taps, "request_id": request_id})
        answers: list[Answer | None] = [None] * len(roots)

        def run(place: int) -> None:
            answers[place] = self._invoke(roots[place], invocations[place][0], name, version)

        threads = [threading.Thread(target=run, args=(place,)) for place in range(1, len(roots))]
        for thread in threads:
            thread.start()
        run(0)
        for thread in threads:
            thread.join()
        calls = self._page("POST", {"collect": roots})["calls"]
        for root, answer in zip(roots, answers, strict=True):
            if answer is None:
                raise CliError(f"an invocation of {name} was lost: is the server up?")
            answer.calls = calls[root]
            self.used |= {call["service"] for call in answer.calls}
        return [one for one in answers if one is not None]

    def _invoke(self, root: str, event: Any, name: str, version: str) -> Answer:
        """One invocation, with a trace header of its own: clients would make theirs."""
        from urllib.request import ProxyHandler, Request, build_opener

        scope = f"{self.account}/20260101/{self.target.region}/lambda/aws4_request"
        headers = {
            "X-Amzn-Trace-Id": f"Root={root};Parent={secrets.token_hex(8)};Sampled=0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=trial",
            "Content-Type": "application/json",
            "X-Amz-Log-Type": "Tail",
        }
        url = f"{self.target.endpoint}/2015-03-31/functions/{name}/invocations"
        url += f"?Qualifier={version}" if version else ""
        request = Request(url, json.dumps(event).encode(), headers, method="POST")  # noqa: S310 (clean_endpoint takes http only)
        began = time.monotonic()
        with build_opener(ProxyHandler({})).open(request, timeout=INVOKE_SECONDS) as said:
            payload = json.loads(said.read() or b"null")
            failed = said.headers.get("X-Amz-Function-Error")
            log = base64.b64decode(said.headers.get("X-Amz-Log-Result", "")).decode("utf-8", "replace")
        shown = payload if isinstance(payload, dict) else {}
        error = f"{shown.get('errorType', failed)}: {shown.get('errorMessage', '')}" if failed else ""
        return Answer(payload, error, time.monotonic() - began, event, log)


def _topic(name: str) -> dict[str, str]:
    return {"FifoTopic": "true"} if name.endswith(".fifo") else {}


def _plain(value: Any) -> str:
    import hashlib

    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)


def _brought(location: str) -> bytes:
    from urllib.request import ProxyHandler, build_opener

    from lambent.cli.target import is_loopback

    opener = build_opener(ProxyHandler({})) if is_loopback(location) else build_opener()
    with opener.open(location, timeout=60) as answer:
        return bytes(answer.read())
