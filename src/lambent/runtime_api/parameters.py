"""What the Parameters and Secrets Lambda Extension answers in an environment: values of Secrets Manager and Parameter
Store over HTTP, kept for a while.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html,
https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html. The longest time to
live is five minutes (aws-samples/aws-lambda-extensions, issue 104). Texts of refusals are ours.
"""

import hmac
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from lambent.runtime_api.extensions import Reply

TOKEN = "x-aws-parameters-secrets-token"  # noqa: S105
"""The header with the environment's session token."""
LONGEST = 300
"""Seconds that a value is kept, at most and by default."""
MOST = 1_000
MOST_BYTES = 8 << 20
"""Of what one environment's values are kept in: a thousand of the largest would be 64 MB, outside of the memory that
the environment is counted."""
Ask = Callable[[str, str, Mapping[str, Any]], Awaitable[tuple[int, dict[str, Any]]]]
"""(service, operation, parameters) -> status and document, asked as the function."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one path is for: whom it asks what, and which parameters of its query become which members."""

    service: str
    operation: str
    members: Mapping[str, str]
    needed: str
    ttl: str


PATHS: Mapping[str, Question] = {
    "/secretsmanager/get": Question(
        "secretsmanager",
        "GetSecretValue",
        {"secretId": "SecretId", "versionId": "VersionId", "versionStage": "VersionStage"},
        "secretId",
        "SECRETS_MANAGER_TTL",
    ),
    "/systemsmanager/parameters/get": Question(
        "ssm",
        "GetParameter",
        {"name": "Name", "version": "version", "label": "label", "withDecryption": "WithDecryption"},
        "name",
        "SSM_PARAMETER_STORE_TTL",
    ),
}


class Parameters:
    """Those of one environment. `variables` are the function's, `now` answers seconds that only grow."""

    def __init__(self, token: str, variables: Mapping[str, str], ask: Ask, now: Callable[[], float]) -> None:
        self._token = token
        self._variables = variables
        self._ask = ask
        self._now = now
        size = _whole(variables.get("PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE", ""), MOST)
        enabled = variables.get("PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED", "true").lower() != "false"
        self._size = size if enabled else 0
        self._kept: OrderedDict[tuple[str, str], tuple[float, Reply]] = OrderedDict()
        self._bytes = 0

    async def answer(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Reply:
        """The answer to one request. Never raises for what it says."""
        question = PATHS.get(path)
        if question is None:
            return _refused(404, "there is no such path")
        if method != "GET":
            return _refused(405, "GET is needed")
        if not hmac.compare_digest(headers.get(TOKEN, "").encode(), self._token.encode()):
            return _refused(401, "the header X-Aws-Parameters-Secrets-Token must be the value of AWS_SESSION_TOKEN")
        said = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
        if not said.get(question.needed):
            return _refused(400, f"the parameter {question.needed} is needed")
        return await self._value(question, said)

    async def _value(self, question: Question, said: Mapping[str, str]) -> Reply:
        members = {member: said[name] for name, member in question.members.items() if said.get(name)}
        key = question.service, json.dumps(members, sort_keys=True)
        kept = self._kept.get(key)
        if kept is not None and self._now() < kept[0]:
            return kept[1]
        status, document = await self._ask(question.service, question.operation, _params(members))
        if status != 200:
            return Reply(status, json.dumps(document).encode())
        reply = Reply(200, json.dumps({**_in_go(document), "ResultMetadata": {}}).encode())
        self._keep(key, _whole(self._variables.get(question.ttl, ""), LONGEST), reply)
        return reply

    def _keep(self, key: tuple[str, str], seconds: int, reply: Reply) -> None:
        if seconds <= 0 or self._size <= 0 or _bytes_of(key, reply) > MOST_BYTES:
            return
        if key in self._kept:
            self._bytes -= _bytes_of(key, self._kept.pop(key)[1])
        self._kept[key] = (self._now() + seconds, reply)
        self._bytes += _bytes_of(key, reply)
        while len(self._kept) > self._size or self._bytes > MOST_BYTES:
            oldest, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= _bytes_of(oldest, gone)


def _bytes_of(key: tuple[str, str], reply: Reply) -> int:
    return len(key[1]) + len(reply.body)


def _params(members: Mapping[str, str]) -> dict[str, Any]:
    """A version or a label is a part of a parameter's name."""
    said: dict[str, Any] = dict(members)
    chosen = [said.pop(name) for name in ("version", "label") if name in said]
    if chosen:
        said["Name"] = f"{said['Name']}:{chosen[0]}"
    if "WithDecryption" in said:
        said["WithDecryption"] = said["WithDecryption"].lower() == "true"
    return said


def _in_go(value: Any, name: str = "") -> Any:
    """As AWS's SDK for Go writes an answer: times are texts."""
    if isinstance(value, dict):
        return {key: _in_go(one, key) for key, one in value.items()}
    if isinstance(value, int | float) and name.endswith("Date"):
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _whole(text: str, most: int) -> int:
    """A number from 0 to the most there may be, which is also what stands for one that is none."""
    return min(int(text), most) if text.isdecimal() else most


def _refused(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), content_type="text/plain; charset=utf-8")
