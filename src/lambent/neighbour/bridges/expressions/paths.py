"""What a JSONPath finds: the one value of a definite path, a list for any other, and the functions that may end one.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html; what is definite and the
functions as AWS's implementation has them: https://github.com/json-path/JsonPath
"""

import functools
import re
from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

FUNCTION = re.compile(r"\.(length|min|max|avg|sum)\(\)$")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_INDEFINITE = re.compile(r"\.\.|\*|\?\(|\[[^\]]*[:,][^\]]*\]")
REDUCE: dict[str, Callable[[Any], Any]] = {
    "length": len,
    "min": min,
    "max": max,
    "sum": sum,
    "avg": lambda numbers: sum(numbers) / len(numbers),
}


def is_definite(path: str) -> bool:
    """Whether a path leads to one place."""
    return not _INDEFINITE.search(_QUOTED.sub("''", path))


def extracted(_gateway: Gateway, former: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """In place of moto's `extract_json`, of which a name that follows an index is a list, and so is the last item."""

    def extract(path: str, data: Any) -> Any:
        from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

        function = FUNCTION.search(path)
        inner = path[: function.start()] if function else path
        matches = _read(inner).find(data)
        if is_definite(inner):
            if not matches:
                raise NoSuchJsonPathError(json_path=path, data=data)
            found = matches[0].value
        else:
            found = [one.value for one in matches]
        if function is None:
            return found
        try:
            return REDUCE[function[1]](found)
        except (TypeError, ValueError, ZeroDivisionError) as error:
            raise NoSuchJsonPathError(json_path=path, data=data) from error

    return extract


@functools.lru_cache(1024)
def _read(path: str) -> Any:
    from jsonpath_ng.ext.parser import parse

    return parse(path)
