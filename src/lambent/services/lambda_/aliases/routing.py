"""Where an alias leads.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from collections.abc import Callable, Mapping
from typing import Any


def weights_of(document: Mapping[str, Any]) -> dict[str, float]:
    """How likely each additional version is, of an alias's document."""
    return dict(document.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))


def leads_to(document: Mapping[str, Any], chance: Callable[[], float]) -> str:
    """The version that an invocation goes to. `chance` answers a number from 0 up to, but not, 1; it is asked only
    where there is a choice, so that a seed decides the same whatever else is invoked."""
    weights = weights_of(document)
    if weights:
        draw = chance()
        for version, weight in weights.items():
            if draw < weight:
                return version
            draw -= weight
    return str(document["FunctionVersion"])
