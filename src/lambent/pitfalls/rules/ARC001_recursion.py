"""A function that feeds itself."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import keys_taken
from lambent.pitfalls.facts import sdk
from lambent.pitfalls.facts.project import Function, Project, Trigger
from lambent.pitfalls.facts.python import Env
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.facts.tree import Map, Text, Unknown, plain
from lambent.pitfalls.finding import Hit, Rule

PUTS = {
    "s3": ("s3", {"put_object", "upload_file", "upload_fileobj", "copy_object", "copy"}),
    "sqs": ("sqs", {"send_message", "send_message_batch"}),
    "sns": ("sns", {"publish", "publish_batch"}),
    "dynamodb": ("dynamodb", {"put_item", "update_item", "delete_item", "put", "update", "batch_write_item"}),
}


def check(project: Project) -> Iterator[Hit]:
    """Writes to the bucket, queue, topic or table that drives the function."""
    for function in project.functions:
        for call in effects.calling(function, "lambda", "invoke"):
            if _itself(call):
                yield Hit(call.place, "it invokes itself", function, reliability="likely")
        for trigger in function.driven_by(*PUTS) if function.listed else ():
            service, operations = PUTS[trigger.kind]
            for call in effects.calling(function, service, *operations):
                how = _same(function, trigger, call)
                if how is not None and not _apart(trigger, call):
                    text = f"it writes to what drives it ({trigger.kind})"
                    yield Hit(call.place, text, function, reliability="certain" if how else "likely")


def _itself(call: SdkCall) -> bool:
    """Whether what is invoked is named by the function's own variable, or by its context."""
    name = call.arguments.get("FunctionName")
    value = call.where.locals.get(name.id, name) if isinstance(name, ast.Name) else name
    folded = call.fold("FunctionName")
    said = getattr(value, "attr", "") in ("function_name", "functionName", "invoked_function_arn", "invokedFunctionArn")
    return said or (isinstance(folded, Env) and folded.name == "AWS_LAMBDA_FUNCTION_NAME")


def _same(function: Function, trigger: Trigger, call: SdkCall) -> bool | None:
    """True: certainly the same; False: by the name in the event; None: not, or unknown."""
    target = sdk.target(call)
    source = function.stack.target(trigger.source)
    if isinstance(target, Env):
        value = function.environment.get(target.name)
        named = function.stack.target(value) if value is not None else None
        if named is not None and named is source:
            return True
        return True if isinstance(value, str) and value == trigger.source else None
    if isinstance(target, str) and source is not None:
        return True if function.stack.target(target) is source else None
    if trigger.kind == "s3" and isinstance(target, Unknown):
        return False if _of_event(call) else None
    return None


def _of_event(call: SdkCall) -> bool:
    """Whether the bucket's name comes from the record: `record["s3"]["bucket"]["name"]`."""
    node = call.arguments.get("Bucket")
    value = call.where.locals.get(node.id) if isinstance(node, ast.Name) else node
    if value is not None and keys_taken(value, call.where)[-3:] == ["s3", "bucket", "name"]:
        return True
    parts = list(ast.walk(value)) if value is not None else []
    words = {one.value for one in parts if isinstance(one, ast.Constant)}
    words |= {one.attr for one in parts if isinstance(one, ast.Attribute)}
    return {"s3", "bucket", "name"} <= words


def _apart(trigger: Trigger, call: SdkCall) -> bool:
    """Whether the notification's filter and the key that is written can't meet."""
    if trigger.kind != "s3":
        return False
    prefix, suffix = _filter(trigger)
    key = call.fold("Key")
    written = plain(key) if isinstance(key, str | Text) else ""
    start, end = written.partition("*")[0], written.rpartition("*")[2]
    if prefix and start and not start.startswith(prefix) and not prefix.startswith(start):
        return True
    if suffix and end and not end.endswith(suffix) and not suffix.endswith(end):
        return True
    return (bool(prefix or suffix) and not written) or _told_apart(written, call)


def _told_apart(written: str, call: SdkCall) -> bool:
    """Whether a test around the call, or one that leaves before it, looks for what is in the key that is written."""
    tests = [one.test for one in call.where.nodes if isinstance(one, ast.If) and one.lineno <= call.node.lineno]
    words = [node.value for test in tests for node in ast.walk(test) if isinstance(node, ast.Constant)]
    return any(isinstance(word, str) and len(word) > 2 and word.strip("/") in written for word in words)


def _filter(trigger: Trigger) -> tuple[str, str]:
    found = {"prefix": "", "suffix": ""}
    for key in ("FilterPrefix", "FilterSuffix"):
        found[key[6:].lower()] = str(trigger.settings.get(key) or "")
    pending = [trigger.settings.get("Filter")]
    while pending:
        one = pending.pop()
        if isinstance(one, Map):
            if str(one.get("Name", "")).lower() in found:
                found[str(one["Name"]).lower()] = str(one.get("Value") or "")
            for name in ("prefix", "suffix"):
                found[name] = str(one.get(name) or found[name])
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
    return found["prefix"], found["suffix"]


RULE = Rule(
    code="ARC001",
    title="The function writes to what drives it",
    level="error",
    reliability="certain",
    production="One event becomes two, four, a million: Lambda stops loops of SQS, SNS and S3 after about 16 rounds, and"
    " loops over DynamoDB never. The bill of a night has four figures.",
    mend="write to another bucket, queue or table, or under a prefix that the notification's filter leaves out",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html",),
    seeds="001, 004",
    silent="the target can't be known, or the filter keeps them apart",
)
