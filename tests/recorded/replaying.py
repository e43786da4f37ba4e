"""One recorded test, replayed: makes the calls through boto3 and compares each answer."""

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ParamValidationError
from botocore.response import StreamingBody

from tests.recorded.matching import Matcher
from tests.recorded.recordings import Gap, every_test, gaps_of, is_gap

REPLAYED: set[str] = set()
"""The recorded tests that have a replay."""

SHARED: dict[Any, Any] = {}
"""Clients of the real server: to make one takes longer than a replay, so each is lent to one account after another."""

REGION = "us-east-1"
HANDLER = "def handler(event, context):\n    return event\n"


def replays(*tests: str) -> Any:
    """Marks a test function as the replay of recorded tests (`file::Class::test`); it runs once for each."""
    known = every_test()
    for test in tests:
        assert test in known, f"nothing was recorded as {test}"
    REPLAYED.update(tests)
    ids = [test.partition("::")[2].replace("::", ".") for test in tests]
    return pytest.mark.parametrize("recorded", tests, ids=ids)


def variants(stem: str) -> list[str]:
    """The recorded tests whose names begin with `stem`, such as the variants of one in brackets."""
    return [test for test, answers in every_test().items() if answers and test.startswith(stem)]


def variant(test: str) -> str:
    """What stands in a recorded test's brackets."""
    return test[test.index("[") + 1 : -1]


@dataclass
class Endpoint:
    """Where the calls go, as one account. `patient` waits until a function is at rest."""

    url: str
    account: str
    patient: Callable[["Endpoint", str, str | None], None]
    hook: Callable[[Any], None] | None = None
    clients: dict[Any, Any] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """The ARN of a role that functions may have."""
        return f"arn:aws:iam::{self.account}:role/recorded"

    @property
    def lambda_(self) -> Any:
        """The Lambda client. It sends what it is given: the server is to refuse what is wrong."""
        return self.client("lambda", parameter_validation=False)

    def client(self, service: str, region: str = REGION, **config: Any) -> Any:
        """A boto3 client."""
        clients = SHARED if self.hook is None else self.clients
        key = (self.url, service, region, *config)
        if key not in clients:
            clients[key] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id=self.account,
                aws_secret_access_key="test",
                config=Config(retries={"max_attempts": 0}, read_timeout=60, **config),
            )
            if self.hook is not None:
                self.hook(clients[key])
        clients[key]._request_signer._credentials = Credentials(self.account, "test")
        return clients[key]

    def create(self, name: str, **settings: Any) -> Any:
        """CreateFunction with what nothing is said of; a setting that is None is not sent."""
        base = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Handler": "handler.handler",
            "Role": self.role,
            "Code": {"ZipFile": package()},
        }
        sent = {key: value for key, value in (base | settings).items() if value is not None}
        return self.lambda_.create_function(**sent)

    def settled(self, name: str, qualifier: str | None = None) -> None:
        """Wait until what is under way with a function is done."""
        self.patient(self, name, qualifier)

    def made(self, name: str, **settings: Any) -> Any:
        """A function that is ready."""
        answer = self.create(name, **settings)
        self.settled(name)
        return answer


class Said:
    """Compares answers with those of one recorded test, and knows at its end which were not compared."""

    def __init__(self, test: str, endpoint: Endpoint, fixed: Mapping[str, str] | None = None) -> None:
        self.answers = every_test()[test]
        self._matcher = Matcher(endpoint.account, REGION, fixed)
        self._test = test
        self._gaps = gaps_of(test)
        self._compared: set[str] = set()
        self._differing: set[Gap] = set()

    def __call__(self, key: str, answer: Any, form: Callable[[Any], Any] | None = None) -> Any:
        """Compare one answer, which is returned. `form` turns ours into the form that was recorded."""
        assert key in self.answers, f"{key} was not recorded"
        self._compared.add(key)
        shown = plain(answer) if form is None else form(plain(answer))
        left = []
        for path, text in self._matcher.differences(self.answers[key], shown):
            known = [gap for gap in self._gaps if gap.of_key(key) and gap.of_member(path)]
            self._differing.update(known)
            left += [] if known else [f"{path or 'it'}: {text}"]
        assert not left, f"{key}:\n  " + "\n  ".join(left)
        return answer

    def created(self, key: str, answer: Any) -> Any:
        """CreateFunction, where the recording wrapped its answer."""
        return self(key, answer, lambda ours: {"CreateFunctionResponse": ours})

    def refused(self, key: str, call: Callable[..., Any], **params: Any) -> None:
        """Compare the refusal of a call."""
        self(key, refusal(call, **params))

    def close(self, failed: bool) -> None:
        """Every answer was compared, and what is called a gap is one. `failed` says that the replay itself did."""
        left = [key for key in self.answers if key not in self._compared and not is_gap(self._test, key)]
        assert failed or not left, f"recorded, and not compared: {', '.join(left)}"
        stale = [gap.name for gap in self._gaps if gap not in self._differing and self._was_asked(gap)]
        assert failed or not stale, f"no gap any more: {', '.join(stale)}"

    def _was_asked(self, gap: Gap) -> bool:
        return any(gap.of_key(key) for key in self._compared)


def refusal(call: Callable[..., Any], **params: Any) -> Any:
    """What a call is refused with; what it answers when it isn't."""
    try:
        return call(**params)
    except ClientError as error:
        return error.response
    except ParamValidationError as error:
        return str(error)


def plain(answer: Any) -> Any:
    """An answer as the recordings show it: streams read, JSON in payloads parsed."""
    if isinstance(answer, StreamingBody):
        text = answer.read().decode("utf-8", "replace")
        try:
            return json.loads(text)
        except ValueError:
            return text
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items()}
    return [plain(value) for value in answer] if isinstance(answer, list) else answer


def counted(error: Any) -> Any:
    """A refusal as the recordings show those of several violations: counted and sorted."""
    code, message = error["Error"]["Code"], error["Error"]["Message"]
    found = re.fullmatch(r"(\d+) validation errors? detected: (.*)", message)
    if found is None:
        return {"Code": code, "Message": message}
    return {"Code": code, "Count": int(found[1]), "Errors": sorted(re.split(r"; (?=Value )", found[2]))}


def package(files: Mapping[str, str | bytes] | str = HANDLER) -> bytes:
    """A deployment package; text alone is its handler.py."""
    if isinstance(files, str):
        files = {"handler.py": files}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o755 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def without(*members: str) -> Callable[[Any], Any]:
    """An answer without members that were added after it was recorded."""
    return lambda ours: {key: value for key, value in ours.items() if key not in members}


def wait_until(what: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
    return found
