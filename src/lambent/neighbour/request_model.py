"""What a request for a neighbour asks for, by the service's model; found out when somebody wants to know."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from botocore.exceptions import UnknownServiceError

from lambent.wire import parse, parse_json
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.query import form_of
from lambent.wire.service import EC2

READING = re.compile(
    "(Admin)?(Get|List|Describe|Head|Scan|Query|Select|Search|Lookup|Filter|View|Discover|BatchGet|Batch.*Get"
    "|Validate|Test|Estimate|Simulate|Preview|Check|Poll|Detect|Download)(?![a-z])"
)
"""How the names of operations begin that change nothing."""


_NUMBERED = re.compile(r"([A-Za-z]+)\.([1-9][0-9]{0,4})")


class Asked:
    """One request for `service` (botocore's name)."""

    def __init__(self, service: str, request: Request) -> None:
        self.service = service
        self.request = request

    @cached_property
    def model(self) -> wire_service.Service | None:
        """The service's model; None for one that botocore does not know."""
        try:
            return wire_service.spoken(self.service, self.request)
        except (UnknownServiceError, ValueError):
            return None

    @cached_property
    def operation(self) -> str:
        """The operation's name; "" when the model has none for such a request."""
        try:
            return self.model.route(self.request) if self.model else ""
        except Fault:
            return ""

    @cached_property
    def params(self) -> dict[str, Any]:
        """The operation's parameters; none when they can't be read, which is the neighbour's to say. EC2's are as in
        its form."""
        if self.model and self.model.protocol == EC2:
            return _lists(form_of(self.request))
        try:
            return self._read()
        except Fault:
            return {}

    def check(self) -> None:
        """Raises Fault (400) for what can't be read as the model says: who answers might read it all the same, and do
        what no policy was asked about (Python's JSON has NaN, lone surrogates, and takes "5" for a text)."""
        if self.model is None or not self.operation or self.model.protocol == EC2:
            return
        self.__dict__["params"] = self._read()
        if self.model.protocol.endswith("json"):
            parse_json.check_depth(self.request.body)

    def _read(self) -> dict[str, Any]:
        return parse.parse(self.model, self.operation, self.request) if self.model and self.operation else {}

    @property
    def reads(self) -> bool:
        """Whether it changes nothing; by its method where the model does not know it."""
        if self.operation:
            return READING.match(self.operation) is not None
        return self.request.method in ("GET", "HEAD")


def _lists(form: Mapping[str, str]) -> dict[str, Any]:
    """A form's fields; those that are numbered (`InstanceId.2`) as the list that they are as well, with what is said
    beside them without a number."""
    fields: dict[str, Any] = {name: value for name, value in form.items() if name not in ("Action", "Version")}
    lists: dict[str, list[Any]] = {}
    for name, value in form.items():
        if found := _NUMBERED.fullmatch(name):
            if found[1] not in lists:
                fields[found[1]] = lists[found[1]] = [fields[found[1]]] if found[1] in fields else []
            lists[found[1]].append(value)
    return fields
