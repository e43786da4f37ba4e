"""Events as services of AWS send them, to begin with.

Source of their shapes: https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html and the pages of each service
there.
"""

import json
from pathlib import Path
from typing import Any

_EVENTS: dict[str, Any] = json.loads((Path(__file__).parent / "samples.json").read_text("utf-8"))
NAMES = tuple(_EVENTS)


def event(name: str) -> str:
    """An event as text. Raises KeyError."""
    return json.dumps(_EVENTS[name], indent=2)
