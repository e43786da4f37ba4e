"""Function names in every form that the Lambda API takes.

Owns the parsing of `name`, `function:name`, `account:function:name` and full ARNs, each with or without
`:qualifier`, and the rule that a name must belong to the scope of the request. Knows no wire form: the
refusals below are turned into AWS errors by the services.

    NameRefused
    ├── MalformedName        no accepted form
    ├── ForeignRegion        an ARN of another region
    ├── ForeignAccount       an ARN of another account
    └── QualifierMismatch    the name's own qualifier is not the one asked for

Source: the pattern of NamespacedFunctionName in botocore's model, and AWS's recorded answers.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from lambent.model.function import LATEST
from lambent.model.scope import Scope

PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
"""As AWS prints it in a ValidationException."""

_FORM = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9]):)?"
    r"(?:(?P<account>[0-9]{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_.]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)


def entry(name: str) -> str:
    """The name of one entry of a folder, as it came. What is kept may have come from somebody else's archive: raises
    ValueError for what leads anywhere else."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is no name in a folder")
    return name


class NameRefused(ValueError):
    """A name that can't be used; the subclass says why."""


class MalformedName(NameRefused):
    """The text has none of the accepted forms."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class ForeignRegion(NameRefused):
    """An ARN of `asked`, sent to `here`."""

    def __init__(self, asked: str, here: str) -> None:
        super().__init__(asked, here)
        self.asked = asked
        self.here = here


class ForeignAccount(NameRefused):
    """An ARN of an account that is not the caller's."""


class QualifierMismatch(NameRefused):
    """The name holds one qualifier, the request another."""


@dataclass(frozen=True, slots=True)
class FunctionName:
    """What a name says; None where it says nothing."""

    name: str
    qualifier: str | None = None
    account: str | None = None
    region: str | None = None


class FunctionRef(NamedTuple):
    """A function of `scope`; `qualifier` is None when none was asked for."""

    scope: Scope
    name: str
    qualifier: str | None = None

    @property
    def arn(self) -> str:
        """The ARN, qualified if a qualifier was asked for."""
        return function_arn(self.scope, self.name, self.qualifier)

    @property
    def version(self) -> str:
        """The qualifier, $LATEST by default."""
        return self.qualifier or LATEST


def function_arn(scope: Scope, name: str, qualifier: str | None = None) -> str:
    """The ARN of a function, `:qualifier` at its end when there is one."""
    arn = f"arn:aws:lambda:{scope.region}:{scope.account}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def parse(text: str) -> FunctionName:
    """Read any accepted form. `arn:…:function` alone names a function "function", as on AWS.

    Raises MalformedName.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise MalformedName(text)
    return FunctionName(match["name"], match["qualifier"], match["account"], match["region"])


def resolve(text: str, scope: Scope, qualifier: str | None = None) -> FunctionRef:
    """The function that `text` names for a caller in `scope`, who also sent `qualifier`.

    Raises one of NameRefused.
    """
    said = parse(text)
    if said.region is not None and said.region != scope.region:
        raise ForeignRegion(said.region, scope.region)
    if said.account is not None and said.account != scope.account:
        raise ForeignAccount(text)
    if said.qualifier and qualifier and said.qualifier != qualifier:
        raise QualifierMismatch(said.qualifier, qualifier)
    return FunctionRef(scope, said.name, qualifier or said.qualifier)
