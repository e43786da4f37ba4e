"""What evaluates the expressions of moto's states in its place."""

import functools
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from lambent.neighbour.bridges.expressions import fields, intrinsics
from lambent.neighbour.bridges.expressions.evaluating import Failed, NoValue, Undefined, evaluate
from lambent.neighbour.bridges.handing import Gateway

ERROR, INTRINSIC = "States.QueryEvaluationError", "States.IntrinsicFailure"
NO_VARIABLES = "States.UUID()"
TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def expression(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `StringJSONata._eval_body`: the value goes onto the stack."""

    def run(component: Any, env: Any) -> None:
        text = component.expression.strip()
        try:
            env.stack.append(evaluate(text, _variables(env)))
        except Undefined:
            _fail(env, text, " returned nothing (undefined).")
        except NoValue:
            _fail(env, text, " returned an unsupported result type.")
        except Failed as error:
            _fail(env, text, f" threw an error during evaluation{error}")

    return run


def condition(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `ConditionStringJSONata._eval_body`, which fails on anything but a boolean in words of its
    own."""

    def run(component: Any, env: Any) -> None:
        component.string_jsonata.eval(env=env)
        found = env.stack[-1]
        if not isinstance(found, bool):
            told = f"Expected 'boolean', but was '{TYPES.get(type(found), 'null')}' for value: {json.dumps(found)}"
            text = component.string_jsonata.expression.strip()
            _fail(env, text, f" returned an unexpected result type. {told}")

    return run


def variable(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `StringVariableSample._eval_body`: a variable of a state in JSONPath (`$name.path[0]`) is read
    by JSONPath."""

    def run(component: Any, env: Any) -> None:
        from moto.stepfunctions.parser.asl.utils.json_path import extract_json

        name, path = _split(component.expression)
        held = env.variable_store.get(name)
        env.stack.append(held if not path else extract_json(f"${path}", held))

    return run


def intrinsic(_gateway: Gateway, former: Callable[[str], Any]) -> Callable[[str], Any]:
    """In place of moto's `IntrinsicParser.parse`, whose grammar loses escapes, fractions and nulls: a function of ours,
    and moto's tree of it, which tells its variables."""

    def parse(src: str) -> Any:
        text = _decoded(src)
        function = _Intrinsic(text, intrinsics.read(text))
        try:
            return function, former(src)[1]
        except Exception:  # what moto's grammar does not read
            return function, former(NO_VARIABLES)[1]

    return staticmethod(parse)


class _Intrinsic:
    """As a component of moto's: evaluated, its value is on the stack."""

    def __init__(self, text: str, expression: intrinsics.Expression) -> None:
        self._text, self._expression = text, expression
        name = text.strip().removeprefix("States.").partition("(")[0].strip()
        self.name = SimpleNamespace(name=name[1:-1])  # as moto's table of functions that make texts has it

    def eval(self, env: Any) -> None:
        """Raises moto's FailureEventException."""
        try:
            env.stack.append(self._expression(functools.partial(_find, env)))
        except intrinsics.Failed as error:
            _fail_function(env, f"The function '{self._text}' had the following error: {error}")


def _find(env: Any, path: str) -> Any:
    from moto.stepfunctions.parser.asl.utils.json_path import extract_json

    if path.startswith("$$"):
        return extract_json(path[1:], env.states.context_object.context_object_data)
    if path[1:2].isalpha() or path[1:2] == "_":
        name, inner = _split(path)
        held = env.variable_store.get(name)
        return held if not inner else extract_json(f"${inner}", held)
    return extract_json(path, env.stack[-1])


def _decoded(text: str) -> str:
    """What stands between the quotes of a definition's text."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _fail_function(env: Any, told: str) -> None:
    from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
    from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

    event = FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=StatesErrorNameType.StatesIntrinsicFailure),
        event_type=HistoryEventType.TaskFailed,
        event_details=None,
    )
    where = f"An error occurred while executing the state '{event.state_name}' (entered at the event id "
    cause = f"{where}#{event.source_event_id}). {told}"
    make: Any = EventDetails
    event.event_details = make(taskFailedEventDetails=TaskFailedEventDetails(error=INTRINSIC, cause=cause))  # type: ignore[misc]
    raise FailureEventException(event)


def _split(reference: str) -> tuple[str, str]:
    """`$name.a[0]` -> `name`, `.a[0]`."""
    text = reference.removeprefix("$")
    end = next((at for at, char in enumerate(text) if char in ".["), len(text))
    return text[:end], text[end:]


def _variables(env: Any) -> dict[str, Any]:
    """What an expression may read: `$states` and the variables of its scope."""
    held = env.variable_store
    return {**held._outer_scope, **held._inner_scope, "states": env.states._states_data}


def _fail(env: Any, text: str, told: str) -> None:
    """The state fails, and its history says so; `told` is what the expression did. Raises moto's
    FailureEventException."""
    from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType

    field = fields.field_of(_definition(env), env.next_state_name, text)
    where = f" specified for the field '{field}'" if field else ""
    details = EvaluationFailedEventDetails(error=ERROR, cause=f"The JSONata expression '{text}'{where}{told}")
    if field:
        details["location"] = field
    raised = FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError),
            event_type=HistoryEventType.EvaluationFailed,
            event_details=_details(details),
        )
    )
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.EvaluationFailed,
        event_details=_details(raised.get_evaluation_failed_event_details()),
    )
    raise raised


def _details(failed: Any) -> Any:
    from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

    make: Any = EventDetails  # of whose many members an event has one
    return make(evaluationFailedEventDetails=failed)


def _definition(env: Any) -> dict[str, Any]:
    """Of the machine that is run; moto's environment does not have it, the bridge to its executions puts it there."""
    found: dict[str, Any] = json.loads(getattr(env.aws_execution_details, "definition", "{}"))
    return found
