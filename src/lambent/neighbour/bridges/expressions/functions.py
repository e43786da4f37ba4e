"""The functions that Step Functions adds to JSONata.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
"""

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any

DIGESTS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
"""As AWS names them -> as hashlib does."""
MOST_NUMBERS = 100_000
"""That a `$range` has; what AWS's bound is is not said."""


def _partition(items: Any, size: Any) -> list[list[Any]]:
    """An array in parts of so many items. Raises ValueError."""
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise ValueError("the size of a part has to be a positive integer")
    whole = items if isinstance(items, list) else [items]
    return [list(whole[at : at + size]) for at in range(0, len(whole), size)]


def _range(first: Any, last: Any, step: Any = 1) -> list[Any]:
    """The numbers from `first` to `last`, both included. Raises ValueError."""
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in (first, last, step)) or not step:
        raise ValueError("a range has three numbers, the last of which is not zero")
    count = int((last - first) / step) + 1
    if count > MOST_NUMBERS:
        raise ValueError(f"a range has {MOST_NUMBERS} numbers at most")
    return [first + at * step for at in range(max(count, 0))]


def _hash(data: Any, algorithm: Any) -> str:
    """The digest, in hexadecimal. Raises ValueError."""
    if not isinstance(data, str) or algorithm not in DIGESTS:
        raise ValueError(f"a text and one of {', '.join(DIGESTS)} are needed")
    return hashlib.new(DIGESTS[algorithm], data.encode(), usedforsecurity=False).hexdigest()


def _random(seed: Any = None) -> float:
    return random.Random(seed).random() if seed is not None else random.random()  # noqa: S311 (as the user asks)


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: Any) -> Any:
    """Raises ValueError for what is no JSON."""
    if not isinstance(text, str):
        raise ValueError("only a text is parsed")
    return json.loads(text)


def _no_eval(*_: Any) -> Any:
    raise ValueError("$eval is not available; $parse reads JSON")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": _uuid,
    "parse": _parse,
    "eval": _no_eval,
}
"""By name without `$`. `random` takes the place of JSONata's own, `eval` is not there."""
