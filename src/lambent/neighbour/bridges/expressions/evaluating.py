"""One JSONata expression: parsed, evaluated with the variables that its state may read, and failed as on AWS.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html (JSONata 2.0.6, and what is not
there), and what a user measured at AWS: the code of an error stands before its text
(https://github.com/floci-io/floci/issues/2736).
"""

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lambent.neighbour.bridges.expressions.functions import FUNCTIONS

MOST_MS = 2_000
"""Of one evaluation; what AWS allows is not said."""
DEEPEST = 300
"""Calls within calls: Python's own stack is bounded."""
MOST_NUMBERS = 1_000_000
"""That a range like `[1..n]` has. The package's own bound, ten times that, takes 400 MB."""
MOST_CHARACTERS = 1_000_000
"""To which `$pad` fills a text up. The package makes them all in one step, in which nobody looks at the time."""
_FIELD = re.compile(r"\{\{(\{?)\w+\}?\}\}")


class NotParsed(ValueError):
    """An expression is none; the text is JSONata's."""


class Failed(Exception):
    """An expression was not evaluated; the text goes on after the sentence that names the expression."""


class Undefined(Exception):
    """An expression answers nothing."""


class NoValue(Exception):
    """An expression answers what is no JSON: a function, or a regular expression."""


def parsed(expression: str) -> Any:
    """The expression as the package has it. Raises NotParsed."""
    from jsonata.jexception import JException
    from jsonata.jsonata import Jsonata

    try:
        _bound_texts()
        whole: Any = Jsonata(expression, _engine, MOST_MS, DEEPEST)
        whole.evaluate_range_expression = _bounded(whole.evaluate_range_expression)
        return whole
    except JException as error:
        raise NotParsed(text_of(error)) from error
    except Exception as error:  # of a text that is none it also raises Python's own
        raise NotParsed(f"Syntax error: {error}") from error


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """The JSON value of an expression, with variables by name without `$`. Raises Failed, Undefined, NoValue."""
    from jsonata.jexception import JException
    from jsonata.utils import Utils

    try:
        whole = parsed(expression)
    except NotParsed as error:
        raise Failed(f": {error}") from error
    whole.set_output_convert_nulls(False)
    try:
        found = whole.evaluate(None, _frame(variables))
        if found is None:
            raise Undefined
        return _json(found, Utils.NULL_VALUE)
    except JException as error:
        raise Failed(f". {error.error}: {text_of(error)}") from error
    except (Undefined, NoValue):
        raise
    except Exception as error:  # a function of the package raises Python's own for what it does not expect
        raise Failed(f": {error}") from error


def text_of(error: Any) -> str:
    """The text of the package's error as JSONata has it: names and values are quoted as JSON, which the package
    leaves out."""
    template = error.error_codes.get(error.error)
    if template is None:
        return str(error)
    given = iter([one for one in (error.current, error.expected, error.extra) if one is not None])

    def fill(field: re.Match[str]) -> str:
        value = next(given, "")
        return str(value) if field[1] else json.dumps(value, ensure_ascii=False, default=str)

    return _FIELD.sub(
        fill, template.replace(" Object ", " function ").replace(" Object signature", " function signature")
    )


def _engine(pattern: str, flags: Any) -> Any:
    """RE2, whose time grows with the text and not faster. Raises NotParsed for what it has not."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not flags.case_insensitive
    options.one_line = not flags.multiline
    try:
        return re2.compile(f"(?m){pattern}" if flags.multiline else pattern, options)
    except re2.error as error:
        raise NotParsed(f"the regular expression /{pattern}/ looks ahead or refers back, or is none") from error


def _bounded(former: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Around the package's way to make the numbers of a range."""

    def numbers(first: Any, last: Any) -> Any:
        from jsonata.jexception import JException

        found = former(first, last)
        if found is not None and last - first >= MOST_NUMBERS:
            raise JException("D2014", -1, last - first + 1)
        return found

    return numbers


@functools.cache
def _bound_texts() -> None:
    """Around the package's two ways to fill a text up."""
    from jsonata.functions import Functions

    def bounded(former: Callable[[Any, Any, Any], Any]) -> Any:
        def pad(text: Any, size: Any, filling: Any) -> Any:
            if size is not None and size > MOST_CHARACTERS:
                raise ValueError(f"$pad makes texts of {MOST_CHARACTERS} characters at most")
            return former(text, size, filling)

        return staticmethod(pad)

    Functions.left_pad, Functions.right_pad = bounded(Functions.left_pad), bounded(Functions.right_pad)


def _frame(variables: Mapping[str, Any]) -> dict[str, Any]:
    from jsonata.jsonata import Jsonata
    from jsonata.utils import Utils

    given = {name: _nulls(value, Utils.NULL_VALUE) for name, value in variables.items()}
    return {**{name: Jsonata.JLambda(function) for name, function in FUNCTIONS.items()}, **given}


def _nulls(value: Any, null: Any) -> Any:
    """JSON with JSONata's null, which is not nothing."""
    if value is None:
        return null
    if isinstance(value, Mapping):
        return {name: _nulls(one, null) for name, one in value.items()}
    return [_nulls(one, null) for one in value] if isinstance(value, list | tuple) else value


def _json(value: Any, null: Any) -> Any:
    """What JSONata answers as JSON. Raises NoValue."""
    if value is null or value is None:
        return None
    if isinstance(value, Mapping):
        return {str(name): _json(one, null) for name, one in value.items()}
    if isinstance(value, list | tuple | range):
        return [_json(one, null) for one in value]
    if isinstance(value, str | int | float):
        return value
    raise NoValue
