"""What rules about queues, topics and what an event's end is ask."""

from lambent.pitfalls.facts.project import Fact, Function, Resource, Stack
from lambent.pitfalls.facts.tree import Map, Ref, Unknown, plain
from lambent.pitfalls.facts.wiring import ASYNC


def is_fifo(stack: Stack, source: object) -> bool:
    """Whether a source is a FIFO queue or topic."""
    resource = stack.target(source)
    if resource is not None and resource.type in ("AWS::SQS::Queue", "AWS::SNS::Topic"):
        flag = resource.properties.get("FifoQueue", resource.properties.get("FifoTopic"))
        return flag is True or flag == "true"
    return plain(source).endswith(".fifo")


def asynchronous(function: Function) -> bool:
    """Whether something invokes it asynchronously."""
    return bool(function.driven_by(*ASYNC))


def invoke_config(function: Function) -> Resource | Map | Unknown | None:
    """What is set for asynchronous events, on the function or beside it; None when nothing is."""
    own = function.fact("EventInvokeConfig").value
    if own is not None:
        return own if isinstance(own, Map) else Unknown()
    for resource in function.stack.of("AWS::Lambda::EventInvokeConfig"):
        if function.stack.function(resource.properties.get("FunctionName"))[0] is function:
            return resource
    return None


def on_failure(function: Function) -> bool | None:
    """Whether events that fail for good go to a destination; None when unknown."""
    config = invoke_config(function)
    if isinstance(config, Unknown):
        return None
    properties = config.properties if isinstance(config, Resource) else config
    destinations = properties.get("DestinationConfig") if properties is not None else None
    if isinstance(destinations, Unknown):
        return None
    return isinstance(destinations, Map) and "OnFailure" in destinations


def has_sink(function: Function) -> bool | None:
    """Whether failed events end anywhere: a dead-letter queue of the function or a destination; None when unknown."""
    if not function.fact("DeadLetterConfig").absent:
        return True
    return on_failure(function)


def names(value: object, resource: Resource) -> bool:
    """Whether a value refers to a resource."""
    return isinstance(value, Ref) and value.id == resource.id


def setting(function: Function, key: str) -> Fact:
    """A setting for asynchronous events, wherever it stands."""
    config = invoke_config(function)
    if isinstance(config, Resource):
        return config.fact(key)
    return function.fact("EventInvokeConfig", key)
