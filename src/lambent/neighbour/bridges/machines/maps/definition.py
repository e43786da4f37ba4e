"""Definitions with distributed Map states, which moto's interpreter reads as a Map of another kind: what is ours is
taken out before, and found again by the state's name.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import functools
import json
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from lambent.neighbour.bridges.expressions.fields import states_of
from lambent.neighbour.bridges.handing import Gateway

DISTRIBUTED = "DISTRIBUTED"
OURS = (
    *("ItemReader", "ItemBatcher", "ResultWriter", "ToleratedFailureCount", "ToleratedFailureCountPath", "Label"),
    *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath", "MaxConcurrency", "MaxConcurrencyPath"),
    *("Items", "ItemsPath", "ItemSelector", "Iterator", "ItemProcessor"),
)
"""Members of a distributed Map state that moto's interpreter does not see."""
OWN_PARAMETERS = "Parameters"
"""Which a Map state has for its items, as ItemSelector has them now."""
STANDS_FOR = {"StartAt": "-", "States": {"-": {"Type": "Pass", "End": True}}}
RESOURCES = ("arn:aws:states:::s3:getObject", "arn:aws:states:::s3:listObjectsV2")
KINDS = ("CSV", "JSON", "JSONL", "MANIFEST")
CACHED = 64
"""Definitions that are read once, however often they are run."""

Json = Mapping[str, Any]


def processor(state: Json) -> Json:
    """What a Map state does with an item."""
    found: Json = state.get("ItemProcessor") or state.get("Iterator") or {}
    return found


def is_distributed(state: Json) -> bool:
    """Whether a state is a distributed Map."""
    config = processor(state).get("ProcessorConfig") or {} if state.get("Type") == "Map" else {}
    return isinstance(config, Mapping) and config.get("Mode") == DISTRIBUTED


def rewritten(text: str) -> str:
    """A definition as moto's interpreter can read it, which takes the escape of a letter for six of them; what is no
    definition stays as it is."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if not isinstance(found, dict):
        return text
    for _, _, state in states_of(found):
        if isinstance(state, dict) and is_distributed(state):
            for name in (*OURS, OWN_PARAMETERS):
                state.pop(name, None)
            state["ItemProcessor"] = STANDS_FOR
    return json.dumps(found, ensure_ascii=False)


def distributed(text: str, name: str) -> Json | None:
    """The distributed Map state of that name in a definition."""
    if DISTRIBUTED not in text:
        return None
    return next((one for own, _, one in states_of(json.loads(text)) if own == name and is_distributed(one)), None)


def child(text: str, state: Json) -> str:
    """The definition of the executions of a Map's items."""
    inner = {name: value for name, value in processor(state).items() if name != "ProcessorConfig"}
    language = json.loads(text).get("QueryLanguage")
    return json.dumps({**({"QueryLanguage": language} if language else {}), **inner})


def language(text: str, state: Json) -> str:
    """In which a state's templates are."""
    found: str = state.get("QueryLanguage") or json.loads(text).get("QueryLanguage") or "JSONPath"
    return found


def children(text: str) -> list[str]:
    """The definitions of the executions of all distributed Maps, those inside of others too."""
    found: list[str] = []
    if DISTRIBUTED not in text:
        return found
    for _, _, state in states_of(json.loads(text)):
        if is_distributed(state):
            found.append(child(text, state))
    return found


def unsupported(text: str) -> str:
    """What of a definition's distributed Maps is not read yet, or is not as AWS has it; "" where all is good."""
    for _, path, state in states_of(json.loads(text)) if DISTRIBUTED in text else ():
        said = _unsupported(state) if is_distributed(state) else ""
        if said:
            return f"{said} at {path}"
    return ""


def _unsupported(state: Json) -> str:
    reader, writer = state.get("ItemReader") or {}, state.get("ResultWriter")
    kind = (reader.get("ReaderConfig") or {}).get("InputType")
    if reader and reader.get("Resource") not in RESOURCES:
        return "SCHEMA_VALIDATION_FAILED: The resource of an ItemReader is s3:getObject or s3:listObjectsV2"
    if kind not in (None, *KINDS):
        return f"Lambent does not read items of the type {kind} yet"
    if (reader.get("ReaderConfig") or {}).get("Transformation") not in (None, "NONE"):
        return "Lambent does not read the objects of a list yet (Transformation)"
    if writer is not None and not writer:
        return "SCHEMA_VALIDATION_FAILED: A ResultWriter has a WriterConfig, or a Resource and its Parameters"
    batcher = state.get("ItemBatcher")
    if batcher is not None and not any(name.startswith("Max") for name in batcher):
        return "SCHEMA_VALIDATION_FAILED: An ItemBatcher has MaxItemsPerBatch or MaxInputBytesPerBatch"
    return ""


def own_scopes(module: ModuleType) -> None:
    """`moto.stepfunctions.parser.asl.parse.preprocessor`: each reading has scopes of its own. moto's have one for all,
    in which what was refused stays for ever."""

    def init(visitor: Any) -> None:
        visitor._query_language_per_scope = []

    vars(module)["Preprocessor"].__init__ = init


def unescaped(_gateway: Gateway, former: Callable[..., str | None]) -> Callable[..., str | None]:
    """Around moto's `Preprocessor._inner_string_of`, which leaves a text as the definition writes it."""

    def inner(parser_rule_context: Any) -> str | None:
        text = former(parser_rule_context)
        try:
            return text if text is None or "\\" not in text else str(json.loads(f'"{text}"'))
        except ValueError:
            return text

    return staticmethod(inner)


def parsed(_gateway: Gateway, former: Callable[[str], Any]) -> Callable[[str], Any]:
    """Around moto's `AmazonStateLanguageParser.parse`: what it reads it reads once."""

    @functools.lru_cache(CACHED)
    def parse(definition: str) -> Any:
        return former(rewritten(definition))

    return staticmethod(parse)
