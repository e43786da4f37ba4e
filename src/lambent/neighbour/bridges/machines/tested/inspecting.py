"""What a state's data were on their way through it, and how its error is handled.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html,
API_InspectionErrorDetails.html
"""

from collections.abc import Mapping
from typing import Any

from lambent.neighbour.bridges.machines.errors import means
from lambent.neighbour.bridges.machines.maps.templates import Template, at, number
from lambent.neighbour.bridges.results import to_json_str

JSONATA = "JSONata"
INTERVAL, BACKOFF, ATTEMPTS = 1, 2.0, 3
"""Of a retrier that does not say."""
NUMBERS = {
    "maxConcurrency": "MaxConcurrency",
    "toleratedFailureCount": "ToleratedFailureCount",
    "toleratedFailurePercentage": "ToleratedFailurePercentage",
}

Json = Mapping[str, Any]


def retried(state: Json, error: str, count: int) -> dict[str, Any] | None:
    """By which retrier an error is tried again, and after how long; None where it is not. It was `count` times."""
    for index, one in enumerate(state.get("Retry") or ()):
        if means(one.get("ErrorEquals") or (), error):
            if count >= one.get("MaxAttempts", ATTEMPTS):
                return None
            seconds = one.get("IntervalSeconds", INTERVAL) * one.get("BackoffRate", BACKOFF) ** count
            seconds = min(seconds, one.get("MaxDelaySeconds", seconds))
            return {"retryIndex": index, "retryBackoffIntervalSeconds": round(seconds)}
    return None


def inspected(env: Any, state: Json, language: str, given: str, result: Any) -> dict[str, Any]:
    """The data of a state with the input `given`; `result` is a list of its task's result, empty without one."""
    found: dict[str, Any] = {"input": given}
    kind = state.get("Type")
    if kind == "Map":
        found |= _of_map(env, state, language)
    if language == JSONATA:
        if state.get("Arguments") is not None:
            found["afterArguments"] = to_json_str(Template(state["Arguments"], language).value(env))
        return found | ({"result": to_json_str(result[0])} if result else {})
    value = _at(env, state.get("InputPath", "$"))
    found["afterInputPath"] = to_json_str(value)
    if kind in ("Task", "Pass", "Parallel") and state.get("Parameters") is not None:
        value = _with(env, value, state["Parameters"])
        found["afterParameters"] = to_json_str(value)
    if kind == "Pass":
        result = [state.get("Result", value)]
    return found | (_after(env, state, result[0]) if result else {})


def _after(env: Any, state: Json, result: Any) -> dict[str, Any]:
    found = {"result": to_json_str(result)}
    if state.get("ResultSelector") is not None:
        result = _with(env, result, state["ResultSelector"])
        found["afterResultSelector"] = to_json_str(result)
    path = state.get("ResultPath", "$")
    whole = env.states.get_input() if path is None else placed(env.states.get_input(), str(path), result)
    return {**found, "afterResultPath": to_json_str(whole)}


def placed(given: Any, path: str, value: Any) -> Any:
    """An input with a value at a reference path (`$.a.b`)."""
    names = [one for one in path.removeprefix("$").split(".") if one]
    if not names:
        return value
    inner = given.get(names[0]) if isinstance(given, dict) else None
    rest = placed(inner, f"$.{'.'.join(names[1:])}", value)
    return {**(given if isinstance(given, dict) else {}), names[0]: rest}


def _of_map(env: Any, state: Json, language: str) -> dict[str, Any]:
    found = {name: number(env, state, member, language) for name, member in NUMBERS.items()}
    if state.get("ItemsPath"):
        found["afterItemsPath"] = to_json_str(_at(env, state["ItemsPath"]))
    return {name: value for name, value in found.items() if value is not None}


def _at(env: Any, path: Any) -> Any:
    return {} if path is None else Template(at(str(path)), "JSONPath").value(env)["v"]


def _with(env: Any, value: Any, template: Any) -> Any:
    before = env.states.get_input()
    env.states.reset(value)
    try:
        return Template(template, "JSONPath").value(env)
    finally:
        env.states.reset(before)
