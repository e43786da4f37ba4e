"""Values of a Map state that are templates, with paths or with expressions, evaluated by moto's interpreter."""

import json
from typing import Any

JSONATA = "JSONata"
NOTHING = object()


class Template:
    """A template of a state; `language` is the state's."""

    def __init__(self, template: Any, language: str) -> None:
        self._jsonata = language == JSONATA
        member = "Output" if self._jsonata else "Parameters"
        wrapped = template if self._jsonata or isinstance(template, dict) else {"v": template}
        self._unwrap = not self._jsonata and not isinstance(template, dict)
        state = {"Type": "Pass", member: wrapped, "End": True}
        self._text = json.dumps({"QueryLanguage": language, "StartAt": "-", "States": {"-": state}})

    def value(self, env: Any) -> Any:
        """What it is with the input and the context object of `env`. Raises moto's errors."""
        from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

        state = AmazonStateLanguageParser.parse(self._text)[0].states.states["-"]  # type: ignore[attr-defined]
        component = state.output.jsonata_template_value if self._jsonata else state.parameters
        env.stack.append(env.states.get_input())  # which paths are read of
        component.eval(env=env)
        found = env.stack.pop()
        env.stack.clear()
        return found["v"] if self._unwrap else found


def at(path: str) -> dict[str, Any]:
    """A template of one value, that a path leads to."""
    return {"v.$": path}


def number(env: Any, state: Any, name: str, language: str) -> Any:
    """A member that may be a number, an expression of one, or a path to one; None where there is none."""
    if state.get(f"{name}Path"):
        return Template(at(state[f"{name}Path"]), language).value(env)["v"]
    said = state.get(name)
    return Template(said, language).value(env) if isinstance(said, str) else said
