"""Values of parameters that are not to be seen (NoEcho), in what the API shows of resources.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html (NoEcho: stars
wherever CloudFormation shows properties; outputs and metadata are shown as they are).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lambent.deploy.template.parameters import HIDDEN, is_hidden

SHORTEST = 3
"""Characters of a value that is looked for within longer text: what is shorter stands there by chance."""


def hidden(declared: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> frozenset[str]:
    """The values that are not to be seen."""
    return frozenset(values[name] for name, said in declared.items() if is_hidden(said) and values.get(name))


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """The value with stars for the secrets."""
    secrets = sorted(secrets, key=len, reverse=True)
    return _masked(value, secrets) if secrets else value


def _masked(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return _text(value, secrets)
    if isinstance(value, list):
        return [_masked(one, secrets) for one in value]
    if isinstance(value, Mapping):
        return {key: _masked(one, secrets) for key, one in value.items()}
    return HIDDEN if str(value) in secrets else value


def _text(text: str, secrets: list[str]) -> str:
    if text in secrets:
        return HIDDEN
    for one in secrets:
        if len(one) >= SHORTEST:
            text = text.replace(one, HIDDEN)
    return text
